//! What people are told of repairs: one line each, for the user of `kubectl` and for the audit log.

use crate::base::{Finding, ObjectRef, Remedy, Severity};
use crate::report::admission::{WARNING_CHARACTERS, WARNINGS, named};
use crate::report::plain::{one_line, shorten};
use std::collections::BTreeSet;

/// What was done to a Pod that a person applied: a line for each rule and fix, at most as many as warnings.
pub fn repaired(pod: &ObjectRef, findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let done = match &finding.remedy {
            Remedy::Fix(fix) => &fix.title,
            Remedy::Unfixed(gone) => gone,
        };
        let line = format!("seaworthy: {}: repaired {}: {done}", named(pod), finding.rule);
        shorten(&one_line(&line), WARNING_CHARACTERS).into_owned()
    };
    let lines: BTreeSet<String> = findings.iter().map(line).collect();
    lines.into_iter().take(WARNINGS).collect()
}

/// What will be done to the Pods of a workload: one line, none where nothing will be. An info is in nobody's way, here too.
pub fn repaired_later<'a>(workload: &ObjectRef, findings: impl Iterator<Item = &'a Finding>) -> Option<String> {
    let told = findings.filter(|finding| finding.severity > Severity::Info);
    let rules: BTreeSet<&str> = told.map(|finding| &*finding.rule).collect();
    if rules.is_empty() {
        return None;
    }
    let start = format!("seaworthy: {}: ", named(workload));
    let end = " will be repaired when Pods start; `seaworthy fix` puts it in git";
    let room = WARNING_CHARACTERS.saturating_sub(start.chars().count() + end.chars().count());
    Some(one_line(&format!("{start}{}{end}", listed(&rules, room))).into_owned())
}

/// As many of the words as there is room for, at least one.
fn listed(words: &BTreeSet<&str>, room: usize) -> String {
    let all = words.iter().copied().collect::<Vec<_>>();
    let shown = |count: usize| {
        let first = all.iter().take(count).copied().collect::<Vec<_>>().join(", ");
        if count < all.len() { format!("{first} and {} more", all.len() - count) } else { first }
    };
    let fits = |count: &usize| shown(*count).chars().count() <= room;
    shown((1..=all.len()).rev().find(fits).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_as_long_as_there_is_room() {
        let words = BTreeSet::from(["app-starts", "missing-pre-stop", "short-grace"]);
        for (room, wanted) in [
            (100, "app-starts, missing-pre-stop, short-grace"),
            (41, "app-starts, missing-pre-stop, short-grace"),
            (40, "app-starts, missing-pre-stop and 1 more"),
            (38, "app-starts and 2 more"),
            (3, "app-starts and 2 more"),
        ] {
            assert_eq!(listed(&words, room), wanted, "{room}");
        }
    }
}
