//! Layer 3: the checks, the Rust building blocks of rules. One file each; a check owns the schema of its parameters.
//!
//! A check looks at one object with its surroundings and says what it observes. It knows nothing of rules, severities
//! or modes: those are data. It does no I/O.

mod app_protocol;
mod autoscaler_metric;
mod capped_grace;
mod chosen_strategy;
mod cloud_identity;
mod container_start;
mod database_port;
mod drain_hook;
mod ending;
mod ending_drawing;
mod ending_edit;
mod entrypoints;
mod envoy_drain;
mod external_name_port;
mod failing_hook;
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
mod node_network;
mod own_container;
mod pod_field;
mod pod_security;
mod port_evidence;
mod port_fix;
mod port_references;
mod pre_stop;
mod pre_stop_command;
mod pre_stop_http;
mod proxy;
mod proxy_config;
mod proxy_drain;
mod proxy_edit;
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
mod wrapper_edit;

pub use chosen_strategy::chosen_strategy;
pub use ending_drawing::drawn_end;

use crate::base::{Fix, Path, Place, PodRepair, Remedy, printable};
use crate::inventory::Subject;
use schemars::JsonSchema;
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

/// A check with its parameters.
pub type BoundCheck = Box<dyn Fn(&Subject<'_>) -> Vec<Observation> + Send + Sync>;

/// One thing that a check saw wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Which case of the check it is, where the check names cases.
    pub case: Option<&'static str>,
    /// The field to set, present or not, relative to the object.
    pub path: Path,
    /// What to point at, where that is not `path` itself (see `Document::point_at` for what a path points to).
    pub at: Option<Path>,
    /// What is wrong and what is wanted: `<seen>: want <value> at <path>`, one line of at most 200 characters. `tests/messages`
    /// holds every message to it.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// What happens, drawn in plain text: lines of at most 72 columns; empty for most.
    pub drawing: Vec<String>,
    /// What removes it, or why nothing here can.
    pub remedy: Remedy,
    /// Other places of the story.
    pub related: Vec<RelatedPlace>,
}

/// Another place that belongs to an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct RelatedPlace {
    /// What is there.
    pub message: String,
    /// The field, relative to its own object.
    pub path: Path,
    /// Where it is in its file, if it came from one.
    pub place: Option<Place>,
}

impl Observation {
    /// An observation that points at the field to set.
    pub fn new(path: Path, message: impl Into<String>) -> Self {
        let remedy = Remedy::Unfixed(NOT_PROVEN.to_owned());
        Self {
            case: None,
            path,
            at: None,
            message: message.into(),
            help: None,
            drawing: Vec::new(),
            remedy,
            related: Vec::new(),
        }
    }

    /// The same, pointing elsewhere.
    #[must_use]
    pub fn at(mut self, at: Path) -> Self {
        self.at = Some(at);
        self
    }

    /// The same, as a named case.
    #[must_use]
    pub fn case(mut self, case: &'static str) -> Self {
        self.case = Some(case);
        self
    }

    /// The same, with what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with what happens drawn in plain text.
    #[must_use]
    pub fn drawn(mut self, drawing: Vec<String>) -> Self {
        self.drawing = drawing;
        self
    }

    /// The same, with the edits that remove it.
    #[must_use]
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.remedy = Remedy::Fix(fix);
        self
    }

    /// The same, with the reason why nothing here can remove it: one line, no full stop.
    #[must_use]
    pub fn unfixed(mut self, reason: impl Into<String>) -> Self {
        self.remedy = Remedy::Unfixed(reason.into());
        self
    }

    /// The same, with the edits that remove it, or the reason why there are none.
    #[must_use]
    pub fn remedied_by(self, fix: Result<Fix, String>) -> Self {
        match fix {
            Ok(fix) => self.fixed_by(fix),
            Err(reason) => self.unfixed(reason),
        }
    }

    /// The same, with another place.
    #[must_use]
    pub fn related(mut self, related: RelatedPlace) -> Self {
        self.related.push(related);
        self
    }
}

/// Why there is no fix where a check says nothing else.
const NOT_PROVEN: &str = "what is right here only its owner knows";

/// The check with this id.
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

/// All checks, by id.
pub const CHECKS: &[Check] = &[
    app_protocol::CHECK,
    autoscaler_metric::CHECK,
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
];

/// A name of the manifest in a message: in quotes, and cut where it would fill the line.
fn shortened(name: &str) -> String {
    shortened_to(40, name)
}

/// The same, for a message with room for this many characters of it.
fn shortened_to(longest: usize, name: &str) -> String {
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
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;

    /// What a check without parameters has for each observation on a Service that stands alone: the title of the fix, or
    /// why there is none.
    pub(super) fn remedies_of_service(check: &Check, spec: &Value) -> Vec<String> {
        let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
        let (service, inventory, profile) =
            (Object::from_json(value).unwrap(), Inventory::default(), Profile::default());
        let observations = (check.bind)(&json!({})).unwrap()(&Subject::new(&service, &inventory, &profile));
        let said = |remedy| match remedy {
            Remedy::Fix(fix) => fix.title,
            Remedy::Unfixed(reason) => reason,
        };
        observations.into_iter().map(|observation| said(observation.remedy)).collect()
    }

    #[test]
    fn a_name_makes_room_for_the_rest_of_its_message() {
        let message = |rest: usize, name: &str| with_name(20, name, |name| format!("{name} {}", "r".repeat(rest)));
        assert_eq!(message(10, "web"), format!("`web` {}", "r".repeat(10)));
        assert_eq!(message(177, &"n".repeat(20)).chars().count(), 200);
        for rest in 177..=191 {
            let text = message(rest, &"n".repeat(63));
            assert!(text.chars().count() <= 200 && text.starts_with("`nnn"), "{rest}: {text}");
        }
        assert!(message(500, &"n".repeat(63)).starts_with("`nnn...` r"));
    }

    #[test]
    fn names_are_quoted_cut_and_clean() {
        for (longest, name, shown) in [
            (6, "web", "`web`"),
            (6, "checks", "`checks`"),
            (6, "payment", "`pay...`"),
            (6, "w\n\u{202e}", "`w\u{fffd}\u{fffd}`"),
            (6, "äöüäöü", "`äöüäöü`"),
            (6, "äöüäöüä", "`äöü...`"),
        ] {
            assert_eq!(shortened_to(longest, name), shown);
        }
        assert_eq!(shortened(&"x".repeat(41)).chars().count(), 42);
    }
}
