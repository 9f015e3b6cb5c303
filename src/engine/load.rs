//! From the files that people write to an engine that runs: the one way in for the command line, the webhook and tests.

use crate::base::{Mode, Problem, Source};
use crate::checks::CHECKS;
use crate::engine::Engine;
use crate::policy::{KnownCheck, KnownChecks, RuleSet, SettingsFile, builtin_rules};

/// The checks that rules may name, as the rule files are held against them.
pub fn known_checks() -> KnownChecks {
    let known = |check: &crate::checks::Check| {
        let params = KnownCheck::new((check.schema)(), check.cases.iter().copied());
        (check.id, params.repaired(check.repair))
    };
    CHECKS.iter().map(known).collect()
}

/// The built-in rules and those of the given files.
pub fn read_rules(files: &[Source]) -> RuleSet {
    let built_in = builtin_rules();
    RuleSet::read(built_in.iter().chain(files), &known_checks())
}

impl Engine {
    /// An engine of the built-in rules and those of the given files, under a configuration.
    ///
    /// # Errors
    /// Every mistake in the rule files and in the configuration, each at its place, duplicate keys included: what is
    /// written there decides what is refused in a cluster, so nothing of it is guessed.
    pub fn load(settings: &SettingsFile, rule_files: &[Source], unsaid_mode: Mode) -> Result<Self, Vec<Problem>> {
        let rules = read_rules(rule_files);
        let settled = settings.settle(&rules, &known_checks());
        let mut problems = rules.problems().to_vec();
        let settings = match settled {
            Ok(settings) if problems.is_empty() => settings,
            Ok(_) => return Err(problems),
            Err(wrong) => {
                problems.extend(wrong);
                return Err(problems);
            }
        };
        let (engine, unbound) = Self::new(rules.rules(), settings, unsaid_mode);
        let unbound: Vec<Problem> =
            unbound.iter().map(|error| Problem::of_file("<rules>", error.to_string())).collect();
        if unbound.is_empty() { Ok(engine) } else { Err(unbound) }
    }

    /// An engine of the built-in rules under no configuration.
    ///
    /// # Errors
    /// A mistake in a built-in rule: a test of this program holds that there is none.
    pub fn built_in(unsaid_mode: Mode) -> Result<Self, Vec<Problem>> {
        Self::load(&SettingsFile::read(&Source::new("<no configuration>", "")), &[], unsaid_mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_have_no_mistake() {
        match Engine::built_in(Mode::Warn) {
            Ok(engine) => assert_eq!(engine.rules().len(), builtin_rules().len()),
            Err(problems) => panic!("{problems:#?}"),
        }
    }
}
