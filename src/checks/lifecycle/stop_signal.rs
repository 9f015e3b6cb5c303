//! Stop signals that the API server refuses.
//!
//! It reads them only where the feature ContainerStopSignals is on, and forgets them without a word where it is off. Source:
//! `validateStopSignal` in <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>.

use crate::base::{Edit, Fix, Path, field};
use crate::checks::{Observation, shortened_to};
use crate::manifest::{Container, PodTemplate};
use serde_json::Value;

/// What is wrong with the stop signal of a container in a pod that names its operating system.
pub(super) fn mistake(pod: &PodTemplate<'_>, container: &Container<'_>) -> Option<Observation> {
    let signal = stop_signal(container)?;
    let path = path(container);
    let (is_known, wanted): (fn(&str) -> bool, _) = match system(pod)? {
        "linux" => (is_linux_signal, "one such as SIGUSR1"),
        "windows" => (is_windows_signal, "SIGTERM or SIGKILL"),
        _ => return None,
    };
    if is_known(signal) {
        return None;
    }
    let message =
        format!("{} is no stop signal here and is refused: want {wanted} at {path}", shortened_to(24, signal));
    let observation = Observation::new(path.clone(), message);
    Some(match respelt(signal).filter(|near| is_known(near)) {
        Some(near) => {
            let reason = "the signal decides how the application ends";
            observation.fixed_by(Fix::risky(format!("write {near}"), reason, vec![Edit::set(path, near)]))
        }
        None => observation.unfixed("by which signal the application ends only its owner knows"),
    })
}

/// The first stop signal of a pod that names no operating system: one setting makes all of them valid.
pub(super) fn without_system(pod: &PodTemplate<'_>) -> Option<Observation> {
    let mut signals = pod.running_containers().filter_map(|it| Some((stop_signal(&it)?, path(&it))));
    let (signal, at) = signals.next().filter(|_| system(pod).is_none())?;
    let name = pod.spec_path().key("os").key("name");
    let system = if pod.is_windows() { "windows" } else { "linux" };
    let message =
        format!("stopSignal {} is refused while no system is named: want {system} at {name}", shortened_to(24, signal));
    let reason = format!("the pod then runs on nodes with {system} only");
    let fix = Fix::risky(format!("say that the pod runs on {system}"), reason, vec![Edit::set(name.clone(), system)]);
    Some(Observation::new(name, message).at(at).fixed_by(fix))
}

/// `os.name` of a pod.
fn system<'a>(pod: &PodTemplate<'a>) -> Option<&'a str> {
    field(pod.spec(), &["os", "name"]).and_then(Value::as_str).filter(|name| !name.is_empty())
}

fn stop_signal<'a>(container: &Container<'a>) -> Option<&'a str> {
    field(container.value(), &["lifecycle", "stopSignal"]).and_then(Value::as_str)
}

fn path(container: &Container<'_>) -> Path {
    container.path().key("lifecycle").key("stopSignal")
}

/// The signals of Linux, without their real-time ones.
const LINUX_SIGNALS: [&str; 36] = [
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGIOT",
    "SIGKILL",
    "SIGPIPE",
    "SIGPOLL",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGRTMIN",
    "SIGRTMAX",
];

fn is_linux_signal(signal: &str) -> bool {
    let has_step = |prefix: &str, last: u8| {
        let step = signal.strip_prefix(prefix).filter(|digits| !digits.starts_with('0'));
        step.and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|step| (1..=last).contains(&step))
    };
    LINUX_SIGNALS.contains(&signal) || has_step("SIGRTMIN+", 15) || has_step("SIGRTMAX-", 14)
}

fn is_windows_signal(signal: &str) -> bool {
    matches!(signal, "SIGTERM" | "SIGKILL")
}

/// The same signal as Kubernetes spells it: `SIGTERM` for `term`.
fn respelt(signal: &str) -> Option<String> {
    let upper = signal.trim().to_ascii_uppercase();
    if upper.is_empty() { None } else { Some(if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") }) }
}
