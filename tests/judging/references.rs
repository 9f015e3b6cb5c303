//! What knows a port by its name, said where a fix would give it another: only what the files show, and no more than that.

use crate::{engine, judged};
use seaworthy::base::{Finding, Remedy, Safety};

/// Up to Istio 1.7 only a name can say what a port speaks.
const SIDECAR: &str = "profile: {assumeMembership: sidecar, istioVersion: '1.7', kubernetesVersion: '1.18'}\n";

/// A Service with a port whose name is the defect.
fn service(metadata: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: dns, namespace: shop, labels: {{app: dns}}{metadata}}}\n\
         spec: {{selector: {{app: dns}}, ports: [{{name: udp-web, port: 8053}}]}}\n"
    )
}

fn object(api_version: &str, kind: &str, namespace: &str, rest: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {kind}, namespace: {namespace}}}\n{rest}\n")
}

fn ingress(service: &str, port: &str) -> String {
    let spec = format!("spec: {{defaultBackend: {{service: {{name: {service}, port: {{{port}}}}}}}}}");
    object("networking.k8s.io/v1", "Ingress", "shop", &spec)
}

fn monitor(namespace: &str, selector: &str) -> String {
    let spec = format!("spec: {{selector: {{matchLabels: {{app: dns}}}}, endpoints: [{{port: udp-web}}]{selector}}}");
    object("monitoring.coreos.com/v1", "ServiceMonitor", namespace, &spec)
}

/// Each reference that is told beside the finding as `file:line what`, and the reason why a person should look.
fn told(files: &[(&str, &str)]) -> (Vec<String>, String) {
    let outcome = judged(&engine(SIDECAR), files);
    let found: Vec<Finding> = outcome.findings.into_iter().filter(|it| &*it.rule == "udp-named-tcp-port").collect();
    let [finding] = &found[..] else { panic!("{found:#?}") };
    let related = finding.related.iter().map(|it| {
        let place = it.place.as_ref().expect("a place in a file");
        format!("{}:{} {}", place.file, place.start.line, it.message)
    });
    let Remedy::Fix(fix) = &finding.remedy else { panic!("{finding:#?}") };
    let Safety::Unsafe(reason) = &fix.safety else { panic!("{fix:#?}") };
    let reason = reason.split_once("; ").expect("what else there is to look at").1.to_owned();
    (related.collect(), reason)
}

#[test]
fn each_object_that_names_the_port_is_told_with_its_place() {
    let annotated = service(", annotations: {cloud.google.com/app-protocols: '{\"udp-web\": \"HTTPS\"}'}");
    let (ingress, monitor) =
        (ingress("dns", "name: udp-web"), monitor("monitoring", ", namespaceSelector: {any: true}"));
    let files = [("a/dns.yaml", &*annotated), ("b/ingress.yaml", &ingress), ("c/monitor.yaml", &monitor)];
    let (related, reason) = told(&files);
    assert_eq!(
        related,
        [
            "c/monitor.yaml:4 ServiceMonitor monitoring/ServiceMonitor refers to the port as `udp-web`",
            "b/ingress.yaml:4 Ingress shop/Ingress refers to the port as `udp-web`",
            "a/dns.yaml:3 annotation cloud.google.com/app-protocols refers to the port as `udp-web`",
        ]
    );
    assert_eq!(
        reason,
        "ServiceMonitor monitoring/ServiceMonitor refers to the port as `udp-web`, and 2 more must be changed with it"
    );
}

#[test]
fn where_nothing_is_found_that_is_all_that_is_said() {
    let route = object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        "shop",
        "spec: {rules: [{backendRefs: [{name: dns, port: 8053}]}]}",
    );
    let slice =
        "metadata: {name: dns-x, namespace: shop, labels: {kubernetes.io/service-name: dns}}\nports: [{name: udp-web}]";
    let slice = format!("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n{slice}\n");
    for (what, other) in [
        ("by its number", ingress("dns", "number: 8053")),
        ("another port", ingress("dns", "name: udp")),
        ("another Service", ingress("web", "name: udp-web")),
        ("in another namespace", monitor("monitoring", "")),
        ("routes of the Gateway API have numbers", route),
        ("written by a controller", slice),
    ] {
        let (related, reason) = told(&[("a/dns.yaml", &service("")), ("a/other.yaml", &other)]);
        assert_eq!(related, [""; 0], "{what}");
        assert_eq!(
            reason,
            "nothing among these files refers to the port as `udp-web`, but what is elsewhere may (Ingress, ServiceMonitor, DNS \
             SRV records)",
            "{what}"
        );
    }
}

/// Base and overlay are alternatives: who refers to the one does not refer to the other.
#[test]
fn who_means_another_copy_of_the_service_is_left_out() {
    let (dns, ingress) = (service(""), ingress("dns", "name: udp-web"));
    let fixed = dns.replace("udp-web", "tcp-web");
    let staging = [("prod/dns.yaml", &*dns), ("staging/dns.yaml", &fixed), ("staging/ingress.yaml", &ingress)];
    assert_eq!(told(&staging).0, [""; 0]);
    let prod = [("prod/dns.yaml", &*dns), ("staging/dns.yaml", &fixed), ("prod/ingress.yaml", &ingress)];
    assert_eq!(told(&prod).0, ["prod/ingress.yaml:4 Ingress shop/Ingress refers to the port as `udp-web`"]);
}
