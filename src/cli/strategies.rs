//! What a rule does about its findings under a configuration, where its check has a choice: for the whole mesh, and for the
//! namespaces where it is something else.

use crate::checks::{self, Check};
use crate::policy::{RepairEntry, Rule, Settings};
use serde_json::Value;
use std::collections::BTreeSet;

/// Sentences without a full stop, those of the whole mesh first; none where there is no choice.
pub fn chosen(rule: &Rule, check: &Check, settings: &Settings) -> Vec<String> {
    let everywhere = chosen_in(None, rule, check, settings);
    let of_profile = settings.profile.namespaces.keys().map(String::as_str);
    let of_repairs = settings.repairs.of_rule(rule.id()).flat_map(|entry| entry.namespaces.iter().map(String::as_str));
    let namespaces: BTreeSet<&str> = of_profile.chain(of_repairs).collect();
    let mut said = everywhere.clone();
    for namespace in namespaces {
        let here = chosen_in(Some(namespace), rule, check, settings);
        let others = here.into_iter().filter(|sentence| !everywhere.contains(sentence));
        said.extend(others.map(|sentence| format!("in namespace {namespace}: {sentence}")));
    }
    said
}

fn chosen_in(namespace: Option<&str>, rule: &Rule, check: &Check, settings: &Settings) -> Vec<String> {
    let mut params = settings.repairs.inherited(&rule.spec.params, |param| check.takes(param));
    let takes = |entry: &&RepairEntry| {
        let with = |word: &str| {
            let mut params = params.clone();
            params.insert(RepairEntry::STRATEGY.to_owned(), word.into());
            (check.bind)(&Value::Object(params)).is_ok()
        };
        entry.is_for(namespace) && entry.strategy.as_deref().is_some_and(with)
    };
    if let Some(word) = settings.repairs.of_rule(rule.id()).find(takes).and_then(|entry| entry.strategy.as_deref()) {
        params.insert(RepairEntry::STRATEGY.to_owned(), word.into());
    }
    let profile = settings.profile.for_namespace(namespace.unwrap_or(""));
    checks::chosen_strategy(check, &Value::Object(params), &profile)
}
