//! What the webhook makes of a Pod while it is created: the safe fixes of those findings that the platform wants repaired.
//!
//! The same fixes, by the same [`Plan`](crate::engine::Plan), as `seaworthy fix` puts into files. A Pod that is repaired
//! already stays as it is. Workloads are never changed here: what a person applied would differ from what is stored.

use crate::base::{Edit, Finding, Mode, Path, Remedy, Safety};
use crate::engine::allowed::{forbidden, is_read_by_istio};
use crate::engine::verdict::identity;
use crate::engine::{Engine, RuleError};
use crate::inventory::{Inventory, Subject};
use crate::manifest::Object;
use crate::manifest::edit::{CannotEdit, applied};
use crate::mesh::Membership;
use crate::mesh::membership::MIRROR_ANNOTATION;
use crate::policy::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What became of a Pod.
#[derive(Debug)]
pub struct Repair {
    /// The Pod after it.
    pub object: Object,
    /// The findings that are gone.
    pub repaired: Vec<Finding>,
    /// The findings that the platform wants repaired, and that stay.
    pub missed: Vec<Missed>,
}

/// A finding that stays although the platform wants it repaired.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missed {
    /// The rule.
    pub rule: Arc<str>,
    /// Why, for people: one line, no full stop.
    pub reason: String,
}

/// Why a Pod could not be repaired by our own fault: nothing of it is changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// A rule could not be run to its end.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A fix reaches where no repair may.
    #[error("internal error: the repair of {object} would touch {pointer}, which no repair may")]
    Forbidden {
        /// The Pod.
        object: String,
        /// The place, as a JSON Pointer.
        pointer: String,
    },
    /// It cannot be written down on the Pod what was done.
    #[error("internal error: {object} cannot be marked as repaired: {error}")]
    Unmarkable {
        /// The Pod.
        object: String,
        /// What is in the way.
        error: CannotEdit,
    },
}

/// On a repaired Pod: the ids of the rules, in order. For people only, nothing is decided by it: anybody may write it.
pub const APPLIED_ANNOTATION: &str = "seaworthy.dev/applied";

/// An object after all repairs that can be made.
pub(super) struct Settled {
    object: Object,
    repaired: Vec<Finding>,
    /// The identities of those findings.
    pub(super) identities: BTreeSet<String>,
    missed: Vec<Missed>,
}

/// The findings of an object that the platform wants repaired.
struct Wanted {
    /// Those with a fix that may be done on a Pod.
    fixable: Vec<Finding>,
    /// Those without.
    missed: Vec<Missed>,
}

impl Engine {
    /// Repairs a Pod, as of a day. One that is [known to be made for a workload](Object::made_by) is judged as that one's.
    ///
    /// # Errors
    /// Our own fault; the failure policy of the webhook is to decide, and nothing is half done.
    pub fn repair(&self, pod: &Object, inventory: &Inventory, today: Date) -> Result<Repair, RepairError> {
        if !self.repairs_any() || !pod.is("", "Pod") {
            return Ok(Repair { object: pod.clone(), repaired: Vec::new(), missed: Vec::new() });
        }
        let Settled { object, repaired, missed, .. } = self.settled(pod, inventory, today)?;
        if repaired.is_empty() {
            return Ok(Repair { object: pod.clone(), repaired, missed });
        }
        let name = || pod.reference().to_string();
        let object = marked(&object, &repaired).map_err(|error| RepairError::Unmarkable { object: name(), error })?;
        match forbidden(pod.value(), object.value(), self.has_proxy(pod, inventory)) {
            Some(pointer) => Err(RepairError::Forbidden { object: name(), pointer }),
            None => Ok(Repair { object, repaired, missed }),
        }
    }

    /// What the platform wants repaired on a Pod and is not: none on one that is as it should be.
    ///
    /// # Errors
    /// A rule could not be run to its end.
    pub fn unrepaired(&self, pod: &Object, inventory: &Inventory, today: Date) -> Result<Vec<Missed>, RuleError> {
        if !self.repairs_any() || !pod.is("", "Pod") {
            return Ok(Vec::new());
        }
        let findings = self.judged_without_error(pod, inventory, today)?;
        let Wanted { fixable, mut missed } = self.wanted(pod, findings, inventory);
        let not_called = |finding: Finding| Missed { rule: finding.rule, reason: NOT_CALLED.to_owned() };
        missed.extend(fixable.into_iter().map(not_called));
        Ok(missed)
    }

    /// Whether the platform wants anything repaired.
    pub(super) fn repairs_any(&self) -> bool {
        !self.settings().repairs.apply.is_empty()
    }

    /// Does all repairs of an object: of a workload, what they will make of its Pods. A repair may make way for another one,
    /// so it goes on until there is nothing left to do, or somebody's rules bring each other back.
    ///
    /// # Errors
    /// A rule could not be run to its end.
    pub(super) fn settled(&self, object: &Object, inventory: &Inventory, today: Date) -> Result<Settled, RuleError> {
        let (mut object, mut repaired, mut identities) = (object.clone(), Vec::new(), BTreeSet::new());
        let mut rounds = MOST_ROUNDS;
        loop {
            let findings = self.judged_without_error(&object, inventory, today)?;
            let Wanted { fixable, mut missed } = self.wanted(&object, findings, inventory);
            if fixable.is_empty() || rounds == 0 {
                missed.extend(fixable.into_iter().map(|it| Missed { rule: it.rule, reason: ENDLESS.to_owned() }));
                return Ok(Settled { object, repaired, identities, missed });
            }
            let plan = self.plan(&object, &fixable, inventory, today);
            if plan.fixed.is_empty() {
                missed.extend(plan.left.into_iter().map(|(finding, reason)| Missed { rule: finding.rule, reason }));
                return Ok(Settled { object, repaired, identities, missed });
            }
            identities.extend(plan.fixed.iter().map(|finding| identity(finding, &object)));
            repaired.extend(plan.fixed);
            object = plan.object;
            rounds -= 1;
        }
    }

    /// Which of the findings of an object are to be repaired: on itself if it is a Pod, else on its Pods.
    fn wanted(&self, object: &Object, findings: Vec<Finding>, inventory: &Inventory) -> Wanted {
        let namespace = object.reference().namespace.as_deref();
        let is_named = |finding: &Finding| {
            finding.mode >= Mode::Warn
                && finding.suppressed.is_none()
                && self.settings().repairs.name(&finding.rule, namespace)
        };
        let mut wanted = Wanted { fixable: Vec::new(), missed: Vec::new() };
        let namespace = namespace.unwrap_or("");
        let profile = self.settings().profile.for_namespace(namespace);
        let subjects = Subject::all_of(object, inventory, &profile);
        for finding in findings.into_iter().filter(is_named) {
            let subject = subjects.iter().find(|subject| is_about(&finding, subject)).or(subjects.first());
            match subject.and_then(|subject| in_the_way(subject, &finding.remedy)) {
                Some(reason) => wanted.missed.push(Missed { rule: finding.rule, reason }),
                None => wanted.fixable.push(finding),
            }
        }
        wanted
    }

    fn has_proxy(&self, object: &Object, inventory: &Inventory) -> bool {
        let namespace = object.reference().namespace.as_deref().unwrap_or("");
        let profile = self.settings().profile.for_namespace(namespace);
        Subject::new(object, inventory, &profile).has_proxy()
    }

    fn judged_without_error(
        &self,
        object: &Object,
        inventory: &Inventory,
        today: Date,
    ) -> Result<Vec<Finding>, RuleError> {
        let judgement = self.judge(object, inventory, today);
        judgement.errors.into_iter().next().map_or(Ok(judgement.findings), Err)
    }
}

/// How often all repairs are looked for anew at most: a repair makes way for another one, and that for a third perhaps.
const MOST_ROUNDS: usize = 8;
const ENDLESS: &str = "repairs bring each other back";
const NOT_CALLED: &str = "the webhook that repairs was not called or gave no answer";

/// Whether a finding is about the pods of a subject.
fn is_about(finding: &Finding, subject: &Subject<'_>) -> bool {
    subject.pod().is_some_and(|pod| finding.path.is_within(&pod.path()))
}

/// Why a finding of a subject is not repaired by its remedy.
fn in_the_way(subject: &Subject<'_>, remedy: &Remedy) -> Option<String> {
    if subject.object.is("", "Pod") && subject.object.annotations().has(MIRROR_ANNOTATION) {
        return Some("it is the image of a static Pod, which is changed on its node".to_owned());
    }
    if subject.membership == Membership::Unknown {
        return Some("it is not known whether it is in the mesh".to_owned());
    }
    no_repair(remedy, subject.has_proxy())
}

/// Why a remedy is no repair; none for a safe fix that still has an effect.
fn no_repair(remedy: &Remedy, has_proxy: bool) -> Option<String> {
    let fix = match remedy {
        Remedy::Unfixed(reason) => return Some(reason.clone()),
        Remedy::Fix(fix) => fix,
    };
    if let Safety::Unsafe(reason) = &fix.safety {
        return Some(format!("a person should look: {reason}"));
    }
    let too_late = fix.edits.iter().map(Edit::field).find(|path| has_proxy && is_read_by_istio(path))?;
    Some(format!("Istio has made the proxy of this Pod already and reads {too_late} no more"))
}

/// The Pod with the ids of these findings' rules, and those that are written there already.
fn marked(pod: &Object, repaired: &[Finding]) -> Result<Object, CannotEdit> {
    let before = pod.annotations().get(APPLIED_ANNOTATION).unwrap_or("");
    let before = before.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids: BTreeSet<&str> = before.chain(repaired.iter().map(|finding| &*finding.rule)).collect();
    let text = ids.into_iter().collect::<Vec<_>>().join(",");
    let mark = Edit::set(Path::keys("metadata.annotations").key(APPLIED_ANNOTATION), text);
    Ok(pod.edited(applied(&[mark], pod.value())?))
}

#[cfg(test)]
mod tests;
