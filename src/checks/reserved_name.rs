//! `reserved-name`: containers and variables with names that belong to the proxy that Istio injects.
//!
//! The injector merges its containers with those of the same name in the pod, and what the pod says wins. Source:
//! `reapplyOverwrittenContainers` in <https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go>

use crate::base::PodRepair;
use crate::checks::proxy::annotation_value;
use crate::checks::{Check, NoParams, Observation, bind, schema_of, with_name};
use crate::inventory::{Subject, is_of_istio};
use crate::manifest::{Container, Role};
use crate::mesh::membership::STATUS_ANNOTATION;
use crate::mesh::{Membership, ProxyConfig, SidecarKind};
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "reserved-name",
    summary: "containers and variables with names that belong to the injected proxy",
    cases: &[UNCERTAIN, UNREAD],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// It does harm under another setting of the mesh, or where the pod turns out to be in the mesh.
const UNCERTAIN: &str = "uncertain";
/// A variable that nobody reads where it is.
const UNREAD: &str = "unread";

const PROXY: &str = "istio-proxy";
/// The init containers of the injector: the first without, the second with the CNI plugin.
const INIT: [&str; 2] = ["istio-init", "istio-validation"];

/// What the injector writes into the environment of the proxy, seen in what it makes of pods.
const RENDERED: [&str; 9] = [
    "PROXY_CONFIG",
    "ISTIO_META_APP_CONTAINERS",
    "ISTIO_META_CLUSTER_ID",
    "ISTIO_META_INTERCEPTION_MODE",
    "ISTIO_META_MESH_ID",
    "ISTIO_META_NODE_NAME",
    "ISTIO_META_OWNER",
    "ISTIO_META_POD_PORTS",
    "ISTIO_META_WORKLOAD_NAME",
];

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| pod.annotations().get(STATUS_ANNOTATION).is_none()) else {
        return Vec::new();
    };
    let membership = subject.membership_if(pod.host_network());
    if matches!(membership, Membership::Ambient | Membership::Outside) {
        return Vec::new();
    }
    let own = pod.all_containers().filter(|container| !is_of_istio(container));
    let seen = own.flat_map(|it| name_taken(subject, &it).into_iter().chain(variables_taken(&it)).collect::<Vec<_>>());
    let rated = |seen: Observation| match seen.case {
        None if membership == Membership::Unknown => seen.case(UNCERTAIN),
        _ => seen,
    };
    seen.map(rated).collect()
}

/// Whether a container only says how the one of that name that Istio injects is to differ.
fn is_placeholder(container: &Container<'_>) -> bool {
    matches!(container.image(), "" | "auto")
}

fn name_taken(subject: &Subject<'_>, container: &Container<'_>) -> Option<Observation> {
    let is_init = INIT.contains(&container.name());
    match container.name() {
        PROXY if is_placeholder(container) => comes_twice(subject, container),
        _ if is_placeholder(container) => None,
        PROXY => Some(merged(container)),
        // Under the other setting of the mesh it does no harm today.
        name if is_init && (name == INIT[1]) != subject.profile.cni => Some(merged(container).case(UNCERTAIN)),
        _ if is_init => Some(merged(container)),
        _ => None,
    }
}

fn merged(container: &Container<'_>) -> Observation {
    let path = container.path().key("name");
    let message = format!(
        "`{}` is the name of a container of Istio, which runs with this image and command then: want another name at {path}",
        container.name()
    );
    Observation::new(path, message)
        .help("a container that is to adjust Istio's own one has `image: auto`")
        .unfixed("others refer to a container by its name")
}

/// A classic proxy is put among the containers, whatever stands among the init containers.
fn comes_twice(subject: &Subject<'_>, container: &Container<'_>) -> Option<Observation> {
    if container.role() == Role::Regular || subject.sidecar_kind() != Some(SidecarKind::Classic) {
        return None;
    }
    let path = container.path().key("name");
    let message = format!(
        "a classic proxy comes beside this container, and two of one name are refused: want it in containers, not at {path}"
    );
    let observation = Observation::new(path, message)
        .help("a classic sidecar is adjusted by an entry of `containers`, a native one by an entry of `initContainers`")
        .unfixed("which kind of sidecar is meant only the owner knows");
    Some(observation)
}

fn variables_taken(container: &Container<'_>) -> Vec<Observation> {
    let entries = container.value().get("env").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_proxy = container.name() == PROXY;
    let of_entry = |(index, entry): (usize, &Value)| {
        let name = entry.get("name").and_then(Value::as_str)?;
        let path = || container.path().key("env").index(index).key("name");
        if is_proxy {
            let is_rendered = RENDERED.contains(&name);
            return is_rendered.then(|| {
                let path = path();
                let message =
                    format!("`{name}` replaces what Istio itself tells the proxy by it: want it gone at {path}");
                Observation::new(path, message).help(ELSEWHERE).unfixed(NOT_KNOWN)
            });
        }
        let is_unread = name.starts_with("ISTIO_META_") || name == RENDERED[0] && is_proxy_config(entry);
        is_unread.then(|| {
            let path = path();
            let message = with_name(40, name, |name| {
                format!("{name} is for the proxy, and nobody reads it in this container: want it gone at {path}")
            });
            Observation::new(path, message).case(UNREAD).help(ELSEWHERE).unfixed(NOT_KNOWN)
        })
    };
    entries.iter().enumerate().filter_map(of_entry).collect()
}

const ELSEWHERE: &str =
    "the proxy of a pod is set up by the annotation `proxy.istio.io/config`, its environment by `proxyMetadata` in it";
const NOT_KNOWN: &str = "whether the proxy needs the value only the owner knows";

/// Whether the value of a variable is a configuration of the proxy: applications may have a variable of that name, too.
fn is_proxy_config(entry: &Value) -> bool {
    let value = entry.get("value").and_then(Value::as_str).and_then(annotation_value);
    let read = value.as_ref().and_then(|value| Some((value.as_object()?.len(), ProxyConfig::read(value).ok()?)));
    read.is_some_and(|(keys, config)| keys > config.unknown_keys.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;

    /// The membership counts that the pod would have without what it calls `istio-proxy`.
    #[test]
    fn a_name_does_harm_for_certain_only_in_the_mesh() {
        let containers = json!([{"name": "istio-proxy", "image": "registry.example.com/shop/nginx:1.27"}]);
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "edge", "namespace": "shop"},
            "spec": {"containers": containers}});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        for (profile, wanted) in [
            (json!({"assumeMembership": "sidecar"}), vec![None]),
            (json!({}), vec![Some(UNCERTAIN)]),
            (json!({"assumeMembership": "outside"}), vec![]),
        ] {
            let parsed: Profile = serde_json::from_value(profile.clone()).unwrap();
            let seen = run(&NoParams {}, &Subject::new(&pod, &inventory, &parsed));
            assert_eq!(seen.iter().map(|it| it.case).collect::<Vec<_>>(), wanted, "{profile}");
        }
    }
}
