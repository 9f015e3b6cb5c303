//! `seaworthy check`: from paths to findings on standard output.

use crate::base::{Finding, Mode, Problem, Source};
use crate::cli::args::{CheckArgs, OutputForm};
use crate::cli::configured::Configured;
use crate::cli::inputs::{self, Inputs, STANDARD_INPUT_NAME};
use crate::cli::notes::notes;
use crate::cli::{Exit, Run, look_up};
use crate::engine::{self, Engine, Input, Outcome};
use crate::manifest::{Limits, read_documents};
use crate::report::{Extent, Summary, concise, json, text};
use rayon::prelude::*;
use std::path::Path;

/// Judges the files behind the paths.
///
/// # Errors
/// Paths that are not there, a configuration that cannot be used, a result that cannot be written: nothing is judged,
/// or nobody would know of it.
pub fn check(args: &CheckArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let inputs = inputs::collect(&args.paths)?;
    let configured = Configured::load(named_paths(args, &inputs), &args.config, args.assume_membership)?;
    if args.show_config {
        run.streams.result(&configured.show()?)?;
        return Ok(Exit::Clean);
    }
    if args.verbose {
        for used in configured.uses() {
            run.streams.say(&format!("configuration: {used}\n"));
        }
    }
    let name = standard_input_name(args);
    let standard_input = inputs.standard_input.then(|| (name.as_str(), run.streams.whole_input()));
    let (sources, unread) = inputs::read(&inputs, standard_input);
    let mut outcome = judge(args, &configured, &sources, run)?;
    outcome.problems.extend(unread);
    outcome.problems.sort();
    report(args, &configured, &sources, outcome, run)
}

fn standard_input_name(args: &CheckArgs) -> String {
    args.stdin_filename.as_ref().map_or_else(|| STANDARD_INPUT_NAME.to_owned(), |name| name.display().to_string())
}

/// All inputs by name and path; standard input lies where its name says, else in the current folder.
fn named_paths<'a>(args: &'a CheckArgs, inputs: &'a Inputs) -> Vec<(&'a str, &'a Path)> {
    let files = inputs.files.iter().map(|(name, path)| (name.as_str(), path.as_path()));
    let standard_input = args.stdin_filename.as_deref().unwrap_or(Path::new(STANDARD_INPUT_NAME));
    let standard_input =
        inputs.standard_input.then(|| (standard_input.to_str().unwrap_or(STANDARD_INPUT_NAME), standard_input));
    files.chain(standard_input).collect()
}

fn judge(args: &CheckArgs, configured: &Configured, sources: &[Source], run: &Run<'_>) -> anyhow::Result<Outcome> {
    let configurations = configured.configurations().iter();
    let bound = configurations.map(|it| it.bind(configured.settings(it), Mode::Warn, &args.select));
    let engines: Vec<Engine> = bound.collect::<Result<_, _>>()?;
    let limits = Limits { max_document_bytes: args.max_document_size, ..Limits::default() };
    let read = sources.par_iter().filter_map(|source| {
        let engine = engines.get(configured.index_for(source.name())?)?;
        let reading = read_documents(source, &limits);
        Some(Input { file: source.name().clone(), reading, engine, context_only: false })
    });
    Ok(engine::check(read.collect(), run.today))
}

fn report(
    args: &CheckArgs,
    configured: &Configured,
    sources: &[Source],
    outcome: Outcome,
    run: &mut Run<'_>,
) -> anyhow::Result<Exit> {
    let Outcome { findings, problems, counts } = outcome;
    let skipped = counts.other_documents + counts.patches + counts.templates;
    let extent = Extent { files: counts.files, objects: counts.objects, skipped };
    let summary = Summary::of(extent, &findings);
    let shown: Vec<Finding> =
        findings.into_iter().filter(|finding| args.show_suppressed || finding.suppressed.is_none()).collect();
    let result = match args.output {
        OutputForm::Full => text::render(&shown, &look_up(sources), run.appearance(args.verbose)),
        OutputForm::Concise => concise::render(&shown),
        OutputForm::Json => json::render(&shown, &problems, &summary)?,
    };
    run.streams.result(&result)?;
    run.say_problems(&problems, sources);
    if !args.quiet {
        for note in notes(&counts, &configured.assumptions().collect()) {
            run.streams.say(&format!("note: {note}\n"));
        }
        run.streams.say(&format!("{summary}\n"));
    }
    Ok(exit(&summary, &problems, args))
}

fn exit(summary: &Summary, problems: &[Problem], args: &CheckArgs) -> Exit {
    Exit::of_check(summary, problems, args.fail_on)
}
