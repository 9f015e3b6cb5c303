//! `capped-grace`: policies of others that set the grace period of pods below what these need.
//!
//! Only what is proved counts: a policy whose selection or number depends on anything that is not in the manifests is passed
//! over, and so is one from which something is excepted.

mod admission_policy;
mod admitted;
mod cel;
mod comparison;
mod kyverno;
mod kyverno_patch;
mod proof;
mod selector;
mod setting;

use crate::base::{Path, PodRepair};
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending, certain_proxy_exit};
use crate::checks::{Check, Observation, RelatedPlace, bind, schema_of, shortened_to};
use crate::inventory::{Entry, Policies, Subject, WorkloadFacts};
use crate::manifest::{Object, Owner, PodTemplate};
use admitted::Admitted;
use proof::Proof;
use schemars::JsonSchema;
use serde::Deserialize;
use setting::{Effect, Setting, together};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "capped-grace",
    summary: "policies of others that set the grace period of pods below what these need",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `capped-grace`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long a container takes to end after SIGTERM, in seconds, where the pod annotation
    /// `seaworthy.dev/shutdown-seconds` does not tell.
    shutdown_seconds: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { shutdown_seconds: DEFAULT_SHUTDOWN_SECONDS }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(policy) = Policy::of(subject.object, subject.inventory.policies()) else { return Vec::new() };
    let workloads = subject.inventory.all_workloads(policy.namespace, subject.object.file());
    let mut capped: BTreeMap<Path, Vec<Capped<'_>>> = BTreeMap::new();
    for workload in workloads {
        if let Some(it) = Capped::of(params, subject, &policy, workload) {
            capped.entry(it.setting.path.clone()).or_default().push(it);
        }
    }
    capped.into_values().filter_map(observe).collect()
}

/// A policy that changes objects when they are admitted.
struct Policy<'a> {
    object: &'a Object,
    policies: &'a Policies,
    form: Form,
    /// The only namespace in which it holds.
    namespace: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Kyverno's own.
    Kyverno,
    /// In CEL, by Kyverno.
    KyvernoCel,
    /// In CEL, by Kubernetes.
    Kubernetes,
}

impl<'a> Policy<'a> {
    fn of(object: &'a Object, policies: &'a Policies) -> Option<Self> {
        let own = Some(object.reference().namespace.as_deref().unwrap_or(""));
        let (form, namespace) = match (object.group(), object.kind()) {
            ("kyverno.io", "ClusterPolicy") => (Form::Kyverno, None),
            ("kyverno.io", "Policy") => (Form::Kyverno, own),
            ("policies.kyverno.io", "MutatingPolicy") => (Form::KyvernoCel, None),
            ("policies.kyverno.io", "NamespacedMutatingPolicy") => (Form::KyvernoCel, own),
            ("admissionregistration.k8s.io", "MutatingAdmissionPolicy") => (Form::Kubernetes, None),
            _ => return None,
        };
        let name = &object.reference().name;
        // Most policies are about something else, and need not be asked about every workload.
        if !object.value().to_string().contains(admitted::GRACE) {
            return None;
        }
        let is_excepted = form != Form::Kubernetes && policies.has_exception(name);
        (!is_excepted).then_some(Self { object, policies, form, namespace })
    }

    fn effect(&self, admitted: &Admitted<'_>) -> Effect {
        let value = self.object.value();
        match self.form {
            Form::Kyverno => kyverno::effect(value, admitted),
            Form::KyvernoCel if !admission_policy::is_for_admission(value) => Effect::None,
            Form::KyvernoCel if kyverno::is_passed_over(admitted) => Effect::None,
            Form::KyvernoCel => admission_policy::effect(value, admitted),
            Form::Kubernetes => {
                let mut bindings = self.policies.bindings(&self.object.reference().name);
                let bound = Proof::any(bindings.by_ref().map(|it| admission_policy::binds(&it.spec, admitted)));
                admission_policy::effect(value, admitted).under(bound)
            }
        }
    }

    /// What is left of this grace period of pods: first the workload is admitted, then its Pods with what was made of it.
    fn setting(&self, workload: &Subject<'_>, grace: i64) -> Option<Setting> {
        let mut last = None;
        for mut admitted in Admitted::all_of(workload) {
            admitted.grace = last.as_ref().map_or(grace, |before: &Setting| before.seconds);
            match together([self.effect(&admitted)]) {
                Effect::Sets(setting, _) => last = Some(setting),
                Effect::None => {}
                Effect::Unclear => return None,
            }
        }
        last
    }
}

/// Holds a fix against the policies among the files: pods that get this grace period, and then need so many seconds of it. Where a
/// policy leaves them too little today, that is a finding of its own, and no reason against the fix.
///
/// # Errors
/// Which policy would leave them less than that: one line for people, no full stop.
pub fn leaves(subject: &Subject<'_>, pod: &PodTemplate<'_>, grace: i64, needed: i64) -> Result<(), String> {
    let policies = subject.inventory.policies();
    for object in policies.of_grace() {
        let Some(policy) =
            Policy::of(object, policies).filter(|it| it.namespace.is_none_or(|it| it == subject.namespace()))
        else {
            continue;
        };
        let needed_today = Ending::by_default(subject, pod).needed_grace(certain_proxy_exit(subject)).unwrap_or(0);
        let today = policy.setting(subject, pod.grace_period());
        let then = policy.setting(subject, grace).filter(|setting| setting.seconds < needed);
        if let Some(then) = then.filter(|_| today.is_none_or(|today| today.seconds >= needed_today)) {
            let kind = object.kind();
            let name = shortened_to(40, &object.reference().name);
            return Err(format!(
                "{kind} {name} leaves these pods {}s to end, and they would need {needed}s then",
                then.seconds
            ));
        }
    }
    Ok(())
}

/// A workload whose pods get less time than they need.
struct Capped<'a> {
    setting: Setting,
    needed: i64,
    workload: &'a Entry<WorkloadFacts>,
    /// Its own grace period.
    path: Path,
    /// How the number that it needs comes about.
    sum: String,
}

impl<'a> Capped<'a> {
    fn of(
        params: &Params,
        subject: &Subject<'a>,
        policy: &Policy<'_>,
        workload: &'a Entry<WorkloadFacts>,
    ) -> Option<Self> {
        let object = workload.object.as_deref().filter(|object| Owner::of(object).is_none())?;
        let namespace = workload.reference.namespace.as_deref().unwrap_or("");
        let profile = subject.profile.for_namespace(namespace);
        let own = Subject::of_workload(object, &workload.facts, subject.inventory, &profile)?;
        let ends_as_told = |pod: &PodTemplate<'_>| pod.grace_period() > 0 && pod.ends_as_told();
        let pod = own.pod().filter(ends_as_told).filter(|_| !own.is_gateway_or_control_plane())?;
        let (ending, proxy) = (Ending::of(&own, &pod, params.shutdown_seconds), certain_proxy_exit(&own));
        let needed = ending.needed_grace(proxy)?;
        let setting = policy.setting(&own, pod.grace_period()).filter(|setting| setting.seconds < needed)?;
        let end = ending.last()?;
        let sum = format!("{} needs {}", shortened_to(40, end.container.name()), end.takes.sum(proxy));
        let path = pod.spec_path().key(admitted::GRACE);
        Some(Self { setting, needed, workload, path, sum })
    }
}

/// How many workloads are shown for one number.
const MOST_RELATED: usize = 5;

/// One finding for one number: what is needed is what the slowest needs.
fn observe(mut capped: Vec<Capped<'_>>) -> Option<Observation> {
    capped.sort_by_key(|it| std::cmp::Reverse(it.needed));
    let (slowest, others) = capped.split_first()?;
    let (path, reference) = (&slowest.setting.path, &slowest.workload.reference);
    let message = format!(
        "{}s is too short for {}{}: want {} at {path}",
        slowest.setting.seconds,
        shortened_to(30, &format!("{} {}", reference.kind, reference.name)),
        if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) },
        slowest.needed,
    );
    let observation = Observation::new(path.clone(), message)
        .help("leave out the pods that need longer, by a label for instance, or raise the number for all")
        .unfixed("how long pods may take to stop is for the owner of the policy to say");
    Some(capped.iter().take(MOST_RELATED).fold(observation, |observation, it| observation.related(it.place())))
}

impl Capped<'_> {
    fn place(&self) -> RelatedPlace {
        let place = self.workload.object.as_deref().and_then(|object| object.point_at(&self.path));
        RelatedPlace { message: self.sum.clone(), path: self.path.clone(), place }
    }
}

#[cfg(test)]
mod tests;
