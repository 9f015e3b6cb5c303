//! `seaworthy check`: from paths to findings on standard output.

use crate::base::{Finding, Problem, Source};
use crate::cli::args::{CheckArgs, OutputForm};
use crate::cli::configured::Configured;
use crate::cli::gathering::Gathering;
use crate::cli::notes::{notes, undeclared};
use crate::cli::{Exit, Run, look_up};
use crate::engine::{self, Input, Outcome};
use crate::report::{Extent, Summary, concise, json, text};

/// Judges the files behind the paths.
///
/// # Errors
/// Paths that are not there, a configuration that cannot be used, a result that cannot be written: nothing is judged,
/// or nobody would know of it.
pub fn check(args: &CheckArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let gathering = Gathering::of(&args.input)?;
    if args.show_config {
        run.streams.result(&gathering.configured.show()?)?;
        return Ok(Exit::Clean);
    }
    gathering.say_uses(run);
    let engines = gathering.engines()?;
    let (sources, unread) = gathering.read(gathering.standard_input(run));
    let inputs = gathering.inputs(&sources, &engines, Input::to_check, &|| {});
    let (mut outcome, kept) = engine::check_keeping(inputs, run.today);
    // The program ends soon.
    std::mem::forget(kept);
    outcome.problems.extend(unread);
    outcome.problems.extend(gathering.configured.ended_exceptions(run.today));
    outcome.problems.sort();
    report(args, &gathering.configured, &sources, outcome, run)
}

fn report(
    args: &CheckArgs,
    configured: &Configured,
    sources: &[Source],
    outcome: Outcome,
    run: &mut Run<'_>,
) -> anyhow::Result<Exit> {
    let Outcome { findings, problems, counts, lookalikes } = outcome;
    let skipped = counts.other_documents + counts.patches + counts.templates;
    let extent = Extent { files: counts.files, objects: counts.objects, skipped };
    let summary = Summary::of(extent, &findings);
    let shown: Vec<Finding> =
        findings.into_iter().filter(|finding| args.show_suppressed || finding.suppressed.is_none()).collect();
    let result = match args.output {
        OutputForm::Full => text::render(&shown, &look_up(sources), run.appearance(args.input.verbose)),
        OutputForm::Concise => concise::render(&shown),
        OutputForm::Json => json::render(&shown, &problems, &summary)?,
    };
    run.streams.result(&result)?;
    run.say_problems(&problems, &configured.with_own_texts(sources));
    if !args.input.quiet {
        let notes = notes(&counts, &configured.assumptions().collect()).into_iter();
        for note in notes.chain(undeclared(&lookalikes)) {
            run.streams.say(&format!("note: {note}\n"));
        }
        run.streams.say(&format!("{summary}\n"));
    }
    Ok(exit(&summary, &problems, args))
}

fn exit(summary: &Summary, problems: &[Problem], args: &CheckArgs) -> Exit {
    Exit::of_check(summary, problems, args.fail_on)
}
