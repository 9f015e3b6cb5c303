//! The proxy of a pod as its manifest and the mesh set it up.

use crate::base::Source;
use crate::inventory::Subject;
use crate::manifest::{Container, Limits, PodTemplate, read_documents};
use crate::mesh::proxy_config::{EXIT_ON_ZERO, MINIMUM_DRAIN, PROXY_CONFIG_ANNOTATION};
use crate::mesh::{ProxyConfig, ProxySettings};
use serde_json::Value;

/// The settings of the pod's proxy. None where they cannot be told: Istio refuses the pod for its annotation, which is
/// another rule's finding, or the proxy is set up by hand.
pub fn proxy_settings(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<ProxySettings> {
    match proxy_container(pod) {
        Some(present) if is_present(&present) => present_settings(&present),
        Some(adjusted) if is_set_up_by_hand(&adjusted) => None,
        _ => annotated_settings(subject, pod),
    }
}

/// The container `istio-proxy` among the containers of the manifest: the classic proxy itself, or what Istio's injector is
/// to merge into it.
pub fn proxy_container<'a>(pod: &PodTemplate<'a>) -> Option<Container<'a>> {
    pod.containers().find(|container| container.name() == "istio-proxy")
}

fn annotated_settings(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<ProxySettings> {
    let mesh = &subject.profile.proxy;
    match pod.annotations().get(PROXY_CONFIG_ANNOTATION) {
        None => Some(mesh.clone()),
        Some(text) => ProxyConfig::read(&annotation_value(text)?).ok().map(|config| config.laid_over(mesh)),
    }
}

/// The classic proxy that is in the manifest already, as a hand-injected pod has it. One with the image `auto` stands for
/// what Istio will put there.
pub fn present_proxy<'a>(pod: &PodTemplate<'a>) -> Option<Container<'a>> {
    proxy_container(pod).filter(is_present)
}

fn is_present(proxy: &Container<'_>) -> bool {
    !matches!(proxy.image(), "" | "auto")
}

/// The annotation's text as Istio parses it: YAML, of which JSON is a part.
fn annotation_value(text: &str) -> Option<Value> {
    let source = Source::new(PROXY_CONFIG_ANNOTATION, text);
    let reading = read_documents(&source, &Limits::default());
    if reading.templated || reading.problems.iter().any(|problem| problem.fatal) {
        return None;
    }
    Some(reading.documents.first().map_or(Value::Null, |document| document.value().clone()))
}

/// A proxy that is there carries what the mesh and the annotation came to when it was injected.
fn present_settings(proxy: &Container<'_>) -> Option<ProxySettings> {
    let (_, text) = proxy.environment().find(|(name, _)| *name == INJECTED_CONFIG)?;
    let value: Value = serde_json::from_str(text?).ok()?;
    ProxyConfig::read(&value).ok().map(|config| config.laid_over(&ProxySettings::default()))
}

/// Where Istio's injector writes the configuration of the proxy, as JSON.
const INJECTED_CONFIG: &str = "PROXY_CONFIG";

fn is_set_up_by_hand(proxy: &Container<'_>) -> bool {
    let has = |key: &str| proxy.value().get(key).is_some();
    let decides = |name: &str| matches!(name, EXIT_ON_ZERO | MINIMUM_DRAIN | INJECTED_CONFIG);
    ["command", "args", "envFrom"].into_iter().any(has) || proxy.environment().any(|(name, _)| decides(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::{GoDuration, Profile};
    use serde_json::json;

    /// Seconds of `terminationDrainDuration` for a pod with this proxy container and an annotation of 30 s.
    fn termination(proxy: Value) -> Option<i64> {
        let metadata =
            json!({"name": "web", "annotations": {PROXY_CONFIG_ANNOTATION: "terminationDrainDuration: 30s"}});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [proxy]}});
        let pod = Object::from_json(pod).unwrap();
        let (inventory, profile) = (Inventory::default(), Profile::default());
        let subject = Subject::new(&pod, &inventory, &profile);
        proxy_settings(&subject, &subject.pod().unwrap())
            .map(|it| it.termination_drain_duration)
            .map(GoDuration::seconds_ceil)
    }

    #[test]
    fn an_injected_proxy_has_the_settings_it_was_injected_with() {
        let config = |text: &str| json!([{"name": "PROXY_CONFIG", "value": text}]);
        let injected =
            |env: Value| json!({"name": "istio-proxy", "image": "proxyv2:1.28.0", "args": ["proxy"], "env": env});
        assert_eq!(termination(json!({"name": "web"})), Some(30));
        assert_eq!(termination(injected(config("{}"))), Some(5));
        assert_eq!(termination(injected(config("{\"terminationDrainDuration\":\"12s\"}"))), Some(12));
        assert_eq!(termination(injected(config("{"))), None);
        assert_eq!(termination(injected(json!([]))), None);
    }

    #[test]
    fn nothing_is_said_of_a_proxy_that_is_set_up_by_hand() {
        let adjusted = |key: &str, value: Value| json!({"name": "istio-proxy", "image": "auto", key: value});
        assert_eq!(termination(adjusted("resources", json!({}))), Some(30));
        assert_eq!(termination(adjusted("env", json!([{"name": "A", "value": "b"}]))), Some(30));
        for (key, value) in [
            ("env", json!([{"name": EXIT_ON_ZERO, "value": "true"}])),
            ("env", json!([{"name": MINIMUM_DRAIN, "value": "30s"}])),
            ("env", json!([{"name": INJECTED_CONFIG, "value": "{}"}])),
            ("envFrom", json!([{"configMapRef": {"name": "proxy"}}])),
            ("args", json!(["proxy", "sidecar"])),
            ("command", json!(["/wrapper"])),
        ] {
            assert_eq!(termination(adjusted(key, value.clone())), None, "{key} {value}");
        }
    }
}
