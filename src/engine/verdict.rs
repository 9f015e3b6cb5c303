//! What is done about the findings of one admission request: each finding with its action, ratchet included.

use crate::base::{Action, Circumstances, Finding, action_for};
use crate::engine::{Engine, Judgement, RuleError, finding_identity};
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::policy::Date;
use std::collections::BTreeSet;

/// What was found, and what is done about it.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The findings with their actions.
    pub decided: Vec<Decided>,
    /// The rules that could not be run to their end.
    pub errors: Vec<RuleError>,
    /// Whether a rule looked at the object although it is unknown that it is in the mesh.
    pub membership_unknown: bool,
}

/// A finding with what is done about it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The finding.
    pub finding: Finding,
    /// What is done.
    pub action: Action,
    /// Whether the old object had it already.
    pub had_before: bool,
    /// Whether the webhook will repair it when the Pods of the object start.
    pub repaired: bool,
}

impl Verdict {
    /// The findings for which this is done.
    pub fn with_action(&self, action: Action) -> impl Iterator<Item = &Finding> {
        self.decided.iter().filter(move |decided| decided.action == action).map(|decided| &decided.finding)
    }

    /// Whether the request is refused.
    pub fn is_refused(&self) -> bool {
        self.with_action(Action::Deny).next().is_some()
    }
}

impl Engine {
    /// Judges the object of a request. With the old object of an UPDATE, what that had already refuses nothing.
    pub fn decide(&self, object: &Object, old: Option<&Object>, inventory: &Inventory, today: Date) -> Verdict {
        let judgement = self.judge(object, inventory, today);
        let before = match old.filter(|_| !judgement.findings.is_empty()) {
            Some(old) => self.identities(old, inventory, today),
            None => BTreeSet::new(),
        };
        let later = self.repaired_later(object, &judgement, inventory, today);
        let Judgement { findings, errors, membership_unknown } = judgement;
        let is_compared = !before.is_empty() || !later.is_empty();
        let decided = findings.into_iter().map(|finding| {
            let id = if is_compared { identity(&finding, object) } else { String::new() };
            let (had_before, repaired) = (before.contains(&id), later.contains(&id));
            let action = action_for(&Circumstances {
                severity: finding.severity,
                mode: finding.mode,
                membership_unknown: membership_unknown && self.depends_on_membership(&finding),
                repaired,
                had_before,
                beside_others: old.is_some() && finding.beside_others,
                excepted: finding.suppressed.is_some(),
            });
            Decided { finding, action, had_before, repaired }
        });
        Verdict { decided: decided.collect(), errors, membership_unknown }
    }

    /// The identities of the findings of a workload that its Pods will not have. A Pod itself has been repaired before it is
    /// judged.
    fn repaired_later(
        &self,
        object: &Object,
        judgement: &Judgement,
        inventory: &Inventory,
        today: Date,
    ) -> BTreeSet<String> {
        if judgement.findings.is_empty() || !self.repairs_any() || object.is("", "Pod") {
            return BTreeSet::new();
        }
        // Where a rule breaks, no repair is proven; the error is in the judgement already.
        self.settled(object, inventory, today).map_or_else(|_| BTreeSet::new(), |settled| settled.identities)
    }

    fn identities(&self, object: &Object, inventory: &Inventory, today: Date) -> BTreeSet<String> {
        self.judge(object, inventory, today).findings.iter().map(|finding| identity(finding, object)).collect()
    }

    fn depends_on_membership(&self, finding: &Finding) -> bool {
        self.rule(&finding.rule).is_some_and(|rule| !rule.rule.spec.matches.membership.is_empty())
    }
}

/// The name of an object may be missing until the API server makes one up, so it is no part of what compares old and new.
pub(super) fn identity(finding: &Finding, object: &Object) -> String {
    finding_identity(&finding.rule, &object.reference().kind, object.value(), &finding.path)
}
