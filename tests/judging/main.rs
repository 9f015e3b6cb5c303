//! The general clauses of judging, whatever the rule: modes, membership, exceptions, ignores, ratchet, and how objects of
//! many files relate. Small manifests in the text of the tests; the rules are the built-in ones.

#![allow(clippy::expect_used, clippy::panic)] // a test fails where it stands

mod fixes;
mod followed;
mod heads;
mod ignores;
mod modes;
mod offered;
mod one_defect;
mod patched_membership;
mod patches;
mod ratchet;
mod references;
mod surroundings;

use seaworthy::base::{Finding, Mode, Source, Suppression};
use seaworthy::engine::{Engine, Input, Outcome, check};
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::policy::{Date, SettingsFile};

/// A mesh of classic sidecars that hold applications back, so that a Job has one defect: it never completes.
const CLASSIC: &str = "profile: {dataPlane: classic, assumeMembership: sidecar, \
                       proxy: {holdApplicationUntilProxyStarts: true}}\n";

/// A Job with one finding: job-never-completes, an error, on line 5.
const JOB: &str = "\
apiVersion: batch/v1
kind: Job
metadata: {name: work, namespace: shop}
spec:
  template:
    spec: {containers: [{name: work, image: work}]}
";

fn engine(settings: &str) -> Engine {
    let file = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    Engine::load(&file, &[], Mode::Warn).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

/// Judges files of these names and texts on 2027-01-01.
fn judged(engine: &Engine, files: &[(&str, &str)]) -> Outcome {
    judged_on(engine, files, "2027-01-01")
}

fn judged_on(engine: &Engine, files: &[(&str, &str)], today: &str) -> Outcome {
    let input = |(name, text): &(&str, &str)| {
        let source = Source::new(*name, *text);
        let reading = read_documents(&source, &Limits::default());
        Input::to_check(source.name(), reading, engine)
    };
    check(files.iter().map(input).collect(), day(today))
}

/// Each finding as `file:line rule(severity)`, behind it why it is suppressed.
fn found(outcome: &Outcome) -> Vec<String> {
    outcome.findings.iter().map(describe).collect()
}

fn describe(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| format!("{}:{}", place.file, place.start.line)).unwrap_or_default();
    let suppressed = match &finding.suppressed {
        None => String::new(),
        Some(Suppression::Exception(text)) => format!(" exception: {text}"),
        Some(Suppression::Comment(text)) => format!(" comment: {text}"),
        Some(Suppression::Annotation(text)) => format!(" annotation: {text}"),
    };
    format!("{place} {}({}){suppressed}", finding.rule, finding.severity)
}

fn told(outcome: &Outcome) -> Vec<String> {
    outcome.problems.iter().map(ToString::to_string).collect()
}
