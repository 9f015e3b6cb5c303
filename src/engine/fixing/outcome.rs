//! What came of fixing: the texts, what is fixed in them, and what is left with the reason.

use crate::base::{Finding, Place, Problem, Remedy, Safety, Source};
use crate::engine::Counts;
use crate::engine::fixing::Choice;
use crate::engine::fixing::pass::Session;
use crate::engine::fixing::snapshot::{File, by_key};
use crate::engine::session::{Outcome, order};
use crate::engine::verdict::identity;
use rayon::prelude::*;

/// What came of a run.
#[derive(Debug, Default)]
pub struct FixOutcome {
    /// The files whose text changes, by name.
    pub files: Vec<FixedFile>,
    /// The findings that stay, by file, line, column and rule; suppressed ones are not among them.
    pub left: Vec<Left>,
    /// What could not be read, and rules that could not be run, before anything was fixed.
    pub problems: Vec<Problem>,
    /// How much was seen.
    pub counts: Counts,
}

/// A file whose text changes.
#[derive(Debug)]
pub struct FixedFile {
    /// The text as it was.
    pub before: Source,
    /// The text as it is to be.
    pub after: Source,
    /// The findings that are gone, as they were found in the text as it was, each with what was done about it: no fix where it
    /// went with that of another.
    pub fixed: Vec<Finding>,
}

/// A finding that stays.
#[derive(Debug)]
pub struct Left {
    /// The finding in the text as it is to be.
    pub finding: Finding,
    /// Where it was in the text as it was.
    pub place_before: Option<Place>,
    /// Why it stays.
    pub why: Why,
}

/// Why a finding stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It has no fix, for this reason.
    NoFix(String),
    /// A person should look at its fix, for this reason, and nobody asked for such fixes.
    NeedsUnsafe(String),
    /// Its fix would not do what it should, for this reason.
    WouldNotHold(String),
}

impl Session<'_> {
    /// What came of the run.
    pub fn into_outcome(self) -> FixOutcome {
        let numbered = self.files.par_iter().enumerate();
        let (files, left): (Vec<_>, Vec<_>) =
            numbered.map(|(number, file)| (fixed_file(file), self.left_in(number, file))).unzip();
        let mut left: Vec<Left> = left.into_iter().flatten().collect();
        left.sort_by(|one, other| order(&one.finding).cmp(&order(&other.finding)));
        let mut first = Outcome::default();
        for file in &self.files {
            first.add_file(&file.first().objects);
            first.add_problems(&file.first().judged);
        }
        first.problems.sort();
        let Self { files: states, inventory, .. } = self;
        // Giving back all that was read takes a tenth of the time of reading it, so all cores do.
        drop(inventory);
        states.into_par_iter().for_each(drop);
        let files = files.into_iter().flatten().collect();
        FixOutcome { files, left, problems: first.problems, counts: first.counts }
    }

    fn left_in(&self, number: usize, file: &File<'_>) -> Vec<Left> {
        let before = file.before.as_ref().map(|before| by_key(&before.objects, &before.judged));
        let found = file.now.findings().filter(|(_, _, finding)| finding.suppressed.is_none());
        let left = found.map(|(index, object, finding)| {
            let key = (index, identity(finding, object));
            let found_before = before.as_ref().map_or(Some(finding), |before| before.get(&key).copied());
            let place_before = found_before.and_then(|it| it.place.clone());
            let given_up = self.selection.reason(number, &key);
            Left { finding: finding.clone(), place_before, why: why(finding, given_up, self.choice) }
        });
        left.collect()
    }
}

fn why(finding: &Finding, given_up: Option<&String>, choice: &Choice) -> Why {
    match &finding.remedy {
        Remedy::Unfixed(reason) => Why::NoFix(reason.clone()),
        Remedy::Fix(fix) => match (&fix.safety, given_up) {
            (Safety::Unsafe(reason), _) if !choice.unsafe_too => Why::NeedsUnsafe(reason.clone()),
            (_, Some(reason)) => Why::WouldNotHold(reason.clone()),
            (_, None) => Why::WouldNotHold("it waits for the next run".to_owned()),
        },
    }
}

fn fixed_file(file: &File<'_>) -> Option<FixedFile> {
    let first = file.before.as_ref()?;
    let (before, after) = (first.source()?.clone(), file.now.source()?.clone());
    let known = by_key(&first.objects, &first.judged);
    let as_found = |(key, done): (_, &Finding)| {
        let found = (*known.get(key).unwrap_or(&done)).clone();
        Finding { remedy: done.remedy.clone(), ..found }
    };
    let mut fixed: Vec<Finding> = file.fixed.iter().map(as_found).collect();
    fixed.sort_by(|one, other| order(one).cmp(&order(other)));
    (before.text() != after.text()).then_some(FixedFile { before, after, fixed })
}
