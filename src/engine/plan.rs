//! Which fixes of one object are done, and what the object is after them: the same for a file and for a Pod.

use crate::base::{Finding, Remedy};
use crate::engine::Engine;
use crate::engine::verdict::identity;
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
    /// field compose. A fix holds only if its finding is gone then and no new one came.
    pub fn plan(&self, object: &Object, wanted: &[Finding], inventory: &Inventory, today: Date) -> Plan {
        let judge = |object: &Object| self.judge(object, inventory, today).findings;
        let wanted_ids: BTreeMap<String, &Finding> =
            wanted.iter().map(|finding| (identity(finding, object), finding)).collect();
        let (mut current, mut findings) = (object.clone(), judge(object));
        let mut tried: BTreeMap<String, Option<String>> = BTreeMap::new();
        while let Some((id, finding)) = findings.iter().find_map(|finding| {
            let id = identity(finding, &current);
            (wanted_ids.contains_key(&id) && !tried.contains_key(&id)).then_some((id, finding))
        }) {
            match fixed(&current, finding, &findings, judge) {
                Ok((object, after)) => {
                    tried.insert(id, None);
                    (current, findings) = (object, after);
                }
                Err(reason) => {
                    tried.insert(id, Some(reason));
                }
            }
        }
        let remaining = identities(&findings, &current);
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for (id, finding) in wanted_ids {
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

/// The object after the fix of one finding, and what is found then.
fn fixed(
    object: &Object,
    finding: &Finding,
    before: &[Finding],
    judge: impl Fn(&Object) -> Vec<Finding>,
) -> Result<(Object, Vec<Finding>), String> {
    let fix = match &finding.remedy {
        Remedy::Fix(fix) => fix,
        Remedy::Unfixed(reason) => return Err(reason.clone()),
    };
    let value = applied(&fix.edits, object.value()).map_err(|error| error.to_string())?;
    let edited = object.edited(value);
    let after = judge(&edited);
    if identities(&after, &edited).contains(&identity(finding, object)) {
        return Err("the finding would stay after its fix".to_owned());
    }
    let known = identities(before, object);
    match after.iter().find(|new| !known.contains(&identity(new, &edited))) {
        Some(new) => Err(format!("its fix would bring {} at {}", new.rule, new.path)),
        None => Ok((edited, after)),
    }
}

fn identities(findings: &[Finding], object: &Object) -> BTreeSet<String> {
    findings.iter().map(|finding| identity(finding, object)).collect()
}
