//! What files may refer to: the checks that there are. Told by the caller, as this layer knows no check.

use crate::base::{Path, PodRepair};
use crate::policy::mistake::Mistake;
use crate::policy::schema::never_null;
use crate::policy::strict::{Form, words_of};
use crate::policy::suggest::did_you_mean_or_known;
use crate::policy::wording::field;
use serde_json::Value;
use std::collections::BTreeMap;

/// The checks that rules may run, by their ids.
#[derive(Debug, Default)]
pub struct KnownChecks(BTreeMap<String, KnownCheck>);

/// What a rule may say about one check.
#[derive(Debug)]
pub struct KnownCheck {
    params: Form,
    cases: Vec<String>,
    repair: PodRepair,
}

impl KnownCheck {
    /// A check with the JSON Schema of its parameters, as schemars makes it of their type, and the names of its cases.
    pub fn new(params_schema: Value, cases: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let cases = cases.into_iter().map(Into::into).collect();
        Self { params: Form::new(never_null(params_schema), &[]), cases, repair: PodRepair::Never }
    }

    /// The same, with whether its findings can be repaired on a Pod.
    #[must_use]
    pub fn repaired(self, repair: PodRepair) -> Self {
        Self { repair, ..self }
    }

    /// Whether its findings can be repaired on a Pod.
    pub(crate) fn repair(&self) -> PodRepair {
        self.repair
    }

    /// The words that a parameter may be; none if there is no such parameter, or it takes other values.
    pub(crate) fn words(&self, param: &str) -> Option<Vec<&str>> {
        let schema = self.params.schema();
        let param = schema["properties"].get(param)?;
        let referred = param["$ref"].as_str().and_then(|reference| schema.pointer(reference.strip_prefix('#')?));
        words_of(referred.unwrap_or(param))
    }

    /// The mistakes of parameters that stand at this path of their file.
    pub(crate) fn params_mistakes(&self, params: &Value, at: &Path) -> Vec<Mistake> {
        if self.has_no_params() {
            let keys = params.as_object().into_iter().flat_map(|params| params.keys());
            return keys.map(|key| without_params(at.clone().key(key))).collect();
        }
        self.params.mistakes(params, at)
    }

    fn has_no_params(&self) -> bool {
        let schema = self.params.schema();
        let takes_any = schema["properties"].as_object().is_some_and(|properties| !properties.is_empty());
        schema["additionalProperties"] == false && !takes_any
    }

    /// The mistakes in the names of cases, the keys of the map at this path.
    pub(crate) fn cases_mistakes(&self, cases: &Value, at: &Path) -> Vec<Mistake> {
        let keys = cases.as_object().into_iter().flat_map(|cases| cases.keys());
        let unknown = keys.filter(|key| !self.cases.contains(key));
        unknown.map(|key| self.unknown_case(key, at.clone().key(key))).collect()
    }

    fn unknown_case(&self, key: &str, path: Path) -> Mistake {
        let known: Vec<&str> = self.cases.iter().map(String::as_str).collect();
        let hint = match did_you_mean_or_known(key, &known) {
            none if none.is_empty() => "; this check has no cases".to_owned(),
            hint => hint,
        };
        let message = format!("unknown case {}{hint}", field(&path));
        Mistake::of_key(path, message)
    }
}

fn without_params(path: Path) -> Mistake {
    let message = format!("unknown key {}; this check has no parameters", field(&path));
    Mistake::of_key(path, message)
}

impl KnownChecks {
    /// What is known of a check.
    pub(crate) fn get(&self, id: &str) -> Option<&KnownCheck> {
        self.0.get(id)
    }

    /// The ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<Id: Into<String>> FromIterator<(Id, KnownCheck)> for KnownChecks {
    fn from_iter<I: IntoIterator<Item = (Id, KnownCheck)>>(checks: I) -> Self {
        Self(checks.into_iter().map(|(id, check)| (id.into(), check)).collect())
    }
}
