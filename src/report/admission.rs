//! What the webhook answers in words: one refusal for all problems of an object, or a few warnings.
//!
//! The reader is a person behind `kubectl` who sees this text and nothing else. Bounds come from what carries it:
//! events cut near 1 kB; the API server cuts every warning to 256 characters once all of them together pass 4,096
//! (<https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/endpoints/filters/warning.go>);
//! a warning with a control character is dropped, and equal warnings are printed once.

use crate::base::{Finding, ObjectRef};
use crate::report::plain::{one_line, shorten};
use std::cmp::Reverse;

/// Where people go next, as the platform's configuration says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contacts<'a> {
    /// Where an exception is asked for.
    pub exception: Option<&'a str>,
    /// Whom to ask.
    pub contact: Option<&'a str>,
}

/// Bytes of a refusal at most.
pub const REFUSAL_BYTES: usize = 1000;
/// Problems that a refusal writes out.
pub const REFUSAL_PROBLEMS: usize = 5;
/// Warnings of one answer at most, the last of which may say that there are more.
pub const WARNINGS: usize = 8;
/// Characters of a warning at most: as many as the API server leaves of one at worst.
pub const WARNING_CHARACTERS: usize = 256;

/// The one message of a refusal: what is wrong with which object, then what to do about it.
///
/// Begins `seaworthy: `, names kind, namespace and name; its first 200 characters reach into the first problem. At
/// most [`REFUSAL_BYTES`] bytes, without control characters but the line feeds between its lines.
pub fn refusal(object: &ObjectRef, findings: &[&Finding], contacts: Contacts<'_>) -> String {
    let findings = worst_first(findings);
    let title = format!("seaworthy: {} is not fit for the mesh ({})", named(object), problems(findings.len()));
    let next = what_to_do(&findings, contacts);
    let taken = title.len() + next.iter().map(|line| line.len() + 1).sum::<usize>();
    let mut lines = vec![title];
    lines.extend(problem_lines(&findings, REFUSAL_BYTES.saturating_sub(taken)));
    lines.extend(next);
    let text = lines.join("\n");
    // Last, and only where there is room: `seaworthy explain` names it too, and what repairs the object comes first.
    let page = findings.first().and_then(|first| address(&first.docs)).map(|page| format!("{text}\ndocs: {page}"));
    page.filter(|text| text.len() <= REFUSAL_BYTES).unwrap_or(text)
}

/// A line for each finding that is shown but does not refuse, the worst first.
///
/// At most [`WARNINGS`] lines of [`WARNING_CHARACTERS`] characters. Each names the object, because `kubectl` prints
/// equal warnings of several objects once.
pub fn warnings(object: &ObjectRef, findings: &[&Finding]) -> Vec<String> {
    let findings = worst_first(findings);
    let written = if findings.len() > WARNINGS { WARNINGS - 1 } else { findings.len() };
    let mut lines: Vec<String> = findings.iter().take(written).map(|finding| warning(object, finding)).collect();
    if findings.len() > written {
        let more = findings.len() - written;
        lines.push(format!("seaworthy: {}: and {more} more, see: seaworthy check FILE", named(object)));
    }
    lines
}

/// The line about an object that nobody judges because it has more maps than this.
pub fn too_large(object: &ObjectRef, most: usize) -> String {
    format!(
        "seaworthy: {} is too large to be judged, with more than {most} maps in it: want several smaller objects",
        named(object)
    )
}

/// What is wanted and where comes last and is all that a person can act on: where the line is too long, what comes before it gives way.
fn warning(object: &ObjectRef, finding: &Finding) -> String {
    let start = format!("seaworthy: {}: {}: ", named(object), shorten(&finding.rule, 60));
    let line = format!("seaworthy: {}: {}", named(object), problem(finding, usize::MAX));
    let wanted = line.rfind(": want ").and_then(|at| line.get(at..)).unwrap_or("");
    let room = WARNING_CHARACTERS.saturating_sub(wanted.chars().count());
    if line.chars().count() <= WARNING_CHARACTERS || room < start.chars().count() + SAID {
        return shorten(&line, WARNING_CHARACTERS).into_owned();
    }
    let said = line.strip_suffix(wanted).unwrap_or(&line);
    format!("{}{wanted}", shorten(said, room))
}

/// Of what is said before, at least so many characters stay.
const SAID: usize = 20;

fn worst_first<'a>(findings: &[&'a Finding]) -> Vec<&'a Finding> {
    let mut sorted = findings.to_vec();
    sorted.sort_by(|one, other| {
        let rank = |it: &'a Finding| (Reverse(it.severity), &it.path, &it.rule, &it.message);
        rank(one).cmp(&rank(other))
    });
    sorted
}

/// The object in at most 120 characters, for a name alone may have 253.
pub(super) fn named(object: &ObjectRef) -> String {
    let kind = shorten(&object.kind, 30).into_owned();
    let name = shorten(&object.name, 50).into_owned();
    let namespace = object.namespace.as_deref().map(|it| shorten(it, 37).into_owned());
    let named = ObjectRef { api_version: String::new(), kind, namespace, name }.to_string();
    fit(&one_line(&named), 160)
}

fn problems(count: usize) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}

/// `rule: message`, with the field path where the message does not say it.
fn problem(finding: &Finding, limit: usize) -> String {
    let path = finding.path.to_string();
    let at = if path.is_empty() || finding.message.contains(&path) { String::new() } else { format!(" ({path})") };
    let text = format!("{}: {}{at}", shorten(&finding.rule, 60), finding.message);
    shorten(&one_line(&text), limit).into_owned()
}

/// As many problems as there is room for, then the help of each as far as there still is. Each line is counted with
/// the line feed before it.
fn problem_lines(findings: &[&Finding], room: usize) -> Vec<String> {
    let mut left = room.saturating_sub(MORE_BYTES);
    let mut written: Vec<(String, Option<String>)> = Vec::new();
    for finding in findings.iter().take(REFUSAL_PROBLEMS) {
        let longest = if written.is_empty() { left.saturating_sub(1) } else { PROBLEM_BYTES };
        let line = fit(&format!("- {}", problem(finding, PROBLEM_BYTES)), longest.min(PROBLEM_BYTES));
        if line.len() >= left {
            break;
        }
        left -= line.len() + 1;
        written.push((line, None));
    }
    for ((_, help), finding) in written.iter_mut().zip(findings) {
        let line = finding.help.as_deref().map(|text| format!("  help: {}", one_line(text)));
        if let Some(line) = line.filter(|line| line.len() < left) {
            left -= line.len() + 1;
            *help = Some(line);
        }
    }
    let more = findings.len() - written.len();
    let more = (more > 0).then(|| format!("- and {more} more"));
    written.into_iter().flat_map(|(line, help)| std::iter::once(line).chain(help)).chain(more).collect()
}

/// One problem never takes the room of all others.
const PROBLEM_BYTES: usize = 250;
/// Kept for `- and 18446744073709551615 more`.
const MORE_BYTES: usize = 32;
/// A line of what to do, one of which holds an address: with the title they leave room for a whole problem.
const NEXT_BYTES: usize = 240;
/// Longer addresses are left out: half an address is of no use.
const ADDRESS_BYTES: usize = 160;

/// The commands that help now, and where an exception is to be had.
fn what_to_do(findings: &[&Finding], contacts: Contacts<'_>) -> Vec<String> {
    let mut lines = vec![next_command(findings)];
    lines.extend(
        findings.first().map(|first| format!("why: seaworthy explain {}", one_line(&shorten(&first.rule, 60)))),
    );
    let exception = contacts.exception.and_then(address);
    let contact = contacts.contact.map(|it| one_line(&shorten(it, 50)).into_owned());
    match (exception, contact) {
        (Some(exception), Some(contact)) => lines.push(format!("exception: {exception} (ask {contact})")),
        (Some(exception), None) => lines.push(format!("exception: {exception}")),
        (None, Some(contact)) => lines.push(format!("ask: {contact}")),
        (None, None) => {}
    }
    lines.into_iter().map(|line| fit(&line, NEXT_BYTES)).collect()
}

/// The one command to type next: the one that repairs the file, where there is something it can repair.
fn next_command(findings: &[&Finding]) -> String {
    let fixable = findings.iter().filter(|finding| finding.remedy.safe_fix().is_some()).count();
    match fixable {
        0 => "check before you apply: seaworthy check FILE".to_owned(),
        all if all == findings.len() => "fix: seaworthy fix FILE".to_owned(),
        some => format!("fix {some} of {}: seaworthy fix FILE", findings.len()),
    }
}

fn address(text: &str) -> Option<String> {
    let text = one_line(text);
    (!text.is_empty() && text.len() <= ADDRESS_BYTES).then(|| text.into_owned())
}

/// The text in at most so many bytes, cut on a character boundary.
fn fit(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes.saturating_sub(3));
    format!("{}...", text.get(..end).unwrap_or(""))
}

#[cfg(test)]
mod tests;
