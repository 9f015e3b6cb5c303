//! A wait that the pod needs today, and that may do harm itself.

use crate::base::{Fix, Safety};
use crate::checks::container_start::{ask_start, proxy_wait, wait_weaknesses};
use crate::checks::failing_hook::{lacking, official_lacking};
use crate::checks::job_completion::quits_after;
use crate::checks::proxy_start::{ready_first, ready_natively};
use crate::checks::proxy_wait::unwrapping::{command_key, without_wait, without_wait_and_shell};
use crate::checks::proxy_wait::{Scene, UNKNOWN};
use crate::checks::serving::is_application;
use crate::checks::wrapper_edit::{WrapperEdit, job_around, run_before};
use crate::checks::{Observation, shortened, shortened_to, with_name};
use crate::manifest::edit::applied;
use crate::manifest::{Container, Entrypoints, Role};
use crate::mesh::{BareBase, Bound, Membership, ProxyWait, Rest, Shell};
use serde_json::Value;

/// A finding for a wait in use that has a weakness.
pub fn fragile(scene: &Scene<'_>, container: &Container<'_>) -> Option<Observation> {
    let is_needed = scene.held.is_some_and(|held| !held.holds(container)) && container.role() != Role::Init;
    if !is_needed || !is_application(container) {
        return None;
    }
    let weaknesses = weaknesses(scene, container);
    let is_brief = weaknesses == [DEAF] && proxy_wait(container) == ProxyWait::Certain(Bound::Bounded);
    let (last, others) = weaknesses.split_last()?;
    let list = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    let path = container.path().key(command_key(container));
    let message = with_name(24, container.name(), |name| format!("the wait of {name} {list}: want no wait at {path}"));
    let help = "let Istio hold the application back (`holdApplicationUntilProxyStarts: true`), or use a native sidecar";
    let observation =
        Observation::new(path, message).help(help).remedied_by(scene.fixes.spend(|| fix(scene, container)));
    Some(if is_brief { observation.case(BOUNDED) } else { observation })
}

/// The case of a wait that ends by itself, and whose only weakness is that it cannot be ended before.
pub const BOUNDED: &str = "bounded";

const DEAF: &str = "ignores SIGTERM";

/// What is wrong with it, each as a predicate. Without a shell nothing else matters.
fn weaknesses(scene: &Scene<'_>, container: &Container<'_>) -> Vec<String> {
    if let Some(base) = missing_shell(scene, container) {
        return vec![format!("needs a shell, which {} has not", base.name())];
    }
    if let Some((program, image)) = missing_program(scene, container) {
        return vec![format!("needs {program}, which {image} has not")];
    }
    // With a process namespace of the pod no container has the first process.
    let is_first = scene.pod.spec().get("shareProcessNamespace").and_then(Value::as_bool) != Some(true);
    let found = wait_weaknesses(container).unwrap_or_default();
    let no_time_out = found.no_time_out.then(|| "has no time-out".to_owned());
    let deaf = (found.deaf_to_term && is_first).then(|| DEAF.to_owned());
    let dropped = found.dropped.split_first().map(|(first, others)| match others.len() {
        0 => format!("drops {} of args", shortened_to(16, first)),
        more => format!("drops {} and {more} more of args", shortened_to(16, first)),
    });
    [no_time_out, deaf, dropped].into_iter().flatten().collect()
}

/// What the image is made from, if that is known to lack the shell that the wait is written for.
pub fn missing_shell(scene: &Scene<'_>, container: &Container<'_>) -> Option<BareBase> {
    let needs_shell = wait_weaknesses(container).is_some_and(|it| it.shell);
    let is_promised = scene.subject.profile.shell == Shell::Assume;
    lacking(container, container.command().next()?).filter(|_| needs_shell && !is_promised)
}

/// The shell or the program that the wait asks with, and the official image that is known to lack it.
fn missing_program(scene: &Scene<'_>, container: &Container<'_>) -> Option<(&'static str, &'static str)> {
    if scene.subject.profile.shell == Shell::Assume {
        return None;
    }
    let shell = container.command().next().filter(|it| it.rsplit('/').next() == Some("bash"));
    let shell = shell.and_then(|it| Some(("bash", official_lacking(container, it)?)));
    let asking = || {
        let program = wait_weaknesses(container)?.program?;
        Some((program, official_lacking(container, program)?))
    };
    shell.or_else(asking)
}

/// What replaces the wait: Istio does it, or, where it cannot or a person would have to look, seaworthy-wait.
fn fix(scene: &Scene<'_>, container: &Container<'_>) -> Result<Fix, String> {
    if wait_weaknesses(container).is_some_and(|it| !it.dropped.is_empty()) {
        return Err("whether the dropped arguments are meant only their owner knows".to_owned());
    }
    if let Some((program @ "bash", image)) = missing_program(scene, container) {
        return Err(format!("{image} has no {program}: write the command for its `sh`"));
    }
    let is_safe = |fix: &Fix| fix.safety == Safety::Safe;
    let by_istio = by_istio(scene, container);
    if scene.image.is_none() || by_istio.as_ref().is_ok_and(is_safe) {
        return by_istio;
    }
    let by_program = by_program(scene, container);
    if by_istio.is_err() || by_program.as_ref().is_ok_and(is_safe) { by_program } else { by_istio }
}

/// The container without its wait, and without a shell where its image has none.
pub fn unwrapped(scene: &Scene<'_>, container: &Container<'_>, rest: Rest) -> Result<Fix, String> {
    if missing_shell(scene, container).is_some() {
        return without_wait_and_shell(container, rest);
    }
    without_wait(container, &scene.pod, rest)
}

/// Lets Istio do what the wait did, and takes the wait out: all at once, as neither is right without the other.
fn by_istio(scene: &Scene<'_>, container: &Container<'_>) -> Result<Fix, String> {
    let order = match why_not_classic(container) {
        Some(reason) => ready_natively(scene.subject, &scene.pod).map_err(|_| reason.to_owned())?,
        None => ready_first(scene.subject, &scene.pod)?,
    };
    let own = unwrapped(scene, container, Rest::MeansProxy)?;
    let title = format!("{}, in place of the wait of {}", order.title, shortened(container.name()));
    let edits = own.edits.into_iter().chain(order.edits).collect();
    Ok(match (own.safety, order.safety) {
        (Safety::Safe, Safety::Safe) => Fix::safe(title, edits),
        (Safety::Unsafe(reason), _) | (_, Safety::Unsafe(reason)) => Fix::risky(title, reason, edits),
    })
}

/// Why a classic proxy that holds the application back is not enough for a container.
fn why_not_classic(container: &Container<'_>) -> Option<&'static str> {
    if container.role() != Role::Regular {
        return Some("a classic proxy starts after all init containers, native sidecars among them");
    }
    quits_proxy_too(container).then_some(QUITS)
}

/// Puts seaworthy-wait in the place of the wait: it has a time-out, hears SIGTERM, and needs neither shell nor curl.
fn by_program(scene: &Scene<'_>, container: &Container<'_>) -> Result<Fix, String> {
    if container.role() != Role::Regular {
        return Err("only what starts beside the proxy can wait for it".to_owned());
    }
    let own = unwrapped(scene, container, Rest::MeansProxy)?;
    let after = applied(&own.edits, scene.subject.object.value()).map_err(|error| error.to_string())?;
    let command = container.path().key("command").find(&after).and_then(Value::as_array).cloned().unwrap_or_default();
    let words: Vec<String> = command.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let entrypoints = Entrypoints::default();
    let edit = WrapperEdit { subject: scene.subject, pod: &scene.pod, image: scene.image, entrypoints: &entrypoints };
    let options = edit.proxy_options()?;
    let call = if quits_proxy_too(container) {
        job_around(&words, as_wrapper_quits(scene, container)?, &options)
    } else {
        run_before(&words, &options)
    };
    let wrapped = edit.edits(&[*container], |_| call.clone())?;
    let title = format!("let seaworthy-wait wait in {}, with a time-out", shortened(container.name()));
    let fix = Fix { edits: own.edits.into_iter().chain(wrapped).collect(), title, ..own };
    Ok(match scene.subject.membership {
        Membership::Sidecar(_) => fix,
        _ => Fix { safety: Safety::Unsafe(UNKNOWN.to_owned()), ..fix },
    })
}

/// When the proxy is told to quit, as options of `job`: of a Job as its restarts want it, of a server as its wrapper does today.
///
/// # Errors
/// Why that is not known: one line for people, no full stop.
fn as_wrapper_quits(scene: &Scene<'_>, container: &Container<'_>) -> Result<&'static [&'static str], String> {
    let value = |name: &str| container.environment().find(|(known, _)| *known == name).map(|(_, value)| value);
    let on_success: &[&str] = &["--quit-after", "success"];
    match value("NEVER_KILL_ISTIO_ON_FAILURE") {
        Some(Some("true")) => return Ok(on_success),
        None | Some(Some("" | "false")) => {}
        Some(_) => return Err(QUITS.to_owned()),
    }
    if scene.pod.runs_to_completion() {
        return quits_after(&scene.pod, container);
    }
    // Without it the wrapper sends a signal, which reaches the proxy in few pods.
    let asks = value("ISTIO_QUIT_API").flatten().is_some_and(|url| LOCAL_AGENT.contains(&url.trim_end_matches('/')));
    if asks { Ok(&[]) } else { Err(QUITS.to_owned()) }
}

/// Where the agent of the pod's own proxy is asked to quit.
const LOCAL_AGENT: [&str; 2] = ["http://127.0.0.1:15020", "http://localhost:15020"];

fn quits_proxy_too(container: &Container<'_>) -> bool {
    ask_start(container, |start| start.wrapper_may_quit_proxy())
}

const QUITS: &str = "its wrapper also ends the proxy when the work is done";
