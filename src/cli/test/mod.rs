//! `seaworthy test`: judges and fixes fixtures, each by itself, and compares with the markers in them and with the texts
//! beside them.

mod fixed;
#[cfg(test)]
mod said;

use crate::base::{Mode, Problem, Source, Span};
use crate::cli::args::TestArgs;
use crate::cli::configuration::Configuration;
use crate::cli::configured::Configured;
use crate::cli::inputs::{self, Inputs};
use crate::cli::{Exit, Run, look_up};
use crate::engine::fixture::{self, Fixture, Promise};
use crate::engine::{self, Choice, Engine, Input};
use crate::manifest::{Limits, read_documents};
use crate::policy::{Date, Settings};
use crate::report::text;
use fixed::Beside;
use rayon::prelude::*;
use std::path::Path;

/// Judges and fixes the fixtures below a folder.
///
/// # Errors
/// A folder that is not there, a configuration that cannot be used, a result that cannot be written.
pub fn test(args: &TestArgs, run: &mut Run<'_>) -> anyhow::Result<Exit> {
    let mut inputs = inputs::collect(std::slice::from_ref(&args.folder))?;
    let (beside, unread_beside) = Beside::of(&inputs);
    inputs.files.retain(|(_, path)| promise(path).is_some());
    let paths = inputs.files.iter().map(|(name, path)| (name.as_str(), path.as_path()));
    let configured = Configured::load(paths, &args.config, None)?;
    let (sources, mut unread) = inputs::read(&inputs, None);
    unread.extend(unread_beside);
    let today = run.today;
    let compared = sources.par_iter().filter_map(|source| {
        let configuration = configured.configurations().get(configured.index_for(source.name())?)?;
        Some(compare(source, configuration, &beside, today))
    });
    let mut compared: Vec<Compared> = compared.collect::<Result<_, _>>()?;
    let updated = if args.update { update(&inputs, &mut compared)? } else { 0 };
    let orphans = beside.without_fixture(&sources);
    let differing = compared.iter().filter(|it| it.differs()).count() + orphans.len();
    let patches: String = compared.iter().filter_map(|it| Some(it.fixed.as_ref()?.patch.as_str())).collect();
    let mut differences: Vec<Problem> = compared.into_iter().flat_map(Compared::into_problems).chain(orphans).collect();
    differences.sort();
    let texts: Vec<Source> = sources.iter().chain(beside.sources()).cloned().collect();
    run.streams.result(&text::render_problems(&differences, &look_up(&texts), run.appearance(true)))?;
    run.streams.result(&patches)?;
    run.say_problems(&unread, &texts);
    run.streams.say(&summary(sources.len(), differing, updated, &args.folder));
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
#[derive(Default)]
struct Compared {
    /// From its markers.
    problems: Vec<Problem>,
    /// From the text beside it.
    fixed: Option<fixed::Difference>,
}

impl Compared {
    fn differs(&self) -> bool {
        !self.problems.is_empty() || self.fixed.is_some()
    }

    fn into_problems(self) -> impl Iterator<Item = Problem> {
        self.problems.into_iter().chain(self.fixed.map(|fixed| fixed.problem))
    }
}

fn compare(source: &Source, configuration: &Configuration, beside: &Beside, today: Date) -> anyhow::Result<Compared> {
    let promise = promise(Path::new(source.name().as_ref())).unwrap_or(Promise::AsMarked);
    let (fixture, mut problems) = fixture::read(source, promise);
    let settings = match settings(source, &fixture, configuration) {
        Ok(settings) => settings,
        Err(mistakes) => {
            problems.extend(mistakes);
            return Ok(Compared { problems, fixed: None });
        }
    };
    let engine = configuration.bind(settings, Mode::Warn, &[])?;
    let outcome = engine::check(vec![input(source, &engine)], today);
    problems.extend(outcome.problems.into_iter().filter(|problem| problem.fatal));
    problems.extend(fixture::differences(
        source,
        &fixture,
        &outcome.findings,
        folder(source).filter(|it| engine.rule(it).is_some()),
    ));
    let fixes = engine::fix(vec![input(source, &engine)], today, &Choice::default());
    let after = fixes.files.first().map(|file| file.after.text());
    Ok(Compared { problems, fixed: fixed::difference(source, promise, after, beside.of_fixture(source)) })
}

/// The name of the folder that a fixture lies in.
fn folder(source: &Source) -> Option<&str> {
    Path::new(source.name().as_ref()).parent()?.file_name()?.to_str()
}

fn input<'e>(source: &Source, engine: &'e Engine) -> Input<'e> {
    let reading = read_documents(source, &Limits::default());
    Input::new(source.name(), reading, engine)
}

/// Makes the texts beside fixtures what the fixes give, and takes these differences out. Gives how many there were.
fn update(inputs: &Inputs, compared: &mut [Compared]) -> anyhow::Result<usize> {
    let mut updated = 0;
    for difference in compared.iter_mut().filter_map(|it| it.fixed.take()) {
        difference.resolve(inputs)?;
        updated += 1;
    }
    Ok(updated)
}

/// The settings of the configuration, with the profile and the rules of the fixture in place of its own if there are some.
fn settings(source: &Source, fixture: &Fixture, configuration: &Configuration) -> Result<Settings, Vec<Problem>> {
    let located = |span: Span| {
        move |problems: Vec<Problem>| -> Vec<Problem> {
            problems.into_iter().map(|it| Problem::fatal(source, span, it.message)).collect()
        }
    };
    let settings = match &fixture.profile {
        Some((profile, span)) => configuration.settings_with_profile(profile).map_err(located(*span))?,
        None => configuration.settings.clone(),
    };
    match &fixture.rules {
        Some((rules, span)) => configuration.with_rules(settings, rules).map_err(located(*span)),
        None => Ok(settings),
    }
}

fn summary(fixtures: usize, differing: usize, updated: usize, folder: &Path) -> String {
    let tested = match fixtures {
        0 => return format!("no fixture (fail-*.yaml, pass-*.yaml, issue-*.yaml) found in {}\n", folder.display()),
        1 => "tested 1 fixture".to_owned(),
        more => format!("tested {more} fixtures"),
    };
    let tested = if updated > 0 { format!("updated {updated} *.fixed.yaml; {tested}") } else { tested };
    match differing {
        0 => format!("{tested}: all as marked\n"),
        1 => format!("{tested}: 1 differs\n"),
        more => format!("{tested}: {more} differ\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::ConfigArgs;
    use crate::cli::{Streams, Terminal, today};
    use std::io;

    /// In the process of the unit tests, so that these are all that a mutant of a check has to be built for.
    #[test]
    fn our_own_fixtures_are_as_marked() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
        let args = TestArgs { folder, update: false, config: ConfigArgs { config: None, isolated: true } };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams = Streams { input: &mut io::empty(), out: &mut out, err: &mut err };
        let exit = test(&args, &mut Run { streams, terminal: &Terminal::default(), color: None, today: today() });
        let [out, err] = [out, err].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!((exit.ok(), out.as_str()), (Some(Exit::Clean), ""), "{err}");
    }
}
