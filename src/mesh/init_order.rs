//! Where Istio puts init containers, and which way the traffic of each of them goes.
//!
//! Sources: `reorderPod` in <https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go>, the containers of
//! <https://github.com/istio/istio/blob/master/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml>, and
//! for the CNI plugin, which redirects before any container starts,
//! <https://istio.io/latest/docs/setup/additional-setup/cni/#compatibility-with-application-init-containers>.

use crate::mesh::SidecarKind;

/// An entry of `initContainers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitContainer<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it runs on while those behind it start: `restartPolicy: Always`.
    pub keeps_running: bool,
}

/// What sends the traffic of a pod to its proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirection {
    /// The init container `istio-init`, once it has run.
    InitContainer,
    /// Istio's CNI plugin, before any container starts. Istio adds `istio-validation`, which sees to it that it did.
    CniPlugin,
}

/// What becomes of a connection that is redirected where a container stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing is redirected yet.
    Direct,
    /// The proxy carries it.
    ThroughProxy,
    /// It is redirected to a proxy that does not run yet: refused at once.
    Nowhere,
}

/// Istio's proxy, as a native sidecar an init container.
pub const PROXY: &str = "istio-proxy";
/// Istio's init container that redirects traffic.
pub const REDIRECTING: &str = "istio-init";
/// Istio's init container beside its CNI plugin.
pub const VALIDATING: &str = "istio-validation";
/// Istio's init container for core dumps, where they are switched on.
const CORE_DUMPS: &str = "enable-core-dump";

impl Redirection {
    /// What redirects the traffic of a pod with these init containers: theirs where Istio has put one in already, else what is
    /// usual in the mesh.
    pub fn of<'a>(containers: impl IntoIterator<Item = InitContainer<'a>>, cni: bool) -> Self {
        let told = |name: &str| match name {
            REDIRECTING => Some(Self::InitContainer),
            VALIDATING => Some(Self::CniPlugin),
            _ => None,
        };
        let usual = if cni { Self::CniPlugin } else { Self::InitContainer };
        containers.into_iter().find_map(|it| told(it.name)).unwrap_or(usual)
    }

    /// The init container that Istio adds for it.
    const fn container(self) -> &'static str {
        match self {
            Self::InitContainer => REDIRECTING,
            Self::CniPlugin => VALIDATING,
        }
    }
}

/// The init containers of a pod after Istio's injector: its own put in, those of the owner in the order they had.
///
/// Where the proxy is an init container, all of Istio's come first, so that what follows is in the mesh. Else `istio-validation`
/// comes first, so that nothing starts without redirection, and `istio-init` last, so that nothing is redirected to a proxy that
/// does not run yet.
pub fn init_order<'a>(
    own: impl IntoIterator<Item = InitContainer<'a>>,
    kind: SidecarKind,
    redirection: Redirection,
) -> Vec<InitContainer<'a>> {
    let mut order: Vec<InitContainer<'a>> = own.into_iter().collect();
    let has = |order: &[InitContainer<'_>], name: &str| order.iter().any(|it| it.name == name);
    if !has(&order, redirection.container()) {
        order.push(InitContainer { name: redirection.container(), keeps_running: false });
    }
    if kind == SidecarKind::Native && !has(&order, PROXY) {
        order.push(InitContainer { name: PROXY, keeps_running: true });
    }
    let proxy_first = has(&order, PROXY);
    // Stable, so that the owner's keep their order.
    order.sort_by_key(|it| rank(it.name, proxy_first));
    order
}

fn rank(name: &str, proxy_first: bool) -> u8 {
    match (name, proxy_first) {
        (REDIRECTING, true) => 0,
        (VALIDATING, true) => 1,
        (PROXY, true) => 2,
        (CORE_DUMPS, true) => 3,
        (VALIDATING, false) => 0,
        (REDIRECTING, false) => 5,
        (CORE_DUMPS, false) => 6,
        _ => 4,
    }
}

/// What becomes of the redirected connections of each init container, in the order that the kubelet starts; and last, of one that
/// would come behind all of them.
pub fn ways_out(order: &[InitContainer<'_>], redirection: Redirection) -> Vec<Way> {
    let (mut redirected, mut proxy_runs) = (redirection == Redirection::CniPlugin, false);
    let mut ways = vec![way(redirected, proxy_runs)];
    for it in order {
        redirected |= it.name == REDIRECTING;
        proxy_runs |= it.name == PROXY && it.keeps_running;
        ways.push(way(redirected, proxy_runs));
    }
    ways
}

fn way(redirected: bool, proxy_runs: bool) -> Way {
    match (redirected, proxy_runs) {
        (false, _) => Way::Direct,
        (true, true) => Way::ThroughProxy,
        (true, false) => Way::Nowhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{DataPlane, Membership, PodFacts, Profile, membership};
    use serde::Deserialize;
    use serde_json::{Map, Value, json};
    use std::collections::BTreeMap;

    /// A Pod that was given to Istio's injector, and its init containers after that in each mode of the mesh; none where the
    /// injector refused it. A star marks `restartPolicy: Always`.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Recorded {
        file: String,
        host_network: bool,
        labels: Map<String, Value>,
        annotations: Map<String, Value>,
        init_containers: Vec<String>,
        modes: BTreeMap<String, Option<Vec<String>>>,
    }

    fn entries(words: &[String]) -> Vec<InitContainer<'_>> {
        let entry = |word: &'_ String| word.ends_with('*');
        words
            .iter()
            .map(|word| InitContainer { name: word.trim_end_matches('*'), keeps_running: entry(word) })
            .collect()
    }

    fn predicted<'a>(pod: &'a Recorded, mode: &str) -> Vec<InitContainer<'a>> {
        let (native, cni) = (mode.starts_with("native"), mode.ends_with("-cni"));
        let data_plane = if native { DataPlane::Native } else { DataPlane::Classic };
        let profile = Profile { data_plane, cni, ..Profile::default() };
        let enabled = json!({"istio-injection": "enabled"});
        let facts = PodFacts {
            namespace: "shop",
            namespace_labels: enabled.as_object().map(|labels| labels as _),
            labels: &pod.labels,
            annotations: &pod.annotations,
            host_network: pod.host_network,
            proxy: None,
        };
        let own = entries(&pod.init_containers);
        match membership(&facts, &profile) {
            Membership::Sidecar(kind) => init_order(own.clone(), kind, Redirection::of(own, cni)),
            _ => own,
        }
    }

    #[test]
    fn agrees_with_the_injector_on_every_recorded_pod_in_every_mode() {
        let recorded = include_str!("../../tests/data/istio-injection/init-order.json");
        let pods: Vec<Recorded> = serde_json::from_str(recorded).unwrap();
        let (mut compared, mut refused) = (0, 0);
        for pod in &pods {
            for (mode, wanted) in &pod.modes {
                match wanted {
                    Some(wanted) => assert_eq!(predicted(pod, mode), entries(wanted), "{} {mode}", pod.file),
                    None => refused += 1,
                }
                compared += 1;
            }
        }
        assert_eq!((pods.len(), compared, refused), (32, 192, 6));
    }

    /// A Pod that Istio has changed already is not changed by it again.
    #[test]
    fn what_the_injector_made_stays_as_it_is() {
        let recorded = include_str!("../../tests/data/istio-injection/init-order.json");
        let pods: Vec<Recorded> = serde_json::from_str(recorded).unwrap();
        for pod in &pods {
            for order in pod.modes.values().flatten().filter(|order| order.iter().any(|it| it.starts_with("istio-"))) {
                let own = entries(order);
                let is_native = own.iter().any(|it| it.name == PROXY);
                let kind = if is_native { SidecarKind::Native } else { SidecarKind::Classic };
                for cni in [false, true] {
                    assert_eq!(init_order(own.clone(), kind, Redirection::of(own.clone(), cni)), own, "{}", pod.file);
                }
            }
        }
    }

    #[test]
    fn traffic_goes_where_redirection_and_proxy_are_by_then() {
        use {Redirection::*, SidecarKind::*, Way::*};
        let own = ["a", "b*"].map(str::to_owned);
        for (kind, redirection, wanted) in [
            (Classic, InitContainer, "a Direct, b Direct, istio-init Direct"),
            (Native, InitContainer, "istio-init Direct, istio-proxy Nowhere, a ThroughProxy, b ThroughProxy"),
            (Classic, CniPlugin, "istio-validation Nowhere, a Nowhere, b Nowhere"),
            (Native, CniPlugin, "istio-validation Nowhere, istio-proxy Nowhere, a ThroughProxy, b ThroughProxy"),
        ] {
            let order = init_order(entries(&own), kind, redirection);
            let ways = order.iter().zip(ways_out(&order, redirection)).map(|(it, way)| format!("{} {way:?}", it.name));
            assert_eq!(ways.collect::<Vec<_>>().join(", "), wanted, "{kind:?} {redirection:?}");
        }
        let late = ["istio-init", "a", "istio-proxy", "b"].map(str::to_owned);
        assert_eq!(ways_out(&entries(&late), InitContainer), [Direct, Nowhere, Nowhere, Nowhere, Nowhere]);
    }

    #[test]
    fn core_dumps_are_switched_on_behind_what_redirects() {
        let own = ["enable-core-dump", "a"].map(str::to_owned);
        for (kind, redirection, wanted) in [
            (SidecarKind::Classic, Redirection::InitContainer, "a istio-init enable-core-dump"),
            (SidecarKind::Native, Redirection::CniPlugin, "istio-validation istio-proxy enable-core-dump a"),
        ] {
            let names: Vec<&str> = init_order(entries(&own), kind, redirection).iter().map(|it| it.name).collect();
            assert_eq!(names.join(" "), wanted);
        }
    }
}
