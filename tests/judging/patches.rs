//! What kustomize puts on the objects of other files: no fix of those counts as safe that was not looked at together with it.

use crate::{CLASSIC, JOB, engine, found, judged};
use seaworthy::base::{Finding, Safety};
use seaworthy::engine::Outcome;

/// A Deployment without a preStop, behind a Service: its fix puts one in, and raises the grace period.
const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web, version: v1}}
    spec:
      containers:
      - {name: web, image: web, ports: [{name: http, containerPort: 80}], readinessProbe: {tcpSocket: {port: 80}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
";

const BASE: &str = "resources: [web.yaml]\n";
const OVERLAY: &str = "resources: [../../base]\npatches: [{path: patch.yaml}]\n";
const HEAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";

/// Why the fix of the missing preStop in the base is not safe; none where it is.
fn reason(outcome: &Outcome) -> Option<String> {
    let is_meant = |it: &&Finding| {
        &*it.rule == "missing-pre-stop" && it.place.as_ref().is_some_and(|at| at.file.starts_with("base/"))
    };
    let finding = outcome.findings.iter().find(is_meant).expect("a Deployment without a preStop");
    match &finding.remedy.fix().expect("a fix").safety {
        Safety::Safe => None,
        Safety::Unsafe(reason) => Some(reason.clone()),
    }
}

fn reason_in(files: &[(&str, &str)]) -> Option<String> {
    let all: Vec<(&str, &str)> =
        [("base/web.yaml", WEB), ("base/kustomization.yaml", BASE)].into_iter().chain(files.iter().copied()).collect();
    reason(&judged(&engine("profile: {dataPlane: native, assumeMembership: sidecar}"), &all))
}

/// With the patch of an overlay, in its own file.
fn beside(patch: &str) -> Option<String> {
    reason_in(&[("overlays/prod/kustomization.yaml", OVERLAY), ("overlays/prod/patch.yaml", patch)])
}

/// With what a kustomization says itself.
fn under(kustomization: &str) -> Option<String> {
    reason_in(&[("overlays/prod/kustomization.yaml", &format!("resources: [../../base]\n{kustomization}"))])
}

const POD: &str = "spec.template.spec";

#[test]
fn a_fix_beside_a_patch_of_how_pods_start_and_end_is_not_safe() {
    let of_spec = |spec: &str| beside(&format!("{HEAD}spec: {{{spec}}}\n"));
    let of_pod = |spec: &str| of_spec(&format!("template: {{spec: {{{spec}}}}}"));
    let of_container = |fields: &str| of_pod(&format!("containers: [{{name: web, {fields}}}]"));
    let sets = |field: &str| Some(format!("a patch in overlays/prod/patch.yaml sets {field}: look at both together"));
    let in_web = |field: &str| sets(&format!("{POD}.containers[web].{field}"));
    for (seen, wanted) in [
        (
            of_container("lifecycle: {preStop: {exec: {command: [sleep, '5']}}}"),
            in_web("lifecycle.preStop.exec.command"),
        ),
        (of_container("lifecycle: {postStart: {exec: {command: [a]}}}"), in_web("lifecycle.postStart.exec.command")),
        (of_container("command: [serve]"), in_web("command")),
        (of_container("$patch: delete"), sets(&format!("{POD}.containers[web]"))),
        (of_container("env: [{name: A, value: b}], resources: {limits: {cpu: 1}}"), None),
        (of_container("livenessProbe: {httpGet: {path: /shop/healthz}}, readinessProbe: null"), None),
        (of_pod("terminationGracePeriodSeconds: 20"), sets(&format!("{POD}.terminationGracePeriodSeconds"))),
        (of_pod("initContainers: [{name: a, image: b}]"), sets(&format!("{POD}.initContainers[a].image"))),
        (of_pod("nodeSelector: {a: b}, volumes: [{name: a, emptyDir: {}}]"), None),
        (of_spec("replicas: 5"), None),
        (of_spec("template: {metadata: {annotations: {a: b}}}"), None),
        (
            of_spec("template: {metadata: {annotations: {proxy.istio.io/config: '{}'}}}"),
            sets("spec.template.metadata.annotations[proxy.istio.io/config]"),
        ),
        (beside(&HEAD.replace("}", ", annotations: {a: b}}")), None),
        (
            beside(&format!("{}spec: {{template: {{spec: {{hostNetwork: true}}}}}}\n", HEAD.replace("web", "site"))),
            None,
        ),
    ] {
        assert_eq!(seen, wanted);
    }
}

#[test]
fn all_forms_of_patches_are_read() {
    let inline =
        |spec: &str| Some(format!("a patch in overlays/prod/kustomization.yaml sets {spec}: look at both together"));
    let operation = |path: &str| format!("patch: '[{{\"op\": \"add\", \"path\": \"{path}\", \"value\": 1}}]'");
    let grace = "/spec/template/spec/terminationGracePeriodSeconds";
    let seconds = format!("{POD}.terminationGracePeriodSeconds");
    let all = "target: {kind: Deployment}";
    for (kustomization, wanted) in [
        (format!("patches: [{{{all}, {}}}]", operation(grace)), inline(&seconds)),
        (format!("patches: [{{target: {{kind: Job}}, {}}}]", operation(grace)), None),
        (format!("patches: [{{target: {{name: 'w.b'}}, {}}}]", operation(grace)), inline(&seconds)),
        (format!("patchesJson6902: [{{target: {{kind: Deployment, name: web}}, {}}}]", operation(grace)), inline(&seconds)),
        (format!("patches: [{{{all}, {}}}]", operation("/spec/replicas")), None),
        (
            format!("patches: [{{{all}, {}}}]", operation("/spec/template/spec/containers/0/lifecycle")),
            inline(&format!("{POD}.containers[].lifecycle")),
        ),
        (format!("patches: [{{{all}, {}}}]", operation("/spec/template/spec/containers/0/env/-")), None),
        (
            format!("patches: [{{{all}, {}}}]", operation("/spec/template/metadata/annotations/proxy.istio.io~1config")),
            inline("spec.template.metadata.annotations[proxy.istio.io/config]"),
        ),
        (format!("patches: [{{{all}, {}}}]", operation(grace).replace("add", "test")), None),
        (
            "patchesStrategicMerge:\n- |\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web}\n  spec: {template: {spec: {hostNetwork: true}}}\n".to_owned(),
            inline(&format!("{POD}.hostNetwork")),
        ),
        (
            "commonAnnotations: {proxy.istio.io/config: '{}'}".to_owned(),
            inline("metadata.annotations[proxy.istio.io/config] of pods"),
        ),
        ("commonLabels: {team: shop}".to_owned(), None),
        ("labels: [{pairs: {sidecar.istio.io/inject: 'true'}}]".to_owned(), None),
        (
            "labels: [{pairs: {sidecar.istio.io/inject: 'true'}, includeTemplates: true}]".to_owned(),
            inline("metadata.labels[sidecar.istio.io/inject] of pods"),
        ),
    ] {
        assert_eq!(under(&kustomization), wanted, "{kustomization}");
    }
}

#[test]
fn a_patch_is_for_what_its_kustomization_takes_in() {
    let patch = format!(
        "patches: [{{target: {{kind: Deployment}}, patch: '{}'}}]\n",
        "[{\"op\": \"add\", \"path\": \"/spec/template/spec/hostNetwork\", \"value\": true}]"
    );
    let with = |entries: &str| format!("{entries}\n{patch}");
    let (all, none) = (with("resources: [../../base]"), with("resources: [../../other]"));
    let component = with("kind: Component");
    let named = patch.replace("kind: Deployment", "kind: Deployment, name: web");
    let other = ("other/kustomization.yaml", "resources: []\n");
    for (files, wanted) in [
        (vec![("overlays/prod/kustomization.yaml", all.as_str())], Some("overlays/prod/kustomization.yaml")),
        (vec![("overlays/prod/kustomization.yaml", &none), other], None),
        (
            vec![
                ("top/kustomization.yml", &with("resources: [../overlays/dev/]")),
                ("overlays/dev/kustomization.yaml", "bases: [../../base]\n"),
            ],
            Some("top/kustomization.yml"),
        ),
        (
            vec![
                ("overlays/dev/kustomization.yaml", "resources: [../../base]\ncomponents: [../../parts/host]\n"),
                ("parts/host/kustomization.yaml", &component),
            ],
            Some("parts/host/kustomization.yaml"),
        ),
        (vec![("parts/host/kustomization.yaml", &component)], None),
        (
            vec![("parts/host/kustomization.yaml", &format!("kind: Component\n{named}"))],
            Some("parts/host/kustomization.yaml"),
        ),
        (
            vec![("far/kustomization.yaml", &format!("resources: [github.com/shop/base]\n{named}"))],
            Some("far/kustomization.yaml"),
        ),
        (vec![("far/kustomization.yaml", &format!("resources: [github.com/shop/base]\n{patch}"))], None),
        (vec![("far/kustomization.yaml", &format!("resources: [../other]\n{named}")), other], None),
    ] {
        let seen = reason_in(&files);
        assert_eq!(seen.as_deref().and_then(|it| it.split(' ').nth(3)), wanted, "{files:?}");
    }
}

#[test]
fn a_patch_knows_an_object_by_all_its_names() {
    let patched = |name: &str| {
        let patch = "[{\"op\": \"add\", \"path\": \"/spec/template/spec/hostNetwork\", \"value\": true}]";
        let top = format!(
            "resources: [../middle]\nnamePrefix: z-\npatches: [{{target: {{name: {name}}}, patch: '{patch}'}}]\n"
        );
        let middle = "namePrefix: b-\nnameSuffix: -v2\nresources: [../low]\n";
        let low = ("low/kustomization.yaml", "namePrefix: a-\nresources: [../base]\n");
        reason_in(&[("top/kustomization.yaml", &top), ("middle/kustomization.yaml", middle), low]).is_some()
    };
    for (name, wanted) in
        [("web", true), ("a-web", true), ("b-a-web-v2", true), ("b-.*", true), ("a-b-web-v2", false), ("web-v3", false)]
    {
        assert_eq!(patched(name), wanted, "{name}");
    }
}

#[test]
fn where_a_patch_decides_about_membership_nothing_is_worse_than_a_warning() {
    let engine = engine(CLASSIC);
    let patched = |path: &str| {
        let kustomization = format!(
            "resources: [job.yaml]\npatches: [{{target: {{kind: Job}}, patch: '[{{\"op\": \"add\", \"path\": \"{path}\", \"value\": \"false\"}}]'}}]\n"
        );
        found(&judged(&engine, &[("job.yaml", JOB), ("kustomization.yaml", &kustomization)]))
    };
    let (labels, error) = ("/spec/template/metadata/labels", ["job.yaml:5 job-never-completes(error)"]);
    assert_eq!(patched(&format!("{labels}/app")), error);
    for path in [format!("{labels}/sidecar.istio.io~1inject"), labels.to_owned()] {
        assert_eq!(patched(&path), ["job.yaml:5 job-never-completes(warning)"], "{path}");
    }
}
