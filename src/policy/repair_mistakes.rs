//! What is wrong with `repairs` once the rules and their checks are known: repairs that could never be made are refused,
//! because whoever wrote them relies on them.

use crate::base::{Path, PodRepair};
use crate::policy::known::{KnownCheck, KnownChecks};
use crate::policy::mistake::Mistake;
use crate::policy::suggest::did_you_mean;
use crate::policy::wording::field;
use crate::policy::{RepairEntry, Repairs, Rule, RuleSet};
use serde_json::Value;

/// The mistakes in what `repairs` says of known rules; ids that no rule has are told elsewhere.
pub(crate) fn mistakes(repairs: &Value, rules: &RuleSet, checks: &KnownChecks) -> Vec<Mistake> {
    let says = Says { repairs, rules, checks };
    let entries = says.entries();
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        found.extend(entry.rules.iter().filter_map(|named| says.unrepairable(named)));
        found.extend(says.bad_strategy(entry));
        let earlier = entries.iter().take(index);
        found.extend(earlier.flat_map(|earlier| contradictions(earlier, entry)));
    }
    found
}

struct Says<'a> {
    repairs: &'a Value,
    rules: &'a RuleSet,
    checks: &'a KnownChecks,
}

/// One entry of `repairs.apply`, as far as it can be read.
struct Entry<'a> {
    at: Path,
    rules: Vec<Named<'a>>,
    /// Whether all its ids are known.
    whole: bool,
    namespaces: Option<Vec<&'a str>>,
    strategy: Option<&'a str>,
}

/// A rule that an entry names.
struct Named<'a> {
    at: Path,
    rule: &'a Rule,
    check: &'a KnownCheck,
}

impl<'a> Says<'a> {
    fn entries(&self) -> Vec<Entry<'a>> {
        let entries = self.repairs["apply"].as_array().into_iter().flatten().enumerate();
        entries.map(|(index, entry)| self.entry(Path::keys("repairs.apply").index(index), entry)).collect()
    }

    fn entry(&self, at: Path, entry: &'a Value) -> Entry<'a> {
        let ids = entry["rules"].as_array().map_or(&[][..], Vec::as_slice);
        let named = |(index, id): (usize, &Value)| {
            let rule = self.rules.find(id.as_str()?)?;
            let check = self.checks.get(&rule.spec.check)?;
            Some(Named { at: at.clone().key("rules").index(index), rule, check })
        };
        let rules: Vec<Named<'a>> = ids.iter().enumerate().filter_map(named).collect();
        let namespaces = entry.get("namespaces").and_then(Value::as_array);
        Entry {
            whole: rules.len() == ids.len(),
            rules,
            namespaces: namespaces.map(|names| names.iter().filter_map(Value::as_str).collect()),
            strategy: entry[RepairEntry::STRATEGY].as_str().filter(|word| !word.is_empty()),
            at,
        }
    }

    fn unrepairable(&self, named: &Named<'_>) -> Option<Mistake> {
        let id = named.rule.id();
        let message = match named.check.repair() {
            PodRepair::Possible => return None,
            PodRepair::WithImage if self.repairs.get(Repairs::IMAGE).is_some() => return None,
            PodRepair::WithImage => {
                format!("`{id}` puts a container into the Pod; wanted its image as `repairs.image`")
            }
            PodRepair::Never => {
                format!("`{id}` is never repaired on a Pod; known here: {}", self.repairable().join(", "))
            }
        };
        Some(Mistake::of_value(named.at.clone(), message))
    }

    fn repairable(&self) -> Vec<&'a str> {
        let ids =
            self.rules.rules().iter().filter(|rule| {
                self.checks.get(&rule.spec.check).is_some_and(|check| check.repair() != PodRepair::Never)
            });
        ids.map(Rule::id).collect()
    }

    /// A word that no rule of the entry takes. Those that do not take it keep the strategy that they have.
    fn bad_strategy(&self, entry: &Entry<'_>) -> Option<Mistake> {
        let word = entry.strategy.filter(|_| entry.whole)?;
        if entry.rules.iter().any(|named| named.strategy(entry).is_some()) {
            return None;
        }
        let at = entry.at.clone().key(RepairEntry::STRATEGY);
        let choices: Vec<(&str, Vec<&str>)> =
            entry.rules.iter().filter_map(|it| Some((it.rule.id(), it.check.words(RepairEntry::STRATEGY)?))).collect();
        let taken = |(id, words): &(&str, Vec<&str>)| format!("{id} takes {}", words.join(", "));
        let wanted = match choices.as_slice() {
            [] => "these rules have no choice; wanted none".to_owned(),
            choices => choices.iter().map(taken).collect::<Vec<_>>().join("; "),
        };
        let hint = did_you_mean(word, choices.iter().flat_map(|(_, words)| words.iter().copied()));
        Some(Mistake::of_value(at.clone(), format!("{} is `{word}`; {wanted}{hint}", field(&at))))
    }
}

impl Named<'_> {
    /// The strategy that an entry says for this rule, if it takes that word.
    fn strategy<'e>(&self, entry: &Entry<'e>) -> Option<&'e str> {
        entry.strategy.filter(|word| self.check.words(RepairEntry::STRATEGY).is_some_and(|it| it.contains(word)))
    }
}

/// The rules that a later entry repairs in another way than an earlier one, in the same namespace.
fn contradictions(earlier: &Entry<'_>, later: &Entry<'_>) -> Vec<Mistake> {
    let Some(place) = common_namespaces(earlier, later) else { return Vec::new() };
    let contradiction = |named: &Named<'_>| {
        let id = named.rule.id();
        let other = earlier.rules.iter().find(|other| other.rule.id() == id)?;
        let message = || {
            let other = field(&earlier.at);
            format!("`{id}` has another strategy for {place} in {other}; wanted one for each namespace")
        };
        (named.strategy(later) != other.strategy(earlier)).then(|| Mistake::of_value(named.at.clone(), message()))
    };
    later.rules.iter().filter_map(contradiction).collect()
}

/// A namespace for which both are meant, in words.
fn common_namespaces(one: &Entry<'_>, other: &Entry<'_>) -> Option<String> {
    match (&one.namespaces, &other.namespaces) {
        (None, None) => Some("all namespaces".to_owned()),
        (Some(names), None) | (None, Some(names)) => names.first().map(|name| format!("namespace `{name}`")),
        (Some(names), Some(others)) => {
            names.iter().find(|name| others.contains(name)).map(|name| format!("namespace `{name}`"))
        }
    }
}
