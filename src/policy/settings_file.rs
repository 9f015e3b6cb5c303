//! Reading `seaworthy.yaml`, in two steps: the file names the folders of further rules, and only when these are read is it
//! known which rules it may speak of.

use crate::base::{Path, Place, Problem, Source};
use crate::manifest::Document;
use crate::mesh::StatedVersions;
use crate::policy::file::File;
use crate::policy::known::KnownChecks;
use crate::policy::mistake::Mistake;
use crate::policy::repair_mistakes;
use crate::policy::schema::settings_schema;
use crate::policy::settings::params_laid_over;
use crate::policy::strict::Form;
use crate::policy::suggest::did_you_mean;
use crate::policy::workload_mistakes;
use crate::policy::{Date, RuleSet, Settings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A `seaworthy.yaml` that was read, before it is held against the rules.
#[derive(Debug)]
pub struct SettingsFile {
    file: File,
    value: Value,
    mistakes: Vec<Mistake>,
}

/// The form of all these files; it takes longer to make than a file to read.
static FORM: LazyLock<Form> = LazyLock::new(|| Form::new(settings_schema(), &[]));

impl SettingsFile {
    /// Reads the file. What is wrong with it is told by [`SettingsFile::settle`].
    pub fn read(source: &Source) -> Self {
        let file = File::read(source, "one configuration");
        // Nothing is written: everything is as it is without a file.
        let value = file.document().map_or_else(|| Value::Object(Map::new()), value_with_off);
        let mistakes = FORM.mistakes(&value, &Path::root());
        Self { file, value, mistakes }
    }

    /// The folders of rule files as they are written, relative to this file; also of a file that is wrong elsewhere.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.value["policies"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// Holds the file against the rules that there are.
    ///
    /// # Errors
    /// All that is wrong with the file, in the order of its text.
    pub fn settle(&self, rules: &RuleSet, checks: &KnownChecks) -> Result<Settings, Vec<Problem>> {
        let references = References { value: &self.value, rules, checks };
        let problems = self.file.problems_with(self.mistakes.iter().cloned().chain(references.mistakes()));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut settings: Settings = self.file.read_as(&self.value)?;
        settings.profile.stated = StatedVersions::of(&self.value["profile"]);
        call_by_present_ids(&mut settings, rules);
        Ok(settings)
    }

    /// Where the file says something, if it does.
    pub fn place_of(&self, path: &Path) -> Option<Place> {
        let spot = self.file.document()?.spot(path)?;
        Some(self.file.source().place(spot.key.unwrap_or(spot.value)))
    }

    /// The exceptions whose last day was before this one, each told where its end is written.
    pub fn ended_exceptions(&self, settings: &Settings, today: Date) -> Vec<Problem> {
        let exceptions = settings.exceptions.iter().enumerate();
        let ended = exceptions.filter(|(_, exception)| exception.is_expired(today)).filter_map(|(index, exception)| {
            let span = self.file.document()?.spot(&Path::keys("exceptions").index(index).key("until"))?.value;
            let message = format!("this exception ended on {}: remove it, or give it a new end", exception.until);
            Some(Problem::notice(self.file.source(), span, message))
        });
        ended.collect()
    }

    /// The text that was read.
    pub fn source(&self) -> &Source {
        self.file.source()
    }

    /// Something wrong with what the file says here, such as a folder that is not there.
    pub fn problem_at(&self, path: Path, message: impl Into<String>) -> Problem {
        self.file.placed(Mistake::of_value(path, message))
    }
}

/// The value of the document, with the modes that are written `off` as that word: kubectl's YAML reads it as false, editors do
/// not, and nobody should need to know.
fn value_with_off(document: &Document) -> Value {
    let mut value = document.value().clone();
    if let (Some(source), Some(modes)) = (document.source(), value.get_mut("modes")) {
        let is_off = |path: &Path| {
            let span = document.spot(path).map(|spot| spot.value);
            span.and_then(|span| source.text().get(span.start..span.end)) == Some("off")
        };
        restore_off(modes, Path::keys("modes"), &is_off);
    }
    value
}

fn restore_off(value: &mut Value, at: Path, is_off: &dyn Fn(&Path) -> bool) {
    match value {
        Value::Bool(false) if is_off(&at) => *value = "off".into(),
        Value::Object(entries) => {
            for (key, value) in entries {
                restore_off(value, at.clone().key(key), is_off);
            }
        }
        _ => {}
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
        found.extend(self.unknown_in_lists());
        let rules = self.value["rules"].as_object().into_iter().flatten();
        found.extend(rules.flat_map(|(id, settings)| self.misfits(id, settings)));
        found.extend(repair_mistakes::mistakes(&self.value["repairs"], self.rules, self.checks));
        found.extend(workload_mistakes::mistakes(&self.value["workloads"]));
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

    /// Ids that no rule has, in exceptions and repairs.
    fn unknown_in_lists(&self) -> Vec<Mistake> {
        let items = |key: &str| self.value.pointer(key).and_then(Value::as_array).into_iter().flatten().enumerate();
        let of_exceptions = items("/exceptions")
            .map(|(index, exception)| (Path::keys("exceptions").index(index).key("rule"), &exception["rule"]));
        let of_repairs = items("/repairs/apply").flat_map(|(index, repair)| {
            let at = Path::keys("repairs.apply").index(index).key("rules");
            let ids = repair["rules"].as_array().into_iter().flatten().enumerate();
            ids.map(move |(index, id)| (at.clone().index(index), id))
        });
        let unknown = of_exceptions.chain(of_repairs).filter_map(|(at, id)| {
            let id = id.as_str().filter(|id| self.rules.find(id).is_none())?;
            Some(Mistake::of_value(at, self.unknown(id)?))
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
    let of_exceptions = settings.exceptions.iter_mut().map(|exception| &mut exception.rule);
    let of_repairs = settings.repairs.apply.iter_mut().flat_map(|repair| &mut repair.rules);
    for id in of_exceptions.chain(of_repairs) {
        *id = present(id);
    }
}
