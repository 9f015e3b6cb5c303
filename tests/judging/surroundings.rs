//! How the objects of many files relate, and which are judged at all.

use crate::{CLASSIC, JOB, engine, found, judged, told};

const NONE: [&str; 0] = [];

fn namespace(name: &str, labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n")
}

fn deployment(extra: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  template:\n    metadata: {{labels: {{app: web, version: v1{extra}}}}}\n    spec: {{containers: [{{name: web, image: web, readinessProbe: {{tcpSocket: {{port: 80}}}}}}]}}\n"
    )
}

fn service(port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec:\n  selector: {{app: web}}\n  ports: [{{port: 80, {port}}}]\n"
    )
}

/// A Deployment serves when a Service leads to it; which one does depends on the copy that belongs to it.
#[test]
fn of_several_copies_the_nearest_belongs_to_a_file() {
    let engine = engine("profile: {assumeMembership: sidecar}");
    let web = deployment("");
    let (leads_here, elsewhere) = (service("name: http"), service("name: http").replace("app: web", "app: site"));
    let serves = |files: &[(&str, &str)]| found(&judged(&engine, files));
    let finding = |file: &str| format!("{file}:7 missing-pre-stop(warning)");
    let base = "base/web.yaml";
    assert_eq!(serves(&[(base, &web), ("base/service.yaml", &leads_here)]), [finding(base)]);
    let with_overlay = |near: &str, far: &str| {
        serves(&[(base, &web), ("base/service.yaml", near), ("overlays/prod/service.yaml", far)])
    };
    assert_eq!(with_overlay(&leads_here, &elsewhere), [finding(base)]);
    assert_eq!(with_overlay(&elsewhere, &leads_here), NONE);
    let overlays = |one: &str, other: &str| {
        serves(&[(base, &web), ("overlays/dev/service.yaml", one), ("overlays/prod/service.yaml", other)])
    };
    assert_eq!(overlays(&leads_here, &elsewhere), NONE, "equally near and different: none is meant");
    assert_eq!(overlays(&leads_here, &leads_here), [finding(base)], "equally near and the same");
    let same_file = format!("{web}---\n{leads_here}");
    assert_eq!(serves(&[(base, &same_file), ("base/service.yaml", &elsewhere)]), [finding(base)]);
}

/// Base, overlay and release of one Service are alternatives: they never clash with each other.
#[test]
fn copies_of_one_object_are_not_compared_with_each_other() {
    let engine = engine("profile: {assumeMembership: sidecar}");
    let (http, tcp) = (service("name: http"), service("name: tcp"));
    let files = [("base/web.yaml", http.as_str()), ("overlays/web.yaml", &tcp), ("release.yaml", &http)];
    assert_eq!(found(&judged(&engine, &files)), NONE);
}

#[test]
fn patches_are_not_judged_and_hide_nothing_else() {
    let engine = engine(CLASSIC);
    let kustomization = "patches: [{path: job-patch.yaml}]\npatchesStrategicMerge: [./old/job.yaml]\n";
    let files = [
        ("over/kustomization.yaml", kustomization),
        ("over/job-patch.yaml", JOB),
        ("over/old/job.yaml", JOB),
        ("./over/job.yaml", JOB),
    ];
    let outcome = judged(&engine, &files);
    assert_eq!(found(&outcome), ["./over/job.yaml:5 job-never-completes(error)"]);
    assert_eq!((outcome.counts.objects, outcome.counts.patches), (1, 2));
    let directive = JOB.replace("spec: {containers", "spec: {$patch: replace, containers");
    let outcome = judged(&engine, &[("job.yaml", &format!("{directive}---\n{JOB}"))]);
    assert_eq!(found(&outcome), ["job.yaml:12 job-never-completes(error)"]);
    assert_eq!(outcome.counts.patches, 1);
}

/// ytt fills in values of files that any program can read: what they say without it nobody applies.
#[test]
fn a_file_of_ytt_is_a_template() {
    let engine = engine(CLASSIC);
    let of = |text: &str| {
        let outcome = judged(&engine, &[("job.yaml", text)]);
        (found(&outcome).len(), outcome.counts.templates, outcome.problems.len())
    };
    let (read, template) = ((1, 0, 0), (0, 1, 0));
    assert_eq!(of(&JOB.replace("spec: {containers", "metadata: #@ labels()\n    spec: {containers")), template);
    assert_eq!(of(&format!("#@ load(\"@ytt:data\", \"data\")\n---\n{JOB}")), template);
    assert_eq!(of(&format!("{JOB}#@ if x:\nstatus: a\n#@ else:\nstatus: b\n#@ end\n")), template);
    assert_eq!(of(&format!("#@overlay/match by=\"kind\"\n---\n{JOB}")), template);
    assert_eq!(of(&format!("# @param a\n#@author me\n{JOB}data: |\n  #@ if x:\n")), read);
}

fn item(text: &str, depth: usize) -> String {
    let blank = " ".repeat(depth);
    let lines: String = text.lines().map(|line| format!("{blank}  {line}\n")).collect();
    format!("{blank}- {}", &lines[depth + 2..])
}

#[test]
fn the_items_of_lists_are_objects() {
    let engine = engine(CLASSIC);
    let patch = JOB.replace("spec: {containers", "spec: {$patch: replace, containers");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{}- 7\n{}", item(&patch, 0), item(JOB, 0));
    assert_eq!(found(&judged(&engine, &[("list.yaml", &list)])), ["list.yaml:15 job-never-completes(error)"]);
    let nested =
        format!("apiVersion: v1\nkind: List\nitems:\n- kind: List\n  apiVersion: v1\n  items:\n{}", item(JOB, 2));
    assert_eq!(found(&judged(&engine, &[("list.yaml", &nested)])), ["list.yaml:11 job-never-completes(error)"]);
    let bare = JOB.replace("apiVersion: batch/v1\nkind: Job\n", "");
    let typed = format!("apiVersion: batch/v1\nkind: JobList\nitems:\n{}", item(&bare, 0));
    assert_eq!(found(&judged(&engine, &[("list.yaml", &typed)])), ["list.yaml:6 job-never-completes(error)"]);
}

#[test]
fn a_service_is_in_the_mesh_as_its_pods_are() {
    let engine = engine("");
    let unclear = |severity: &str| vec![format!("service.yaml:7 unclear-port-protocol({severity})")];
    let port = service("name: web").replace("selector: {app: web}", "selector: {app: web}\n  clusterIP: None");
    let (meshed, plain) = (namespace("shop", "istio-injection: enabled"), namespace("shop", "a: b"));
    let (out, into) =
        (deployment(", sidecar.istio.io/inject: 'false'"), deployment(", sidecar.istio.io/inject: 'true'"));
    let other = |text: &str| text.replace("name: web, namespace", "name: site, namespace");
    let judge = |files: &[&str]| {
        let mut named: Vec<(&str, &str)> = vec![("service.yaml", &port)];
        named.extend(["a.yaml", "b.yaml", "c.yaml"].into_iter().zip(files.iter().copied()));
        let outcome = judged(&engine, &named);
        found(&outcome).into_iter().filter(|it| it.contains("unclear")).collect::<Vec<_>>()
    };
    assert_eq!(judge(&[&meshed]), unclear("error"), "no pods: as the namespace");
    assert_eq!(judge(&[&plain]), NONE);
    assert_eq!(judge(&[]), unclear("warning"), "nobody describes the namespace");
    assert_eq!(judge(&[&meshed, &out]), NONE, "every pod is outside");
    assert_eq!(judge(&[&plain, &into]), unclear("error"), "a pod is inside");
    assert_eq!(judge(&[&meshed, &out, &other(&deployment(""))]), unclear("error"), "one is enough");
    assert_eq!(judge(&[&out]), NONE, "no proxy in whatever namespace");
    assert_eq!(judge(&[&out, &other(&deployment(""))]), unclear("warning"), "one is unknown");
}

#[test]
fn a_service_of_a_gateway_is_known_by_its_selector() {
    let engine = engine("profile: {assumeMembership: sidecar}");
    let public = service("name: status-port").replace("app: web", "istio: ingressgateway");
    assert_eq!(found(&judged(&engine, &[("service.yaml", &public)])), NONE);
}

#[test]
fn each_namespace_has_its_own_profile() {
    let engine = engine(
        "profile: {namespaces: {shop: {labels: {istio-injection: enabled}, dataPlane: classic, \
         proxy: {holdApplicationUntilProxyStarts: true}}, till: {labels: {istio-injection: enabled}}, tools: {labels: {}}}}",
    );
    let job = |namespace: &str| JOB.replace("namespace: shop", &format!("namespace: {namespace}"));
    let file = format!("{}---\n{}---\n{}---\n{}", job("till"), job("shop"), job("tools"), job("elsewhere"));
    let outcome = judged(&engine, &[("jobs.yaml", &file)]);
    assert_eq!(found(&outcome), ["jobs.yaml:12 job-never-completes(error)"]);
    assert_eq!(outcome.counts.unknown_membership, 1, "nobody describes `elsewhere`");
}

/// A dump of a cluster holds a Deployment and all it made: one defect, one finding.
#[test]
fn what_a_judged_object_made_is_not_judged_again() {
    let engine = engine(CLASSIC);
    let owner = |uid: &str| {
        format!("ownerReferences: [{{apiVersion: batch/v1, kind: Job, name: work, uid: {uid}, controller: true}}]")
    };
    let job = JOB.replace("namespace: shop}", "namespace: shop, uid: a-1}");
    let cron = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: made, namespace: shop, OWNER}\nspec:\n  template:\n    spec: {containers: [{name: work, image: work}]}\n";
    let judge = |uid: &str| {
        found(&judged(&engine, &[("all.yaml", &format!("{job}---\n{}", cron.replace("OWNER", &owner(uid))))]))
    };
    let (of_owner, of_made) = ("all.yaml:5 job-never-completes(error)", "all.yaml:12 job-never-completes(error)");
    assert_eq!(judge("a-1"), [of_owner]);
    assert_eq!(judge("a-2"), [of_owner, of_made], "another object of that name");
    let orphan = cron.replace("OWNER", &owner("a-1"));
    assert_eq!(found(&judged(&engine, &[("all.yaml", &orphan)])).len(), 1, "the owner is not here");
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_order() {
    let engine = engine("profile: {dataPlane: classic, assumeMembership: sidecar}");
    let texts = [
        ("base/job.yaml", JOB.to_owned()),
        ("base/web.yaml", deployment("")),
        ("base/service.yaml", service("name: http")),
        ("over/service.yaml", service("name: web")),
        ("over/udp.yaml", service("name: udp-x").replace("name: web,", "name: other,")),
        ("over/broken.yaml", "a: [".to_owned()),
        ("over/ignore.yaml", format!("# seaworthy: ignore[nothing] x\n{JOB}")),
    ];
    let mut files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let render = |files: &[(&str, &str)]| {
        let outcome = judged(&engine, files);
        format!("{:?} {:?} {:?}", outcome.findings, told(&outcome), outcome.counts)
    };
    let wanted = render(&files);
    assert!(wanted.contains("udp-named-tcp-port") && wanted.contains("over/broken.yaml:1:"), "{wanted}");
    for round in 0..20 {
        let length = files.len();
        files.rotate_left(1);
        files.swap(round % length, (round * 3 + 1) % length);
        assert_eq!(render(&files), wanted, "round {round}");
    }
}
