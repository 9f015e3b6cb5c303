//! `pre-stop`: containers that serve need a preStop, so that callers go elsewhere before they stop.
//!
//! Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>

use crate::base::{Edit, Fix, Path, PodRepair, field};
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending, LONGEST_GRACE_PERIOD};
use crate::checks::ending_drawing::with_callers;
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::failing_hook::lacking;
use crate::checks::fix_budget::{FixBudget, TOO_MANY};
use crate::checks::loopback::{Loopback, Neighbours};
use crate::checks::proxy_edit::DrainStrategy;
use crate::checks::serving::{Callers, Serving, serving_containers};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::shutdown::SLEEP_ACTION_SINCE;
use crate::mesh::{Membership, Profile, Shell, SidecarKind};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::cell::{LazyCell, OnceCell};
use std::iter;

/// The check.
pub const CHECK: Check = Check {
    id: "pre-stop",
    summary: "whether containers that serve have a preStop hook",
    cases: &[AMBIENT],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The pod is in an ambient mesh: no sidecar stops beside it.
const AMBIENT: &str = "ambient";

/// Parameters of `pre-stop`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long callers need to go elsewhere, in seconds, by what they speak.
    drain_seconds: DrainSeconds,
    /// How long a container takes to end after SIGTERM, in seconds, where the pod annotation
    /// `seaworthy.dev/shutdown-seconds` does not tell.
    shutdown_seconds: u32,
    /// The longest grace period that is proposed, in seconds.
    max_grace_period_seconds: u32,
    /// How a classic proxy is made to last as long: `drain-duration`, `exit-on-zero` or `native`.
    strategy: DrainStrategy,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            drain_seconds: DrainSeconds::default(),
            shutdown_seconds: DEFAULT_SHUTDOWN_SECONDS,
            max_grace_period_seconds: LONGEST_GRACE_PERIOD,
            strategy: DrainStrategy::default(),
        }
    }
}

/// Seconds by the protocol of the callers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DrainSeconds {
    /// gRPC: few long connections.
    grpc: u32,
    /// HTTP: many short requests.
    http: u32,
    /// TCP, or unknown.
    other: u32,
}

impl Default for DrainSeconds {
    fn default() -> Self {
        Self { grpc: 30, http: 30, other: 15 }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(can_wait) else { return Vec::new() };
    let mut remedies: Vec<(Case, Remedy)> = Vec::new();
    let mut observations: Vec<Observation> = Vec::new();
    let (loopback, mut upstreams) = (LazyCell::new(|| Loopback::of(&pod)), 0);
    for serving in serving_containers(subject).iter().filter(|it| !has_hook(&it.container)) {
        let missing = MissingHook::of(params, &loopback, serving);
        // Zero says that these callers need no time.
        if missing.wait == 0 {
            continue;
        }
        let known = remedies.iter().position(|(case, _)| *case == missing.case());
        let known = known.unwrap_or_else(|| {
            remedies.push((missing.case(), remedy(params, subject, &pod, &missing)));
            remedies.len() - 1
        });
        upstreams += missing.upstreams.len();
        let too_many = Err(TOO_MANY.to_owned());
        let remedy = remedies.get(known).map(|(_, remedy)| if upstreams > MOST_UPSTREAMS { &too_many } else { remedy });
        observations.extend(remedy.map(|remedy| observe(subject, &missing, remedy)));
    }
    // One end of the pod, however many of its containers do not wait.
    if let Some(first) = observations.first_mut() {
        first.drawing = with_callers(
            subject,
            &pod,
            &Ending::of(subject, &pod, params.shutdown_seconds),
            &params.drain_seconds,
            None,
        );
    }
    observations
}

/// Neighbours that the containers of one pod name together, for which hooks are proposed: each of a thousand may name all others.
const MOST_UPSTREAMS: usize = 1000;

/// Whether the pods are stopped by others, with time to wait, in a network that Istio can carry, as is written.
fn can_wait(pod: &PodTemplate<'_>) -> bool {
    !pod.runs_to_completion() && !pod.host_network() && pod.grace_period() > 0 && pod.ends_as_written()
}

/// Whether there is a preStop, be it one that is refused: that is another rule's finding.
fn has_hook(container: &Container<'_>) -> bool {
    field(container.value(), &["lifecycle", "preStop"]).is_some_and(Value::is_object)
}

impl DrainSeconds {
    /// What callers of this kind need.
    pub fn of(&self, callers: Callers) -> u32 {
        match callers {
            Callers::Grpc => self.grpc,
            Callers::Http => self.http,
            Callers::Other => self.other,
        }
    }
}

/// A container that serves, and for how many seconds it is to wait.
struct MissingHook<'a> {
    container: Container<'a>,
    /// What it cannot serve without: these have to wait as long, or its callers get errors in the place of answers.
    upstreams: Vec<Container<'a>>,
    /// What it perhaps cannot serve without.
    doubtful: Option<Container<'a>>,
    wait: u32,
}

/// All that the end of the pod depends on: which container waits makes no difference to it, however many there are.
type Case = (u32, Role);

/// The handler, and what belongs to it; or why there is none.
type Remedy = Result<(Value, EndingEdit), String>;

impl<'a> MissingHook<'a> {
    fn of(params: &Params, loopback: &Loopback<'a>, serving: &Serving<'a>) -> Self {
        let (container, wait) = (serving.container, params.drain_seconds.of(serving.callers));
        let Neighbours { upstreams, doubtful } = loopback.neighbours(&container, wait);
        Self { container, upstreams, doubtful, wait }
    }

    /// The hook for all that have to wait.
    fn edits(&self, hook: &Value) -> Vec<Edit> {
        let waiting = iter::once(&self.container).chain(&self.upstreams);
        waiting.map(|container| Edit::Set { path: hook_path(container), value: hook.clone() }).collect()
    }

    fn case(&self) -> Case {
        (self.wait, self.container.role())
    }

    /// Why not all that have to wait can run this hook; none where they can.
    fn obstacle(&self, hook: &Value) -> Option<String> {
        let mut waiting = iter::once(&self.container).chain(&self.upstreams);
        let bare = waiting.find(|it| hook.get("exec").is_some() && lacking(it, "sleep").is_some())?;
        Some(format!("the image of {} has no `sleep`, and this Kubernetes no sleep action", shortened(bare.name())))
    }

    fn fix(&self, hook: &Value, ending: &EndingEdit) -> Fix {
        let fix = ending.clone().fix(format!("wait {}s before stopping", self.wait), self.edits(hook));
        let Some(other) = &self.doubtful else { return fix };
        let name = shortened(other.name());
        fix.doubted(format!("it would answer with errors where it asks {name}, which ends at once: let that wait too"))
    }
}

fn observe(subject: &Subject<'_>, missing: &MissingHook<'_>, remedy: &Remedy) -> Observation {
    let MissingHook { container, wait, .. } = missing;
    let path = hook_path(container);
    let has_lifecycle = container.value().get("lifecycle").is_some();
    let at = container.path().key(if has_lifecycle { "lifecycle" } else { "name" });
    let message = format!(
        "container {} serves but has no preStop, so requests die when it stops: want a wait of {wait}s at {path}",
        shortened(container.name())
    );
    let observation = Observation::new(path.clone(), message).at(at);
    let obstacle = remedy.as_ref().ok().and_then(|(hook, _)| missing.obstacle(hook));
    let observation = match remedy {
        Ok((hook, ending)) if obstacle.is_none() => {
            let upstreams = missing
                .upstreams
                .iter()
                .map(|it| format!("and the same for {}, which it names at localhost", shortened(it.name())));
            let clauses = iter::once(advice(subject.profile, *wait)).chain(upstreams).chain(ending.clauses());
            observation.help(clauses.collect::<Vec<_>>().join("; ")).fixed_by(missing.fix(hook, ending))
        }
        Ok(_) => observation.help(unfixed_advice(subject, *wait)).unfixed(obstacle.unwrap_or_default()),
        Err(reason) => observation.help(unfixed_advice(subject, *wait)).unfixed(reason.as_str()),
    };
    if subject.membership == Membership::Ambient { observation.case(AMBIENT) } else { observation }
}

fn hook_path(container: &Container<'_>) -> Path {
    container.path().key("lifecycle").key("preStop")
}

/// What belongs together: the hook, the grace period for it and, under a classic sidecar, a proxy that lasts as long. A
/// wait alone makes a classic sidecar worse.
fn remedy(params: &Params, subject: &Subject<'_>, pod: &PodTemplate<'_>, missing: &MissingHook<'_>) -> Remedy {
    let MissingHook { container, wait, .. } = *missing;
    let hook = hook(subject.profile, pod, wait)?;
    if subject.sidecar_kind() == Some(SidecarKind::Classic) && container.role() == Role::NativeSidecar {
        return Err("a container that keeps running as a sidecar outlives every classic proxy".to_owned());
    }
    let ending = Ending::of(subject, pod, params.shutdown_seconds).with_wait(&container, wait);
    let means = Means { strategy: params.strategy, longest_grace: params.max_grace_period_seconds };
    Ok((hook, EndingEdit::all(subject, pod, &ending, means)?))
}

/// The wait of this check, with its defaults, in the place of hooks that do nothing. A person should look at it: what a hook was
/// meant for is not known.
pub(super) struct WaitInPlace<'a> {
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    /// Those that serve, once somebody has asked.
    serving: OnceCell<Vec<Serving<'a>>>,
    fixes: FixBudget,
}

impl<'a> WaitInPlace<'a> {
    /// For the hooks of a pod.
    pub(super) fn of(subject: &'a Subject<'a>, pod: PodTemplate<'a>) -> Self {
        Self { subject, pod, serving: OnceCell::new(), fixes: FixBudget::default() }
    }

    /// The fix for the hook of a container; none where nobody calls the container.
    pub(super) fn fix(&self, container: &Container<'_>) -> Option<Result<Fix, String>> {
        let Self { subject, pod, serving, fixes } = self;
        if subject.membership == Membership::Outside || !can_wait(pod) {
            return None;
        }
        let params = Params::default();
        let serving = serving.get_or_init(|| serving_containers(subject));
        let serving = serving.iter().find(|it| it.container.is(container))?;
        Some(fixes.spend(|| {
            let missing = MissingHook::of(&params, &Loopback::of(pod), serving);
            let (hook, ending) = remedy(&params, subject, pod, &missing)?;
            let edits = ending.fix("", missing.edits(&hook)).edits;
            Ok(Fix::risky(format!("wait {}s instead", missing.wait), "what the hook was meant for is not known", edits))
        }))
    }
}

/// The handler that waits: the sleep action, which needs nothing in the image, else the program.
fn hook(profile: &Profile, pod: &PodTemplate<'_>, wait: u32) -> Result<Value, String> {
    let kubernetes = profile.kubernetes_version;
    if kubernetes >= SLEEP_ACTION_SINCE {
        Ok(json!({"sleep": {"seconds": wait}}))
    } else if profile.shell == Shell::Assume && !pod.is_windows() {
        Ok(json!({"exec": {"command": ["sleep", wait.to_string()]}}))
    } else {
        Err(format!("Kubernetes {kubernetes} has no sleep action, and the image may lack `sleep`"))
    }
}

/// What to do by hand, wherever the proxy is set up.
fn unfixed_advice(subject: &Subject<'_>, wait: u32) -> String {
    let proxy = match subject.sidecar_kind() {
        Some(SidecarKind::Classic) => "; and let the proxy last as long (`terminationDrainDuration`)",
        _ => "",
    };
    format!("{}{proxy}", advice(subject.profile, wait))
}

fn advice(profile: &Profile, wait: u32) -> String {
    if profile.kubernetes_version >= SLEEP_ACTION_SINCE {
        return format!("add `lifecycle: {{preStop: {{sleep: {{seconds: {wait}}}}}}}`");
    }
    if profile.shell == Shell::Assume {
        return format!("add `lifecycle: {{preStop: {{exec: {{command: [sleep, \"{wait}\"]}}}}}}`");
    }
    format!(
        "add a preStop hook that waits {wait}s (Kubernetes {} has no sleep action, and the image may lack `sleep`)",
        profile.kubernetes_version
    )
}

#[cfg(test)]
mod tests;
