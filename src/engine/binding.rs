//! A check with the parameters that hold for it: those of its rule, or of a rule that it follows, and in the namespaces of an
//! entry of `repairs` with the strategy that the entry says.

use crate::checks::{BoundCheck, Check, Observation};
use crate::inventory::Subject;
use crate::policy::{RepairEntry, Repairs, Rule};
use serde_json::{Map, Value, json};

/// A check that is ready to run.
pub(super) struct Binding {
    /// The rule whose parameters these are, where it is another one.
    pub(super) followed: Option<Rule>,
    everywhere: BoundCheck,
    /// The same with the strategy that an entry of `repairs` says, where the entry holds.
    in_entries: Vec<(RepairEntry, BoundCheck)>,
}

impl Binding {
    /// A check with the parameters of its own rule.
    ///
    /// # Errors
    /// The check does not take them.
    pub(super) fn own(rule: &Rule, check: &Check, repairs: &Repairs) -> Result<Self, serde_json::Error> {
        Self::bound(rule, check, repairs, |params| (check.bind)(&Value::Object(params)))
    }

    /// A check with the parameters of the rule that it follows, handed to it under the id of that rule's check.
    ///
    /// # Errors
    /// That check does not take them.
    pub(super) fn following(
        followed: Rule,
        of: &Check,
        check: &Check,
        repairs: &Repairs,
    ) -> Result<Self, serde_json::Error> {
        let binding = Self::bound(&followed, of, repairs, |params| (check.bind)(&json!({of.id: params})))?;
        Ok(Self { followed: Some(followed), ..binding })
    }

    fn bound(
        rule: &Rule,
        check: &Check,
        repairs: &Repairs,
        bind: impl Fn(Map<String, Value>) -> Result<BoundCheck, serde_json::Error>,
    ) -> Result<Self, serde_json::Error> {
        let everywhere = bind(rule.spec.params.clone())?;
        let mut in_entries = Vec::new();
        for entry in repairs.of_rule(rule.id()) {
            if let Some(strategy) = entry.strategy.as_deref().filter(|_| check.takes(RepairEntry::STRATEGY)) {
                let mut params = rule.spec.params.clone();
                params.insert(RepairEntry::STRATEGY.to_owned(), strategy.into());
                // One entry is for several rules: those that do not take its word keep their own.
                in_entries.extend(bind(params).ok().map(|run| (entry.clone(), run)));
            }
        }
        Ok(Self { followed: None, everywhere, in_entries })
    }

    /// A check that is no part of the program.
    #[cfg(test)]
    pub(super) fn of(everywhere: BoundCheck) -> Self {
        Self { followed: None, everywhere, in_entries: Vec::new() }
    }

    /// Runs the check on a subject.
    pub(super) fn run(&self, subject: &Subject<'_>) -> Vec<Observation> {
        let namespace = subject.object.reference().namespace.as_deref();
        let here = self.in_entries.iter().find(|(entry, _)| entry.is_for(namespace));
        here.map_or(&self.everywhere, |(_, run)| run)(subject)
    }
}
