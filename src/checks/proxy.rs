//! The proxy of a pod as its manifest and the mesh set it up.

use crate::base::Source;
use crate::inventory::Subject;
use crate::manifest::{Container, Limits, PodTemplate, read_documents};
use crate::mesh::membership::STATUS_ANNOTATION;
use crate::mesh::proxy_config::{EXIT_ON_ZERO, MINIMUM_DRAIN, PROXY_CONFIG_ANNOTATION};
use crate::mesh::shutdown::{ProxyLife, hook_seconds, is_dropped};
use crate::mesh::sidecar::{INTERCEPTION_MODE_ANNOTATION, NATIVE_SIDECAR_ANNOTATION};
use crate::mesh::{ProxyConfig, ProxySettings, SidecarKind};
use serde_json::Value;
use std::sync::Arc;

/// Why it cannot be told how the proxy of a pod is set up: one line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UntoldProxy {
    /// Istio refuses the pod, which is another rule's finding, or the text is not read here.
    #[error("the annotation proxy.istio.io/config cannot be read as it is")]
    UnreadableAnnotation,
    /// The container for Istio to merge into sets environment, arguments or command of the proxy.
    #[error("the proxy is set up by hand, in the container istio-proxy")]
    ByHand,
    /// A proxy that is in the manifest, without the configuration that Istio writes into it.
    #[error("the container istio-proxy does not tell its settings")]
    NoRenderedSettings,
    /// The proxy has a preStop of its own.
    #[error("what the preStop of istio-proxy takes is not known")]
    OwnHook,
}

/// The settings of the pod's proxy.
///
/// # Errors
/// Where they cannot be told.
pub fn proxy_settings(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<ProxySettings, UntoldProxy> {
    match proxy_container(pod) {
        Some(present) if is_present(&present) => present_settings(&present).ok_or(UntoldProxy::NoRenderedSettings),
        Some(adjusted) if is_set_up_by_hand(&adjusted) => Err(UntoldProxy::ByHand),
        _ => Ok(annotated_config(pod)?.1.laid_over(&subject.profile.proxy)),
    }
}

/// The annotation `proxy.istio.io/config` of a pod: its value as parsed, `null` where there is none, and what Istio reads.
///
/// # Errors
/// Where Istio refuses it, or it is not read here.
pub fn annotated_config(pod: &PodTemplate<'_>) -> Result<Arc<(Value, ProxyConfig)>, UntoldProxy> {
    struct Annotated(Result<Arc<(Value, ProxyConfig)>, UntoldProxy>);
    // It may be long, and many rules ask, some of them for each container.
    pod.once(|| Annotated(read_config(pod).map(Arc::new))).0.clone()
}

fn read_config(pod: &PodTemplate<'_>) -> Result<(Value, ProxyConfig), UntoldProxy> {
    let value = pod.annotations().get(PROXY_CONFIG_ANNOTATION).map_or(Some(Value::Null), annotation_value);
    let value = value.ok_or(UntoldProxy::UnreadableAnnotation)?;
    let config = ProxyConfig::read(&value).map_err(|_| UntoldProxy::UnreadableAnnotation)?;
    Ok((value, config))
}

/// Whether nothing of the pod is redirected to its proxy, by its annotation or else by the proxy's configuration.
///
/// Source: <https://github.com/istio/istio/blob/master/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml>
pub fn redirects_nothing(pod: &PodTemplate<'_>) -> bool {
    match pod.annotations().get(INTERCEPTION_MODE_ANNOTATION) {
        Some(mode) => mode == "NONE",
        None => annotated_config(pod).is_ok_and(|annotated| annotated.1.redirects_nothing),
    }
}

/// How long the pod's classic proxy lasts.
///
/// # Errors
/// Where the manifest does not tell it.
pub fn proxy_life(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<ProxyLife, UntoldProxy> {
    let settings = proxy_settings(subject, pod)?;
    let before_signal = own_wait(subject, pod).ok_or(UntoldProxy::OwnHook)?;
    Ok(ProxyLife::of(SidecarKind::Classic, &settings, subject.profile.istio_version, before_signal))
}

/// How long a preStop of its own keeps the classic proxy from its SIGTERM, in seconds; none where that is not known.
pub fn own_wait(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<i64> {
    let is_kept = |hook: &&Value| !is_dropped(hook, subject.profile.kubernetes_version);
    proxy_container(pod).and_then(|proxy| proxy.pre_stop()).filter(is_kept).map_or(Some(0), hook_seconds)
}

/// Whether Istio has set up the proxy of this pod already. It reads its annotations once, at its own call: what is written
/// into them afterwards is a dead letter, unless somebody has Istio called again.
pub fn is_injected(pod: &PodTemplate<'_>) -> bool {
    struct Injected(bool);
    let is_proxy = |container: Container<'_>| container.name() == "istio-proxy" && is_present(&container);
    let has_proxy = || pod.running_containers().any(is_proxy);
    pod.annotations().get(STATUS_ANNOTATION).is_some() || pod.once(|| Injected(has_proxy())).0
}

/// Why it is only assumed that the pod's sidecar is native, where it is; none where the profile or the pod itself says so.
pub fn assumed_native(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<&'static str> {
    if subject.sidecar_kind() != Some(SidecarKind::Native) || subject.has_proxy() {
        return None;
    }
    subject.profile.assumed_native(pod.annotations().get(NATIVE_SIDECAR_ANNOTATION))
}

/// The container `istio-proxy` among the containers of the manifest: the classic proxy itself, or what Istio's injector is
/// to merge into it.
pub fn proxy_container<'a>(pod: &PodTemplate<'a>) -> Option<Container<'a>> {
    pod.containers().find(|container| container.name() == "istio-proxy")
}

/// The classic proxy that is in the manifest already, as a hand-injected pod has it. One with the image `auto` stands for
/// what Istio will put there.
pub fn present_proxy<'a>(pod: &PodTemplate<'a>) -> Option<Container<'a>> {
    proxy_container(pod).filter(is_present)
}

fn is_present(proxy: &Container<'_>) -> bool {
    !matches!(proxy.image(), "" | "auto")
}

/// Why the text of an annotation is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoValue {
    /// It is the text of a template, which is not rendered yet.
    Template,
    /// It is no YAML: what is wrong with it, for people.
    NoYaml(String),
}

/// The annotation's text as Istio parses it, if it can.
pub fn annotation_value(text: &str) -> Option<Value> {
    parsed_annotation(text).ok()
}

/// The annotation's text as Istio parses it: YAML, of which JSON is a part.
///
/// # Errors
/// Where it is none.
pub fn parsed_annotation(text: &str) -> Result<Value, NoValue> {
    let source = Source::new(PROXY_CONFIG_ANNOTATION, text);
    let reading = read_documents(&source, &Limits::default());
    if reading.templated {
        return Err(NoValue::Template);
    }
    if let Some(problem) = reading.problems.into_iter().find(|problem| problem.fatal) {
        return Err(NoValue::NoYaml(problem.message));
    }
    Ok(reading.documents.first().map_or(Value::Null, |document| document.value().clone()))
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
    use crate::mesh::Profile;
    use serde_json::json;

    /// Seconds of `terminationDrainDuration` for a pod with this proxy container and an annotation of 30 s.
    fn termination(proxy: Value) -> Option<i64> {
        let metadata =
            json!({"name": "web", "annotations": {PROXY_CONFIG_ANNOTATION: "terminationDrainDuration: 30s"}});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [proxy]}});
        let pod = Object::from_json(pod).unwrap();
        let (inventory, profile) = (Inventory::default(), Profile::default());
        let subject = Subject::new(&pod, &inventory, &profile);
        let settings = proxy_settings(&subject, &subject.pod().unwrap()).ok()?;
        Some(settings.termination_drain_duration.seconds_ceil())
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

    /// The texts were put to Istio's real injector.
    #[test]
    fn an_annotation_is_read_as_istio_reads_its_text() {
        let recorded = include_str!("../../tests/data/istio-injection/proxy-config-annotation.json");
        let vectors: Vec<Value> = serde_json::from_str(recorded).unwrap();
        assert_eq!(vectors.len(), 37);
        for vector in &vectors {
            let metadata = json!({"annotations": {PROXY_CONFIG_ANNOTATION: vector["annotation"]}});
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}});
            let pod = Object::from_json(pod).unwrap();
            let read = read_config(&PodTemplate::of(&pod).unwrap()).ok().map(|(_, config)| config);
            let wanted = (vector["accepted"] == true).then(|| ProxyConfig::read(&vector["parsed"]).unwrap());
            assert_eq!(read, wanted, "{}", vector["annotation"]);
        }
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
