//! Fixing the findings of many files: texts in, texts out, each with the proof that it says what was meant.
//!
//! It goes in passes. In each one the fixes that still can be done are done on the objects, printed into the texts, read
//! back and judged in the surroundings that they make. What does not hold is taken back, and its findings say so. It ends
//! when a pass on what is there changes nothing: so a second run has nothing to do.
//!
//! Nothing is written here: whoever calls does what is right with the texts.

mod attempt;
mod expected;
mod outcome;
mod pass;
mod proof;
mod selection;
mod snapshot;
#[cfg(test)]
mod tests;

pub use outcome::{FixOutcome, FixedFile, Left, Why};

use crate::base::{Finding, Safety};
use crate::engine::Input;
use crate::engine::session::{gathered, judge_all};
use crate::manifest::Limits;
use crate::policy::Date;
use pass::Session;
use snapshot::{File, Snapshot};

/// Which fixes are done, and how texts are read back.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Also those that a person should look at.
    pub unsafe_too: bool,
    /// The limits under which the inputs were read.
    pub limits: Limits,
}

impl Choice {
    /// Whether the finding has a fix that is to be done. Suppressed findings are left in peace.
    fn wants(&self, finding: &Finding) -> bool {
        let is_allowed = |safety: &Safety| self.unsafe_too || *safety == Safety::Safe;
        finding.suppressed.is_none() && finding.remedy.fix().is_some_and(|fix| is_allowed(&fix.safety))
    }
}

/// Fixes what can be fixed in these files. The order of the files does not matter; those that are only surroundings stay
/// as they are.
pub fn fix(inputs: Vec<Input<'_>>, today: Date, choice: &Choice) -> FixOutcome {
    let (files, inventory) = gathered(inputs);
    let judged = judge_all(&files, &inventory, today);
    let snapshots = files.into_iter().zip(judged).map(|(objects, judged)| Snapshot { objects, judged });
    let files: Vec<File<'_>> = snapshots.map(File::new).collect();
    let mut session = Session::new(files, inventory, today, choice);
    session.run();
    session.into_outcome()
}
