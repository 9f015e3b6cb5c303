//! Many files at once: their objects, how these relate, and all findings in order.

mod files;
mod judging;

pub(super) use files::{FileObjects, gathered, sort_out};
pub(super) use judging::{FileJudgement, judge_all, judge_changed, judge_file, sees_whole_pods, surroundings};

pub use files::Input;

use crate::base::{Finding, Problem};
use crate::inventory::Inventory;
use crate::manifest::Lookalike;
use crate::policy::Date;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::mem::take;
use std::ops::AddAssign;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings by file, line, column and rule; suppressed ones among them.
    pub findings: Vec<Finding>,
    /// What could not be read, and rules that could not be run.
    pub problems: Vec<Problem>,
    /// How much was seen.
    pub counts: Counts,
    /// What looks like pod templates of kinds that are not known, each with the number of its objects.
    pub lookalikes: BTreeMap<Lookalike, usize>,
}

/// How much a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Files that were read.
    pub files: usize,
    /// Objects in them.
    pub objects: usize,
    /// Documents that are no Kubernetes objects.
    pub other_documents: usize,
    /// Patches, which are no objects either.
    pub patches: usize,
    /// Files that are templates.
    pub templates: usize,
    /// Objects of which it is unknown whether they are in the mesh.
    pub unknown_membership: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.objects += more.objects;
        self.other_documents += more.other_documents;
        self.patches += more.patches;
        self.templates += more.templates;
        self.unknown_membership += more.unknown_membership;
    }
}

/// What was read for a run, with what was found out about it.
///
/// Giving it back takes a tenth of the time that all else took. A program that ends anyway leaves that to the system.
pub struct Kept<'a> {
    files: Vec<FileObjects<'a>>,
    inventory: Inventory,
}

/// Judges the objects of all files, each among all others. The order of the files does not matter.
pub fn check(inputs: Vec<Input<'_>>, today: Date) -> Outcome {
    check_keeping(inputs, today).0
}

/// The same, with what was read still there.
pub fn check_keeping(inputs: Vec<Input<'_>>, today: Date) -> (Outcome, Kept<'_>) {
    let (files, inventory) = gathered(inputs);
    let judged = judge_all(&files, &inventory, today);
    let mut outcome = Outcome::default();
    for file in &files {
        outcome.add_file(file);
    }
    for judged in judged {
        outcome.add_judgement(judged);
    }
    outcome.sort();
    (outcome, Kept { files, inventory })
}

impl Drop for Kept<'_> {
    /// On all cores.
    fn drop(&mut self) {
        let (files, inventory) = (take(&mut self.files), take(&mut self.inventory));
        rayon::join(|| drop(inventory), || files.into_par_iter().for_each(drop));
    }
}

impl Outcome {
    /// Counts a file that is judged, with what could not be read of it.
    pub(super) fn add_file(&mut self, file: &FileObjects<'_>) {
        if file.judged {
            self.counts += file.counts;
            for lookalike in &file.lookalikes {
                *self.lookalikes.entry(lookalike.clone()).or_default() += 1;
            }
            self.problems.extend(file.problems.iter().cloned());
        }
    }

    /// Adds what came of judging a file.
    fn add_judgement(&mut self, judged: FileJudgement) {
        self.add_problems(&judged);
        self.findings.extend(judged.judgements.into_iter().flat_map(|judgement| judgement.findings));
    }

    /// Adds what came of judging a file beside its findings.
    pub(super) fn add_problems(&mut self, judged: &FileJudgement) {
        self.problems.extend(judged.problems.iter().cloned());
        let unknown = judged.judgements.iter().filter(|judgement| judgement.membership_unknown);
        self.counts.unknown_membership += unknown.count();
    }

    /// Puts findings and problems in order.
    fn sort(&mut self) {
        self.findings.par_sort_by(|one, other| order(one).cmp(&order(other)));
        self.problems.sort();
    }
}

/// Where a finding stands among others.
pub(super) fn order(finding: &Finding) -> (Option<(&str, usize, usize)>, &str, &crate::base::Path) {
    let place = finding.place.as_ref().map(|place| (&*place.file, place.start.line, place.start.column));
    (place, &finding.rule, &finding.path)
}
