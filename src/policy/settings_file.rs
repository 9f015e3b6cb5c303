//! Reading `seaworthy.yaml`, in two steps: the file names the folders of further rules, and only when these are read is it
//! known which rules it may speak of.

use crate::base::{Path, Place, Problem, Source};
use crate::policy::file::File;
use crate::policy::known::KnownChecks;
use crate::policy::mistake::Mistake;
use crate::policy::schema::settings_schema;
use crate::policy::settings::params_laid_over;
use crate::policy::strict::{Form, Shelved};
use crate::policy::suggest::did_you_mean;
use crate::policy::{RuleSet, Settings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A `seaworthy.yaml` that was read, before it is held against the rules.
#[derive(Debug)]
pub struct SettingsFile {
    file: File,
    mistakes: Vec<Mistake>,
}

const SHELVED: [Shelved; 1] = [Shelved {
    parent: "",
    key: "repairs",
    message: "`repairs` is not supported yet; remove it: nothing would be repaired",
}];

impl SettingsFile {
    /// Reads the file. What is wrong with it is told by [`SettingsFile::settle`].
    pub fn read(source: &Source) -> Self {
        let file = File::read(source, "one configuration");
        let form = Form::new(settings_schema(), &SHELVED);
        let mistakes = file.value().map_or_else(Vec::new, |value| form.mistakes(value, &Path::root()));
        Self { file, mistakes }
    }

    /// The folders of rule files as they are written, relative to this file; also of a file that is wrong elsewhere.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        let folders = self.file.value().and_then(|value| value["policies"].as_array());
        folders.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Holds the file against the rules that there are.
    ///
    /// # Errors
    /// All that is wrong with the file, in the order of its text.
    pub fn settle(&self, rules: &RuleSet, checks: &KnownChecks) -> Result<Settings, Vec<Problem>> {
        let nothing = Value::Null;
        let references = References { value: self.file.value().unwrap_or(&nothing), rules, checks };
        let problems = self.file.problems_with(self.mistakes.iter().cloned().chain(references.mistakes()));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut settings = if self.file.is_empty() { Settings::default() } else { self.file.deserialize()? };
        call_by_present_ids(&mut settings, rules);
        Ok(settings)
    }

    /// Where the file says something, if it does.
    pub fn place_of(&self, path: &Path) -> Option<Place> {
        let spot = self.file.document()?.spot(path)?;
        Some(self.file.source().place(spot.key.unwrap_or(spot.value)))
    }

    /// Something wrong with what the file says here, such as a folder that is not there.
    pub fn problem_at(&self, path: Path, message: impl Into<String>) -> Problem {
        self.file.placed(Mistake::of_value(path, message))
    }
}

/// What the file says of rules, by their ids. It is looked at as it is written, so that a mistake elsewhere hides none here.
struct References<'a> {
    value: &'a Value,
    rules: &'a RuleSet,
    checks: &'a KnownChecks,
}

impl References<'_> {
    fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        for at in self.maps_by_rule() {
            found.extend(self.unknown_keys(&at));
        }
        found.extend(self.unknown_in_exceptions());
        let rules = self.value["rules"].as_object().into_iter().flatten();
        found.extend(rules.flat_map(|(id, settings)| self.misfits(id, settings)));
        found
    }

    /// The maps whose keys are rule ids.
    fn maps_by_rule(&self) -> Vec<Path> {
        let namespaces = self.value["modes"]["namespaces"].as_object().into_iter().flatten();
        let of_namespaces = namespaces.map(|(name, _)| Path::keys("modes.namespaces").key(name).key("rules"));
        [Path::keys("rules"), Path::keys("modes.rules")].into_iter().chain(of_namespaces).collect()
    }

    fn unknown_keys(&self, at: &Path) -> Vec<Mistake> {
        let Some(map) = at.find(self.value).and_then(Value::as_object) else { return Vec::new() };
        let mut present: BTreeMap<&str, &str> = BTreeMap::new();
        let mut found = Vec::new();
        for id in map.keys() {
            let path = at.clone().key(id);
            match self.rules.find(id) {
                None => found.extend(self.unknown(id).map(|words| Mistake::of_key(path, words))),
                Some(rule) => {
                    if let Some(other) = present.insert(rule.id(), id) {
                        let message = format!("`{id}` and `{other}` are one rule, `{}`; wanted one of them", rule.id());
                        found.push(Mistake::of_key(path, message));
                    }
                }
            }
        }
        found
    }

    fn unknown_in_exceptions(&self) -> Vec<Mistake> {
        let exceptions = self.value["exceptions"].as_array().into_iter().flatten().enumerate();
        let unknown = exceptions.filter_map(|(index, exception)| {
            let id = exception["rule"].as_str().filter(|id| self.rules.find(id).is_none())?;
            Some(Mistake::of_value(Path::keys("exceptions").index(index).key("rule"), self.unknown(id)?))
        });
        unknown.collect()
    }

    /// The words for an id that no rule has; none if its file is known to be broken, which is told there.
    fn unknown(&self, id: &str) -> Option<String> {
        let hint = || match did_you_mean(id, self.rules.ids()) {
            none if none.is_empty() => "; `seaworthy rules` lists them".to_owned(),
            hint => hint,
        };
        (!self.rules.may_be_unreadable(id)).then(|| format!("there is no rule `{id}`{}", hint()))
    }

    /// What does not fit the check of the rule: parameters, laid over those of the rule, and cases.
    fn misfits(&self, id: &str, settings: &Value) -> Vec<Mistake> {
        let Some(rule) = self.rules.find(id) else { return Vec::new() };
        let Some(check) = self.checks.get(&rule.spec.check) else { return Vec::new() };
        let at = Path::keys("rules").key(id);
        let nothing = Map::new();
        let above = settings["params"].as_object().unwrap_or(&nothing);
        let params = Value::Object(params_laid_over(&rule.spec.params, above));
        let mut found = check.params_mistakes(&params, &at.clone().key("params"));
        found.extend(check.cases_mistakes(&settings["cases"], &at.key("cases")));
        found
    }
}

/// Replaces ids that rules had before by those they have now.
fn call_by_present_ids(settings: &mut Settings, rules: &RuleSet) {
    let present = |id: &str| rules.find(id).map_or_else(|| id.to_owned(), |rule| rule.id().to_owned());
    settings.rules = std::mem::take(&mut settings.rules).into_iter().map(|(id, it)| (present(&id), it)).collect();
    let of_namespaces = settings.modes.namespaces.values_mut().map(|block| &mut block.rules);
    for modes in std::iter::once(&mut settings.modes.rules).chain(of_namespaces) {
        *modes = std::mem::take(modes).into_iter().map(|(id, mode)| (present(&id), mode)).collect();
    }
    for exception in &mut settings.exceptions {
        exception.rule = present(&exception.rule);
    }
}
