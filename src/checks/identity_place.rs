//! `identity-place`: a wait for the metadata server must stand where it reaches the server.
//!
//! Who reaches it follows from where Istio puts init containers and what redirects their traffic: [`MetadataRoute`].

use crate::base::{Edit, Fix, PodRepair};
use crate::checks::container_start::is_identity_wait;
use crate::checks::metadata_route::{METADATA_SERVER, MetadataRoute, exclusion_path};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, with_name};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::Way;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "identity-place",
    summary: "whether a wait for the GKE metadata server stands where it reaches it",
    cases: &[],
    repair: PodRepair::Possible,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| !pod.is_windows()) else { return Vec::new() };
    let Some(route) = MetadataRoute::of(subject, pod) else { return Vec::new() };
    let cut_off = cut_off(&pod, &route);
    match route.place_within_reach() {
        Some(place) => cut_off.iter().map(|it| observe_place(it, &route, place)).collect(),
        // All have one and the same cause.
        None => cut_off.first().map(|it| observe_redirection(it, &pod, &route)).into_iter().collect(),
    }
}

/// Whether a pod has a wait that no place helps: only an exclusion from redirection does.
pub fn needs_exclusion(pod: &PodTemplate<'_>, route: &MetadataRoute<'_>) -> bool {
    route.place_within_reach().is_none() && !cut_off(pod, route).is_empty()
}

/// The init containers that ask the metadata server where no proxy takes their redirected traffic on.
fn cut_off<'a>(pod: &PodTemplate<'a>, route: &MetadataRoute<'_>) -> Vec<Container<'a>> {
    let init = pod.init_containers().filter(|it| it.role() == Role::Init);
    init.filter(is_identity_wait).filter(|it| route.way_of(it) == Way::Nowhere).collect()
}

/// It only stands on the wrong side of a container of Istio.
fn observe_place(container: &Container<'_>, route: &MetadataRoute<'_>, index: usize) -> Observation {
    let path = container.path();
    let side = route.side(index);
    let message = with_name(40, container.name(), |name| {
        format!("init container {name} asks the metadata server while no proxy runs: want it {side} at {path}")
    });
    let reason = "the traffic of the pod is redirected by then, and nothing takes it on: every request is refused";
    Observation::new(path, message).help(format!("move it {side}: {reason}")).fixed_by(moved(container, index))
}

/// Wherever it stands, its traffic is redirected and no proxy runs.
fn observe_redirection(container: &Container<'_>, pod: &PodTemplate<'_>, route: &MetadataRoute<'_>) -> Observation {
    let path = exclusion_path(pod);
    let message = with_name(40, container.name(), |name| {
        format!("init container {name} waits in vain, as no proxy runs yet: want {METADATA_SERVER}/32 at {path}")
    });
    Observation::new(path, message)
        .at(container.path())
        .help(
            "Istio's CNI plugin redirects traffic before the first container starts, and the proxy starts after all init \
             containers: exclude the metadata server from redirection",
        )
        .remedied_by(route.exclude())
}

/// The container at another place of the list.
fn moved(container: &Container<'_>, index: usize) -> Fix {
    let Some(list) = container.path().parent() else { return Fix::safe("", Vec::new()) };
    // Behind it the others move up when it is taken out.
    let index = if index > container.index() { index - 1 } else { index };
    let edits =
        vec![Edit::Remove { path: container.path() }, Edit::Insert { list, index, value: container.value().clone() }];
    let title = "let the wait for the metadata server run where it reaches it";
    if leaves_something(container) {
        let reason = "it shares a volume with others, which may count on their order";
        return Fix::risky(title, reason, edits);
    }
    Fix::safe(title, edits)
}

/// Whether others may find something of it, or it of them: in a volume that can be written.
fn leaves_something(container: &Container<'_>) -> bool {
    const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let mounts = container.value().get("volumeMounts").and_then(Value::as_array);
    let is_shared = |mount: &Value| {
        mount.get("readOnly") != Some(&Value::Bool(true))
            && mount.get("mountPath").and_then(Value::as_str) != Some(TOKEN)
    };
    mounts.into_iter().flatten().any(is_shared) || container.value().get("volumeDevices").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Safety;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::manifest::edit::applied;
    use crate::mesh::Profile;
    use serde_json::json;

    const WAIT: &str = "seaworthy-wait-identity";

    /// The init containers of a Pod after the fix, by name.
    fn moved_to(names: &[&str]) -> String {
        let container = |name: &&str| match *name {
            "istio-proxy" => json!({"name": name, "image": "proxyv2", "restartPolicy": "Always"}),
            other => json!({"name": other, "image": "proxyv2"}),
        };
        let init: Vec<Value> = names.iter().map(container).collect();
        let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"initContainers": init, "containers": []}});
        let (object, inventory, profile) =
            (Object::from_json(value).unwrap(), Inventory::default(), Profile::default());
        let observe = |object: &Object| run(&NoParams {}, &Subject::new(object, &inventory, &profile));
        let remedy = observe(&object).pop().unwrap().remedy;
        let fix = remedy.fix().unwrap();
        let after = Object::from_json(applied(&fix.edits, object.value()).unwrap()).unwrap();
        assert_eq!(observe(&after), [], "it is within reach");
        let names: Vec<&str> = PodTemplate::of(&after).unwrap().init_containers().map(|it| it.name()).collect();
        names.join(" ")
    }

    #[test]
    fn a_wait_moves_to_the_side_of_istio_on_which_it_reaches_the_server() {
        for (names, wanted) in [
            (&["a", "istio-init", WAIT, "b"][..], format!("a {WAIT} istio-init b")),
            (&["istio-init", "a", "b", WAIT], format!("{WAIT} istio-init a b")),
            (&["istio-init", WAIT, "istio-proxy", "a"], format!("istio-init istio-proxy {WAIT} a")),
            (&["istio-validation", WAIT, "a", "istio-proxy"], format!("istio-validation a istio-proxy {WAIT}")),
        ] {
            assert_eq!(moved_to(names), wanted, "{names:?}");
        }
    }

    #[test]
    fn a_wait_that_shares_a_volume_is_moved_only_where_a_person_looks() {
        let token = "/var/run/secrets/kubernetes.io/serviceaccount";
        for (fields, is_safe) in [
            (json!({}), true),
            (json!({"volumeMounts": [{"mountPath": "/work"}]}), false),
            (json!({"volumeMounts": [{"mountPath": "/work", "readOnly": true}]}), true),
            (json!({"volumeMounts": [{"mountPath": "/work", "readOnly": false}]}), false),
            (json!({"volumeMounts": [{"mountPath": token}]}), true),
            (json!({"volumeMounts": [{"mountPath": token}, {"mountPath": "/work"}]}), false),
            (json!({"volumeDevices": [{"devicePath": "/dev/xvda"}]}), false),
        ] {
            let spec = json!({"initContainers": [fields], "containers": [{"name": "web"}]});
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
            let pod = Object::from_json(pod).unwrap();
            let wait = PodTemplate::of(&pod).unwrap().init_containers().next().unwrap();
            assert_eq!(moved(&wait, 1).safety == Safety::Safe, is_safe, "{fields}");
        }
    }
}
