//! How a Job ends decides what kind of proxy it gets: no other rule gives it a native sidecar where that is not how it is to end.

use crate::base::{Edit, Finding, Fix, Path, Remedy, Segment};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;

/// Of the findings of one pod template, lets the fixes of all others keep to that of the finding at `end`, which is about how the
/// Job ends. Its own strategy may be another one, perhaps one that cannot be had for this pod; or a person has to look at a native
/// sidecar. What ends the Job also puts its start right, of which the others are that `is_start` knows.
pub(super) fn keep_to_end(findings: &mut [Finding], end: usize, is_start: impl Fn(&Finding) -> bool) {
    let Some(chosen) = findings.get(end) else { return };
    let (rule, remedy) = (chosen.rule.clone(), chosen.remedy.clone());
    if remedy.safe_fix().is_some_and(makes_native) {
        return;
    }
    let others = findings.iter_mut().enumerate().filter(|(at, _)| *at != end).map(|(_, finding)| finding);
    for other in others.filter(|other| other.remedy.fix().is_some_and(makes_native)) {
        other.remedy = match &remedy {
            Remedy::Fix(fix) if is_start(other) => Remedy::Fix(fix.clone()),
            _ => Remedy::Unfixed(format!("{rule} does not end the Job by a native sidecar here")),
        };
    }
}

fn makes_native(fix: &Fix) -> bool {
    let is_it = |path: &Path| matches!(path.segments().last(), Some(Segment::Key(key)) if key.as_ref() == NATIVE_SIDECAR_ANNOTATION);
    fix.edits.iter().any(|edit| matches!(edit, Edit::Set { path, .. } if is_it(path)))
}
