//! What kustomize changes in how pods join the mesh: what stands in the files is not what is applied.

use crate::{engine, found, judged};
use seaworthy::base::Finding;

/// A Deployment that waits for its proxy: without one it never starts.
const WAITING: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, version: v1}}
    spec:
      securityContext: {runAsUser: 1337}
      containers:
        - name: cart
          image: registry.example.com/cart:1
          command: [sh, -c, \"until curl -fs localhost:15021/healthz/ready; do sleep 1; done; exec /cart\"]
";

/// What is found of the waiting Deployment, and how many of the fixes are safe, with this Namespace beside it and this overlay.
fn of_waiting(namespace: &str, overlay: &str) -> (Vec<String>, usize) {
    let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {namespace}}}\n");
    let overlay = format!("resources: [../base]\n{overlay}");
    let outcome = judged(
        &engine("profile: {istioVersion: '1.26', kubernetesVersion: '1.32'}"),
        &[
            ("base/kustomization.yaml", "resources: [ns.yaml, cart.yaml]\n"),
            ("base/ns.yaml", &namespace),
            ("base/cart.yaml", WAITING),
            ("prod/kustomization.yaml", &overlay),
        ],
    );
    let is_safe = |it: &&Finding| it.remedy.safe_fix().is_some();
    (found(&outcome), outcome.findings.iter().filter(is_safe).count())
}

#[test]
fn a_patch_of_the_namespace_decides_about_the_membership_of_its_pods() {
    let (outside, inside) = ("{team: shop}", "{istio-injection: enabled}");
    let open = ["base/cart.yaml:9 proxy-uid(warning)", "base/cart.yaml:13 fragile-proxy-wait(warning)"];
    let merged = |labels: &str| {
        format!(
            "patches: [{{patch: '{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {labels}}}}}'}}]"
        )
    };
    let operation = |path: &str| {
        let operation = format!("[{{\"op\": \"add\", \"path\": \"{path}\", \"value\": \"enabled\"}}]");
        format!("patches: [{{target: {{kind: Namespace, name: shop}}, patch: '{operation}'}}]")
    };
    for (namespace, overlay) in [
        (outside, merged("{istio-injection: enabled}")),
        (outside, merged("{istio.io/rev: stable}")),
        (outside, operation("/metadata/labels/istio-injection")),
        (outside, operation("/metadata/labels")),
        (outside, "labels: [{pairs: {istio-injection: enabled}}]".to_owned()),
        (outside, "commonLabels: {istio-injection: enabled}".to_owned()),
        (inside, merged("{istio-injection: disabled}")),
        (outside, merged("{maistra.io/member-of: istio-system}")),
        (outside, "labels: [{pairs: {maistra.io/member-of: istio-system}}]".to_owned()),
        (outside, "namespace: prod".to_owned()),
        (inside, "namespace: prod".to_owned()),
        (inside, merged("null")),
    ] {
        assert_eq!(of_waiting(namespace, &overlay), (open.map(str::to_owned).into(), 0), "{namespace} {overlay}");
    }
    for (namespace, overlay, wanted) in [
        (outside, merged("{team: pay}"), "base/cart.yaml:13 endless-proxy-wait(error)"),
        (outside, "commonLabels: {team: pay}".to_owned(), "base/cart.yaml:13 endless-proxy-wait(error)"),
        (inside, merged("{team: pay}"), "base/cart.yaml:9 proxy-uid(error)"),
        (outside, "namespace: shop".to_owned(), "base/cart.yaml:13 endless-proxy-wait(error)"),
        (inside, "namespace: shop".to_owned(), "base/cart.yaml:9 proxy-uid(error)"),
    ] {
        assert_eq!(of_waiting(namespace, &overlay).0[0], wanted, "{namespace} {overlay}");
    }
}

#[test]
fn a_patch_of_the_pods_brings_them_in_as_well() {
    let patch = |field: &str, value: &str| {
        let operation = format!("[{{\"op\": \"add\", \"path\": \"/spec/template/{field}\", \"value\": \"{value}\"}}]");
        format!("patches: [{{target: {{kind: Deployment}}, patch: '{operation}'}}]")
    };
    for (field, value) in [
        ("metadata/labels/sidecar.istio.io~1inject", "true"),
        ("metadata/labels/istio.io~1rev", "stable"),
        ("metadata/annotations/sidecar.istio.io~1inject", "true"),
    ] {
        let (found, safe) = of_waiting("{team: shop}", &patch(field, value));
        assert!(found.iter().all(|it| it.ends_with("(warning)")) && safe == 0, "{field}: {found:?}");
    }
    let (found, _) = of_waiting("{team: shop}", &patch("metadata/labels/team", "pay"));
    assert_eq!(found, ["base/cart.yaml:13 endless-proxy-wait(error)"]);
}

#[test]
fn labels_and_systems_of_the_pods_decide_where_kustomize_sets_them() {
    let fields = |path: &str| {
        format!("labels: [{{pairs: {{sidecar.istio.io/inject: \"false\"}}, fields: [{{path: {path}, create: true}}]}}]")
    };
    let merged = |spec: &str| {
        format!(
            "patches: [{{patch: '{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: cart}}, \
             spec: {{template: {{spec: {{{spec}}}}}}}}}'}}]"
        )
    };
    for (overlay, wanted) in [
        (fields("spec/template/metadata/labels"), "base/cart.yaml:9 proxy-uid(warning)"),
        (fields("spec/selector/matchLabels"), "base/cart.yaml:9 proxy-uid(error)"),
        (merged("nodeSelector: {kubernetes.io/os: windows}"), "base/cart.yaml:9 proxy-uid(warning)"),
        (merged("os: {name: windows}"), "base/cart.yaml:9 proxy-uid(warning)"),
        (merged("nodeSelector: {pool: web}"), "base/cart.yaml:9 proxy-uid(error)"),
    ] {
        assert_eq!(of_waiting("{istio-injection: enabled}", &overlay).0[0], wanted, "{overlay}");
    }
}
