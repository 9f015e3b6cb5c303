//! Fixtures: manifests that hold their own expectation.
//!
//! A line that ends in `#~ <rule-id>` is where a finding of that rule must point, `#~ <rule-id>(error)` also of that
//! severity; several are parted by commas, and no other finding may appear but infos of rules that the fixture is not about. A first line `#~ profile: {...}` sets
//! the profile, and `#~ rules: {...}` there or on the line below re-parameterises rules, as these keys of `seaworthy.yaml` do. `fail-*` expects findings, `pass-*` none, `issue-*` either.
//!
//! This module reads markers and compares; it neither opens files nor judges.

mod difference;
mod shown;

pub use difference::differences;
pub use shown::Shown;

use crate::base::{Problem, Severity, Source, Span};
use std::sync::Arc;

/// What a fixture says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fixture {
    /// The YAML value behind `#~ profile:` on the first line, and where it stands.
    pub profile: Option<(String, Span)>,
    /// The same behind `#~ rules:`, on the first line or the second.
    pub rules: Option<(String, Span)>,
    /// The findings that must appear, by line.
    pub expectations: Vec<Expectation>,
}

/// One finding that must appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The rule.
    pub rule: Arc<str>,
    /// The line that the finding must point to, from 1.
    pub line: usize,
    /// The severity that it must have, if it matters.
    pub severity: Option<Severity>,
    /// Where the marker stands.
    pub marker: Span,
}

/// What the name of a fixture promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// `fail-*`: at least one finding.
    Findings,
    /// `pass-*`: no finding.
    NoFindings,
    /// `issue-*`: what its markers say.
    AsMarked,
}

impl Promise {
    /// The promise of a file name such as `fail-headless.yaml`; none if it names no fixture. `*.fixed.yaml` is what
    /// a fixture looks like after its fix, and no fixture itself.
    pub fn of(file_name: &str) -> Option<Self> {
        let stem = file_name.strip_suffix(".yaml").or_else(|| file_name.strip_suffix(".yml"))?;
        match stem.split_once('-')?.0 {
            _ if stem.ends_with(".fixed") => None,
            "fail" => Some(Self::Findings),
            "pass" => Some(Self::NoFindings),
            "issue" => Some(Self::AsMarked),
            _ => None,
        }
    }
}

/// The markers of a fixture, with the mistakes in them and in what its name promises.
pub fn read(source: &Source, promise: Promise) -> (Fixture, Vec<Problem>) {
    let mut fixture = Fixture::default();
    let mut problems = Vec::new();
    let mut start = 0;
    for (index, text) in source.text().split_inclusive('\n').enumerate() {
        if let Some((before, marker)) = split_marker(text) {
            let offset = start + before;
            let mistake = |text| Problem::fatal(source, at(marker, offset), text);
            let value = |text: &str, key: &str| Some(trimmed(text, offset + key.len()));
            match setting(marker) {
                Some(("profile:", text)) if index == 0 => fixture.profile = value(text, "profile:"),
                Some(("rules:", text)) if index <= 1 => fixture.rules = value(text, "rules:"),
                Some(("profile:", _)) => problems.push(mistake("`profile:` belongs on line 1")),
                Some(_) => problems.push(mistake("`rules:` belongs on line 1 or 2")),
                None => read_expectations(source, index + 1, marker, offset, &mut fixture, &mut problems),
            }
        }
        start += text.len();
    }
    problems.extend(broken_promise(source, &fixture, promise));
    (fixture, problems)
}

const MARKER: &str = "#~";

/// The key and the value of a marker that sets something.
fn setting(marker: &str) -> Option<(&'static str, &str)> {
    ["profile:", "rules:"].into_iter().find_map(|key| Some((key, marker.strip_prefix(key)?)))
}

/// The text behind the marker of a line and its offset in the line. As any YAML comment it starts the line or follows
/// a blank.
fn split_marker(line: &str) -> Option<(usize, &str)> {
    let at = marker_at(line)?;
    let marker = line.get(at + MARKER.len()..)?;
    let trimmed = marker.trim_start();
    Some((at + MARKER.len() + marker.len() - trimmed.len(), trimmed.trim_end()))
}

/// Where the marker of a line begins.
fn marker_at(line: &str) -> Option<usize> {
    line.match_indices(MARKER).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).unwrap_or("");
        before.is_empty() || before.ends_with([' ', '\t'])
    })
}

fn trimmed(text: &str, offset: usize) -> (String, Span) {
    let start = offset + text.len() - text.trim_start().len();
    (text.trim().to_owned(), at(text.trim(), start))
}

fn at(text: &str, start: usize) -> Span {
    Span { start, end: start + text.len() }
}

fn read_expectations(
    source: &Source,
    line: usize,
    marker: &str,
    offset: usize,
    fixture: &mut Fixture,
    problems: &mut Vec<Problem>,
) {
    let mut start = offset;
    for item in marker.split(',') {
        let (text, marker) = trimmed(item, start);
        start += item.len() + 1;
        match read_expectation(&text) {
            Ok((rule, severity)) => {
                fixture.expectations.push(Expectation { rule: rule.into(), line, severity, marker });
            }
            Err(message) => problems.push(Problem::fatal(source, marker, message)),
        }
    }
}

fn read_expectation(text: &str) -> Result<(&str, Option<Severity>), String> {
    let (rule, severity) = match text.split_once('(') {
        Some((rule, rest)) => (rule, Some(rest.strip_suffix(')').unwrap_or(""))),
        None => (text, None),
    };
    if rule.is_empty() || !rule.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err(format!("`{text}` is no rule id; want `{MARKER} <rule-id>` or `{MARKER} <rule-id>(error)`"));
    }
    let severities = [Severity::Error, Severity::Warning, Severity::Info];
    let severity = severity.map(|word| severities.into_iter().find(|it| it.word() == word).ok_or(word));
    match severity.transpose() {
        Ok(severity) => Ok((rule, severity)),
        Err(word) => Err(format!("`{word}` is no severity; want error, warning or info")),
    }
}

fn broken_promise(source: &Source, fixture: &Fixture, promise: Promise) -> Option<Problem> {
    match (promise, fixture.expectations.first()) {
        (Promise::Findings, None) => {
            let message = format!("a fail-* fixture has no marker; want `{MARKER} <rule-id>` on the line at fault");
            Some(Problem::fatal(source, Span::default(), message))
        }
        (Promise::NoFindings, Some(first)) => {
            Some(Problem::fatal(source, first.marker, "a pass-* fixture expects no finding; name it fail-* or issue-*"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
