//! Whether a text that was made says what was meant, and whether what is found then is what was to be found.

use crate::base::{Finding, Reveals, Source};
use crate::engine::fixing::attempt::Attempt;
use crate::engine::fixing::snapshot::{Key, Snapshot, by_key, namespace_of};
use crate::engine::plan::forbids_fix;
use crate::engine::session::{FileJudgement, FileObjects, sort_out};
use crate::manifest::{Limits, read_documents};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the text of an attempt. Every document must say what was planned, every other one what it said, and nothing may
/// be there that cannot be read.
pub fn read_back<'a>(before: &FileObjects<'a>, attempt: &Attempt, limits: &Limits) -> Result<FileObjects<'a>, String> {
    let source = Source::new(before.file.clone(), attempt.text.as_str());
    let reading = read_documents(&source, limits);
    let new_problem = reading.problems.len() > before.problems.len();
    if let Some(problem) = reading.problems.iter().find(|_| new_problem) {
        return Err(format!("the result would not be read as before: {}", problem.message));
    }
    let after = FileObjects { judged: before.judged, ..sort_out(&before.file, reading, before.engine) };
    let after = if before.is_patch { after.into_patch() } else { after };
    let is_same = after.documents.len() == before.documents.len() && after.counts == before.counts;
    let mut documents = before.documents.iter().zip(&after.documents);
    let says_it = documents.all(|(old, new)| {
        let wanted = attempt.planned.get(&old.index()).unwrap_or(old);
        old.index() == new.index() && new.value() == wanted.value()
    });
    if is_same && says_it { Ok(after) } else { Err("the result would not say what was meant".to_owned()) }
}

/// What is wrong with what is found after an attempt, as the index of the object and the reason: a finding that was to be
/// gone, one that was not there before, is more than an info and did not only come to light, one that is no longer ignored, a rule that no longer runs to its end.
/// `revealed` are the namespaces in which anything may come to light.
pub fn complaints(
    before: &Snapshot<'_>,
    (file, after): (&FileObjects<'_>, &FileJudgement),
    fixed: &BTreeMap<Key, Finding>,
    revealed: &BTreeSet<String>,
) -> Vec<(usize, String)> {
    let mut complaints = Vec::new();
    let known = by_key(&before.objects, &before.judged);
    let reveals = |finding: &Finding| finding.remedy.fix().is_some_and(|fix| fix.reveals != Reveals::Nothing);
    let objects: BTreeSet<usize> = fixed.iter().filter(|(_, it)| reveals(it)).map(|((index, _), _)| *index).collect();
    let is_revealed = |index: usize| {
        let namespace = || file.objects.get(index).map(|object| namespace_of(object));
        objects.contains(&index) || namespace().is_some_and(|namespace| revealed.contains(namespace))
    };
    for (key, finding) in by_key(file, after) {
        let was_suppressed = known.get(&key).map(|it| it.suppressed.is_some());
        if fixed.contains_key(&key) {
            complaints.push((key.0, STAYS.to_owned()));
        } else if was_suppressed.is_none() && (!forbids_fix(finding) || is_revealed(key.0)) {
            continue;
        } else if was_suppressed != Some(finding.suppressed.is_some()) {
            let does = if was_suppressed.is_some() { "change what is ignored of" } else { "bring" };
            let Finding { rule, path, object, .. } = finding;
            complaints.push((key.0, format!("its fix would {does} {rule} at {path} of {object}")));
        }
    }
    for (index, (before, after)) in before.judged.judgements.iter().zip(&after.judgements).enumerate() {
        let new = after.errors.iter().find(|error| !before.errors.contains(error));
        complaints.extend(new.map(|error| (index, format!("rule {} could not judge the result", error.rule))));
    }
    complaints
}

const STAYS: &str = "the finding would stay after its fix";
