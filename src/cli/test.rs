//! `seaworthy test`: judges fixtures, each by itself, and compares with the markers in them.

use crate::base::{Mode, Problem, Source};
use crate::cli::args::TestArgs;
use crate::cli::configuration::Configuration;
use crate::cli::configured::Configured;
use crate::cli::inputs;
use crate::cli::{Exit, Run, look_up};
use crate::engine::fixture::{self, Fixture, Promise};
use crate::engine::{self, Input, known_checks};
use crate::manifest::{Limits, read_documents};
use crate::policy::{Date, RuleSet, Settings, SettingsFile};
use crate::report::text;
use rayon::prelude::*;
use std::path::Path;

/// Judges the fixtures below a folder.
///
/// # Errors
/// A folder that is not there, a configuration that cannot be used, a result that cannot be written.
pub fn test(args: &TestArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let mut inputs = inputs::collect(std::slice::from_ref(&args.folder))?;
    inputs.files.retain(|(_, path)| promise(path).is_some());
    let paths = inputs.files.iter().map(|(name, path)| (name.as_str(), path.as_path()));
    let configured = Configured::load(paths, &args.config, None)?;
    let (sources, unread) = inputs::read(&inputs, None);
    let today = run.today;
    let compared = sources.par_iter().filter_map(|source| {
        let configuration = configured.configurations().get(configured.index_for(source.name())?)?;
        Some(compare(source, configuration, today))
    });
    let compared: Vec<Vec<Problem>> = compared.collect::<Result<_, _>>()?;
    let differing = compared.iter().filter(|differences| !differences.is_empty()).count();
    let differences: Vec<Problem> = compared.into_iter().flatten().collect();
    let appearance = run.appearance(true);
    run.streams.result(&text::render_problems(&differences, &look_up(&sources), appearance))?;
    run.say_problems(&unread, &sources);
    run.streams.say(&summary(sources.len(), differing, &args.folder));
    Ok(Exit::highest([
        (differing > 0, Exit::Findings),
        (sources.is_empty(), Exit::NoObjects),
        (unread.iter().any(|problem| problem.fatal), Exit::Unreadable),
    ]))
}

fn promise(path: &Path) -> Option<Promise> {
    Promise::of(path.file_name()?.to_str()?)
}

/// All in which a fixture differs from what it says of itself; what cannot be read of it is a difference too.
fn compare(source: &Source, configuration: &Configuration, today: Date) -> anyhow::Result<Vec<Problem>> {
    let promise = promise(Path::new(source.name().as_ref())).unwrap_or(Promise::AsMarked);
    let (fixture, mut differences) = fixture::read(source, promise);
    match settings(source, &fixture, configuration) {
        Err(problems) => differences.extend(problems),
        Ok(settings) => {
            let engine = configuration.bind(settings, Mode::Warn, &[])?;
            let reading = read_documents(source, &Limits::default());
            let input = Input { file: source.name().clone(), reading, engine: &engine, context_only: false };
            let outcome = engine::check(vec![input], today);
            differences.extend(outcome.problems.into_iter().filter(|problem| problem.fatal));
            differences.extend(fixture::differences(source, &fixture, &outcome.findings));
        }
    }
    Ok(differences)
}

/// The settings of the configuration, with the profile of the fixture in place of its own if there is one.
fn settings(source: &Source, fixture: &Fixture, configuration: &Configuration) -> Result<Settings, Vec<Problem>> {
    let settings = configuration.settings.clone();
    let Some((profile, span)) = &fixture.profile else { return Ok(settings) };
    let file = SettingsFile::read(&Source::new("profile", format!("profile: {profile}")));
    match file.settle(&RuleSet::default(), &known_checks()) {
        Ok(own) => Ok(Settings { profile: own.profile, ..settings }),
        Err(problems) => Err(problems.into_iter().map(|it| Problem::fatal(source, *span, it.message)).collect()),
    }
}

fn summary(fixtures: usize, differing: usize, folder: &Path) -> String {
    let tested = match fixtures {
        0 => return format!("no fixture (fail-*.yaml, pass-*.yaml, issue-*.yaml) found in {}\n", folder.display()),
        1 => "tested 1 fixture".to_owned(),
        more => format!("tested {more} fixtures"),
    };
    match differing {
        0 => format!("{tested}: all as marked\n"),
        1 => format!("{tested}: 1 differs\n"),
        more => format!("{tested}: {more} differ\n"),
    }
}
