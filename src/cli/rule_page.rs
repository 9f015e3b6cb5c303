//! What `seaworthy explain` and the pages in `docs/rules` show of a rule: its examples and fixtures are judged and fixed while
//! the page is made, so that neither can say what the program does not do.

use crate::base::{Finding, Mode, Problem, Remedy, Safety, Severity, Source};
use crate::checks;
use crate::cli::configuration::Configuration;
use crate::cli::fix::patch::patch;
use crate::cli::{look_up, strategies};
use crate::engine::fixture::Shown;
use crate::engine::{self, Choice, Engine, FixOutcome, Input, Why};
use crate::manifest::{Limits, read_documents};
use crate::policy::{Date, Exception, Modes, Rule, Settings, builtin_example};
use crate::report::rule_markdown::{Found, JudgedFixture};
use crate::report::rule_page::{self, Example, Known, Manifest, RulePage, ShownFix};
use crate::report::text::{self, Appearance};
use anyhow::anyhow;
use serde_json::Value;
use std::collections::BTreeSet;

/// The page of a rule as the configuration sets it up; what is printed of its example is `width` columns wide.
///
/// # Errors
/// An example that says of itself what is no profile, a rule that cannot be bound: internal errors, which tests rule out.
pub fn page(rule: &Rule, configuration: &Configuration, width: usize, today: Date) -> anyhow::Result<RulePage> {
    let check = checks::check(&rule.spec.check);
    let schema = check.map_or(Value::Null, |check| (check.schema)());
    let repair = check.map(|check| check.repair).unwrap_or_default();
    let mut tuned = configuration.settings.tuned(rule);
    tuned.spec.params = configuration
        .settings
        .repairs
        .inherited(&tuned.spec.params, |param| check.is_some_and(|check| check.takes(param)));
    let example =
        builtin_example(rule.id()).map(|(bad, good)| Bench { configuration, today }.example(&tuned, bad, good, width));
    let example = example.transpose()?;
    let strategies = check.map(|check| strategies::chosen(&tuned, check, &configuration.settings)).unwrap_or_default();
    let known = Known { schema: &schema, repair, strategies: &strategies, example: example.as_ref() };
    Ok(rule_page::page(&tuned, known))
}

/// A fixture of a rule with what the rule finds in it, and what is made of that.
///
/// # Errors
/// As [`page`].
pub fn judged_fixture(
    rule: &str,
    name: &str,
    text: &str,
    configuration: &Configuration,
    today: Date,
) -> anyhow::Result<JudgedFixture> {
    let bench = Bench { configuration, today };
    let shown = Shown::of(text);
    let engine = bench.engine(&shown)?;
    let source = Source::new(name, shown.text.as_str());
    let outcome = bench.fixed(&source, &engine, true);
    let fixed = outcome.files.into_iter().flat_map(|file| file.fixed).map(|finding| (fixed_by(&finding), finding));
    let left = outcome.left.into_iter().map(|left| (reason(left.why), left.finding));
    let all = fixed.chain(left.map(|(reason, finding)| (format!("none: {reason}"), finding)));
    let of_rule: Vec<_> = all.filter(|(_, finding)| *finding.rule == *rule).collect();
    let is_told = |seen: &Finding| of_rule.iter().any(|(_, it)| it.object == seen.object && it.path == seen.path);
    let before = engine::check(vec![input(&source, &engine)], today).findings.into_iter();
    let gone = before.filter(|seen| *seen.rule == *rule && !is_told(seen)).collect::<Vec<_>>();
    let gone = gone.into_iter().map(|finding| (GONE.to_owned(), finding));
    let all = of_rule.into_iter().chain(gone);
    let found: BTreeSet<Found> =
        all.map(|(fix, finding)| Found { severity: finding.severity, case: finding.case, fix }).collect();
    // The worst first.
    Ok(JudgedFixture { name: name.to_owned(), words: shown.words, found: found.into_iter().rev().collect() })
}

/// What becomes of a finding that nobody fixed, and that is there no more when all else is fixed.
const GONE: &str = "goes with the fix of another rule";

/// Judges and fixes single manifests under a configuration.
#[derive(Clone, Copy)]
struct Bench<'a> {
    configuration: &'a Configuration,
    today: Date,
}

/// The name of the example where it is judged.
const EXAMPLE: &str = "example.yaml";

impl Bench<'_> {
    fn example(self, rule: &Rule, bad: &str, good: &str, width: usize) -> anyhow::Result<Example> {
        let (bad, good) = (Shown::of(bad), Shown::of(good));
        let engine = self.engine(&bad)?;
        let source = Source::new(EXAMPLE, bad.text.as_str());
        let mut findings = engine::check(vec![input(&source, &engine)], self.today).findings;
        findings.retain(|finding| is_told(finding, rule.id()));
        let appearance = Appearance { colour: false, width, shorten: false };
        let report = text::render(&findings, &look_up(std::slice::from_ref(&source)), appearance);
        let (fixed, fixes, left) = self.steps(source, &engine, rule.id());
        let drawn = findings.iter().find(|finding| *finding.rule == *rule.id() && !finding.drawing.is_empty());
        let params = Value::Object(rule.spec.params.clone());
        let end = drawn.map(|finding| engine.drawn_end(&fixed, &finding.object, &params)).unwrap_or_default();
        Ok(Example { bad: manifest(bad), report, fixes, end, left, good: manifest(good) })
    }

    /// The text after the safe fixes and then the others, these fixes, and why something is left.
    fn steps(self, source: Source, engine: &Engine, rule: &str) -> (Source, Vec<ShownFix>, Vec<String>) {
        let (mut text, mut fixes, mut left) = (source, Vec::new(), Vec::new());
        for unsafe_too in [false, true] {
            let outcome = self.fixed(&text, engine, unsafe_too);
            let told = outcome.left.into_iter().filter(|left| is_told(&left.finding, rule));
            left = told.map(|left| reason(left.why)).collect();
            let Some(file) = outcome.files.into_iter().next() else { continue };
            let look_at = file.fixed.iter().filter_map(look_at).collect::<BTreeSet<_>>().into_iter().collect();
            fixes.push(ShownFix { look_at, patch: patch(EXAMPLE.as_bytes(), text.text(), file.after.text()) });
            text = file.after;
        }
        left.sort();
        left.dedup();
        (text, fixes, left)
    }

    fn fixed(self, source: &Source, engine: &Engine, unsafe_too: bool) -> FixOutcome {
        engine::fix(vec![input(source, engine)], self.today, &Choice { unsafe_too, ..Choice::default() })
    }

    /// All rules under the profile of a fixture. Modes and exceptions are for objects that people have, not for examples.
    fn engine(self, shown: &Shown) -> anyhow::Result<Engine> {
        let first = |problems: Vec<Problem>| anyhow!(problems.first().map_or_else(String::new, ToString::to_string));
        let settings = match &shown.profile {
            Some(profile) => self.configuration.settings_with_profile(profile).map_err(first)?,
            None => Settings { profile: Default::default(), ..self.configuration.settings.clone() },
        };
        let settings = match &shown.rules {
            Some(rules) => self.configuration.with_rules(settings, rules).map_err(first)?,
            None => settings,
        };
        let settings = Settings { modes: Modes::default(), exceptions: Vec::<Exception>::new(), ..settings };
        self.configuration.bind(settings, Mode::Warn, &[])
    }
}

fn input<'e>(source: &Source, engine: &'e Engine) -> Input<'e> {
    let reading = read_documents(source, &Limits::default());
    Input::new(source.name(), reading, engine)
}

/// Whether the page of a rule tells of a finding on its example: what is only worth knowing to other rules is left out.
fn is_told(finding: &Finding, rule: &str) -> bool {
    finding.severity > Severity::Info || *finding.rule == *rule
}

fn manifest(shown: Shown) -> Manifest {
    Manifest { profile: shown.profile, rules: shown.rules, text: shown.text }
}

/// Why a person should look at the fix of a finding.
fn look_at(finding: &Finding) -> Option<String> {
    match &finding.remedy.fix()?.safety {
        Safety::Safe => None,
        Safety::Unsafe(reason) => Some(reason.clone()),
    }
}

/// What removed a finding.
fn fixed_by(finding: &Finding) -> String {
    match &finding.remedy {
        Remedy::Fix(fix) => match &fix.safety {
            Safety::Safe => format!("safe: {}", fix.title),
            Safety::Unsafe(_) => format!("unsafe: {}", fix.title),
        },
        Remedy::Unfixed(_) => "goes with the fix of another finding".to_owned(),
    }
}

fn reason(why: Why) -> String {
    match why {
        Why::NoFix(reason) | Why::NeedsUnsafe(reason) | Why::WouldNotHold(reason) => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::builtin_rules;
    use std::fs;
    use std::path::Path;

    /// `seaworthy test` holds that the text beside a fixture is what `fix` makes of it; here it is what the page shows.
    #[test]
    fn the_fix_on_a_page_is_the_text_beside_its_fixture() {
        let configuration = Configuration::load(None).unwrap();
        let bench = Bench { configuration: &configuration, today: "2026-11-21".parse().unwrap() };
        let mut compared = 0;
        for source in builtin_rules() {
            let id = source.name().rsplit('/').next().unwrap().trim_end_matches(".yaml").to_owned();
            let beside =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(&id).join("fail-example.fixed.yaml");
            let fixed = fs::read_to_string(beside).ok().map(|text| Shown::of(&text).text);
            let (bad, good) = builtin_example(&id).unwrap();
            let rule = configuration.find(&id).unwrap();
            let example = bench.example(rule, bad, good, 100).unwrap();
            let safe = example.fixes.iter().find(|fix| fix.look_at.is_empty());
            let shown = fixed.map(|fixed| patch(EXAMPLE.as_bytes(), &example.bad.text, &fixed));
            assert_eq!(safe.map(|fix| &fix.patch), shown.as_ref(), "{id}");
            compared += usize::from(shown.is_some());
        }
        assert!(compared > 5, "{compared}");
    }

    /// Whether requests die, or something is cut off.
    fn is_bad(drawing: &str) -> bool {
        drawing.contains("requests die") || drawing.contains("never happens")
    }

    #[test]
    fn the_drawn_end_is_bad_before_the_fix_and_good_after_it() {
        let configuration = Configuration::load(None).unwrap();
        let bench = Bench { configuration: &configuration, today: "2026-11-21".parse().unwrap() };
        for id in ["missing-pre-stop", "short-grace-period", "proxy-stops-first"] {
            let (bad, good) = builtin_example(id).unwrap();
            let example = bench.example(configuration.find(id).unwrap(), bad, good, 100).unwrap();
            assert!(is_bad(&example.report), "{id}: {}", example.report);
            let end = example.end.join("\n");
            assert!(end.contains("grace") && !is_bad(&end), "{id}: {end}");
        }
    }
}
