//! The exit codes of the program: a fixed interface, on which pipelines depend.

use crate::base::{Problem, Severity};
use crate::cli::args::FailOn;
use crate::report::Summary;

/// How a run ended, ordered by exit code: where several apply, the highest is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to say.
    Clean = 0,
    /// Findings at or above `--fail-on`; for `test`, fixtures that differ; for `fix --check`, something to fix.
    Findings = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// No Kubernetes object was found, as when a pipeline has a folder's name wrong.
    NoObjects = 3,
    /// Some input could not be read, or a fixed file not be written; the rest was judged.
    Unreadable = 4,
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What a run of `check` ends with.
    pub fn of_check(summary: &Summary, problems: &[Problem], fail_on: FailOn) -> Self {
        let failing = match fail_on {
            FailOn::Never => 0,
            FailOn::Error => summary.at_least(Severity::Error),
            FailOn::Warning => summary.at_least(Severity::Warning),
            FailOn::Info => summary.at_least(Severity::Info),
        };
        Self::highest([
            (failing > 0, Self::Findings),
            (summary.objects == 0, Self::NoObjects),
            (problems.iter().any(|problem| problem.fatal), Self::Unreadable),
        ])
    }

    /// The highest of those that apply.
    pub fn highest(applying: impl IntoIterator<Item = (bool, Self)>) -> Self {
        applying.into_iter().filter(|(applies, _)| *applies).map(|(_, exit)| exit).max().unwrap_or(Self::Clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_code_that_applies_is_used() {
        let objects = |errors, warnings, infos| Summary { objects: 1, errors, warnings, infos, ..Summary::default() };
        let broken = [Problem::of_file("a.yaml", "cannot be read")];
        let odd = [Problem { fatal: false, ..broken[0].clone() }];
        let cases: [(Summary, &[Problem], FailOn, u8); 11] = [
            (objects(0, 0, 0), &[], FailOn::Warning, 0),
            (objects(0, 0, 1), &[], FailOn::Warning, 0),
            (objects(0, 1, 0), &[], FailOn::Warning, 1),
            (objects(1, 0, 0), &[], FailOn::Warning, 1),
            (objects(0, 1, 0), &[], FailOn::Error, 0),
            (objects(0, 0, 1), &[], FailOn::Info, 1),
            (objects(1, 1, 1), &[], FailOn::Never, 0),
            (Summary::default(), &[], FailOn::Warning, 3),
            (Summary::default(), &broken, FailOn::Warning, 4),
            (objects(1, 0, 0), &broken, FailOn::Warning, 4),
            (objects(0, 0, 0), &odd, FailOn::Warning, 0),
        ];
        for (summary, problems, fail_on, code) in cases {
            assert_eq!(
                Exit::of_check(&summary, problems, fail_on).code(),
                code,
                "{summary:?} {problems:?} {fail_on:?}"
            );
        }
    }
}
