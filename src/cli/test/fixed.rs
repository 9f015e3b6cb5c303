//! What a fixture is after its safe fixes: `fail-x.fixed.yaml` beside `fail-x.yaml`, compared byte for byte.

use crate::base::{Position, Problem, Source};
use crate::cli::fix::patch::patch;
use crate::cli::inputs::{self, Inputs};
use crate::engine::fixture::Promise;
use crate::report::one_line;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The texts beside fixtures.
pub struct Beside {
    by_name: BTreeMap<Arc<str>, Source>,
}

/// How a fixture after its fixes differs from what lies beside it.
pub struct Difference {
    /// What is wrong, and where.
    pub problem: Problem,
    /// The lines that differ, as a patch of the file beside the fixture; empty where there is no such file or no fix.
    pub patch: String,
    /// The fixture.
    fixture: Arc<str>,
    /// What is to lie beside it, if anything.
    wanted: Option<String>,
}

impl Beside {
    /// Reads those among the files of a folder; with what cannot be read.
    pub fn of(inputs: &Inputs) -> (Self, Vec<Problem>) {
        let files = inputs.files.iter().filter(|(name, _)| fixture_of(name).is_some()).cloned().collect();
        let (sources, problems) = inputs::read(&Inputs { files, ..Inputs::default() }, None);
        let by_name = sources.into_iter().map(|source| (source.name().clone(), source)).collect();
        (Self { by_name }, problems)
    }

    /// The text beside a fixture.
    pub fn of_fixture(&self, fixture: &Source) -> Option<&Source> {
        self.by_name.get(fixed_name(fixture.name()).as_str())
    }

    /// All of them.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.by_name.values()
    }

    /// What is to be said of texts whose fixture is gone.
    pub fn without_fixture(&self, fixtures: &[Source]) -> Vec<Problem> {
        let is_there = |name: &str| fixtures.iter().any(|fixture| **fixture.name() == *name);
        let orphans = self.by_name.keys().filter_map(|name| Some((name, fixture_of(name).filter(|it| !is_there(it))?)));
        orphans
            .map(|(name, fixture)| Problem::of_file(name.clone(), format!("there is no fixture {fixture}")))
            .collect()
    }
}

impl Difference {
    /// Makes the file beside the fixture what the fixes give.
    ///
    /// # Errors
    /// It cannot be written or removed.
    pub fn resolve(&self, fixtures: &Inputs) -> anyhow::Result<()> {
        let Some((_, path)) = fixtures.files.iter().find(|(name, _)| **name == *self.fixture) else { return Ok(()) };
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let path = path.with_file_name(fixed_name(&file_name));
        let done = match &self.wanted {
            Some(text) => fs::write(&path, text),
            None => fs::remove_file(&path),
        };
        done.with_context(|| format!("{} cannot be updated", path.display()))
    }
}

/// The name of the file with the fixed text of a fixture: `fail-x.fixed.yaml` of `fail-x.yaml`.
fn fixed_name(fixture: &str) -> String {
    let (stem, ending) = fixture.rsplit_once('.').unwrap_or((fixture, "yaml"));
    format!("{stem}.fixed.{ending}")
}

/// The name of the fixture that a file holds the fixed text of; none of any other file.
fn fixture_of(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let fixture = format!("{}.{ending}", stem.strip_suffix(".fixed")?);
    Promise::of(Path::new(&fixture).file_name()?.to_str()?).map(|_| fixture)
}

/// Compares the text of a fixture after its safe fixes, if there are any, with the file beside it, if there is one. Only a
/// `fail-*` fixture must have one.
pub fn difference(
    fixture: &Source,
    promise: Promise,
    after: Option<&str>,
    beside: Option<&Source>,
) -> Option<Difference> {
    let (problem, patch) = match (after, beside) {
        (None, None) => return None,
        (Some(_), None) if promise != Promise::Findings => return None,
        (Some(after), Some(beside)) if after == beside.text() => return None,
        (Some(_), None) => {
            let name = fixed_name(fixture.name());
            let message = format!("it has a safe fix: want {name} with the text after it, `--update` writes it");
            (Problem::of_file(fixture.name().clone(), message), String::new())
        }
        (None, Some(beside)) => {
            let message = "the fixture has no safe fix: want this file removed";
            (Problem::of_file(beside.name().clone(), message), String::new())
        }
        (Some(after), Some(beside)) => (first_difference(after, beside), differing_lines(after, beside)),
    };
    let (fixture, wanted) = (fixture.name().clone(), after.map(str::to_owned));
    Some(Difference { problem, patch, fixture, wanted })
}

fn first_difference(after: &str, beside: &Source) -> Problem {
    let lines = beside.text().split_inclusive('\n').zip(after.split_inclusive('\n'));
    let line = lines.take_while(|(old, new)| old == new).count() + 1;
    let message = "the safe fixes of the fixture give another text from here on";
    Problem { at: Position { line, column: 1 }, ..Problem::of_file(beside.name().clone(), message) }
}

fn differing_lines(after: &str, beside: &Source) -> String {
    let patch = patch(beside.name().as_bytes(), beside.text(), after);
    patch.lines().map(|line| format!("{}\n", one_line(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_together() {
        let cases = [
            ("a/fail-x.fixed.yaml", Some("a/fail-x.yaml")),
            ("issue-x.fixed.yml", Some("issue-x.yml")),
            ("a/fail-x.yaml", None),
            ("a/notes.fixed.yaml", None),
        ];
        for (name, fixture) in cases {
            assert_eq!(fixture_of(name).as_deref(), fixture, "{name}");
        }
        assert_eq!(fixed_name("a/fail-x.yaml"), "a/fail-x.fixed.yaml");
    }

    #[test]
    fn the_file_beside_it_says_what_the_fixes_do() {
        let fixture = Source::new("fail-x.yaml", "a: 1\n");
        let beside = Source::new("fail-x.fixed.yaml", "# one\na: 2\n");
        let told = |promise, after, beside| {
            let told = difference(&fixture, promise, after, beside);
            told.map(|it| (it.problem.to_string(), it.patch)).unwrap_or_default()
        };
        let nothing = (String::new(), String::new());
        for promise in [Promise::Findings, Promise::AsMarked, Promise::NoFindings] {
            assert_eq!(told(promise, None, None), nothing);
            assert_eq!(told(promise, Some("# one\na: 2\n"), Some(&beside)), nothing);
            let (problem, patch) = told(promise, Some("# one\na: 3\n"), Some(&beside));
            assert_eq!(problem, "fail-x.fixed.yaml:2:1: the safe fixes of the fixture give another text from here on");
            assert!(patch.ends_with("@@ -1,2 +1,2 @@\n # one\n-a: 2\n+a: 3\n"), "{patch}");
            let (problem, _) = told(promise, None, Some(&beside));
            assert_eq!(problem, "fail-x.fixed.yaml:1:1: the fixture has no safe fix: want this file removed");
        }
        assert_eq!(told(Promise::AsMarked, Some("a: 2\n"), None), nothing);
        let (problem, _) = told(Promise::Findings, Some("a: 2\n"), None);
        assert!(problem.starts_with("fail-x.yaml:1:1: it has a safe fix: want fail-x.fixed.yaml"), "{problem}");
    }
}
