//! Which fixes of one object are done, and what the object is after them: the same for a file and for a Pod.

mod touched;

use crate::base::{Finding, Fix, Remedy, Reveals, Safety, Severity};
use crate::engine::verdict::identity;
use crate::engine::{Engine, Judgement};
use crate::inventory::Inventory;
use crate::manifest::edit::applied;
use crate::manifest::{Object, PodTemplate};
use crate::policy::Date;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use touched::Touched;

/// What becomes of an object under the fixes of its findings.
#[derive(Debug)]
pub struct Plan {
    /// The object with all fixes that hold.
    pub object: Object,
    /// The findings that are gone, each with what was done about it: its fix as it was then, or none where it went with another.
    pub fixed: Vec<Finding>,
    /// The findings that stay although they were to be fixed, each with the reason for people.
    pub left: Vec<(Finding, String)>,
}

/// How often an object is edited and judged for one plan. A handful is enough; whoever makes up an object that needs more
/// must not keep the webhook busy with it.
const MOST_TRIES: usize = 64;

impl Engine {
    /// Fixes findings of one object, one rule after the other, each on what those before it made of the object: so fixes that touch the
    /// same field compose.
    ///
    /// What brings pods into the mesh comes first. The rules about a Job go by severity: what was chosen for its end is not done
    /// otherwise for the sake of its start. Fixes of one rule that touch nothing in common are done at once, so that an object is
    /// not judged for each of its items.
    ///
    /// A fix holds only if its finding is gone then, no new one came that is more than an info (unless the fix only brings it to
    /// light), and every rule still runs to its end.
    pub fn plan(&self, object: &Object, wanted: &[Finding], inventory: &Inventory, today: Date) -> Plan {
        let judge = |object: Object| State::new(self.judge(&object, inventory, today), object);
        let mut trials = Trials::of(wanted, object);
        // As long as nothing is in the way, nobody needs to know what else there is.
        let known = Judgement { findings: wanted.to_vec(), ..Judgement::default() };
        let (mut now, mut is_all_known) = (State::new(known, object.clone()), false);
        let mut most = usize::MAX;
        for _ in 0..MOST_TRIES {
            let round = trials.next(&now, most);
            let Some((first, others)) = round.split_first() else { break };
            most = match now.after(&round, judge) {
                Ok(after) => {
                    trials.note(&round, &after);
                    now = after;
                    usize::MAX
                }
                Err(_) if !is_all_known => {
                    // An edited object has no places in a file; so that this makes no difference between before and after,
                    // the one that is compared with has none either.
                    now = judge(object.edited(object.value().clone()));
                    most
                }
                Err(reason) if others.is_empty() => {
                    trials.tried.insert(first.id.to_owned(), Some(reason));
                    usize::MAX
                }
                // One of them does not hold: less at once, until it is alone.
                Err(_) => round.len() / 2,
            };
            is_all_known = true;
        }
        trials.ended(now)
    }
}

/// The findings that are to be fixed, and what became of those that were tried.
struct Trials<'a> {
    /// By their identities.
    wanted: BTreeMap<String, &'a Finding>,
    /// With the reason where the finding stays.
    tried: BTreeMap<String, Option<String>>,
    /// What was done about those that are gone.
    done: BTreeMap<String, Remedy>,
}

/// A fix that is tried, with its finding.
struct Trial<'a> {
    id: &'a str,
    finding: &'a Finding,
    fix: &'a Fix,
}

impl<'a> Trials<'a> {
    fn of(wanted: &'a [Finding], object: &Object) -> Self {
        let wanted = wanted.iter().map(|finding| (identity(finding, object), finding)).collect();
        Self { wanted, tried: BTreeMap::new(), done: BTreeMap::new() }
    }

    /// Writes down what these fixes did, now that they hold: some findings go with those of others.
    fn note(&mut self, round: &[Trial<'_>], after: &State) {
        self.tried.extend(round.iter().map(|it| (it.id.to_owned(), None)));
        self.done.extend(round.iter().map(|it| (it.id.to_owned(), Remedy::Fix(it.fix.clone()))));
        let remaining: BTreeSet<&str> = after.ids.iter().map(String::as_str).collect();
        let Some(first) = round.first() else { return };
        for id in self.wanted.keys().filter(|id| !remaining.contains(id.as_str())) {
            let gone_with = || Remedy::Unfixed(format!("gone with the fix of {}", first.finding.rule));
            self.done.entry(id.clone()).or_insert_with(gone_with);
        }
    }

    /// The next fixes that can be done at once, this many at most: of the first rule that has any, those that touch nothing
    /// in common.
    fn next<'s>(&mut self, now: &'s State, most: usize) -> Vec<Trial<'s>> {
        let (mut round, mut touched) = (Vec::<Trial<'s>>::new(), Touched::default());
        let mut ordered: Vec<_> = now.ids.iter().zip(&now.judgement.findings).collect();
        // What ends a Job decides how it starts: the error first. Elsewhere a native sidecar, which is written for the start, is the
        // least that also puts the end right.
        let pod = PodTemplate::of(&now.object);
        if pod.as_ref().is_some_and(|pod| pod.runs_to_completion()) {
            ordered.sort_by_key(|(_, finding)| Reverse(finding.severity));
        }
        // What brings the pods into the mesh decides what is to be said of them.
        if pod.is_some() {
            ordered.sort_by_key(|(_, finding)| Reverse(brings_into_mesh(finding)));
        }
        for (id, finding) in ordered {
            let is_of_rule = round.first().is_none_or(|first| first.finding.rule == finding.rule);
            if round.len() >= most || !is_of_rule || !self.wanted.contains_key(id) || self.tried.contains_key(id) {
                continue;
            }
            match self.allowed(id, finding, &now.object) {
                Ok(fix) if touched.add(&fix.edits) => round.push(Trial { id, finding, fix }),
                // What the others leave of it is seen when they are done.
                Err(reason) if round.is_empty() => drop(self.tried.insert(id.clone(), Some(reason))),
                _ => {}
            }
        }
        round
    }

    /// The fix of a finding as it is now; else the reason why it is not done.
    fn allowed<'f>(&self, id: &str, finding: &'f Finding, object: &Object) -> Result<&'f Fix, String> {
        let is_allowed = |fix: &Fix| fix.safety == Safety::Safe || self.wanted.get(id).is_some_and(|it| is_unsafe(it));
        match &finding.remedy {
            Remedy::Fix(fix) if is_allowed(fix) => against_manifest(fix, object).map_or(Ok(fix), Err),
            Remedy::Fix(_) => Err(NO_LONGER_SAFE.to_owned()),
            Remedy::Unfixed(reason) => Err(reason.clone()),
        }
    }

    fn ended(mut self, now: State) -> Plan {
        let remaining: BTreeSet<&str> = now.ids.iter().map(String::as_str).collect();
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for (id, finding) in self.wanted {
            if !remaining.contains(&*id) {
                let remedy = self.done.remove(&id).unwrap_or_else(|| finding.remedy.clone());
                gone.push(Finding { remedy, ..finding.clone() });
                continue;
            }
            let reason = match self.tried.remove(&id) {
                Some(reason) => reason.unwrap_or_else(|| CAME_BACK.to_owned()),
                None => TOO_MUCH.to_owned(),
            };
            left.push((finding.clone(), reason));
        }
        Plan { object: now.object, fixed: gone, left }
    }
}

/// Why an object that its owner may apply again is not changed so.
fn against_manifest(fix: &Fix, object: &Object) -> Option<String> {
    let applied = object.applied()?;
    let field = applied.changed_by(&fix.edits, object.value())?;
    let seen =
        if applied.is_unreadable() { "what was applied cannot be read and may set" } else { "the manifest sets" };
    Some(format!(
        "{seen} {field}: applied again, it would be refused or undo the repair; let `seaworthy fix` change it"
    ))
}

/// Whether a fix that brings this finding does not hold. What is only worth knowing is no reason to leave a defect: a grace
/// period that is long enough may be one that makes roll-outs slow.
pub(super) fn forbids_fix(new: &Finding) -> bool {
    new.severity > Severity::Info
}

fn brings_into_mesh(finding: &Finding) -> bool {
    matches!(&finding.remedy, Remedy::Fix(fix) if fix.reveals == Reveals::Namespace)
}

const CAME_BACK: &str = "the fix of another finding brings it back";
const NO_LONGER_SAFE: &str = "together with the other fixes a person should look at it";
const TOO_MUCH: &str = "too much had to be tried on this object";

fn is_unsafe(finding: &Finding) -> bool {
    finding.remedy.safe_fix().is_none()
}

/// An object with what is found on it.
struct State {
    object: Object,
    judgement: Judgement,
    /// The identity of each finding.
    ids: Vec<String>,
}

impl State {
    fn new(judgement: Judgement, object: Object) -> Self {
        let ids = judgement.findings.iter().map(|finding| identity(finding, &object)).collect();
        Self { object, judgement, ids }
    }

    /// What these fixes make of it, if all of them hold.
    fn after(&self, round: &[Trial<'_>], judge: impl Fn(Object) -> Self) -> Result<Self, String> {
        let edits: Vec<_> = round.iter().flat_map(|it| it.fix.edits.iter().cloned()).collect();
        let value = applied(&edits, self.object.value()).map_err(|error| error.to_string())?;
        let after = judge(self.object.edited(value));
        if let Some(error) = after.judgement.errors.iter().find(|error| !self.judgement.errors.contains(error)) {
            return Err(format!("rule {} could not judge the object after its fix", error.rule));
        }
        let remaining: BTreeSet<&str> = after.ids.iter().map(String::as_str).collect();
        if round.iter().any(|it| remaining.contains(it.id)) {
            return Err("the finding would stay after its fix".to_owned());
        }
        let known: BTreeSet<&String> = self.ids.iter().collect();
        let reveals = round.iter().all(|it| it.fix.reveals != Reveals::Nothing);
        let mut new = after.ids.iter().zip(&after.judgement.findings).filter(|(id, _)| !known.contains(id));
        match new.find(|(_, finding)| !reveals && forbids_fix(finding)) {
            Some((_, new)) => Err(format!("its fix would bring {} at {}", new.rule, new.path)),
            None => Ok(after),
        }
    }
}

#[cfg(test)]
mod tests;
