//! `grace-period`: the grace period must cover the preStop and the shutdown after it.
//!
//! The countdown starts with the preStop, and at its end everything left is killed. Source:
//! <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>

use crate::base::PodRepair;
use crate::checks::ending::{
    ContainerEnd, DEFAULT_SHUTDOWN_SECONDS, Ending, LONGEST_GRACE_PERIOD, certain_proxy_exit, likely_proxy_exit,
};
use crate::checks::ending_drawing::drawing;
use crate::checks::ending_edit::{EndingEdit, Means, too_long};
use crate::checks::failing_hook::working_hook;
use crate::checks::proxy_edit::DrainStrategy;
use crate::checks::{Check, Observation, bind, schema_of, with_name};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::Membership;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "grace-period",
    summary: "whether the grace period covers the preStop and the shutdown after it",
    cases: &[CERTAIN, AMBIENT],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The preStop alone does not fit, or the time of the shutdown is declared and not our default.
const CERTAIN: &str = "certain";
/// The pod is in an ambient mesh: no sidecar stops beside it.
const AMBIENT: &str = "ambient";

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
        Self { shutdown_seconds: DEFAULT_SHUTDOWN_SECONDS, max_grace_period_seconds: LONGEST_GRACE_PERIOD }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(PodTemplate::ends_as_told) else { return Vec::new() };
    let grace = pod.grace_period();
    let ending = Ending::of(subject, &pod, params.shutdown_seconds);
    let Some(last) = ending.last() else { return Vec::new() };
    if grace <= 0 || grace >= last.takes.needed_grace(certain_proxy_exit(subject)) || is_refused(subject, &pod) {
        return Vec::new();
    }
    let proxy_exit = likely_proxy_exit(subject);
    let needed = last.takes.needed_grace(proxy_exit);
    let certain = ending.shutdown.declared || last.takes.is_killed_in_hook(grace);
    let drawn = drawing(subject, &pod, &ending, &last.container);
    let observation = observe(&pod, last, proxy_exit, certain).drawn(drawn);
    let observation = match edit(params, subject, &pod, &ending) {
        Ok(edit) => observation.help(edit.clauses().join("; ")).fixed_by(edit.fix(title(needed), Vec::new())),
        Err(reason) => observation.help(advice(params, last, needed)).unfixed(reason),
    };
    vec![match (subject.membership, certain) {
        (Membership::Ambient, _) => observation.case(AMBIENT),
        (_, true) => observation.case(CERTAIN),
        (_, false) => observation,
    }]
}

/// Whether the API server refuses a sleep of the pod because of its grace period: that is another rule's finding, and its fix
/// raises the grace period as far as this one would.
fn is_refused(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let kubernetes = subject.profile.kubernetes_version;
    let seconds = |hook: &Value| hook.pointer("/sleep/seconds").and_then(Value::as_i64);
    let is_too_long = |hook: &Value| seconds(hook).is_some_and(|seconds| seconds > pod.grace_period());
    pod.running_containers().filter_map(|container| working_hook(&container, kubernetes)).any(is_too_long)
}

/// Raises it; and where that lets the application outlive a classic proxy which it does not outlive today, the proxy too.
fn edit(
    params: &Params,
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    ending: &Ending<'_>,
) -> Result<EndingEdit, String> {
    if ending.last().is_some_and(|end| end.takes.pre_stop.is_none()) {
        return Err("what the preStop takes is not known, and the sum would be too small".to_owned());
    }
    let means = Means { strategy: DrainStrategy::default(), longest_grace: params.max_grace_period_seconds };
    EndingEdit::grace(subject, pod, ending, means)
}

fn title(needed: i64) -> String {
    format!("raise the grace period to {needed}s")
}

fn observe(pod: &PodTemplate<'_>, end: &ContainerEnd<'_>, proxy_exit: i64, certain: bool) -> Observation {
    let path = pod.spec_path().key("terminationGracePeriodSeconds");
    let default = if pod.declared_grace_period().is_none() { " (default)" } else { "" };
    let (sum, grace) = (end.takes.sum(proxy_exit), pod.grace_period());
    let needed = end.takes.needed_grace(proxy_exit);
    let message = with_name(20, end.container.name(), |name| {
        let is = if certain { "is" } else { "may be" };
        format!("{name} {is} killed: {sum} > {grace}s{default}; want {needed} at {path}")
    });
    Observation::new(path, message)
}

fn advice(params: &Params, end: &ContainerEnd<'_>, needed: i64) -> String {
    let longest = params.max_grace_period_seconds;
    match end.takes.pre_stop {
        _ if needed > i64::from(longest) => too_long(needed, longest),
        None => {
            format!("set `terminationGracePeriodSeconds: {needed}`, and more by what the preStop takes")
        }
        Some(_) => format!("set `terminationGracePeriodSeconds: {needed}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;

    /// The grace period that is wanted for a pod, and the case; none where nothing is found.
    fn wanted(profile: &Value, annotations: &Value, spec: &Value) -> Option<(String, Option<&'static str>)> {
        let profile: Profile = serde_json::from_value(profile.clone()).unwrap();
        let metadata = json!({"name": "web", "namespace": "shop", "annotations": annotations});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        let found = run(&Params::default(), &Subject::new(&pod, &inventory, &profile)).pop()?;
        let (_, number) = found.message.split_once("want ")?;
        Some((number.split(' ').next()?.to_owned(), found.case))
    }

    fn sleeping(seconds: i64, grace: i64) -> Value {
        let lifecycle = json!({"preStop": {"sleep": {"seconds": seconds}}});
        json!({"terminationGracePeriodSeconds": grace, "containers": [{"name": "web", "lifecycle": lifecycle}]})
    }

    #[test]
    fn the_sum_of_what_must_fit_is_exact() {
        let classic = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
        let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
        let (ambient, unknown) = (json!({"assumeMembership": "ambient"}), json!({}));
        let (none, declared) = (json!({}), json!({"seaworthy.dev/shutdown-seconds": "3"}));
        for (profile, annotations, pre_stop, grace, found) in [
            (&classic, &none, 30, 41, Some(("42", None))),
            (&classic, &none, 30, 42, None),
            (&classic, &none, 30, 31, Some(("42", None))),
            (&classic, &none, 30, 30, Some(("42", Some(CERTAIN)))),
            (&native, &none, 30, 46, Some(("47", None))),
            (&native, &none, 30, 47, None),
            (&unknown, &none, 30, 41, Some(("47", None))),
            (&unknown, &none, 30, 42, None),
            (&ambient, &none, 30, 30, Some(("42", Some(AMBIENT)))),
            (&classic, &declared, 30, 34, Some(("35", Some(CERTAIN)))),
            (&classic, &declared, 30, 35, None),
            (&classic, &none, 0, 11, Some(("12", None))),
            (&classic, &none, 0, 12, None),
            (&classic, &none, 30, 0, None),
            (&classic, &none, 30, -1, None),
            // The API server refuses it.
            (&classic, &none, 61, 60, None),
            (&classic, &none, i64::MAX, 60, None),
        ] {
            let found = found.map(|(number, case): (&str, _)| (number.to_owned(), case));
            let case = format!("{profile} {annotations} preStop {pre_stop} grace {grace}");
            assert_eq!(wanted(profile, annotations, &sleeping(pre_stop, grace)), found, "{case}");
        }
    }

    #[test]
    fn a_hook_of_unknown_length_counts_only_with_a_declared_shutdown() {
        let profile = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
        let lifecycle = json!({"preStop": {"exec": {"command": ["/drain"]}}});
        let spec =
            json!({"terminationGracePeriodSeconds": 60, "containers": [{"name": "web", "lifecycle": lifecycle}]});
        let declared = |seconds: &str| json!({"seaworthy.dev/shutdown-seconds": seconds});
        assert_eq!(wanted(&profile, &json!({}), &spec), None);
        assert_eq!(wanted(&profile, &declared("58"), &spec), None);
        assert_eq!(wanted(&profile, &declared("59"), &spec), Some(("61".to_owned(), Some(CERTAIN))));
        assert_eq!(wanted(&profile, &declared("a minute"), &spec), None);
    }

    #[test]
    fn what_cannot_be_raised_is_asked_for_as_far_as_it_is_reasonable() {
        let params = Params { max_grace_period_seconds: 600, ..Params::default() };
        for (shutdown, needed, wanted) in [
            (598, 600, "set `terminationGracePeriodSeconds: 600`, and more by what the preStop takes".to_owned()),
            (599, 601, too_long(601, 600)),
        ] {
            let hook = json!({"preStop": {"exec": {"command": ["/drain"]}}});
            let spec = json!({"containers": [{"name": "web", "lifecycle": hook}]});
            let annotations = json!({"seaworthy.dev/shutdown-seconds": shutdown.to_string()});
            let metadata = json!({"name": "web", "annotations": annotations});
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
            let (pod, inventory, profile) = (Object::from_json(pod).unwrap(), Inventory::default(), Profile::default());
            let subject = Subject::new(&pod, &inventory, &profile);
            let ending = Ending::of(&subject, &subject.pod().unwrap(), params.shutdown_seconds);
            assert_eq!(advice(&params, ending.last().unwrap(), needed), wanted, "{shutdown}");
        }
    }
}
