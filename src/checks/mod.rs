//! Layer 3: the checks, the Rust building blocks of rules. One file each; a check owns the schema of its parameters.
//!
//! A check looks at one object with its surroundings and says what it observes. It knows nothing of rules, severities
//! or modes: those are data. It does no I/O.

mod app_protocol;
mod autoscaler_metric;
mod canonical_labels;
mod capped_grace;
mod chosen_strategy;
mod cloud_identity;
mod config_maps;
mod container_start;
mod database_port;
mod drain_hook;
mod ending;
mod ending_drawing;
mod ending_edit;
mod envoy_drain;
mod external_name_port;
mod failing_hook;
mod fix_budget;
mod google_account;
mod grace_period;
mod grpc_web_prefix;
mod headless_listeners;
mod held;
mod identity_annotation;
mod identity_fix;
mod identity_place;
mod identity_wait;
mod identity_wait_limit;
mod init_traffic;
mod injection_key;
mod istio_port_protocol;
mod job_completion;
mod job_strategy;
mod lifecycle;
mod loopback;
mod metadata_capture;
mod metadata_route;
mod namespace_injection;
mod neighbour_quit;
mod node_network;
mod observation;
mod own_container;
mod pod_field;
mod pod_security;
mod port_evidence;
mod port_fix;
mod port_names;
mod port_references;
mod port_siblings;
mod pre_stop;
mod pre_stop_command;
mod pre_stop_http;
mod proxy;
mod proxy_config;
mod proxy_drain;
mod proxy_edit;
mod proxy_hooks;
mod proxy_resources;
mod proxy_start;
mod proxy_user;
mod proxy_wait;
mod reserved_name;
mod reserved_port;
mod server_first;
mod service_port;
mod service_transports;
mod serving;
mod shared_pods;
mod split_target;
mod start_strategy;
mod target_port_name;
mod target_port_protocols;
mod workload_identity;
mod wrapped_entrypoint;
mod wrapper_edit;

pub use chosen_strategy::chosen_strategy;
pub use ending_drawing::drawn_end;
pub use fix_budget::TOO_MANY;
pub use observation::{Observation, RelatedPlace};

use crate::base::{PodRepair, printable};
use crate::inventory::Subject;
use observation::NOT_PROVEN;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A check, as rules refer to it by id.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The id: `istio-port-protocol`.
    pub id: &'static str,
    /// What it looks at, one line for the list of checks.
    pub summary: &'static str,
    /// The names of the cases of its findings to which a rule may give a severity of their own.
    pub cases: &'static [&'static str],
    /// Whether its findings can be repaired on a Pod while it is created.
    pub repair: PodRepair,
    /// The JSON Schema of its parameters.
    pub schema: fn() -> Value,
    /// Makes it ready to run with the parameters of one rule.
    pub bind: fn(&Value) -> Result<BoundCheck, serde_json::Error>,
}

impl Check {
    /// Whether it has a parameter of this name.
    pub fn takes(&self, param: &str) -> bool {
        (self.schema)()["properties"].get(param).is_some()
    }
}

/// A check with its parameters.
pub type BoundCheck = Box<dyn Fn(&Subject<'_>) -> Vec<Observation> + Send + Sync>;

/// The check with this id.
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

/// The checks that a check follows: it tells what keeps their rules from what they propose, so it takes no parameters of its own and
/// is run with those of each rule over one of them.
pub fn followed_by(check: &Check) -> &'static [&'static str] {
    if check.id == wrapped_entrypoint::CHECK.id { &wrapped_entrypoint::FOLLOWED } else { &[] }
}

/// Whether a check is about how Jobs end. What it proposes decides what kind of proxy they get.
pub fn is_about_end_of_jobs(check: &str) -> bool {
    check == job_completion::CHECK.id
}

/// Whether a check is about the order in which the application and its proxy start.
pub fn is_about_start(check: &str) -> bool {
    check == proxy_start::CHECK.id
}

/// All checks, by id.
pub const CHECKS: &[Check] = &[
    app_protocol::CHECK,
    autoscaler_metric::CHECK,
    canonical_labels::CHECK,
    capped_grace::CHECK,
    cloud_identity::CHECK,
    database_port::CHECK,
    drain_hook::CHECK,
    envoy_drain::CHECK,
    external_name_port::CHECK,
    google_account::CHECK,
    grace_period::CHECK,
    grpc_web_prefix::CHECK,
    headless_listeners::CHECK,
    identity_annotation::CHECK,
    identity_place::CHECK,
    identity_wait::CHECK,
    identity_wait_limit::CHECK,
    injection_key::CHECK,
    init_traffic::CHECK,
    istio_port_protocol::CHECK,
    job_completion::CHECK,
    lifecycle::CHECK,
    metadata_capture::CHECK,
    namespace_injection::CHECK,
    node_network::CHECK,
    pod_field::CHECK,
    pod_security::CHECK,
    pre_stop::CHECK,
    pre_stop_command::CHECK,
    pre_stop_http::CHECK,
    proxy_config::CHECK,
    proxy_drain::CHECK,
    proxy_resources::CHECK,
    proxy_start::CHECK,
    proxy_user::CHECK,
    proxy_wait::CHECK,
    reserved_name::CHECK,
    reserved_port::CHECK,
    server_first::CHECK,
    service_transports::CHECK,
    split_target::CHECK,
    target_port_name::CHECK,
    target_port_protocols::CHECK,
    wrapped_entrypoint::CHECK,
];

/// A name of the manifest in a message: in quotes, and cut where it would fill the line.
fn shortened(name: &str) -> String {
    shortened_to(40, name)
}

/// The same, for a message with room for this many characters of it.
fn shortened_to(longest: usize, name: &str) -> String {
    if name.is_empty() {
        // Knative gives containers their names.
        return "without a name".to_owned();
    }
    if name.chars().count() <= longest {
        return format!("`{}`", name.chars().map(printable).collect::<String>());
    }
    let kept = name.chars().take(longest.saturating_sub(3));
    format!("`{}...`", kept.map(printable).collect::<String>())
}

/// A message with a name in it, which is cut to so many characters, and further where the line would be too long.
fn with_name(longest: usize, name: &str, compose: impl Fn(&str) -> String) -> String {
    let message = compose(&shortened_to(longest, name));
    let over = message.chars().count().saturating_sub(LONGEST_MESSAGE);
    if over == 0 {
        return message;
    }
    let shown = name.chars().count().min(longest);
    compose(&shortened_to(shown.saturating_sub(over).max(SHORTEST_NAME), name))
}

/// Characters that a message takes at most.
const LONGEST_MESSAGE: usize = 200;
/// A name is still one that people find.
const SHORTEST_NAME: usize = 6;

/// The parameters of a check that has none: whatever a rule gives is refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoParams {}

/// The JSON Schema of a parameter type.
fn schema_of<P: JsonSchema>() -> Value {
    schemars::schema_for!(P).to_value()
}

/// Reads the parameters and puts them into the check's function.
fn bind<P: DeserializeOwned + Send + Sync + 'static>(
    params: &Value,
    run: fn(&P, &Subject<'_>) -> Vec<Observation>,
) -> Result<BoundCheck, serde_json::Error> {
    let params: P = serde_json::from_value(params.clone())?;
    Ok(Box::new(move |subject| run(&params, subject)))
}

#[cfg(test)]
mod tests;
