//! How a Job ends decides what kind of proxy it gets: no other rule gives it a native sidecar where that is not how it is to end.

use crate::base::{Edit, Finding, Fix, Path, Remedy, Segment};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;

/// Of the findings of one pod template, lets the fixes of all others keep to that of the finding at `end`, which is about how the
/// Job ends. Its own strategy may be another one, perhaps one that cannot be had for this pod; or a person has to look at a native
/// sidecar. What ends the Job also puts its start right, of which the others are that `is_start` knows.
pub(super) fn keep_to_end(findings: &mut [Finding], end: usize, is_start: impl Fn(&Finding) -> bool) {
    let Some(chosen) = findings.get(end) else { return };
    let (rule, remedy, wanted) = (chosen.rule.clone(), chosen.remedy.clone(), Wanted::of(chosen));
    if remedy.safe_fix().is_some_and(makes_native) {
        return;
    }
    let others = findings.iter_mut().enumerate().filter(|(at, _)| *at != end).map(|(_, finding)| finding);
    for other in others.filter(|other| other.remedy.fix().is_some_and(makes_native)) {
        if is_start(other) {
            wanted.tell(other);
        }
        other.remedy = match &remedy {
            Remedy::Fix(fix) if is_start(other) => Remedy::Fix(fix.clone()),
            _ => Remedy::Unfixed(format!("{rule} does not end the Job by a native sidecar here")),
        };
    }
}

/// What the end of a Job asks for, and where.
struct Wanted {
    path: Path,
    /// What is to stand there for the sake of the start.
    what: String,
    help: Option<String>,
}

impl Wanted {
    fn of(end: &Finding) -> Self {
        let path = end.path.clone();
        if is_key(&path, "command") {
            let help = "`seaworthy-wait job --proxy -- COMMAND` waits for the proxy, and tells it to quit when the work is done";
            return Self { path, what: "a wait for it".to_owned(), help: Some(help.to_owned()) };
        }
        let at = format!(" at {path}");
        let what = end.message.rsplit_once(WANT).map_or("", |(_, what)| what);
        Self { what: what.strip_suffix(&at).unwrap_or(what).to_owned(), path, help: end.help.clone() }
    }

    /// Has a finding ask for the same in the place of a native sidecar.
    fn tell(&self, finding: &mut Finding) {
        if let Some((seen, _)) = finding.message.rsplit_once(WANT) {
            finding.message = format!("{seen}{WANT}{} at {}", self.what, self.path);
            finding.path = self.path.clone();
            finding.help.clone_from(&self.help);
        }
    }
}

/// Between what is seen and what is wanted in every message.
const WANT: &str = ": want ";

fn is_key(path: &Path, wanted: &str) -> bool {
    matches!(path.segments().last(), Some(Segment::Key(key)) if key.as_ref() == wanted)
}

fn makes_native(fix: &Fix) -> bool {
    fix.edits.iter().any(|edit| matches!(edit, Edit::Set { path, .. } if is_key(path, NATIVE_SIDECAR_ANNOTATION)))
}
