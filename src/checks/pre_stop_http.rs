//! `pre-stop-http`: preStop requests that do not reach the application.
//!
//! The kubelet sends a GET to the address of the pod, without mTLS. Sources: `runHTTPHandler` in
//! <https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/handlers.go>, and for what Istio makes of it since
//! 1.25 <https://github.com/istio/istio/pull/53654>. When the agent's port closes was measured.

use crate::base::{Edit, Fix, PodRepair};
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::pre_stop::WaitInPlace;
use crate::checks::proxy::redirects_nothing;
use crate::checks::serving::is_application;
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::mtls::InboundTls;
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::shutdown::{Handler, rewrites_hooks};
use crate::mesh::{MtlsMode, SidecarKind, reserved_port};
use serde_json::Value;
use std::cell::LazyCell;

/// The check.
pub const CHECK: Check = Check {
    id: "pre-stop-http",
    summary: "preStop requests that do not reach the application",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| pod.grace_period() > 0) else { return Vec::new() };
    let scene = Scene::of(subject, pod);
    let observe = |container| Request::of(&scene, container)?.observation();
    pod.running_containers().filter(is_application).filter_map(observe).collect()
}

/// A pod, and what is the same for the requests of all its containers.
struct Scene<'a> {
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    waits: WaitInPlace<'a>,
    /// Whether a proxy in the manifest has a hook of its own.
    proxy_has_hook: Lazy<'a, bool>,
    has_moved_ports: Lazy<'a, bool>,
    native: Lazy<'a, Result<Fix, String>>,
}

/// What is worked out when somebody first asks.
type Lazy<'a, T> = LazyCell<T, Box<dyn FnOnce() -> T + 'a>>;

impl<'a> Scene<'a> {
    fn of(subject: &'a Subject<'a>, pod: PodTemplate<'a>) -> Self {
        let has_hook = move || {
            let mut proxies = pod.running_containers().filter(|container| !is_application(container));
            proxies.any(|proxy| proxy.pre_stop().is_some())
        };
        Self {
            subject,
            pod,
            waits: WaitInPlace::of(subject, pod),
            proxy_has_hook: LazyCell::new(Box::new(has_hook)),
            has_moved_ports: LazyCell::new(Box::new(move || has_moved_ports(&pod))),
            native: LazyCell::new(Box::new(move || native(subject, &pod))),
        }
    }
}

/// Whether annotations move the ports of the mesh: then these numbers may be the application's.
fn has_moved_ports(pod: &PodTemplate<'_>) -> bool {
    let annotations = pod.annotations();
    let config = annotations.get(PROXY_CONFIG_ANNOTATION).unwrap_or("");
    let moves = ["proxyAdminPort", "proxy_admin_port", "statusPort", "status_port"];
    annotations.get("status.sidecar.istio.io/port").is_some() || moves.iter().any(|sign| config.contains(sign))
}

fn native(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    let ending = Ending::of(subject, pod, DEFAULT_SHUTDOWN_SECONDS);
    let edit = EndingEdit::native(subject, pod, &ending, Means::default())?;
    let edits = edit.fix("", Vec::new()).edits;
    Ok(Fix::risky("use a native sidecar", "it changes how the whole pod starts and ends", edits))
}

/// The request of one preStop.
struct Request<'a, 's> {
    scene: &'a Scene<'s>,
    container: Container<'a>,
    port: i64,
    path: &'a str,
}

/// Why a request is in vain.
enum Obstacle {
    /// The port is the mesh's own, where a GET does nothing.
    OwnPort,
    /// Plain text is refused.
    Refused,
    /// The agent passes it on, and closes at the same moment.
    Race,
}

impl<'a, 's> Request<'a, 's> {
    /// None where the hook is no request, names a port that nobody declares, or is for another host.
    fn of(scene: &'a Scene<'s>, container: Container<'a>) -> Option<Self> {
        let hook = container.pre_stop().filter(|hook| Handler::of(hook) == Some(Handler::HttpGet))?;
        let text = |key: &str| hook.get("httpGet")?.get(key)?.as_str();
        if text("host").is_some_and(|host| !host.is_empty()) {
            return None;
        }
        let port = match hook.pointer("/httpGet/port")? {
            Value::String(name) => container.ports().find(|port| port.name == Some(name))?.number,
            number => number.as_i64()?,
        };
        Some(Self { scene, container, port, path: text("path").unwrap_or("/") })
    }

    fn observation(&self) -> Option<Observation> {
        let obstacle = self.obstacle()?;
        let hook = self.container.path().key("lifecycle").key("preStop");
        let (name, port) = (shortened_to(16, self.container.name()), self.port);
        let why = match obstacle {
            Obstacle::OwnPort => format!("a GET on the mesh's own port {port} does nothing for {name}"),
            Obstacle::Refused => format!("strict mTLS refuses the kubelet's GET on port {port} of {name}"),
            Obstacle::Race => format!("the GET for {name} goes through 15020, which closes at the same SIGTERM"),
        };
        let message = format!("{why}: want exec or sleep at {hook}");
        let observation = Observation::new(hook.clone(), message).at(hook.key("httpGet"));
        Some(match obstacle {
            Obstacle::OwnPort => observation.remedied_by(self.wait()),
            Obstacle::Refused => {
                let help =
                    "a program in the container can call localhost; Istio 1.25 and newer passes the request on itself";
                observation.help(help).unfixed("whether the image has a program for the call is not known")
            }
            Obstacle::Race => observation
                .help("or use a native sidecar, which ends after the application")
                .remedied_by(self.scene.native.clone()),
        })
    }

    fn obstacle(&self) -> Option<Obstacle> {
        let kind = self.scene.subject.sidecar_kind()?;
        if self.is_passed_on_already() {
            return self.is_race(kind).then_some(Obstacle::Race);
        }
        if reserved_port(self.port, self.scene.subject.membership).is_some() {
            return (!*self.scene.has_moved_ports).then_some(Obstacle::OwnPort);
        }
        let is_passed_on = rewrites_hooks(self.scene.subject.profile.istio_version) && self.lets_rewrite();
        match self.container.role() {
            Role::Regular if is_passed_on => self.is_race(kind).then_some(Obstacle::Race),
            // Whether Istio rewrites the hooks of init containers that keep running has changed over time.
            _ if is_passed_on => None,
            _ => (self.is_captured() && self.is_refused()).then_some(Obstacle::Refused),
        }
    }

    /// Whether Istio has already put its agent into the way of this request.
    fn is_passed_on_already(&self) -> bool {
        self.path.starts_with("/app-lifecycle/")
    }

    /// A classic agent gets its SIGTERM when the hook starts, unless it has a hook of its own.
    fn is_race(&self, kind: SidecarKind) -> bool {
        kind == SidecarKind::Classic && !*self.scene.proxy_has_hook
    }

    /// Go's `strconv.ParseBool`; what it cannot read counts as not there.
    fn lets_rewrite(&self) -> bool {
        let said = self.scene.pod.annotations().get("sidecar.istio.io/rewriteAppHTTPProbers");
        !matches!(said, Some("0" | "f" | "F" | "false" | "False" | "FALSE"))
    }

    /// Whether what comes in on the port goes through the proxy.
    fn is_captured(&self) -> bool {
        let annotations = self.scene.pod.annotations();
        let list = |key: &str| annotations.get(&format!("traffic.sidecar.istio.io/{key}"));
        let holds = |list: &str| list.split(',').any(|it| it.trim() == "*" || it.trim().parse() == Ok(self.port));
        !redirects_nothing(&self.scene.pod)
            && list("includeInboundPorts").is_none_or(holds)
            && !list("excludeInboundPorts").is_some_and(holds)
    }

    fn is_refused(&self) -> bool {
        let Ok(told) = self.scene.subject.inbound_tls(self.port) else { return false };
        let by_profile = match self.scene.subject.profile.mtls {
            MtlsMode::Strict => InboundTls::PlainRefused,
            MtlsMode::Permissive => InboundTls::PlainTaken,
        };
        told.unwrap_or(by_profile) == InboundTls::PlainRefused
    }

    /// The wait that callers need in the place of a request that does nothing; without callers nothing.
    fn wait(&self) -> Result<Fix, String> {
        let drop = || {
            let path = self.container.path().key("lifecycle").key("preStop");
            Ok(Fix::risky("drop the hook", "what it was meant for is not known", vec![Edit::Remove { path }]))
        };
        self.scene.waits.fix(&self.container).unwrap_or_else(drop)
    }
}
