//! `grace-period`: the grace period must cover the preStop and the shutdown after it.
//!
//! The countdown starts with the preStop, and at its end everything left is killed. Source:
//! <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>

use crate::checks::ending::{ContainerEnd, Shutdown, container_ends, shutdown_of};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::mesh::{Membership, SidecarKind};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "grace-period",
    summary: "whether the grace period covers the preStop and the shutdown after it",
    cases: &[CERTAIN, AMBIENT],
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The preStop alone does not fit, or the time of the shutdown is declared and not our default.
const CERTAIN: &str = "certain";
/// The pod is in an ambient mesh: no sidecar stops beside it.
const AMBIENT: &str = "ambient";

/// Between the end of the application and the kill: signals and bookkeeping take a moment.
const SLACK_SECONDS: i64 = 2;
/// A native proxy stops after the application, inside the same grace period.
const NATIVE_PROXY_SECONDS: i64 = 5;

/// Parameters of `grace-period`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long a container takes to end after SIGTERM, in seconds, where the pod annotation
    /// `seaworthy.dev/shutdown-seconds` does not tell.
    shutdown_seconds: u32,
    /// The longest grace period that is proposed, in seconds: longer waits are better shortened.
    max_grace_period_seconds: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { shutdown_seconds: 10, max_grace_period_seconds: 600 }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let grace = pod.grace_period();
    let shutdown = shutdown_of(&pod, params.shutdown_seconds);
    let ends = container_ends(&pod, &shutdown);
    let Some(last) = ends.iter().filter(|end| end.pre_stop.is_some()).max_by_key(|end| end.seconds()) else {
        return Vec::new();
    };
    let proxy = if subject.membership == Membership::Sidecar(SidecarKind::Native) { NATIVE_PROXY_SECONDS } else { 0 };
    let needed = last.seconds() + SLACK_SECONDS + proxy;
    if grace <= 0 || grace >= needed {
        return Vec::new();
    }
    let observation = observe(params, &pod, last, &shutdown, proxy);
    let certain = shutdown.declared || last.pre_stop.is_some_and(|pre_stop| grace <= pre_stop);
    vec![match (subject.membership, certain) {
        (Membership::Ambient, _) => observation.case(AMBIENT),
        (_, true) => observation.case(CERTAIN),
        (_, false) => observation,
    }]
}

fn observe(
    params: &Params,
    pod: &crate::manifest::PodTemplate<'_>,
    last: &ContainerEnd<'_>,
    shutdown: &Shutdown,
    proxy: i64,
) -> Observation {
    let path = pod.spec_path().key("terminationGracePeriodSeconds");
    let needed = last.seconds() + SLACK_SECONDS + proxy;
    let proxy = if proxy > 0 { format!(" + proxy {proxy}s") } else { String::new() };
    let sum = format!(
        "preStop {}s + shutdown {}s + slack {SLACK_SECONDS}s{proxy} = {needed}s > {}s{}",
        last.pre_stop.unwrap_or(0),
        shutdown.seconds,
        pod.grace_period(),
        if pod.declared_grace_period().is_none() { " (default)" } else { "" },
    );
    let message = format!("{} is killed early: {sum}; want {needed} at {path}", shortened(last.container.name()));
    let cap = i64::from(params.max_grace_period_seconds);
    let help = if needed <= cap {
        format!("set `terminationGracePeriodSeconds: {needed}`")
    } else {
        format!("{needed}s is beyond the {cap}s that are reasonable: shorten the preStop")
    };
    Observation::new(path, message).help(help)
}
