//! `pod-field`: one field of a pod, or of each of its containers, against a value that a rule does not want there.
//!
//! What is looked at, when that is a finding and in which words stands in the parameters, so that such rules are data alone.

use crate::base::{Path, PodRepair};
use crate::checks::serving::{is_application, serving_containers};
use crate::checks::{Check, NOT_PROVEN, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "pod-field",
    summary: "one field of a pod, or of each of its containers",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `pod-field`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// What has the field: `pod`, `containers`, `initContainers`, `servingContainers`. Containers of the mesh never count.
    #[schemars(length(min = 1))]
    each: Vec<Holder>,
    /// The fields, each counted from the pod spec or the container and looked at by itself: `securityContext.runAsUser`.
    #[schemars(length(min = 1), inner(length(min = 1, max = 60)))]
    fields: Vec<String>,
    /// When it is a finding: `absent`, `present`, `{above: 300}`, `{below: 5}` or `{oneOf: [1337]}`.
    when: Condition,
    /// What is wanted there, as the end of `want ...`: `at most 300`.
    #[schemars(length(min = 1, max = 40))]
    wanted: String,
    /// What happens as it is, in a few words.
    #[schemars(length(min = 1, max = 80))]
    reason: String,
    /// What to write instead, one line.
    #[schemars(length(min = 1))]
    help: Option<String>,
    /// Why nobody but the owner can put it right, without a full stop.
    #[schemars(length(min = 1))]
    unfixed: Option<String>,
}

/// What has a field.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Holder {
    /// The pod spec.
    Pod,
    /// Each entry of `containers`.
    Containers,
    /// Each entry of `initContainers`.
    InitContainers,
    /// Each container that serves: it has a port that some Service leads to, or declares a port where Services are not
    /// known. None in pods that end by themselves.
    ServingContainers,
}

/// When a field is a finding.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Condition {
    /// It is not set; `null` is not set either.
    Absent,
    /// It is set to anything.
    Present,
    /// It is a number greater than this.
    Above(i64),
    /// It is a number less than this.
    Below(i64),
    /// It is one of these.
    OneOf(Vec<Value>),
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let decided = pod.set_by_controller();
    let is_as_written = |field: &&String| !decided.iter().any(|part| part.field() == *field);
    let fields: Vec<&String> = params.fields.iter().filter(is_as_written).collect();
    let held = params.each.iter().flat_map(|holder| holder.places(subject, &pod));
    held.flat_map(|place| fields.iter().filter_map(move |field| observe(params, &place, field))).collect()
}

/// A pod spec or a container.
#[derive(Clone)]
struct HoldingPlace<'a> {
    path: Path,
    value: &'a Value,
    container: Option<Container<'a>>,
}

impl Holder {
    fn places<'a>(self, subject: &Subject<'a>, pod: &PodTemplate<'a>) -> Vec<HoldingPlace<'a>> {
        let of = |container: Container<'a>| HoldingPlace {
            path: container.path(),
            value: container.value(),
            container: Some(container),
        };
        match self {
            Self::Pod => vec![HoldingPlace { path: pod.spec_path(), value: pod.spec(), container: None }],
            Self::Containers => pod.containers().filter(is_application).map(of).collect(),
            Self::InitContainers => pod.init_containers().filter(is_application).map(of).collect(),
            Self::ServingContainers if pod.runs_to_completion() => Vec::new(),
            Self::ServingContainers => serving_containers(subject).into_iter().map(|it| of(it.container)).collect(),
        }
    }
}

impl Condition {
    fn holds(&self, value: Option<&Value>) -> bool {
        let number = || value.and_then(Value::as_i64);
        match self {
            Self::Absent => value.is_none(),
            Self::Present => value.is_some(),
            Self::Above(limit) => number().is_some_and(|number| number > *limit),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
            Self::OneOf(values) => value.is_some_and(|value| values.contains(value)),
        }
    }
}

fn observe(params: &Params, place: &HoldingPlace<'_>, field: &str) -> Option<Observation> {
    let inner = Path::keys(field);
    let value = inner.find(place.value).filter(|value| !value.is_null());
    if !params.when.holds(value) {
        return None;
    }
    let path = place.path.clone().join(&inner);
    let observation = Observation::new(path.clone(), message(params, place, field, value, &path));
    let observation = match &params.help {
        Some(help) => observation.help(help),
        None => observation,
    };
    let observation = observation.unfixed(params.unfixed.as_deref().unwrap_or(NOT_PROVEN));
    Some(match place.container {
        // Its first key may be any; people know a container by its name.
        Some(_) if value.is_none() && !holds_part_of(place.value, field) => {
            observation.at(place.path.clone().key("name"))
        }
        _ => observation,
    })
}

/// Whether the map is there in which a field is missing.
fn holds_part_of(holder: &Value, field: &str) -> bool {
    field.split_once('.').is_some_and(|(first, _)| holder.get(first).is_some_and(|value| !value.is_null()))
}

/// The longest line of a message.
const LINE: usize = 200;

/// The reason is left out where it would break the line: the page of the rule tells it too.
fn message(params: &Params, place: &HoldingPlace<'_>, field: &str, value: Option<&Value>, path: &Path) -> String {
    let key = field.rsplit('.').next().unwrap_or(field);
    let seen = match (&place.container, value) {
        (Some(container), None) => format!("container {} has no {key}", shortened_to(20, container.name())),
        (Some(container), Some(value)) => {
            format!("container {} has {key} {}", shortened_to(20, container.name()), shown(value))
        }
        (None, None) => format!("{key} is not set"),
        (None, Some(value)) => format!("{key} is {}", shown(value)),
    };
    let wanted = format!("want {} at {path}", params.wanted);
    let whole = format!("{seen}: {}; {wanted}", params.reason);
    if whole.chars().count() <= LINE { whole } else { format!("{seen}; {wanted}") }
}

/// A scalar as it stands, and of anything else that it is there.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shortened_to(20, text),
        Value::Number(_) | Value::Bool(_) | Value::Null => value.to_string(),
        Value::Array(_) => "set to a list".to_owned(),
        Value::Object(_) => "set to a map".to_owned(),
    }
}

#[cfg(test)]
mod tests;
