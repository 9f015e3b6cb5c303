//! What `check` offers is done: over all combinations of what two fields may say, each fix of a finding is one that `fix` makes.

use crate::{day, engine, judged};
use seaworthy::base::{Remedy, Safety, Source};
use seaworthy::engine::{Choice, Engine, FixOutcome, Input, Why, fix};
use seaworthy::manifest::{Limits, read_documents};

/// Labels of a Namespace.
const NAMESPACES: [&str; 5] =
    ["", "{istio-injection: enabled}", "{istio-injection: disabled}", "{istio.io/rev: canary}", "{team: shop}"];
/// What a key of the pods says: nothing, the two words, others that are read as one of them, and what nobody can read.
const LABELS: [&str; 10] = ["", "'true'", "'false'", "true", "false", "'yes'", "no", "'maybe'", "2", "null"];
const ANNOTATIONS: [&str; 7] = ["", "'true'", "'false'", "true", "false", "'yes'", "2"];

#[test]
fn fixes_of_a_label_beside_an_annotation_are_done_where_they_are_offered() {
    let engine = engine("profile: {istioVersion: '1.28'}\n");
    let (mut offered, mut wrong) = (0, Vec::new());
    for namespace in NAMESPACES {
        for label in LABELS {
            for annotation in ANNOTATIONS {
                let (count, refused) = refused(&engine, &injected(namespace, label, annotation));
                offered += count;
                let told = |it: &String| format!("{namespace} label {label} annotation {annotation}: {it}");
                wrong.extend(refused.iter().map(told));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(offered > 150, "{offered}");
}

fn injected(namespace: &str, label: &str, annotation: &str) -> String {
    let entry = |word: &str| match word {
        "" => String::new(),
        word => format!(", sidecar.istio.io/inject: {word}"),
    };
    let namespace = match namespace {
        "" => String::new(),
        labels => format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n---\n"),
    };
    format!(
        "{namespace}apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop}}\nspec:\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata:\n      labels: {{app: a, version: v1{}}}\n      \
         annotations: {{team: a{}}}\n    spec: {{containers: [{{name: a, image: a}}]}}\n",
        entry(label),
        entry(annotation),
    )
}

/// The wait is right once the pods are in the mesh: it is judged there, and kept where nothing can take its place.
#[test]
fn pods_come_into_the_mesh_before_their_wait_is_judged() {
    const WAIT: &str = "until curl -fs localhost:15021/healthz/ready; do sleep 1; done";
    let text = injected("{team: shop}", "", "'true'")
        .replace("name: a, image: a", &format!("name: a, image: a, command: [sh, -c, '{WAIT}; a']"));
    for (version, is_kept) in [("1.6", true), ("1.28", false)] {
        let engine =
            engine(&format!("profile: {{istioVersion: '{version}', kubernetesVersion: '1.33', dataPlane: classic}}\n"));
        assert_eq!(fixed(&engine, &text, false).files.len(), 0, "{version}");
        let outcome = fixed(&engine, &text, true);
        let after = outcome.files[0].after.text();
        assert!(after.contains("version: v1, sidecar.istio.io/inject: 'true'"), "{after}");
        assert_eq!(after.contains(WAIT), is_kept, "{after}");
        assert_eq!(after.contains("nativeSidecar"), !is_kept, "{after}");
    }
}

const PORTS: [&str; 7] = [
    "port: 80, name: web",
    "port: 80, name: grpc",
    "port: 80, name: http",
    "port: 2222, name: ssh",
    "port: 3306, name: db",
    "port: 5432, name: postgres",
    "port: 9090, name: http, appProtocol: udp",
];
/// What the pods say of the port that both lead to.
const CONTAINER_PORTS: [&str; 4] = ["", "name: http", "name: grpc", "name: postgres"];

#[test]
fn fixes_of_two_ports_that_lead_to_one_are_done_where_they_are_offered() {
    let engine = engine("profile: {assumeMembership: sidecar, istioVersion: '1.28'}\n");
    let (mut offered, mut wrong) = (0, Vec::new());
    for one in PORTS {
        for other in PORTS.into_iter().filter(|other| *other != one) {
            for container in CONTAINER_PORTS {
                let (count, refused) = refused(&engine, &leading_to_one(one, other, container));
                offered += count;
                wrong.extend(refused.iter().map(|it| format!("{{{one}}} {{{other}}} {{{container}}}: {it}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(offered > 100, "{offered}");
}

fn leading_to_one(one: &str, other: &str, container: &str) -> String {
    let name = if container.is_empty() { String::new() } else { format!(", {container}") };
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop}}\nspec:\n  selector: {{app: a}}\n  ports:\n    \
         - {{{one}, targetPort: 8080}}\n    - {{{other}, targetPort: 8080}}\n---\napiVersion: apps/v1\nkind: Deployment\n\
         metadata: {{name: a, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: a}}}}\n  template:\n    \
         metadata: {{labels: {{app: a, version: v1}}}}\n    \
         spec: {{containers: [{{name: a, image: a, ports: [{{containerPort: 8080{name}}}]}}]}}\n"
    )
}

/// What a policy makes of the grace period; nothing without one.
const CAPS: [&str; 4] = ["", "5", "40", "100"];

#[test]
fn fixes_of_pods_whose_time_a_policy_takes_are_done_where_they_are_offered() {
    let engine = engine("profile: {assumeMembership: sidecar, dataPlane: classic}\n");
    let (mut offered, mut wrong) = (0, Vec::new());
    for kinds in ["[Pod, Deployment]", "[Pod]", "[Pod, StatefulSet]", "[Deployment]"] {
        for cap in CAPS {
            for grace in ["10", "30", "120"] {
                for hook in ["", "sleep: {seconds: 20}", "tcpSocket: {port: 80}", "exec: {command: ['sleep 20']}"] {
                    let (count, refused) = refused(&engine, &capped(kinds, cap, grace, hook));
                    offered += count;
                    wrong.extend(refused.iter().map(|it| format!("{kinds} to {cap}, {grace}s, {{{hook}}}: {it}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(offered > 100, "{offered}");
}

fn capped(kinds: &str, cap: &str, grace: &str, hook: &str) -> String {
    let hook = if hook.is_empty() { String::new() } else { format!(", lifecycle: {{preStop: {{{hook}}}}}") };
    let policy = match cap {
        "" => String::new(),
        cap => format!(
            "---\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: cap}}\nspec:\n  rules:\n    - name: cap\n      \
             match: {{any: [{{resources: {{kinds: {kinds}}}}}]}}\n      \
             mutate: {{patchStrategicMerge: {{spec: {{terminationGracePeriodSeconds: {cap}}}}}}}\n"
        ),
    };
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop}}\nspec:\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata: {{labels: {{app: a, version: v1}}}}\n    spec:\n      \
         terminationGracePeriodSeconds: {grace}\n      containers:\n        \
         - {{name: a, image: a, ports: [{{containerPort: 80, name: http}}]{hook}}}\n{policy}"
    )
}

/// How many fixes `check` offers for a file, and those of them that `fix` leaves, with its reason. Once those that are safe, once
/// all.
fn refused(engine: &Engine, text: &str) -> (usize, Vec<String>) {
    let findings = judged(engine, &[("a.yaml", text)]).findings;
    let (mut offered, mut refused) = (0, Vec::new());
    for unsafe_too in [false, true] {
        let is_offered = |remedy: &Remedy| remedy.fix().is_some_and(|fix| unsafe_too || fix.safety == Safety::Safe);
        let here: Vec<_> = findings.iter().filter(|it| is_offered(&it.remedy)).collect();
        offered += here.len();
        let left = fixed(engine, text, unsafe_too).left.into_iter();
        refused.extend(left.filter_map(|left| match left.why {
            Why::WouldNotHold(reason) => Some(format!("{} at {}: {reason}", left.finding.rule, left.finding.path)),
            Why::NoFix(_) | Why::NeedsUnsafe(_) => None,
        }));
    }
    (offered, refused)
}

fn fixed(engine: &Engine, text: &str, unsafe_too: bool) -> FixOutcome {
    let source = Source::new("a.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    let input = Input::new(source.name(), reading, engine);
    fix(vec![input], day("2027-01-01"), &Choice { unsafe_too, ..Choice::default() })
}
