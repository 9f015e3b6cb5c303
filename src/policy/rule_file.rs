//! Reading rule files: each by itself, then all together, as no two rules may answer to one id.

use crate::base::{Path, Problem, Source};
use crate::policy::file::File;
use crate::policy::known::KnownChecks;
use crate::policy::mistake::{Mistake, Part};
use crate::policy::schema::rule_schema;
use crate::policy::strict::{Form, Shelved};
use crate::policy::suggest::did_you_mean_or_known;
use crate::policy::{KindName, Rule};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// All rules that were read, and all that is wrong with the others.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules in the order of their ids.
    rules: Vec<Rule>,
    /// The names of the files that hold no rule that can be used.
    unreadable: Vec<String>,
    problems: Vec<Problem>,
}

impl RuleSet {
    /// Reads rule files in the order given; of two with the same id the first one keeps it. Each file that is wrong in any
    /// way is left out and has its problems, all of them; the others can be used.
    pub fn read<'a>(sources: impl IntoIterator<Item = &'a Source>, checks: &KnownChecks) -> Self {
        let mut set = Self::default();
        let mut owners: BTreeMap<String, Arc<str>> = BTreeMap::new();
        for source in sources {
            match read_rule(source, checks, &owners) {
                Ok(rule) => {
                    owners.extend(ids_of(&rule).map(|id| (id.to_owned(), source.name().clone())));
                    set.rules.push(rule);
                }
                Err(problems) => {
                    set.unreadable.push(stem(source.name()).to_owned());
                    set.problems.extend(problems);
                }
            }
        }
        set.rules.sort_by(|one, other| one.id().cmp(other.id()));
        set
    }

    /// The rules in the order of their ids.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is wrong with the files that were left out, file by file, each in the order of its text.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The rule of this id, or that had it before.
    pub fn find(&self, id: &str) -> Option<&Rule> {
        let by_id = self.rules.binary_search_by(|rule| rule.id().cmp(id)).ok();
        let index =
            by_id.or_else(|| self.rules.iter().position(|rule| rule.spec.aliases.iter().any(|alias| alias == id)));
        index.and_then(|index| self.rules.get(index))
    }

    /// Whether a file that could not be read may have been meant by this id: nobody is told twice.
    pub(crate) fn may_be_unreadable(&self, id: &str) -> bool {
        self.unreadable.iter().any(|stem| stem == id)
    }

    /// The ids of all rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(Rule::id)
    }
}

/// The form of all rule files; it takes longer to make than a file to read.
static FORM: LazyLock<Form> = LazyLock::new(|| Form::new(rule_schema(), &CEL_KEYS));

/// The keys of rules in CEL, which a later release will read.
const CEL_KEYS: [Shelved; 4] =
    [cel_key("matchConditions"), cel_key("each"), cel_key("variables"), cel_key("validations")];

const fn cel_key(key: &'static str) -> Shelved {
    let message = "CEL rules are not supported yet; wanted a `check` with `params`, and this key removed";
    Shelved { parent: "spec", key, message }
}

fn read_rule(source: &Source, checks: &KnownChecks, owners: &BTreeMap<String, Arc<str>>) -> Result<Rule, Vec<Problem>> {
    let file = File::read(source, "one rule");
    let Some(value) = file.value() else {
        let problems = file.problems_with(None);
        let empty = || file.problems_with([Mistake::of_value(Path::root(), "the file is empty; wanted a rule")]);
        return Err(if problems.is_empty() { empty() } else { problems });
    };
    let found = mistakes(value, source.name(), checks).into_iter().chain(taken_ids(value, owners));
    let problems = file.problems_with(found);
    if problems.is_empty() { file.read_as(value) } else { Err(problems) }
}

/// What is wrong with a rule file by itself.
fn mistakes(value: &Value, file: &str, checks: &KnownChecks) -> Vec<Mistake> {
    let mut found = FORM.mistakes(value, &Path::root());
    if CEL_KEYS.iter().any(|cel| value["spec"].get(cel.key).is_some()) {
        // A rule in CEL runs no check, so it lacks none.
        let check = Path::keys("spec.check");
        found.retain(|it| it.part != Part::Absent || it.path != check);
    }
    found.extend(foreign_name(value, file));
    found.extend(impossible_kinds(value));
    found.extend(check_mistakes(value, checks));
    found
}

fn foreign_name(value: &Value, file: &str) -> Option<Mistake> {
    let (name, stem) = (value["metadata"]["name"].as_str()?, stem(file));
    let message =
        || format!("`metadata.name` is `{name}`; wanted `{stem}`, as the file is named, or the file named {name}.yaml");
    (name != stem).then(|| Mistake::of_value(Path::keys("metadata.name"), message()))
}

fn impossible_kinds(value: &Value) -> impl Iterator<Item = Mistake> {
    let kinds = value["spec"]["match"]["kinds"].as_array().into_iter().flatten().enumerate();
    kinds.filter_map(|(index, kind)| {
        let objection = kind.as_str()?.parse::<KindName>().ok()?.objection()?;
        Some(Mistake::of_value(Path::keys("spec.match.kinds").index(index), objection))
    })
}

fn check_mistakes(value: &Value, checks: &KnownChecks) -> Vec<Mistake> {
    let spec = &value["spec"];
    let Some(id) = spec["check"].as_str().filter(|id| !id.is_empty()) else { return Vec::new() };
    let Some(check) = checks.get(id) else {
        let hint = did_you_mean_or_known(id, &checks.ids().collect::<Vec<_>>());
        return vec![Mistake::of_value(Path::keys("spec.check"), format!("there is no check `{id}`{hint}"))];
    };
    let none = Value::Object(Map::new());
    // Parameters of the wrong type are told by the form of the file.
    let params = spec.get("params").filter(|params| params.is_object()).unwrap_or(&none);
    let mut found = check.params_mistakes(params, &Path::keys("spec.params"));
    found.extend(check.cases_mistakes(&spec["cases"], &Path::keys("spec.cases")));
    found
}

/// The ids in this file that an earlier file has already.
fn taken_ids(value: &Value, owners: &BTreeMap<String, Arc<str>>) -> Vec<Mistake> {
    let name = (Path::keys("metadata.name"), &value["metadata"]["name"]);
    let aliases = value["spec"]["aliases"].as_array().into_iter().flatten().enumerate();
    let aliases = aliases.map(|(index, alias)| (Path::keys("spec.aliases").index(index), alias));
    let taken = |(path, id): (Path, &Value)| {
        let id = id.as_str()?;
        let owner = owners.get(id)?;
        Some(Mistake::of_value(path, format!("the id `{id}` is taken by {owner}; wanted one of its own")))
    };
    std::iter::once(name).chain(aliases).filter_map(taken).collect()
}

fn ids_of(rule: &Rule) -> impl Iterator<Item = &str> {
    std::iter::once(rule.id()).chain(rule.spec.aliases.iter().map(String::as_str))
}

/// The name of a file without its folder and its ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
