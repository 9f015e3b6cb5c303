//! The proxy of a pod as its annotations and the mesh set it up.

use crate::base::Source;
use crate::inventory::Subject;
use crate::manifest::{Container, Limits, PodTemplate, read_documents};
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::{ProxyConfig, ProxySettings};
use serde_json::Value;

/// The settings of the pod's proxy. None where the annotation is such that Istio refuses the pod: then nothing can be
/// said of its proxy, and that is another rule's finding.
pub fn proxy_settings(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<ProxySettings> {
    let mesh = &subject.profile.proxy;
    match pod.annotations().get(PROXY_CONFIG_ANNOTATION) {
        None => Some(mesh.clone()),
        Some(text) => ProxyConfig::read(&annotation_value(text)?).ok().map(|config| config.laid_over(mesh)),
    }
}

/// The classic proxy that is in the manifest already, as a hand-injected pod has it. One with the image `auto` stands for
/// what Istio will put there.
pub fn present_proxy<'a>(pod: &PodTemplate<'a>) -> Option<Container<'a>> {
    let mut proxies = pod.containers().filter(|container| container.name() == "istio-proxy");
    proxies.find(|container| !matches!(container.image(), "" | "auto"))
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
