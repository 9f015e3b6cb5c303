//! `drain-hook`: preStops that make Envoy fail its health check, as it was the custom before Istio drained it by itself.

use crate::base::{Edit, Fix, PodRepair};
use crate::checks::failing_hook::{hook_command, hook_failure};
use crate::checks::pre_stop::WaitInPlace;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::Version;
use crate::mesh::shutdown::{DrainHook, DrainRest, SLEEP_ACTION_SINCE, drain_hook, hook_time, sleep_fits};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The check.
pub const CHECK: Check = Check {
    id: "drain-hook",
    summary: "preStops that make Envoy fail its health check",
    cases: &[GET],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The call is a GET, which Envoy answers with 405.
const GET: &str = "get";

/// The first version of Istio whose agent drains Envoy gracefully.
const GRACEFUL_SINCE: Version = Version::new(1, 8);

/// Parameters of `drain-hook`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// Whether callers without a proxy talk HTTP to the pods: the call, if it works, is kept for them. The profile may say
    /// so too.
    unmeshed_http_callers: bool,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| pod.grace_period() > 0) else { return Vec::new() };
    let profile = subject.profile;
    let is_useful =
        params.unmeshed_http_callers || profile.unmeshed_http_callers || profile.istio_version < GRACEFUL_SINCE;
    let waits = WaitInPlace::of(subject, pod);
    let observe = |container| {
        let argv = hook_command(&container)?;
        let call = drain_hook(&argv).filter(|call| call.is_get || !is_useful)?;
        // A hook that cannot run is another rule's finding.
        let runs = hook_failure(&container).is_none();
        runs.then(|| Hook { subject, pod, container, argv: &argv, call: &call, waits: &waits }.observation())
    };
    pod.running_containers().filter_map(observe).collect()
}

/// A hook that makes the call.
struct Hook<'a, 'w> {
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    container: Container<'a>,
    argv: &'a [&'a str],
    call: &'a DrainHook,
    waits: &'a WaitInPlace<'w>,
}

impl Hook<'_, '_> {
    fn observation(&self) -> Observation {
        let path = self.container.path().key("lifecycle").key("preStop").key("exec").key("command");
        let name = shortened_to(20, self.container.name());
        let why = if self.call.is_get {
            "gets healthcheck/fail, which answers 405 and does nothing".to_owned()
        } else {
            format!("posts healthcheck/fail, and Istio {} drains by itself", self.subject.profile.istio_version)
        };
        let message = format!("{name} {why}: want a hook without it at {path}");
        let observation = Observation::new(path, message).remedied_by(self.fix());
        if self.call.is_get { observation.case(GET) } else { observation }
    }

    fn fix(&self) -> Result<Fix, String> {
        let hook = self.container.path().key("lifecycle").key("preStop");
        let (at, text) = match &self.call.rest {
            DrainRest::Unclear => return Err("the script is more than commands one after the other".to_owned()),
            DrainRest::Nothing => {
                let wait = self.waits.fix(&self.container);
                let drop = || Fix::risky("drop the hook", REASON, vec![Edit::Remove { path: hook.clone() }]);
                return wait.unwrap_or_else(|| Ok(drop()));
            }
            DrainRest::Script { at, text } => (*at, text.as_str()),
        };
        if let Some(seconds) = self.only_sleeps(at, text) {
            let edit = Edit::set(hook, json!({"sleep": {"seconds": seconds}}));
            return Ok(Fix::risky(format!("drop the call, keep the sleep of {seconds}s"), REASON, vec![edit]));
        }
        let element = hook.key("exec").key("command").index(at);
        Ok(Fix::risky("drop the call, keep the rest", REASON, vec![Edit::set(element, text)]))
    }

    /// The seconds that are left of the hook, where the kubelet can sleep for them itself.
    fn only_sleeps(&self, at: usize, text: &str) -> Option<i64> {
        let argv: Vec<Value> =
            self.argv.iter().enumerate().map(|(index, it)| Value::from(if index == at { text } else { it })).collect();
        let time = hook_time(&json!({"exec": {"command": argv}})).filter(|time| time.only_sleeps)?;
        let kubernetes = self.subject.profile.kubernetes_version;
        let is_taken = kubernetes >= SLEEP_ACTION_SINCE
            && self.pod.tells_grace_period()
            && sleep_fits(time.at_least, self.pod.grace_period(), kubernetes);
        is_taken.then_some(time.at_least)
    }
}

const REASON: &str = "callers without a proxy may have been let go by it";
