//! Edits of generated manifests, printed as splices: what is written afterwards is what was meant, and nothing else
//! has changed.
//!
//! `SEAWORTHY_SEED=7` takes other cases than usual, `SEAWORTHY_GENERATED=1000000` more.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)] // a test fails where it stands

mod case;
mod dice;
mod fixed;
mod form;
mod format;
mod meaning;
mod objects;
#[path = "../yaml_oracle/oracle.rs"]
#[allow(dead_code, reason = "only whole files are asked about here")]
mod oracle;
mod places;
mod random_edits;
mod real_manifests;
mod run;
#[path = "../cluster/harness/tools.rs"]
mod tools;
mod touched;
mod with_kubectl;
#[path = "../yaml_oracle/generate/words.rs"]
#[allow(dead_code, reason = "the words for slips of the pen are not for these files")]
mod words;

use case::{Case, Edited};
use run::{CaseDice, run};
use std::collections::BTreeMap;
use std::ops::{Add, Range};

/// As many as are read in a minute by two processors that do other tests, too.
const CASES: u64 = 10_000;

#[test]
fn edits_of_generated_manifests_change_what_they_say_and_nothing_else() {
    let counts = run(cases(CASES), |dice| edited(dice).map(|(case, edited)| Counts::of(&case, &edited)));
    eprintln!("{counts:?}");
    counts.make_sense();
}

/// The numbers of the cases to run.
fn cases(usually: u64) -> Range<u64> {
    let number = |variable| std::env::var(variable).ok().and_then(|number| number.parse::<u64>().ok());
    let first = number("SEAWORTHY_SEED").unwrap_or(1) << 32;
    let count = number("SEAWORTHY_GENERATED").unwrap_or(usually);
    eprintln!("{count} cases from {first:#x} on");
    first..first + count
}

/// A case and what became of it.
fn edited(dice: &mut CaseDice) -> Result<(Case, Edited), String> {
    let case = Case::new(dice);
    match case.edited() {
        Ok(edited) => Ok((case, edited)),
        Err(what) => Err(format!("{what}\n--- edits: {:?}\n--- before:\n{}", case.edits, case.written.text)),
    }
}

/// How many documents had edits, and what became of them.
#[derive(Debug, Default)]
struct Counts {
    asked: usize,
    realigned: usize,
    /// Of those with edits: written without what nobody can edit.
    plain: usize,
    plain_refused: usize,
    /// Refused although nothing that goes has a comment in it.
    refused_without_need: usize,
    reasons: BTreeMap<String, usize>,
}

impl Counts {
    fn of(case: &Case, edited: &Edited) -> Self {
        let mut counts = Self { asked: edited.asked, realigned: edited.realigned, ..Self::default() };
        for (refusal, _) in &edited.refusals {
            let reason = format!("{refusal:?}").split(|it: char| !it.is_alphabetic()).next().unwrap_or("").to_owned();
            *counts.reasons.entry(reason).or_default() += 1;
        }
        if !case.written.is_special {
            counts.plain = edited.asked;
            counts.plain_refused = edited.refusals.len();
            counts.refused_without_need = edited.refusals.iter().filter(|(_, tears_comments)| !tears_comments).count();
        }
        counts
    }

    /// A printer that refuses everything, or makes more of an edit than it is, does not pass.
    fn make_sense(&self) {
        assert!(self.refused_without_need * 100 < self.plain, "refused without need: wanted less than 1 %: {self:?}");
        assert!(self.plain_refused * 100 < self.plain * 15, "refused: wanted less than 15 %: {self:?}");
        assert!(
            self.realigned * 200 < self.asked,
            "other changes than the edits say: wanted less than 0.5 %: {self:?}"
        );
        assert!(self.asked > self.plain && !self.reasons.is_empty(), "nothing that cannot be edited: {self:?}");
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        Self {
            asked: self.asked + other.asked,
            realigned: self.realigned + other.realigned,
            plain: self.plain + other.plain,
            plain_refused: self.plain_refused + other.plain_refused,
            refused_without_need: self.refused_without_need + other.refused_without_need,
            reasons: self.reasons,
        }
    }
}
