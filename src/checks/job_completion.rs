//! `job-completion`: a classic proxy keeps running when the Job's work is done, and so does the Job.
//!
//! Source: <https://github.com/istio/istio/issues/6324>

use crate::base::{Edit, Fix, Path, PodRepair, Safety};
use crate::checks::config_maps::config_maps;
use crate::checks::container_start::ask_start;
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::held::{Held, may_wait, runs_no_application};
use crate::checks::job_strategy::JobStrategy;
use crate::checks::neighbour_quit::NeighbourQuit;
use crate::checks::proxy::is_injected;
use crate::checks::proxy_edit::INJECTED;
use crate::checks::serving::is_application;
use crate::checks::wrapper_edit::{WrapperEdit, job_around};
use crate::checks::{Check, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::{Container, Entrypoints, ImageReference, PodTemplate};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{Membership, SidecarKind, is_refused_by_proxy, quits_proxy};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "job-completion",
    summary: "whether something ends the classic proxy of a Job",
    cases: &[],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `job-completion`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// What is proposed: `native`, `quit`, `no-sidecar`, or `auto`, the first of them that works for the pod.
    strategy: JobStrategy,
    /// The image of seaworthy-wait, for `quit`. Absent: `repairs.image` of `seaworthy.yaml`.
    #[schemars(with = "ImageReference")]
    image: Option<String>,
    /// What images start, for `quit` where a container sets no `command`: by image (`*` stands for any text), or by
    /// `container NAME`, the words of its ENTRYPOINT, or both `entrypoint` and `cmd`. Laid over `repairs.entrypoints` of
    /// `seaworthy.yaml`.
    entrypoints: Entrypoints,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| never_completes(subject, pod)) else { return Vec::new() };
    let endless = Endless { params, subject, pod: &pod };
    let (strategy, fix) = endless.proposal();
    let (path, wanted, help) = endless.wanted(strategy);
    let outcome = match subject.object.kind() {
        "CronJob" => "its Jobs never complete".to_owned(),
        kind => format!("the {kind} never completes"),
    };
    let message = format!("the classic proxy outlives the work, {outcome}: want {wanted} at {path}");
    vec![Observation::new(path, message).at(pod.path()).help(help).remedied_by(fix.map(|fix| endless.doubted(fix)))]
}

/// Whether these are the pods of a Job with a classic proxy that nothing ends.
pub fn never_completes(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    pod.runs_to_completion() && subject.sidecar_kind() == Some(SidecarKind::Classic) && !may_end_proxy(subject, pod)
}

/// The place of the container that is to tell the proxy to quit, since the strategy says so, and that cannot be made to because
/// nobody has said what its image starts.
pub fn without_words(params: &Params, subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Vec<usize> {
    let endless = Endless { params, subject, pod };
    let Some(worker) = endless.worker().filter(|_| params.strategy == JobStrategy::Quit) else { return Vec::new() };
    if !never_completes(subject, pod) || quits_after(pod, &worker).is_err() {
        return Vec::new();
    }
    endless.wrapper_edit().without_words(&[worker])
}

const QUIT_CALL: &str = "a last call of POST localhost:15020/quitquitquit";
const REFUSED: &str =
    "the command's own call of /quitquitquit fails, and the pod with it perhaps: its work would be done again";

/// The pods of a Job whose proxy nothing ends.
struct Endless<'a> {
    params: &'a Params,
    subject: &'a Subject<'a>,
    pod: &'a PodTemplate<'a>,
}

impl<'a> Endless<'a> {
    /// What is proposed, and its fix or why there is none.
    fn proposal(&self) -> (JobStrategy, Result<Fix, String>) {
        let can_be_native = self.subject.profile.sidecar_kind(Some("true")) == SidecarKind::Native;
        match self.params.strategy {
            JobStrategy::Auto => self.least(can_be_native),
            strategy => (strategy, self.fix(strategy)),
        }
    }

    /// Where what is wanted, and how to get it.
    fn wanted(&self, strategy: JobStrategy) -> (Path, &'static str, String) {
        let noun = self.pod.noun();
        match strategy {
            JobStrategy::Auto | JobStrategy::Native => (
                self.pod.annotation_path(NATIVE_SIDECAR_ANNOTATION),
                "\"true\"",
                format!("a native sidecar ends with the work: set the annotation on the {noun}"),
            ),
            JobStrategy::NoSidecar => (
                inject_label(self.pod),
                "\"false\"",
                format!("without a sidecar the work ends by itself: set the label on the {noun}"),
            ),
            // A wait for the proxy would keep it from starting.
            JobStrategy::Quit if self.wrapper_edit().proxy_options().is_err() => (
                self.command_path(),
                QUIT_CALL,
                "when the work is done, end the proxy with `curl -sX POST http://127.0.0.1:15020/quitquitquit`".to_owned(),
            ),
            JobStrategy::Quit => (
                self.command_path(),
                QUIT_CALL,
                "when the work is done, tell the proxy to quit: start it by `seaworthy-wait job --proxy -- COMMAND`, or end it \
                 with `curl -sX POST http://127.0.0.1:15020/quitquitquit`"
                    .to_owned(),
            ),
        }
    }

    /// The first that needs no person to look at it; else the first that there is.
    fn least(&self, can_be_native: bool) -> (JobStrategy, Result<Fix, String>) {
        let tried = || JobStrategy::BY_INVASION.map(|strategy| (strategy, self.fix(strategy)));
        let is_safe = |fix: &Fix| fix.safety == Safety::Safe;
        let safe = tried().into_iter().find(|(_, fix)| fix.as_ref().is_ok_and(is_safe));
        let any = || tried().into_iter().find(|(_, fix)| fix.is_ok());
        let last = || if can_be_native { JobStrategy::Native } else { JobStrategy::NoSidecar };
        safe.or_else(any).unwrap_or_else(|| (last(), self.fix(last())))
    }

    fn fix(&self, strategy: JobStrategy) -> Result<Fix, String> {
        match strategy {
            JobStrategy::Auto | JobStrategy::Native => {
                let ending = Ending::of(self.subject, self.pod, DEFAULT_SHUTDOWN_SECONDS);
                let edit = EndingEdit::native(self.subject, self.pod, &ending, Means::default())?;
                Ok(edit.fix("use a native sidecar, which ends with the work", Vec::new()))
            }
            JobStrategy::NoSidecar => without_sidecar(self.params, self.pod),
            JobStrategy::Quit => self.quit(),
        }
    }

    /// A fix that lets the Job end, where its command asks the proxy to quit in a way that it refuses: the pod may fail by it,
    /// and then the work is done again.
    fn doubted(&self, fix: Fix) -> Fix {
        let neighbours = NeighbourQuit::of(self.pod);
        let mut working = self.pod.containers().filter(is_application);
        let is_doubtful =
            fix.safety == Safety::Safe && working.any(|it| neighbours.ask(&it, |start| start.is_refused_to_quit()));
        if is_doubtful { Fix { safety: Safety::Unsafe(REFUSED.to_owned()), ..fix } } else { fix }
    }

    fn command_path(&self) -> Path {
        self.pod.spec_path().key("containers").index(self.worker().map_or(0, |it| it.index())).key("command")
    }

    /// The one container that does the work; none where several do.
    fn worker(&self) -> Option<Container<'a>> {
        let mut workers = self.pod.containers().filter(|it| is_application(it) && !runs_no_application(it));
        workers.next().filter(|_| workers.next().is_none())
    }

    fn wrapper_edit(&self) -> WrapperEdit<'_> {
        let Params { image, entrypoints, .. } = self.params;
        WrapperEdit { subject: self.subject, pod: self.pod, image: image.as_deref(), entrypoints }
    }

    /// The work is run by a program that then tells the proxy to quit.
    fn quit(&self) -> Result<Fix, String> {
        let worker = self.worker().ok_or("several containers work, and which ends last is not known")?;
        let after = quits_after(self.pod, &worker)?;
        let edit = self.wrapper_edit();
        // The proxy has to be there before it can be told to quit. A wait of its own in the work is left in peace.
        let own_run = ask_start(&worker, |start| start.own_call().is_some());
        let is_ready = Held::of(self.subject, self.pod).is_some_and(|held| held.holds(&worker));
        let waits = is_ready || may_wait(&worker) && !own_run;
        let wait = if waits { Vec::new() } else { edit.proxy_options()? };
        let edits = edit.edits(&[worker], |words| job_around(words, after, &wait))?;
        let title = "let the command tell the proxy to quit when the work is done";
        Ok(match self.subject.membership {
            Membership::Sidecar(_) => Fix::safe(title, edits),
            _ => {
                Fix::risky(title, "it is not known whether the pod gets a proxy, and the work would wait for it", edits)
            }
        })
    }
}

/// When `seaworthy-wait job` is to tell the proxy to quit, as its options: where the kubelet starts what failed once more in the
/// same pod, only after success.
///
/// # Errors
/// Why that is not known: one line for people, no full stop.
pub fn quits_after(pod: &PodTemplate<'_>, worker: &Container<'_>) -> Result<&'static [&'static str], String> {
    let of_pod = pod.spec().get("restartPolicy").and_then(Value::as_str);
    match (of_pod, worker.value().get("restartPolicy")) {
        (Some("Never"), None) => Ok(&[]),
        (Some("OnFailure"), None) => Ok(&["--quit-after", "success"]),
        _ => Err("whether the kubelet starts the work again in the same pod is not known: set its `restartPolicy`"
            .to_owned()),
    }
}

/// Keeps the pods out of the mesh. Whoever chose that for the platform has looked at it; nobody else has.
fn without_sidecar(params: &Params, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    if is_injected(pod) {
        return Err(INJECTED.to_owned());
    }
    if pod.all_containers().any(|container| may_wait(&container)) {
        return Err("the pod waits for its proxy: without one it would wait for ever".to_owned());
    }
    let title = "keep the Job out of the mesh";
    let edits = vec![Edit::set(inject_label(pod), "false")];
    if pod.labels().get(INJECT_LABEL).is_some() {
        return Ok(Fix::risky(title, "the pod asks for a sidecar itself, perhaps for a reason", edits));
    }
    if params.strategy != JobStrategy::NoSidecar {
        return Ok(Fix::risky(title, "what takes calls from the mesh only will refuse those of the Job", edits));
    }
    Ok(Fix::safe(title, edits))
}

fn inject_label(pod: &PodTemplate<'_>) -> Path {
    pod.path().key("metadata").key("labels").key(INJECT_LABEL)
}

/// The pod label that decides about a sidecar.
const INJECT_LABEL: &str = "sidecar.istio.io/inject";

/// Whether there is any sign that something ends the proxy: a container's command, a probe or postStart that does it, or
/// a proxy whose command is the pod's own, or an annotation for a controller that does it. A preStop is no such thing: it is
/// not called when a container ends by itself.
fn may_end_proxy(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let neighbours = NeighbourQuit::of(pod);
    pod.annotations().iter().any(|(key, value)| names_proxy_for_others(key, value))
        || pod.all_containers().any(|container| {
            is_application(&container) && neighbours.ask(&container, |start| start.may_quit_proxy())
                || HOOKS.iter().any(|hook| container.value().pointer(hook).is_some_and(mentions_quitting))
                || container.name() == "istio-proxy" && container.command().next().is_some()
                || config_maps(subject, pod, &container).iter().any(|it| it.may_quit_proxy)
        })
}

/// Whether an annotation names the proxy to somebody else than Istio and Kubernetes, such as
/// <https://github.com/nrmitchi/k8s-controller-sidecars>, which ends the sidecars of Jobs.
fn names_proxy_for_others(key: &str, value: &str) -> bool {
    let domain = key.split('/').next().unwrap_or_default();
    let is_other = !["istio.io", "kubernetes.io", "k8s.io"].iter().any(|known| domain.ends_with(known));
    is_other && value.split([',', ' ', '"']).any(|word| word == "istio-proxy")
}

/// What the kubelet runs in a container while it lives, beside its command.
const HOOKS: [&str; 4] = ["/livenessProbe", "/readinessProbe", "/startupProbe", "/lifecycle/postStart"];

fn mentions_quitting(value: &Value) -> bool {
    match value {
        Value::String(text) => quits_proxy(text),
        Value::Array(items) => items.iter().any(mentions_quitting),
        Value::Object(map) => map.iter().any(|(key, value)| {
            let is_refused = key == "httpGet" && is_refused_by_proxy(value);
            !is_refused && mentions_quitting(value)
        }),
        _ => false,
    }
}
