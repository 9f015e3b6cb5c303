//! `proxy-start`: with a classic sidecar the application must be held back until the proxy carries its traffic.
//!
//! Source: <https://istio.io/latest/docs/ops/common-problems/injection/>

use crate::base::{Fix, PodRepair, Safety, nearest};
use crate::checks::config_maps::config_maps;
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::held::{Held, may_wait, runs_no_application};
use crate::checks::metadata_route::captures_nothing;
use crate::checks::proxy::{annotated_config, is_injected};
use crate::checks::proxy_edit::hold;
use crate::checks::serving::is_application;
use crate::checks::start_strategy::{StartStrategy, can_hold};
use crate::checks::wrapper_edit::{WrapperEdit, run_before};
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, Entrypoints, ImageReference, PodTemplate};
use crate::mesh::Membership;
use crate::mesh::proxy_config::{PROXY_CONFIG_ANNOTATION, known_keys};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-start",
    summary: "whether the application is held back until a classic proxy is ready",
    cases: &[],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `proxy-start`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// What is proposed: `native`, `hold`, `wrapper`, or `auto`, the first of them that works for the pod; `native` only where
    /// `istioVersion` is stated.
    pub(super) strategy: StartStrategy,
    /// The image of seaworthy-wait, for `wrapper`. Absent: `repairs.image` of `seaworthy.yaml`.
    #[schemars(with = "ImageReference")]
    pub(super) image: Option<String>,
    /// What images start, for `wrapper` where a container sets no `command`: by image (`*` stands for any text), or by
    /// `container NAME`, the words of its ENTRYPOINT, or both `entrypoint` and `cmd`. Laid over `repairs.entrypoints` of
    /// `seaworthy.yaml`.
    entrypoints: Entrypoints,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let unheld = unheld(subject, &pod);
    if unheld.is_empty() {
        return Vec::new();
    }
    let unheld = Unheld { params, subject, pod: &pod, containers: &unheld };
    let (strategy, fix) = unheld.proposal();
    let observation =
        observe(strategy, &pod, unheld.containers).map(|it| match unheld.wrapper_edit().proxy_options() {
            Err(reason) if strategy == StartStrategy::Wrapper => {
                it.help(format!("not by a wait in its command: {reason}"))
            }
            _ => it,
        });
    observation.map(|it| it.remedied_by(fix)).into_iter().collect()
}

/// The containers that may start before their proxy.
fn unheld<'a>(subject: &Subject<'a>, pod: &PodTemplate<'a>) -> Vec<Container<'a>> {
    // What is not redirected needs no proxy.
    let is_of_concern = || !means_to_hold(subject, pod) && !captures_nothing(subject, pod);
    let Some(held) = Held::of(subject, pod).filter(|_| is_of_concern()) else { return Vec::new() };
    let applications = pod.containers().filter(|it| is_application(it) && !runs_no_application(it));
    let says_so = |it: &Container<'a>| config_maps(subject, pod, it).iter().any(|it| it.speaks_of_readiness);
    applications.filter(|it| !held.holds(it) && !may_wait(it) && !says_so(it)).collect()
}

/// The places of the containers that the wrapper is to start, since the strategy comes to it, and that it cannot because nobody
/// has said what their images start.
pub fn without_words(params: &Params, subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Vec<usize> {
    let containers = &unheld(subject, pod);
    let unheld = Unheld { params, subject, pod, containers };
    if containers.is_empty() || unheld.proposal().0 != StartStrategy::Wrapper {
        return Vec::new();
    }
    unheld.wrapper_edit().without_words(containers)
}

/// Whether the pod asks for it by a misspelt key, which is the finding of `proxy-config`: with the key that is meant it is held.
fn means_to_hold(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    const HOLD: &str = "holdApplicationUntilProxyStarts";
    let Some(annotated) = annotated_config(pod).ok().filter(|_| !is_injected(pod)) else { return false };
    let (value, config) = &*annotated;
    let is_meant = |key: &String| value[key] == true && nearest(key, known_keys()) == Some(HOLD);
    can_hold(subject.profile)
        && config.hold_application_until_proxy_starts.is_none()
        && config.unknown_keys.iter().any(is_meant)
}

/// The containers of a pod that may start before its proxy.
struct Unheld<'a> {
    params: &'a Params,
    subject: &'a Subject<'a>,
    pod: &'a PodTemplate<'a>,
    containers: &'a [Container<'a>],
}

impl Unheld<'_> {
    /// What is proposed, and its fix or why there is none.
    fn proposal(&self) -> (StartStrategy, Result<Fix, String>) {
        match self.params.strategy {
            StartStrategy::Auto => self.least(),
            strategy => (strategy, self.fix(strategy)),
        }
    }

    /// The first that needs no person to look at it; else the first that there is. A Job has no use for another one.
    fn least(&self) -> (StartStrategy, Result<Fix, String>) {
        let fix = |strategy| match strategy {
            StartStrategy::Native if !self.pod.runs_to_completion() => {
                self.fix(strategy).map(|fix| unless_read(self.subject, fix))
            }
            strategy => self.fix(strategy),
        };
        let tried = || StartStrategy::BY_INVASION.map(|strategy| (strategy, fix(strategy)));
        let is_safe = |fix: &Fix| fix.safety == Safety::Safe;
        let safe = tried().into_iter().find(|(_, fix)| fix.as_ref().is_ok_and(is_safe));
        let any = || tried().into_iter().find(|(_, fix)| fix.is_ok());
        // Where the platform has an image for it, the wrapper is what could be had.
        let last = || if self.params.image.is_some() { StartStrategy::Wrapper } else { StartStrategy::Hold };
        safe.or_else(any).unwrap_or_else(|| (last(), self.fix(last())))
    }

    fn fix(&self, strategy: StartStrategy) -> Result<Fix, String> {
        match strategy {
            StartStrategy::Auto | StartStrategy::Hold => held_back(self.subject, self.pod),
            StartStrategy::Native => native(self.subject, self.pod),
            StartStrategy::Wrapper => self.wrapper(),
        }
    }

    fn wrapper_edit(&self) -> WrapperEdit<'_> {
        let Params { image, entrypoints, .. } = self.params;
        WrapperEdit { subject: self.subject, pod: self.pod, image: image.as_deref(), entrypoints }
    }

    fn wrapper(&self) -> Result<Fix, String> {
        let edit = self.wrapper_edit();
        let options = edit.proxy_options()?;
        let edits = edit.edits(self.containers, |words| run_before(words, &options))?;
        let title = "let the command wait for the proxy before it becomes the application";
        Ok(match self.subject.membership {
            Membership::Sidecar(_) => Fix::safe(title, edits),
            _ => Fix::risky(title, "in a pod that gets no proxy the application would not start", edits),
        })
    }
}

fn held_back(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    Ok(hold(subject, pod)?.fix("hold the application until its proxy is ready"))
}

fn native(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    let ending = Ending::of(subject, pod, DEFAULT_SHUTDOWN_SECONDS);
    let edit = EndingEdit::native(subject, pod, &ending, Means::default())?;
    Ok(edit.fix("use a native sidecar, which is ready before the application starts", Vec::new()))
}

/// A native sidecar where a person should look at it because nobody has said that Istio reads the annotation.
fn unless_read(subject: &Subject<'_>, fix: Fix) -> Fix {
    match (subject.profile.assumed_to_read_annotation(), &fix.safety) {
        (Some(reason), Safety::Safe) => Fix { safety: Safety::Unsafe(reason.to_owned()), ..fix },
        _ => fix,
    }
}

/// What has the applications of a pod start in the right order without a change of them, whichever of them do not today: the first
/// that is safe, else the first that there is.
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn ready_first(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    let held = || held_back(subject, pod);
    match ready_natively(subject, pod) {
        Ok(native) if native.safety == Safety::Safe => Ok(native),
        Ok(native) => Ok(held().ok().filter(|held| held.safety == Safety::Safe).unwrap_or(native)),
        Err(_) => held(),
    }
}

/// The same by a native sidecar, which init containers have too and which ends with the work. What counts on it needs an Istio
/// that reads the annotation.
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn ready_natively(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    native(subject, pod).map(|fix| unless_read(subject, fix))
}

/// One finding for the pod, at the first container: one setting holds them all.
fn observe(strategy: StartStrategy, pod: &PodTemplate<'_>, unheld: &[Container<'_>]) -> Option<Observation> {
    let (first, others) = unheld.split_first()?;
    let name = shortened_to(20, first.name());
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let pods = pod.noun();
    let (path, wanted, help) = match strategy {
        StartStrategy::Auto | StartStrategy::Hold => (
            pod.annotation_path(PROXY_CONFIG_ANNOTATION),
            "holdApplicationUntilProxyStarts",
            format!(
                "annotate the {pods} with `{PROXY_CONFIG_ANNOTATION}: \
                 '{{\"holdApplicationUntilProxyStarts\": true}}'`"
            ),
        ),
        StartStrategy::Native => (
            pod.annotation_path(NATIVE_SIDECAR_ANNOTATION),
            "\"true\"",
            format!("annotate the {pods} with `{NATIVE_SIDECAR_ANNOTATION}: \"true\"`"),
        ),
        StartStrategy::Wrapper => (
            first.path().key("command"),
            "a wait for it",
            "start the application by `seaworthy-wait run -- COMMAND`, which waits for the proxy with a time-out"
                .to_owned(),
        ),
    };
    let message = format!("container {name}{more} may start before the classic proxy: want {wanted} at {path}");
    Some(Observation::new(path, message).at(first.path().key("name")).help(help))
}
