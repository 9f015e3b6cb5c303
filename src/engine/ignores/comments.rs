//! Ignores in comments.

use crate::base::{Finding, Path, Problem, Source, Span, Suppression};
use crate::engine::Engine;
use crate::engine::ignores::Reason;
use crate::engine::ignores::annotations::ended;
use crate::manifest::{Comment, Document};
use crate::policy::Date;
use regex::Regex;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The ignore comments of one document, and which of them were of use.
#[derive(Debug, Default)]
pub struct Ignores {
    entries: Vec<Ignore>,
}

/// One rule that one comment names.
#[derive(Debug)]
struct Ignore {
    /// The id of the rule.
    rule: String,
    /// Where the comment stands.
    span: Span,
    covers: Covers,
    reason: Reason,
    used: bool,
}

/// What a comment speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Covers {
    Document,
    /// From the first line to the last, both included.
    Lines(usize, usize),
}

impl Covers {
    fn has(self, line: usize) -> bool {
        match self {
            Covers::Document => true,
            Covers::Lines(first, last) => (first..=last).contains(&line),
        }
    }
}

impl Ignores {
    /// The ignore comments of a document, and what is wrong with those that cannot be used.
    pub fn of(document: &Document, engine: &Engine) -> (Self, Vec<Problem>) {
        let Some(source) = document.source() else { return (Self::default(), Vec::new()) };
        let mut ignores = Self::default();
        let mut problems = Vec::new();
        let rows = OnceCell::new();
        for comment in document.comments() {
            let (rules, reason) = match parse(&comment.text) {
                None => continue,
                Some(Ok(parsed)) => parsed,
                Some(Err(message)) => {
                    problems.push(Problem::notice(source, comment.span, message));
                    continue;
                }
            };
            let covers = covers(document, source, comment, rows.get_or_init(|| Rows::of(document, source)));
            for named in rules {
                match engine.unknown_rule(named) {
                    Some(message) => problems.push(Problem::notice(source, comment.span, message)),
                    None => ignores.entries.push(Ignore {
                        rule: engine.present_id(named).to_owned(),
                        span: comment.span,
                        covers,
                        reason: reason.clone(),
                        used: false,
                    }),
                }
            }
        }
        (ignores, problems)
    }

    /// Suppresses a finding that a comment covers today.
    pub fn apply(&mut self, finding: &mut Finding, today: Date) {
        let Some(line) = finding.place.as_ref().map(|place| place.start.line) else { return };
        let covering = |it: &&mut Ignore| *it.rule == *finding.rule && it.reason.holds(today) && it.covers.has(line);
        for entry in self.entries.iter_mut().filter(covering) {
            entry.used = true;
            if finding.suppressed.is_none() {
                finding.suppressed = Some(Suppression::Comment(entry.reason.text.clone()));
            }
        }
    }

    /// What is to be said of comments that were of no use, once all findings of the document are known. `is_silent` tells
    /// of a rule whether it did not speak here at all: then nothing is known.
    pub fn unused(&self, source: &Source, today: Date, is_silent: impl Fn(&str) -> bool) -> Vec<Problem> {
        let message = |entry: &Ignore| match entry.reason.until.filter(|_| !entry.reason.holds(today)) {
            Some(until) => Some(ended(until)),
            None if is_silent(&entry.rule) => None,
            None => Some(format!("this ignore of {} ignores nothing: remove it", entry.rule)),
        };
        let unused = self.entries.iter().filter(|entry| !entry.used);
        unused.filter_map(|entry| Some(Problem::notice(source, entry.span, message(entry)?))).collect()
    }
}

/// Rules and reason of an ignore; none for any other comment; an error for an ignore that cannot be used.
fn parse(text: &str) -> Option<Result<(Vec<&str>, Reason), String>> {
    let found = ignore_pattern()?.captures(text)?;
    let group = |name| found.name(name).map_or("", |it| it.as_str());
    let rules: Vec<&str> = group("rules").split(',').map(str::trim).collect();
    if rules.iter().any(|rule| rule.is_empty() || *rule == "*") {
        return Some(Err("this ignore names no rule: write `# seaworthy: ignore[<rule-id>] <reason>`".to_owned()));
    }
    let reason = group("reason").parse::<Reason>();
    let named = rules.join(", ");
    let explained = reason.map_err(|error| format!("{error}: write `# seaworthy: ignore[{named}] {}`", error.wanted()));
    Some(explained.map(|reason| (rules, reason)))
}

fn ignore_pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let compile = || Regex::new(r"^seaworthy:\s*ignore\b(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*)$").ok();
    PATTERN.get_or_init(compile).as_ref()
}

/// Before or beside the first key: the document. Elsewhere: its own line and the one below, which of several comments in
/// a row is the one below the last.
fn covers(document: &Document, source: &Source, comment: &Comment, rows: &Rows) -> Covers {
    let line_of = |offset: usize| source.position(offset).line;
    let line = line_of(comment.span.start);
    let first_key = document.point_at(&Path::root()).map_or(usize::MAX, |span| span.start);
    if comment.span.start < first_key || line == line_of(first_key) {
        return Covers::Document;
    }
    if !stands_alone(source, comment) {
        return Covers::Lines(line, line + 1);
    }
    Covers::Lines(line, rows.line_below(line))
}

/// The lines that hold a comment and nothing else, each with the one below the last of its row. Many comments in a row are asked
/// about one by one.
struct Rows(BTreeMap<usize, usize>);

impl Rows {
    fn of(document: &Document, source: &Source) -> Self {
        let mut rows = Self(BTreeMap::new());
        for comment in document.comments().iter().rev().filter(|it| stands_alone(source, it)) {
            let line = source.position(comment.span.start).line;
            let below = rows.line_below(line + 1);
            rows.0.insert(line, below);
        }
        rows
    }

    /// The line below the row that a line belongs to, and the line itself where it is none of a row.
    fn line_below(&self, line: usize) -> usize {
        self.0.get(&line).copied().unwrap_or(line)
    }
}

fn stands_alone(source: &Source, comment: &Comment) -> bool {
    let before = source.text().get(..comment.span.start).unwrap_or("");
    before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignore_needs_a_rule_and_a_reason() {
        for text in ["a comment", "seaworthy: ignored once", "ignore[proxy-uid] because"] {
            assert!(parse(text).is_none(), "{text}");
        }
        for (text, complaint) in [
            ("seaworthy: ignore all is well", "names no rule"),
            ("seaworthy: ignore[] because", "names no rule"),
            ("seaworthy: ignore[*] because", "names no rule"),
            ("seaworthy: ignore[a,] because", "names no rule"),
            ("seaworthy: ignore[proxy-uid]", "has no reason"),
            ("seaworthy: ignore[proxy-uid] old debt until 2027-02-30", "is no date"),
            ("seaworthy: ignore[proxy-uid] old debt until 2027-02-30", "ignore[proxy-uid] <reason> until YYYY-MM-DD`"),
        ] {
            let Some(Err(message)) = parse(text) else { panic!("{text} was taken") };
            assert!(message.contains(complaint), "{text}: {message}");
        }
        let Some(Ok((rules, reason))) = parse("seaworthy: ignore[a, b] old debt") else { panic!() };
        assert_eq!((rules, reason.text.as_str()), (vec!["a", "b"], "old debt"));
    }
}
