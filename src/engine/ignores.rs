//! Ignores that the owner of a manifest writes: a comment beside the finding, or an annotation on the object.
//!
//! `# seaworthy: ignore[<id>] reason [until YYYY-MM-DD]` on the finding's line or the line above it; before the first
//! key of a document it covers the whole document. `seaworthy.dev/ignore-<id>: "reason [until YYYY-MM-DD]"` on the
//! object or on its pod template. A reason is required, a blanket ignore is refused, an expired one counts no more.

use crate::base::{Problem, Source};
use crate::manifest::{Document, Object, PodTemplate};
use crate::policy::Date;
use regex::Regex;
use std::sync::OnceLock;

/// The prefix of an ignore annotation; the rule id follows.
pub const IGNORE_ANNOTATION: &str = "seaworthy.dev/ignore-";

/// A reason with the last day on which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Why the finding is accepted.
    pub text: String,
    /// The last day on which it counts; none for ever.
    pub until: Option<Date>,
}

/// The ignore comments of one document.
#[derive(Debug, Clone, Default)]
pub struct Ignores {
    comments: Vec<IgnoreComment>,
}

#[derive(Debug, Clone)]
struct IgnoreComment {
    rules: Vec<String>,
    reason: Reason,
    line: usize,
    covers_document: bool,
}

impl Reason {
    /// Reads `reason [until YYYY-MM-DD]`; none if there is no reason in it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (reason, until) = match text.rsplit_once("until ") {
            Some((reason, date)) if date.trim().parse::<Date>().is_ok() => (reason, date.trim().parse().ok()),
            _ => (text, None),
        };
        let reason = reason.trim();
        (!reason.is_empty()).then(|| Self { text: reason.to_owned(), until })
    }

    /// Whether it still counts on this day.
    pub fn holds(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }
}

impl Ignores {
    /// The ignore comments of a document, and what is wrong with those that cannot be used.
    pub fn of(document: &Document) -> (Self, Vec<Problem>) {
        let Some(source) = document.source() else { return (Self::default(), Vec::new()) };
        let first_key = document.point_at(&crate::base::Path::root()).map_or(usize::MAX, |span| span.start);
        let mut ignores = Self::default();
        let mut problems = Vec::new();
        for comment in document.comments() {
            match IgnoreComment::parse(&comment.text) {
                None => {}
                Some(Err(message)) => problems.push(Problem::notice(source, comment.span, message)),
                Some(Ok(parsed)) => ignores.comments.push(IgnoreComment {
                    line: line_of(source, comment.span.start),
                    covers_document: comment.span.start < first_key,
                    ..parsed
                }),
            }
        }
        (ignores, problems)
    }

    /// The reason for which a finding of this rule on this line is ignored today.
    pub fn reason(&self, rule: &str, line: usize, today: Date) -> Option<&Reason> {
        let near =
            |comment: &&IgnoreComment| comment.covers_document || comment.line == line || comment.line + 1 == line;
        let mut found = self.comments.iter().filter(near).filter(|it| it.rules.iter().any(|named| named == rule));
        found.find(|comment| comment.reason.holds(today)).map(|comment| &comment.reason)
    }

    /// The rules that comments name, each with its line: those that no rule set knows are mistakes.
    pub fn named_rules(&self) -> impl Iterator<Item = (&str, usize)> {
        self.comments.iter().flat_map(|comment| comment.rules.iter().map(|rule| (rule.as_str(), comment.line)))
    }
}

/// The reason of an annotation for which a finding of this rule on this object is ignored today.
pub fn annotated_reason(object: &Object, rule: &str, today: Date) -> Option<Reason> {
    let key = format!("{IGNORE_ANNOTATION}{rule}");
    let on_pods = PodTemplate::of(object).and_then(|pod| pod.annotations().get(&key));
    let text = object.annotations().get(&key).or(on_pods)?;
    Reason::parse(text).filter(|reason| reason.holds(today))
}

impl IgnoreComment {
    /// None for a comment that is no ignore; an error for one that cannot be used.
    fn parse(text: &str) -> Option<Result<Self, String>> {
        let found = ignore_pattern()?.captures(text)?;
        let rules: Vec<String> = found.name("rules").map_or("", |it| it.as_str()).split(',').map(trimmed).collect();
        if rules.iter().any(|rule| rule.is_empty() || rule == "*") {
            return Some(Err("this ignore names no rule: write `# seaworthy: ignore[<rule-id>] <reason>`".to_owned()));
        }
        let Some(reason) = Reason::parse(found.name("reason").map_or("", |it| it.as_str())) else {
            let named = rules.join(", ");
            return Some(Err(format!("this ignore has no reason: write `# seaworthy: ignore[{named}] <reason>`")));
        };
        Some(Ok(Self { rules, reason, line: 0, covers_document: false }))
    }
}

fn ignore_pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let compile = || Regex::new(r"^seaworthy:\s*ignore(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*)$").ok();
    PATTERN.get_or_init(compile).as_ref()
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

fn line_of(source: &Source, offset: usize) -> usize {
    source.position(offset).line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn reasons_may_end() {
        let reason = Reason::parse(" drains by itself until 2027-01-31").unwrap();
        assert_eq!((reason.text.as_str(), reason.until), ("drains by itself", Some(day("2027-01-31"))));
        assert!(reason.holds(day("2027-01-31")) && !reason.holds(day("2027-02-01")));
        assert_eq!(Reason::parse("waits until noon").unwrap().text, "waits until noon");
        assert_eq!(Reason::parse("until 2027-01-31"), None);
    }

    #[test]
    fn comments_need_a_rule_and_a_reason() {
        assert!(IgnoreComment::parse("a comment").is_none());
        for (text, complaint) in [
            ("seaworthy: ignore all is well", "names no rule"),
            ("seaworthy: ignore[] because", "names no rule"),
            ("seaworthy: ignore[*] because", "names no rule"),
            ("seaworthy: ignore[proxy-uid]", "has no reason"),
        ] {
            let Some(Err(message)) = IgnoreComment::parse(text) else { panic!("{text} was taken") };
            assert!(message.contains(complaint), "{text}: {message}");
        }
        let Some(Ok(comment)) = IgnoreComment::parse("seaworthy: ignore[a, b] old debt") else { panic!() };
        assert_eq!((comment.rules, comment.reason.text), (vec!["a".to_owned(), "b".to_owned()], "old debt".to_owned()));
    }
}
