//! `proxy-drain`: a classic proxy must last as long as the application's preStop and shutdown.
//!
//! It gets SIGTERM together with the application's containers, drains for a fixed time and ends. Source:
//! <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>

use crate::base::PodRepair;
use crate::checks::ending::{ContainerEnd, DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_drawing::drawing;
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::proxy::proxy_life;
use crate::checks::proxy_edit::DrainStrategy;
use crate::checks::{Check, Observation, bind, schema_of, with_name};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::SidecarKind;
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::shutdown::ProxyLife;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-drain",
    summary: "whether a classic proxy lasts as long as the application's preStop and shutdown",
    cases: &[SHUTDOWN_UNCOVERED],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The preStop has its network, the shutdown after it has not.
const SHUTDOWN_UNCOVERED: &str = "shutdownUncovered";

/// Parameters of `proxy-drain`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long a container takes to end after SIGTERM, in seconds, where the pod annotation
    /// `seaworthy.dev/shutdown-seconds` does not tell.
    shutdown_seconds: u32,
    /// How the proxy is made to last: `drain-duration`, `exit-on-zero` or `native`.
    strategy: DrainStrategy,
}

impl Default for Params {
    fn default() -> Self {
        Self { shutdown_seconds: DEFAULT_SHUTDOWN_SECONDS, strategy: DrainStrategy::default() }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(PodTemplate::ends_as_told) else { return Vec::new() };
    if subject.sidecar_kind() != Some(SidecarKind::Classic) || pod.grace_period() <= 0 {
        return Vec::new();
    }
    let Ok(proxy) = proxy_life(subject, &pod) else { return Vec::new() };
    let ending = Ending::of(subject, &pod, params.shutdown_seconds);
    let Some(longest) = ending.longest_wait() else { return Vec::new() };
    // At the end of the grace period the application is killed: nothing lives longer.
    if proxy.covers(longest.takes, pod.grace_period()) {
        return Vec::new();
    }
    let means = Means { strategy: params.strategy, ..Means::default() };
    let drawn = drawing(subject, &pod, &ending, &longest.container);
    let observation = observe(params, &pod, longest, &proxy).drawn(drawn);
    let observation = match EndingEdit::proxy(subject, &pod, &ending, means) {
        Ok(edit) => {
            let (title, help) = (title(params.strategy, longest.takes.seconds()), advice(&edit, pod.noun()));
            observation.help(help).fixed_by(edit.fix(title, Vec::new()))
        }
        Err(reason) => observation.help(UNFIXED_ADVICE).unfixed(reason),
    };
    let sleeps_covered = proxy.covers_hook(longest.takes, pod.grace_period());
    vec![if sleeps_covered { observation.case(SHUTDOWN_UNCOVERED) } else { observation }]
}

/// One finding for the pod, at the preStop that needs the proxy longest: one setting covers them all.
fn observe(params: &Params, pod: &PodTemplate<'_>, end: &ContainerEnd<'_>, proxy: &ProxyLife) -> Observation {
    let (annotation, wanted) = match params.strategy {
        DrainStrategy::Native => (NATIVE_SIDECAR_ANNOTATION, "\"true\"".to_owned()),
        DrainStrategy::DrainDuration | DrainStrategy::ExitOnZero => {
            (PROXY_CONFIG_ANNOTATION, format!("{}s", end.takes.seconds()))
        }
    };
    let path = pod.annotation_path(annotation);
    let (ends, lasts) = (if proxy.ends_when_idle() { "may end" } else { "ends" }, proxy.lasts().unwrap_or_default());
    let sum = format!("{} = {}s", end.takes.parts(), end.takes.seconds());
    let message = with_name(18, end.container.name(), |name| {
        format!("classic proxy {ends} before {name}: {sum} > {lasts}; want {wanted} at {path}")
    });
    Observation::new(path, message).at(end.container.path().key("lifecycle").key("preStop"))
}

fn title(strategy: DrainStrategy, seconds: i64) -> String {
    match strategy {
        DrainStrategy::Native => "use a native sidecar, which ends after the application".to_owned(),
        DrainStrategy::DrainDuration | DrainStrategy::ExitOnZero => format!("let the proxy last {seconds}s"),
    }
}

fn advice(edit: &EndingEdit, pods: &str) -> String {
    match &edit.proxy {
        Some(proxy) if proxy.annotation == PROXY_CONFIG_ANNOTATION => format!(
            "annotate the {pods} with `{PROXY_CONFIG_ANNOTATION}: \"{{{}}}\"`, or use a native sidecar \
             (`{NATIVE_SIDECAR_ANNOTATION}: \"true\"`)",
            proxy.setting
        ),
        _ => edit.clauses().join("; ").trim_start_matches("and ").to_owned(),
    }
}

const UNFIXED_ADVICE: &str = "raise `terminationDrainDuration` where the proxy is set up, or use a native sidecar";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::{Value, json};

    const SLEEPS: &str = "the preStop itself";
    const SHUTS_DOWN: &str = "the shutdown after it";

    /// What has no network at its end, in a pod with this annotation, preStop and grace period.
    fn uncovered(proxy: &Value, config: &str, pre_stop: i64, grace: i64) -> Option<&'static str> {
        let profile = json!({"assumeMembership": "sidecar", "dataPlane": "classic", "proxy": proxy});
        let profile: Profile = serde_json::from_value(profile).unwrap();
        let metadata = json!({"name": "web", "namespace": "shop", "annotations": {PROXY_CONFIG_ANNOTATION: config}});
        let lifecycle = json!({"preStop": {"sleep": {"seconds": pre_stop}}});
        let containers = json!([{"name": "web", "lifecycle": lifecycle}]);
        let spec = json!({"terminationGracePeriodSeconds": grace, "containers": containers});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        let found = run(&Params::default(), &Subject::new(&pod, &inventory, &profile)).pop()?;
        Some(if found.case == Some(SHUTDOWN_UNCOVERED) { SHUTS_DOWN } else { SLEEPS })
    }

    #[test]
    fn the_proxy_must_last_as_long_as_the_application() {
        let mesh = json!({});
        for (config, pre_stop, grace, wanted) in [
            ("", 20, 60, Some(SLEEPS)),
            ("", 6, 60, Some(SLEEPS)),
            ("", 5, 60, Some(SHUTS_DOWN)),
            ("", 0, 60, None),
            ("terminationDrainDuration: 30s", 20, 60, None),
            ("terminationDrainDuration: 29s", 20, 60, Some(SHUTS_DOWN)),
            ("terminationDrainDuration: 19999ms", 20, 60, Some(SLEEPS)),
            ("terminationDrainDuration: -30s", 1, 60, Some(SLEEPS)),
            ("termination_drain_duration: 30s", 20, 60, None),
            ("{\"terminationDrainDuration\": \"30s\"}", 20, 60, None),
            ("proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true', MINIMUM_DRAIN_DURATION: 29s}", 20, 60, None),
            (
                "proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true', MINIMUM_DRAIN_DURATION: 28s}",
                20,
                60,
                Some(SHUTS_DOWN),
            ),
            (
                "{terminationDrainDuration: 60s, proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true'}}",
                20,
                60,
                Some(SLEEPS),
            ),
            ("{terminationDrainDuration: 60s, proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'yes'}}", 20, 60, None),
            // Killed at the end of its grace period, before the proxy ends.
            ("terminationDrainDuration: 25s", 20, 25, None),
            ("terminationDrainDuration: 24s", 20, 25, Some(SHUTS_DOWN)),
            ("terminationDrainDuration: 20s", 60, 20, None),
            ("", 20, 0, None),
            // Istio refuses such pods.
            ("terminationDrainDuration: 30", 20, 60, None),
            ("[]", 20, 60, None),
        ] {
            assert_eq!(
                uncovered(&mesh, config, pre_stop, grace),
                wanted,
                "{config}, preStop {pre_stop}, grace {grace}"
            );
        }
    }

    #[test]
    fn the_advice_is_for_the_strategy() {
        let profile: Profile =
            serde_json::from_value(json!({"assumeMembership": "sidecar", "dataPlane": "classic"})).unwrap();
        let hook = json!({"preStop": {"sleep": {"seconds": 20}}});
        let spec = json!({"terminationGracePeriodSeconds": 60, "containers": [{"name": "web", "lifecycle": hook}]});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        for (strategy, begins) in [
            (DrainStrategy::DrainDuration, "annotate the pod with `proxy.istio.io/config: "),
            (DrainStrategy::Native, "use a native sidecar: annotation `sidecar.istio.io/nativeSidecar: "),
        ] {
            let params = Params { strategy, ..Params::default() };
            let found = run(&params, &Subject::new(&pod, &inventory, &profile)).pop().unwrap();
            assert!(found.help.as_ref().unwrap().starts_with(begins), "{:?}", found.help);
        }
    }

    #[test]
    fn what_the_mesh_sets_holds_where_the_pod_sets_nothing() {
        let mesh = json!({"terminationDrainDuration": "30s"});
        assert_eq!(uncovered(&mesh, "", 20, 60), None);
        assert_eq!(uncovered(&mesh, "concurrency: 2", 20, 60), None);
        assert_eq!(uncovered(&mesh, "terminationDrainDuration: 5s", 20, 60), Some(SLEEPS));
    }
}
