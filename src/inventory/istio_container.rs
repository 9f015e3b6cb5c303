//! Containers that Istio made, or that somebody wrote into a manifest as Istio makes them.

use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::SidecarKind;

/// The proxy that a pod brings with it: a container `istio-proxy` that is one of Istio's. `auto` is Istio's placeholder for the
/// injected one, an init container that ends is no proxy, and another program of that name proves nothing.
pub(super) fn own_proxy(pod: &PodTemplate<'_>) -> Option<SidecarKind> {
    struct Own(Option<SidecarKind>);
    let found = || {
        let mut proxies = pod.running_containers().filter(|container| container.name() == "istio-proxy");
        let proxy = proxies.find(|it| is_of_istio(it) && !is_of_node(it) && !matches!(it.image(), "" | "auto"))?;
        Some(if proxy.role() == Role::Regular { SidecarKind::Classic } else { SidecarKind::Native })
    };
    // A pod of thousands of containers is asked for each of them.
    pod.once(|| Own(found())).0
}

/// Whether it is ztunnel, which the chart of Istio calls `istio-proxy` too: the proxy of its node, and not of its pod.
///
/// Source: <https://github.com/istio/istio/blob/master/manifests/charts/ztunnel/templates/daemonset.yaml>.
fn is_of_node(container: &Container<'_>) -> bool {
    image_name(container.image()).starts_with("ztunnel") || container.args().nth(1) == Some("ztunnel")
}

/// Whether a container is one that Istio made, and somebody wrote into the manifest: by its image, or by the first argument that
/// Istio's agent, or its set-up of redirection, is called with from an image of another name.
pub(crate) fn is_of_istio(container: &Container<'_>) -> bool {
    let image = image_name(container.image());
    let program = container.args().next();
    image.starts_with("proxyv2")
        || image.starts_with("proxy_init")
        || matches!(program, Some("proxy" | "istio-iptables"))
}

/// The name of an image: of `registry.example.com:5000/db/mysql:8@sha256:...` the word before tag and digest.
pub(super) fn image_name(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or_default();
    last.split([':', '@']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_name() {
        for (image, name) in [
            ("mysql", "mysql"),
            ("mysql:8.4", "mysql"),
            ("docker.io/library/mysql@sha256:0a1b", "mysql"),
            ("registry.example.com:5000/mirror/mysql-server:8@sha256:0a1b", "mysql-server"),
            ("registry.example.com:5000/mysql", "mysql"),
            ("", ""),
        ] {
            assert_eq!(image_name(image), name, "{image}");
        }
    }
}
