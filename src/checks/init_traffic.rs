//! `init-traffic`: an init container that calls the network where nothing carries its traffic.
//!
//! Where Istio puts init containers decides it: [`crate::mesh::init_order`]. Calls of the metadata server and waits for the
//! proxy belong to other rules.
//!
//! Source: <https://istio.io/latest/docs/setup/additional-setup/cni/#compatibility-with-application-init-containers>

use crate::base::{Fix, PodRepair, Safety};
use crate::checks::container_start::{ask_start, is_identity_wait, proxy_wait};
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::proxy::{is_injected, redirects_nothing};
use crate::checks::serving::is_application;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to, with_name};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::init_order::{REDIRECTING, VALIDATING, init_order, ways_out};
use crate::mesh::outbound_ranges::EXCLUDE_OUTBOUND_ANNOTATION;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{Callee, InitContainer, ProxyWait, Redirection, SidecarKind, Version, Way};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::HashMap;

/// The check.
pub const CHECK: Check = Check {
    id: "init-traffic",
    summary: "init containers that call the network where nothing carries their traffic",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `init-traffic`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// Names of init containers that call the network although their commands do not show it.
    callers: Vec<String>,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| !pod.is_windows() && redirects_all(subject, pod)) else {
        return Vec::new();
    };
    // The same for all of them.
    let (losses, fix) = (OnceCell::new(), OnceCell::new());
    let observe = |container: Container<'_>| {
        let callee = callee(params, &container)?;
        let lost = losses.get_or_init(|| Losses::of(subject, &pod)).of_container(&container)?;
        let fix = fix.get_or_init(|| native(subject, &pod)).clone();
        Some(observe(&pod, &container, &callee, lost, fix))
    };
    pod.init_containers().filter(|it| is_application(it) && !runs_as_proxy(&pod, it)).filter_map(observe).collect()
}

/// Whom an init container is known to call.
fn callee(params: &Params, container: &Container<'_>) -> Option<Callee> {
    if params.callers.iter().any(|name| name == container.name()) {
        return Some(Callee::Others);
    }
    let is_of_another_rule = proxy_wait(container) != ProxyWait::None;
    if is_of_another_rule || is_identity_wait(container) {
        return None;
    }
    ask_start(container, |start| start.network_call())
}

/// What becomes of calls that no proxy carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// They are refused: redirected to a proxy that starts later.
    Refused,
    /// The first of a container that runs on go past the mesh.
    PastTheMesh,
}

/// What becomes of the calls of the init containers of a pod when they start.
struct Losses<'a> {
    /// Of the first container of each name; none where a proxy carries them, and where an init container ends before anything
    /// is redirected, which is how Istio without its CNI plugin means it.
    by_name: HashMap<&'a str, Way>,
    kind: Option<SidecarKind>,
    /// Whether Kubernetes knows init containers that keep running: before, they end like any other.
    knows_sidecars: bool,
}

impl<'a> Losses<'a> {
    fn of(subject: &Subject<'_>, pod: &PodTemplate<'a>) -> Self {
        let kind = subject.sidecar_kind();
        let entry =
            |it: Container<'a>| InitContainer { name: it.name(), keeps_running: it.role() == Role::NativeSidecar };
        let own: Vec<InitContainer<'a>> = pod.init_containers().map(entry).collect();
        let redirection = Redirection::of(own.iter().copied(), subject.profile.cni);
        let is_made = own.iter().any(|it| matches!(it.name, REDIRECTING | VALIDATING)) || is_injected(pod);
        let order = match kind {
            // What Istio has put into a template it may sort anew: only a Pod is as it will run.
            _ if is_made && !subject.object.is("", "Pod") => Vec::new(),
            Some(kind) if !is_made => init_order(own, kind, redirection),
            _ => own,
        };
        let mut by_name = HashMap::new();
        for (it, way) in order.iter().zip(ways_out(&order, redirection)) {
            by_name.entry(it.name).or_insert(way);
        }
        Self { by_name, kind, knows_sidecars: subject.profile.kubernetes_version >= SIDECARS_SINCE }
    }

    fn of_container(&self, container: &Container<'_>) -> Option<Lost> {
        let kind = self.kind?;
        match self.by_name.get(container.name())? {
            Way::Nowhere => Some(Lost::Refused),
            Way::Direct
                if container.role() == Role::NativeSidecar && kind == SidecarKind::Classic && self.knows_sidecars =>
            {
                Some(Lost::PastTheMesh)
            }
            Way::Direct | Way::ThroughProxy => None,
        }
    }
}

/// Kubernetes with init containers that keep running, switched on.
const SIDECARS_SINCE: Version = Version::new(1, 29);

/// Whether all that the pod calls beyond its node is redirected: nothing is excluded or chosen, save addresses of the node.
fn redirects_all(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    const CHOICES: [&str; 4] = [
        "traffic.sidecar.istio.io/includeOutboundIPRanges",
        "traffic.sidecar.istio.io/includeOutboundPorts",
        "traffic.sidecar.istio.io/excludeOutboundPorts",
        "sidecar.istio.io/interceptionMode",
    ];
    let of_node = |range: &str| range.trim().is_empty() || range.trim().starts_with("169.254.");
    let annotations = pod.annotations();
    let own = annotations.get(EXCLUDE_OUTBOUND_ANNOTATION);
    let excluded = || match own {
        Some(ranges) => ranges.split(',').all(of_node),
        None => subject.profile.exclude_outbound_ip_ranges.iter().all(|range| of_node(range)),
    };
    // The CNI plugin writes into an injected Pod what it redirects: all. TPROXY is about what comes in.
    let is_default =
        |key: &&str| annotations.get(key).is_none_or(|value| matches!(value, "" | "*" | "REDIRECT" | "TPROXY"));
    CHOICES.iter().all(is_default) && excluded() && !redirects_nothing(pod)
}

/// Whether redirection lets the traffic of a container pass: that of the proxy's user and group.
fn runs_as_proxy(pod: &PodTemplate<'_>, container: &Container<'_>) -> bool {
    const PROXY_USER: i64 = 1337;
    let number = |value: &Value, key: &str| value.get("securityContext")?.get(key)?.as_i64();
    let runs_as = |key: &str| number(container.value(), key).or_else(|| number(pod.spec(), key));
    ["runAsUser", "runAsGroup"].iter().any(|key| runs_as(key) == Some(PROXY_USER))
}

fn observe(
    pod: &PodTemplate<'_>,
    container: &Container<'_>,
    callee: &Callee,
    lost: Lost,
    fix: Result<Fix, String>,
) -> Observation {
    let (path, wanted, help) = match &fix {
        Ok(_) => (
            pod.annotation_path(NATIVE_SIDECAR_ANNOTATION),
            "\"true\"",
            format!(
                "with a native sidecar the proxy runs before the init containers: set the annotation on the {}",
                pod.noun()
            ),
        ),
        Err(_) => (
            pod.annotation_path(EXCLUDE_OUTBOUND_ANNOTATION),
            "its range",
            "exclude what it calls from redirection, or let the application do what needs the network".to_owned(),
        ),
    };
    let callee = match callee {
        Callee::Host(host) => shortened_to(20, host),
        Callee::ApiServer => "the API server".to_owned(),
        Callee::Others => "others".to_owned(),
    };
    let message = with_name(20, container.name(), |name| match lost {
        Lost::Refused => format!("init {name} calls {callee}, refused as no proxy runs yet: want {wanted} at {path}"),
        Lost::PastTheMesh => format!("init {name} calls {callee}, at first past the mesh: want {wanted} at {path}"),
    });
    Observation::new(path, message).at(container.path()).help(help).remedied_by(fix)
}

/// A native sidecar, which carries the traffic of all init containers behind it.
fn native(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    let ending = Ending::of(subject, pod, DEFAULT_SHUTDOWN_SECONDS);
    let edit = EndingEdit::native(subject, pod, &ending, Means::default())?;
    let fix = edit.fix("use a native sidecar, which carries the traffic of init containers", Vec::new());
    let reason = "what goes through the mesh then may be refused by its policies";
    Ok(match fix.safety {
        Safety::Safe => Fix { safety: Safety::Unsafe(reason.to_owned()), ..fix },
        Safety::Unsafe(_) => fix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::{AssumedMembership, DataPlane, Profile};
    use serde_json::json;

    #[test]
    fn the_platform_may_name_who_calls() {
        let init = json!([{"name": "own", "image": "a"}, {"name": "other", "image": "a"}]);
        let spec = json!({"initContainers": init, "containers": [{"name": "app"}]});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        let assume_membership = Some(AssumedMembership::Sidecar);
        let profile = Profile { assume_membership, data_plane: DataPlane::Classic, cni: true, ..Profile::default() };
        let subject = Subject::new(&pod, &inventory, &profile);
        assert_eq!(run(&Params::default(), &subject), []);
        let params = Params { callers: vec!["own".to_owned()] };
        let found: Vec<String> = run(&params, &subject).into_iter().map(|it| it.message).collect();
        let wanted = "init `own` calls others, refused as no proxy runs yet: \
                      want \"true\" at metadata.annotations[sidecar.istio.io/nativeSidecar]";
        assert_eq!(found, [wanted]);
    }
}
