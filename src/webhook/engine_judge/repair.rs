//! Repairing: the patch of a Pod that is being created, and what is said of one that came without.

use crate::engine::{Missed, Repair, RepairError};
use crate::inventory::Inventory;
use crate::manifest::edit::{changes, json_patch};
use crate::manifest::{Applied, LAST_APPLIED_ANNOTATION, Object, Owner};
use crate::report::one_line;
use crate::report::repairs::repaired;
use crate::webhook::always_admit::is_proven;
use crate::webhook::engine_judge::{EngineJudge, Surroundings, failed, in_short};
use crate::webhook::judge::{JudgeError, RepairOutcome, Repaired};
use crate::webhook::wire::AdmissionRequest;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The audit annotation with the rules that were repaired.
const REPAIRED: &str = "repaired";
/// The audit annotation with the rules that were not, each with the reason.
const MISSED: &str = "repair-missed";

/// What is known of a Pod that was let through although it lacks a repair.
#[derive(Default)]
pub(super) struct Lack {
    pub(super) audit: BTreeMap<String, String>,
    pub(super) repairs: Vec<(Arc<str>, RepairOutcome)>,
}

impl<S: Surroundings> EngineJudge<S> {
    /// The patch of a Pod at CREATE; nothing for all else.
    pub(super) fn repair_among(
        &self,
        request: &AdmissionRequest<'_>,
        inventory: &Inventory,
    ) -> Result<Repaired, JudgeError> {
        let pod = match self.new_pod(request, inventory) {
            // What becomes of it is said where it is judged.
            Err(JudgeError::TooLarge(_)) | Ok(None) => return Ok(Repaired::default()),
            Ok(Some(pod)) => pod,
            Err(error) => return Err(error),
        };
        let repair = self.engine.repair(&pod, inventory, (self.today)()).map_err(|error| match error {
            RepairError::Rule(error) => failed(&error),
            other => JudgeError::Internal(other.to_string()),
        })?;
        Ok(answer(&pod, &repair))
    }

    /// What the Pod of a controller lacks. It is let through all the same: what happens here is for the audit log only.
    pub(super) fn lack(&self, request: &AdmissionRequest<'_>, inventory: &Inventory) -> Result<Lack, JudgeError> {
        let Some(pod) = self.new_pod(request, inventory)? else { return Ok(Lack::default()) };
        let missed = match self.engine.unrepaired(&pod, inventory, (self.today)()) {
            Ok(missed) => missed,
            Err(error) => {
                tracing::error!(uid = ?request.uid, %error, "it cannot be told whether a Pod lacks a repair");
                vec![Missed { rule: error.rule.as_str().into(), reason: error.to_string() }]
            }
        };
        let repairs = missed.iter().map(|it| (it.rule.clone(), RepairOutcome::Missed)).collect();
        Ok(Lack { audit: audited_misses(&missed).into_iter().collect(), repairs })
    }

    /// The Pod that is being created, known to be made for its owner where that is proven, else with what was applied of it; none
    /// where nothing is repaired.
    fn new_pod(&self, request: &AdmissionRequest<'_>, inventory: &Inventory) -> Result<Option<Object>, JudgeError> {
        let is_pod = request.kind.kind == "Pod" && request.kind.group.is_empty() && request.sub_resource.is_empty();
        let any = !self.engine.settings().repairs.apply.is_empty();
        let (true, "CREATE", Some(object)) = (any && is_pod, &*request.operation, request.object) else {
            return Ok(None);
        };
        let pod = self.read(object, request)?;
        let is_judged = |owner: &Owner| self.engine.judges_owner(owner, &request.namespace, inventory);
        Ok(Some(match Owner::of(&pod).filter(|owner| is_proven(owner, request, is_judged)) {
            Some(owner) => pod.made_by(owner),
            None => {
                let managed = managed_fields(object).map_err(|error| JudgeError::Unreadable(error.to_string()))?;
                let applied = Applied::of(pod.annotations().get(LAST_APPLIED_ANNOTATION), managed);
                pod.applied_as(applied)
            }
        }))
    }
}

/// What is left out where the object is [read](crate::webhook::object::read).
fn managed_fields(object: &RawValue) -> Result<Option<&RawValue>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow, default)]
        metadata: Option<Metadata<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Metadata<'a> {
        #[serde(borrow, default)]
        managed_fields: Option<&'a RawValue>,
    }
    let head: Head<'_> = serde_json::from_str(object.get())?;
    Ok(head.metadata.and_then(|metadata| metadata.managed_fields))
}

fn answer(pod: &Object, repair: &Repair) -> Repaired {
    let rules: BTreeSet<&Arc<str>> = repair.repaired.iter().map(|finding| &finding.rule).collect();
    let named: Vec<String> = rules.iter().map(|rule| (**rule).to_string()).collect();
    let audit = (!named.is_empty()).then(|| (REPAIRED.to_owned(), named.join(", ")));
    let impossible = repair.missed.iter().map(|missed| &missed.rule).collect::<BTreeSet<_>>().into_iter();
    let outcomes = rules.into_iter().map(|rule| (rule, RepairOutcome::Repaired));
    let outcomes = outcomes.chain(impossible.map(|rule| (rule, RepairOutcome::Impossible)));
    Repaired {
        patch: json_patch(&changes(pod.value(), repair.object.value())),
        // Nobody reads what a controller is told.
        warnings: if pod.maker().is_none() { repaired(pod.reference(), &repair.repaired) } else { Vec::new() },
        audit: audit.into_iter().chain(audited_misses(&repair.missed)).collect(),
        repairs: outcomes.map(|(rule, outcome)| (rule.clone(), outcome)).collect(),
    }
}

fn audited_misses(missed: &[Missed]) -> Option<(String, String)> {
    let lines: BTreeSet<String> =
        missed.iter().map(|it| one_line(&format!("{}: {}", it.rule, it.reason)).into_owned()).collect();
    let lines: Vec<String> = lines.into_iter().collect();
    (!lines.is_empty()).then(|| (MISSED.to_owned(), in_short(&lines)))
}

#[cfg(test)]
mod tests;
