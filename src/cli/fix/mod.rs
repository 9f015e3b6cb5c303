//! `seaworthy fix`: from paths to files in which only the bytes at fault are others.

pub mod patch;
mod progress;
mod report;
mod targets;

use crate::base::{Problem, Source};
use crate::cli::args::FixArgs;
use crate::cli::gathering::Gathering;
use crate::cli::notes::notes;
use crate::cli::{Exit, Run};
use crate::engine::{self, Choice, FixOutcome, Input};
use progress::{Progress, accompanied};
use report::Report;
use std::collections::BTreeSet;
use targets::Targets;

/// Fixes the files behind the paths, or says what it would do.
///
/// # Errors
/// Paths that are not there, a configuration that cannot be used, a result that cannot be written on standard output.
pub fn fix(args: &FixArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let gathering = Gathering::of(&args.input)?;
    let targets = Targets::of(&gathering)?;
    gathering.say_uses(run);
    let engines = gathering.engines()?;
    let input = gathering.standard_input(run);
    let given = input.as_ref().and_then(|bytes| bytes.as_ref().ok()).cloned();
    let choice = Choice { unsafe_too: args.unsafe_too, limits: gathering.limits() };
    let today = run.today;
    let (sources, unread) = gathering.read(input);
    let progress = Progress::new("judging and fixing", sources.len());
    let outcome = accompanied(run, &progress, || {
        engine::fix(gathering.inputs(&sources, &engines, Input::new, &|| progress.step()), today, &choice)
    });
    let mut done = Done { outcome, unread, unwritten: Vec::new() };
    if args.diff {
        let (patch, left_out) = targets.patch(&done.outcome.files);
        done.unwritten = left_out;
        run.streams.result(&patch)?;
    } else if !args.check {
        if let Some(given) = given {
            run.streams.result_bytes(targets.fixed_input(&done.outcome.files).unwrap_or(&given))?;
        }
        let progress = Progress::new("writing", done.outcome.files.len());
        done.unwritten = accompanied(run, &progress, || targets.write(&done.outcome.files, &progress));
    }
    done.say(args, &gathering, &sources, run);
    Ok(done.exit(args))
}

/// What came of a run.
struct Done {
    outcome: FixOutcome,
    /// What could not be read.
    unread: Vec<Problem>,
    /// The files that could not be written, or not into the patch.
    unwritten: Vec<Problem>,
}

impl Done {
    /// Says on standard error what a person should know: problems always, the rest if they want it.
    fn say(&self, args: &FixArgs, gathering: &Gathering<'_>, sources: &[Source], run: &mut Run<'_>) {
        let mut problems: Vec<Problem> =
            [&self.outcome.problems, &self.unread, &self.unwritten].into_iter().flatten().cloned().collect();
        problems.extend(gathering.configured.ended_exceptions(run.today));
        problems.sort();
        run.say_problems(&problems, &gathering.configured.with_own_texts(sources));
        if args.input.quiet {
            return;
        }
        let unwritten: BTreeSet<&str> = self.unwritten.iter().map(|problem| &*problem.file).collect();
        let report = Report {
            fixed: self.outcome.files.iter().filter(|file| !unwritten.contains(&**file.before.name())).collect(),
            unwritten: unwritten.len(),
            left: &self.outcome.left,
            written: !args.diff && !args.check,
            shorten: run.terminal.stderr && !args.input.verbose,
        };
        run.streams.say(&report.findings());
        for note in notes(&self.outcome.counts, &gathering.configured.assumptions().collect()) {
            run.streams.say(&format!("note: {note}\n"));
        }
        run.streams.say(&format!("{report}\n"));
    }

    fn exit(&self, args: &FixArgs) -> Exit {
        let is_fatal = |problem: &Problem| problem.fatal;
        let unreadable = self.outcome.problems.iter().any(is_fatal) || self.unread.iter().any(is_fatal);
        Exit::highest([
            (args.check && !self.outcome.files.is_empty(), Exit::Findings),
            (self.outcome.counts.objects == 0, Exit::NoObjects),
            (unreadable || !self.unwritten.is_empty(), Exit::Unreadable),
        ])
    }
}
