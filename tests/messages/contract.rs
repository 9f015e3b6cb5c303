//! What every message is: one line of at most 200 characters without control characters, that ends in what is wanted where:
//! `...: want 42 at spec.terminationGracePeriodSeconds`.

use seaworthy::base::{Edit, Finding};
use serde_json::Value;

/// The longest message: an API client shows a warning up to here, and a CI line is not broken.
const LONGEST: usize = 200;

/// How the message of a finding, and those of its related places, break the contract.
pub fn breaches(finding: &Finding) -> Vec<String> {
    let related = finding.related.iter().map(|related| &related.message);
    let mut breaches: Vec<String> = related.chain([&finding.message]).filter_map(|message| breach(message)).collect();
    if wanted_value(finding).is_none() {
        breaches.push(format!("no `want <value> at {}` in {:?}", finding.path, finding.message));
    }
    breaches.into_iter().map(|breach| format!("{}: {breach}", finding.rule)).collect()
}

/// How a line breaks it.
fn breach(message: &str) -> Option<String> {
    let length = message.chars().count();
    let breaks_the_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match message {
        "" => Some("an empty message".to_owned()),
        long if length > LONGEST => Some(format!("{length} characters: {long}")),
        odd if odd.contains(breaks_the_line) => Some(format!("a control character: {odd:?}")),
        _ => None,
    }
}

/// What a message wants at the path of its finding.
pub fn wanted_value(finding: &Finding) -> Option<&str> {
    let (before, _) = finding.message.rsplit_once(&format!(" at {}", finding.path))?;
    let (_, wanted) = before.rsplit_once("want ")?;
    Some(wanted).filter(|wanted| !wanted.trim().is_empty())
}

/// The number that the fix writes at the path of its finding, if it writes one there.
pub fn written_by_the_fix(finding: &Finding) -> Option<String> {
    finding.remedy.fix()?.edits.iter().find_map(|edit| match edit {
        Edit::Set { path, value: value @ Value::Number(_) } if *path == finding.path => Some(value.to_string()),
        _ => None,
    })
}
