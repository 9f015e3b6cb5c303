//! Which fixes of one object are done, and what the object is after them: the same for a file and for a Pod.

use crate::base::{Finding, Fix, Remedy, Safety};
use crate::engine::verdict::identity;
use crate::engine::{Engine, Judgement};
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::manifest::edit::applied;
use crate::policy::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of an object under the fixes of its findings.
#[derive(Debug)]
pub struct Plan {
    /// The object with all fixes that hold.
    pub object: Object,
    /// The findings that are gone.
    pub fixed: Vec<Finding>,
    /// The findings that stay although they were to be fixed, each with the reason for people.
    pub left: Vec<(Finding, String)>,
}

impl Engine {
    /// Fixes findings of one object, one after the other, each on what the others made of it: so fixes that touch the same
    /// field compose. A fix holds only if its finding is gone then, no new one came, and every rule still runs to its end.
    pub fn plan(&self, object: &Object, wanted: &[Finding], inventory: &Inventory, today: Date) -> Plan {
        let judge = |object: &Object| self.judge(object, inventory, today);
        let ids: BTreeMap<String, &Finding> =
            wanted.iter().map(|finding| (identity(finding, object), finding)).collect();
        // As long as nothing is in the way, nobody needs to know what else there is.
        let (mut current, mut judgement) =
            (object.clone(), Judgement { findings: wanted.to_vec(), ..Judgement::default() });
        let mut is_all_known = false;
        let mut tried: BTreeMap<String, Option<String>> = BTreeMap::new();
        while let Some((id, finding)) = judgement.findings.iter().find_map(|finding| {
            let id = identity(finding, &current);
            (ids.contains_key(&id) && !tried.contains_key(&id)).then_some((id, finding))
        }) {
            let is_allowed = |fix: &Fix| fix.safety == Safety::Safe || ids.get(&id).is_some_and(|it| is_unsafe(it));
            let fixed = match &finding.remedy {
                Remedy::Fix(fix) if is_allowed(fix) => fixed(&current, (finding, fix), &judgement, judge),
                Remedy::Fix(_) => Err(NO_LONGER_SAFE.to_owned()),
                Remedy::Unfixed(reason) => Err(reason.clone()),
            };
            match fixed {
                Ok(after) => {
                    tried.insert(id, None);
                    (current, judgement) = after;
                }
                Err(_) if !is_all_known => {
                    // An edited object has no places in a file; so that this makes no difference between before and after,
                    // the one that is compared with has none either.
                    current = object.edited(object.value().clone());
                    judgement = judge(&current);
                }
                Err(reason) => {
                    tried.insert(id, Some(reason));
                }
            }
            is_all_known = true;
        }
        let remaining = identities(&judgement.findings, &current);
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for (id, finding) in ids {
            if remaining.contains(&id) {
                let reason = tried.remove(&id).flatten().unwrap_or_else(|| CAME_BACK.to_owned());
                left.push((finding.clone(), reason));
            } else {
                gone.push(finding.clone());
            }
        }
        Plan { object: current, fixed: gone, left }
    }
}

const CAME_BACK: &str = "the fix of another finding brings it back";
const NO_LONGER_SAFE: &str = "together with the other fixes a person should look at it";

fn is_unsafe(finding: &Finding) -> bool {
    finding.remedy.safe_fix().is_none()
}

/// The object after the fix of one finding, and what is found then.
fn fixed(
    object: &Object,
    (finding, fix): (&Finding, &Fix),
    before: &Judgement,
    judge: impl Fn(&Object) -> Judgement,
) -> Result<(Object, Judgement), String> {
    let value = applied(&fix.edits, object.value()).map_err(|error| error.to_string())?;
    let edited = object.edited(value);
    let after = judge(&edited);
    if let Some(error) = after.errors.iter().find(|error| !before.errors.contains(error)) {
        return Err(format!("rule {} could not judge the object after its fix", error.rule));
    }
    if identities(&after.findings, &edited).contains(&identity(finding, object)) {
        return Err("the finding would stay after its fix".to_owned());
    }
    let known = identities(&before.findings, object);
    match after.findings.iter().find(|new| !known.contains(&identity(new, &edited))) {
        Some(new) => Err(format!("its fix would bring {} at {}", new.rule, new.path)),
        None => Ok((edited, after)),
    }
}

fn identities(findings: &[Finding], object: &Object) -> BTreeSet<String> {
    findings.iter().map(|finding| identity(finding, object)).collect()
}
