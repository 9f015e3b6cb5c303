//! `lifecycle`: hooks and stop signals that the API server refuses, or that no kubelet can run.
//!
//! Sources: `validateLifecycle` in <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>,
//! and what runs them, <https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/handlers.go>.

mod sleep;
mod stop_signal;

use crate::base::{Edit, Fix, Path, PodRepair};
use crate::checks::pre_stop::WaitInPlace;
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::Membership;
use crate::mesh::shutdown::{Handler, rewrites_hooks};
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "lifecycle",
    summary: "hooks and stop signals that the API server refuses or no kubelet can run",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let waits = WaitInPlace::of(subject, pod);
    let of_container = |container: Container<'_>| -> Vec<Observation> {
        let Some(lifecycle) = container.value().get("lifecycle").filter(|it| it.is_object()) else { return Vec::new() };
        if container.role() == Role::Init {
            return vec![on_init(&container)];
        }
        let hooks = Moment::ALL.into_iter().filter_map(|moment| {
            let value = lifecycle.get(moment.field()).filter(|value| value.is_object())?;
            Hook { subject, pod, container, moment, value, waits: &waits }.mistake()
        });
        hooks.chain(stop_signal::mistake(&pod, &container)).collect()
    };
    pod.all_containers().flat_map(of_container).chain(stop_signal::without_system(&pod)).collect()
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    PostStart,
    PreStop,
}

impl Moment {
    const ALL: [Self; 2] = [Self::PostStart, Self::PreStop];

    const fn field(self) -> &'static str {
        match self {
            Self::PostStart => "postStart",
            Self::PreStop => "preStop",
        }
    }
}

/// One hook of one container.
struct Hook<'a, 'w> {
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    container: Container<'a>,
    moment: Moment,
    value: &'a Value,
    waits: &'a WaitInPlace<'w>,
}

impl Hook<'_, '_> {
    fn mistake(&self) -> Option<Observation> {
        match Handler::all_of(self.value)[..] {
            [] => Some(self.without_handler()),
            [Handler::Exec] => self.without_command(),
            [Handler::HttpGet] => self.without_port(),
            [Handler::TcpSocket] => self.never_run(),
            [Handler::Sleep] => sleep::mistake(self),
            [first, second, ..] => Some(self.with_several(first, second)),
        }
    }

    fn path(&self) -> Path {
        self.container.path().key("lifecycle").key(self.moment.field())
    }

    /// The name of its container in a message.
    fn owner(&self) -> String {
        shortened_to(20, self.container.name())
    }

    fn without_handler(&self) -> Observation {
        let (path, hook) = (self.path(), self.moment.field());
        let message = format!("{hook} of {} has no handler, so it is refused: want {KNOWN} at {path}", self.owner());
        Observation::new(path, message).remedied_by(self.replacement())
    }

    fn with_several(&self, first: Handler, second: Handler) -> Observation {
        let (path, hook) = (self.path(), self.moment.field());
        let message = format!(
            "{hook} of {} has both {} and {}, so it is refused: want one handler at {path}",
            self.owner(),
            first.field(),
            second.field()
        );
        let observation = Observation::new(path.clone(), message).at(path.clone().key(second.field()));
        let socket = path.key(Handler::TcpSocket.field());
        if second == Handler::TcpSocket || first == Handler::TcpSocket {
            let reason = "what the connection was meant for is not known";
            observation.fixed_by(Fix::risky(
                "drop tcpSocket, which never runs",
                reason,
                vec![Edit::Remove { path: socket }],
            ))
        } else {
            observation
                .help("a script can do one after the other")
                .unfixed("which of them is meant only its owner knows")
        }
    }

    fn without_command(&self) -> Option<Observation> {
        let command = self.value.pointer("/exec/command").and_then(Value::as_array);
        let is_missing = self.value.pointer("/exec/command").is_none_or(Value::is_null);
        if !is_missing && !command.is_some_and(Vec::is_empty) {
            return None;
        }
        let path = self.path().key("exec").key("command");
        let message = format!(
            "{} of {} runs no command, so it is refused: want program and arguments at {path}",
            self.moment.field(),
            self.owner()
        );
        Some(Observation::new(path, message).unfixed("what is to be run only its owner knows"))
    }

    fn without_port(&self) -> Option<Observation> {
        let is_port = |port: &Value| match port {
            Value::String(name) => is_port_name(name),
            number => number.as_i64().is_none_or(|number| (1..=65_535).contains(&number)),
        };
        if self.value.pointer("/httpGet/port").filter(|port| !port.is_null()).is_some_and(is_port) {
            return None;
        }
        let path = self.path().key("httpGet").key("port");
        let message = format!(
            "{} of {} calls no port that there is, so it is refused: want 1 to 65535 or a name at {path}",
            self.moment.field(),
            self.owner()
        );
        Some(Observation::new(path, message).unfixed("which port is to be called only its owner knows"))
    }

    /// A connection, which Kubernetes takes for a hook and never makes. Istio makes it for its pods, through the agent: that
    /// lets a postStart wait for the application, and a preStop for nothing.
    fn never_run(&self) -> Option<Observation> {
        let may_be_made = rewrites_hooks(self.subject.profile.istio_version)
            && matches!(self.subject.membership, Membership::Sidecar(_) | Membership::Unknown);
        let owner = self.owner();
        let outcome = match self.moment {
            Moment::PostStart if may_be_made => return None,
            Moment::PostStart => format!("a tcpSocket hook fails, and {owner} is killed"),
            Moment::PreStop => format!("a tcpSocket hook gives {owner} no time before SIGTERM"),
        };
        let path = self.path();
        let message = format!("{outcome}: want {KNOWN} at {path}");
        let socket = path.clone().key(Handler::TcpSocket.field());
        Some(Observation::new(path, message).at(socket).remedied_by(self.replacement()))
    }

    /// The wait that callers need in the place of a preStop that does nothing, else nothing in its place.
    fn replacement(&self) -> Result<Fix, String> {
        if self.moment == Moment::PreStop
            && let Some(wait) = self.waits.fix(&self.container)
        {
            return wait;
        }
        let lifecycle = self.container.path().key("lifecycle");
        let others = lifecycle.find(self.subject.object.value()).and_then(Value::as_object).map_or(0, |map| map.len());
        let path = if others > 1 { self.path() } else { lifecycle };
        let title = format!("drop the {} of {}", self.moment.field(), self.owner());
        Ok(Fix::risky(title, "what the hook was meant for is not known", vec![Edit::Remove { path }]))
    }
}

/// Whether the API server takes a text for the name of a port; a number in quotes is none.
///
/// Source: `IsValidPortName` in
/// <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/validation.go>.
fn is_port_name(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= 15
        && text.chars().all(is_sign)
        && text.chars().any(|c| c.is_ascii_lowercase())
        && !(text.starts_with('-') || text.ends_with('-') || text.contains("--"))
}

/// What runs a hook.
const KNOWN: &str = "exec, httpGet or sleep";

/// Hooks are for containers that run beside others.
fn on_init(container: &Container<'_>) -> Observation {
    let path = container.path().key("lifecycle");
    let message = format!(
        "{} is an init container that ends, so its hooks are refused: want nothing at {path}",
        shortened_to(20, container.name())
    );
    let reason = "it may be meant to keep running, with `restartPolicy: Always`";
    Observation::new(path.clone(), message).fixed_by(Fix::risky(
        format!("drop the hooks of {}", shortened_to(20, container.name())),
        reason,
        vec![Edit::Remove { path }],
    ))
}

#[cfg(test)]
mod tests;
