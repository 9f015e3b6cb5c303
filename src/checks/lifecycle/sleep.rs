//! Sleeps that the API server refuses: too long, zero too early, negative, or before there were any.

use super::{Hook, Moment};
use crate::base::{Edit, Fix};
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means, too_long};
use crate::checks::{Observation, shortened_to};
use crate::mesh::shutdown::{Handler, SLEEP_ACTION_SINCE, sleep_fits};
use serde_json::Value;

/// What is wrong with the sleep of a hook.
pub(super) fn mistake(hook: &Hook<'_, '_>) -> Option<Observation> {
    let kubernetes = hook.subject.profile.kubernetes_version;
    if kubernetes < SLEEP_ACTION_SINCE {
        return Some(unknown(hook));
    }
    let seconds = match hook.value.pointer("/sleep/seconds") {
        None | Some(Value::Null) => 0,
        // Of another type it is refused before anybody looks at its value.
        Some(value) => value.as_i64()?,
    };
    // Kubernetes itself makes 1 of a negative grace period.
    let grace = match hook.pod.grace_period() {
        _ if !hook.pod.tells_grace_period() => i64::MAX,
        negative if negative < 0 => 1,
        grace => grace,
    };
    if sleep_fits(seconds, grace, kubernetes) {
        return None;
    }
    Some(if seconds > grace { longer_than_grace(hook, seconds, grace) } else { too_short(hook, seconds) })
}

fn unknown(hook: &Hook<'_, '_>) -> Observation {
    let path = hook.path();
    let message = format!(
        "Kubernetes {} has no sleep for {}, which is new in {SLEEP_ACTION_SINCE}: want exec at {path}",
        hook.subject.profile.kubernetes_version,
        hook.owner()
    );
    let sleep = path.clone().key(Handler::Sleep.field());
    Observation::new(path, message).at(sleep).unfixed("the image may lack `sleep`")
}

fn too_short(hook: &Hook<'_, '_>, seconds: i64) -> Observation {
    let path = hook.path().key("sleep").key("seconds");
    let kubernetes = hook.subject.profile.kubernetes_version;
    let least = if sleep_fits(0, 0, kubernetes) { 0 } else { 1 };
    let message = format!(
        "Kubernetes {kubernetes} refuses a sleep of {seconds}s in {}: want {least} or more at {path}",
        hook.owner()
    );
    Observation::new(path, message).unfixed("how long the wait is to be only its owner knows")
}

fn longer_than_grace(hook: &Hook<'_, '_>, seconds: i64, grace: i64) -> Observation {
    let path = hook.path().key("sleep").key("seconds");
    let is_default = hook.pod.declared_grace_period().is_none();
    let message = format!(
        "{} sleeps {seconds}s, refused past the grace period{}: want at most {grace} at {path}",
        shortened_to(12, hook.container.name()),
        if is_default { " (default)" } else { "" },
    );
    let help = "or raise `terminationGracePeriodSeconds` above it: the shutdown after the wait has to fit too";
    Observation::new(path, message).help(help).remedied_by(longer_grace(hook, seconds))
}

/// A grace period for the wait and all that comes after it. No such pod has ever run, so nothing is lost by it.
fn longer_grace(hook: &Hook<'_, '_>, seconds: i64) -> Result<Fix, String> {
    if hook.pod.grace_period() <= 0 {
        return Err("without a grace period nothing is waited for: set one, or drop the hook".to_owned());
    }
    if hook.moment == Moment::PostStart {
        return longer_for_start(hook, seconds);
    }
    let means = Means::default();
    let ending = Ending::of(hook.subject, &hook.pod, DEFAULT_SHUTDOWN_SECONDS);
    let edit = EndingEdit::grace(hook.subject, &hook.pod, &ending, means)?;
    match edit.grace.filter(|raised| *raised >= seconds) {
        Some(raised) => Ok(edit.fix(format!("raise the grace period to {raised}s"), Vec::new())),
        None => Err("how long the shutdown takes beside it is not known".to_owned()),
    }
}

/// The API server compares a wait at the start with the time for the end too.
fn longer_for_start(hook: &Hook<'_, '_>, seconds: i64) -> Result<Fix, String> {
    let longest = Means::default().longest_grace;
    if seconds > i64::from(longest) {
        return Err(too_long(seconds, longest));
    }
    let path = hook.pod.spec_path().key("terminationGracePeriodSeconds");
    let title = format!("raise the grace period to {seconds}s");
    Ok(Fix::risky(
        title,
        "it is the time for the end, and this hook waits at the start",
        vec![Edit::set(path, seconds)],
    ))
}
