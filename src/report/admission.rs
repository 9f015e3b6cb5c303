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
/// Characters of a warning at most.
pub const WARNING_CHARACTERS: usize = 200;

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
    lines.join("\n")
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
        lines.push(format!("seaworthy: {}: and {more} more: seaworthy check FILE", named(object)));
    }
    lines
}

fn warning(object: &ObjectRef, finding: &Finding) -> String {
    let line = format!("seaworthy: {}: {}", named(object), problem(finding, WARNING_CHARACTERS));
    shorten(&line, WARNING_CHARACTERS).into_owned()
}

fn worst_first<'a>(findings: &[&'a Finding]) -> Vec<&'a Finding> {
    let mut sorted = findings.to_vec();
    sorted.sort_by(|one, other| {
        let rank = |it: &'a Finding| (Reverse(it.severity), &it.path, &it.rule, &it.message);
        rank(one).cmp(&rank(other))
    });
    sorted
}

/// The object in at most 120 characters, for a name alone may have 253.
fn named(object: &ObjectRef) -> String {
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
/// The lines of what to do, two of which hold an address: with the title they leave room for a whole problem.
const NEXT_BYTES: usize = 240;
/// Longer addresses are left out: half an address is of no use.
const ADDRESS_BYTES: usize = 160;

/// The commands and addresses that help now.
fn what_to_do(findings: &[&Finding], contacts: Contacts<'_>) -> Vec<String> {
    let mut lines = vec!["check: seaworthy check FILE".to_owned()];
    if let Some(first) = findings.first() {
        let docs = address(&first.docs).map(|docs| format!(" or {docs}")).unwrap_or_default();
        lines.push(format!("explain: seaworthy explain {}{docs}", one_line(&shorten(&first.rule, 60))));
    }
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
mod tests {
    use super::*;
    use crate::base::{Path, Severity};
    use crate::report::example::placeless;
    use proptest::prelude::*;

    fn deployment() -> ObjectRef {
        ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        }
    }

    fn pre_stop() -> Finding {
        Finding {
            message: "container `app` has no preStop hook, so requests die at every roll-out".into(),
            help: Some("add `lifecycle: {preStop: {sleep: {seconds: 30}}}`".into()),
            path: Path::keys("spec.template.spec.containers").index(0).key("lifecycle"),
            severity: Severity::Warning,
            ..placeless("missing-pre-stop")
        }
    }

    fn grace_period() -> Finding {
        Finding {
            message: "spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42".into(),
            path: Path::keys("spec.template.spec.terminationGracePeriodSeconds"),
            severity: Severity::Error,
            ..placeless("short-grace-period")
        }
    }

    #[test]
    fn a_refusal_says_what_where_and_what_to_do() {
        let contacts = Contacts { exception: Some("https://mesh.example.com/exception"), contact: Some("#team-mesh") };
        insta::assert_snapshot!(refusal(&deployment(), &[&pre_stop(), &grace_period()], contacts), @"
        seaworthy: Deployment shop/web is not fit for the mesh (2 problems)
        - short-grace-period: spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42
        - missing-pre-stop: container `app` has no preStop hook, so requests die at every roll-out (spec.template.spec.containers[0].lifecycle)
          help: add `lifecycle: {preStop: {sleep: {seconds: 30}}}`
        check: seaworthy check FILE
        explain: seaworthy explain short-grace-period or https://example.com/rules/short-grace-period
        exception: https://mesh.example.com/exception (ask #team-mesh)
        ");
    }

    #[test]
    fn a_refusal_without_contacts_names_none() {
        insta::assert_snapshot!(refusal(&deployment(), &[&grace_period()], Contacts::default()), @"
        seaworthy: Deployment shop/web is not fit for the mesh (1 problem)
        - short-grace-period: spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42
        check: seaworthy check FILE
        explain: seaworthy explain short-grace-period or https://example.com/rules/short-grace-period
        ");
    }

    #[test]
    fn a_refusal_writes_out_five_problems_and_counts_the_rest() {
        let finding = Finding { help: None, message: "short".into(), ..grace_period() };
        let text = refusal(&deployment(), &[&finding; 8], Contacts::default());
        assert_eq!(text.matches("- short-grace-period: ").count(), REFUSAL_PROBLEMS);
        assert!(text.contains("\n- and 3 more\n"), "{text}");
    }

    #[test]
    fn every_warning_names_its_object() {
        insta::assert_snapshot!(warnings(&deployment(), &[&pre_stop(), &grace_period()]).join("\n"), @"
        seaworthy: Deployment shop/web: short-grace-period: spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42
        seaworthy: Deployment shop/web: missing-pre-stop: container `app` has no preStop hook, so requests die at every roll-out (spec.template.spec.containers[0].lifecycle)
        ");
    }

    #[test]
    fn more_warnings_than_fit_are_counted() {
        let lines = warnings(&deployment(), &[&pre_stop(); 10]);
        assert_eq!(lines.len(), WARNINGS);
        assert_eq!(lines[WARNINGS - 1], "seaworthy: Deployment shop/web: and 3 more: seaworthy check FILE");
        assert_eq!(warnings(&deployment(), &[&pre_stop(); 8]).iter().filter(|it| it.contains("more")).count(), 0);
        assert!(warnings(&deployment(), &[]).is_empty());
    }

    prop_compose! {
        fn any_object()(kind in ".{0,80}", namespace in proptest::option::of(".{0,80}"), name in ".{0,300}") -> ObjectRef {
            ObjectRef { api_version: "v1".into(), kind, namespace, name }
        }
    }

    prop_compose! {
        fn any_finding()(
            rule in "[a-z-]{1,30}",
            message in any::<String>(),
            long in "\\PC{0,400}",
            help in proptest::option::of(any::<String>()),
            key in ".{0,300}",
            docs in ".{0,250}",
        ) -> Finding {
            let message = message + &long;
            Finding { message, help, path: Path::root().key(&key), docs, ..placeless(&rule) }
        }
    }

    proptest! {
        #[test]
        fn a_refusal_keeps_its_bounds(
            object in any_object(),
            findings in proptest::collection::vec(any_finding(), 1..9),
            exception in proptest::option::of(".{0,250}"),
            contact in proptest::option::of(".{0,90}"),
        ) {
            let findings: Vec<&Finding> = findings.iter().collect();
            let contacts = Contacts { exception: exception.as_deref(), contact: contact.as_deref() };
            let text = refusal(&object, &findings, contacts);
            prop_assert!(text.len() <= REFUSAL_BYTES, "{} bytes", text.len());
            prop_assert!(text.starts_with("seaworthy: "));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            prop_assert!(text.lines().count() <= 1 + 2 * REFUSAL_PROBLEMS + 1 + 3);
            let head: String = text.chars().take(200).collect();
            let worst = worst_first(&findings)[0];
            let first = format!("- {}", worst.rule);
            prop_assert!(head.contains(&first), "{head}");
            let explain = format!("seaworthy explain {}", worst.rule);
            prop_assert!(text.contains(&explain), "{text}");
        }

        #[test]
        fn warnings_keep_their_bounds(
            object in any_object(),
            findings in proptest::collection::vec(any_finding(), 0..12),
        ) {
            let lines = warnings(&object, &findings.iter().collect::<Vec<_>>());
            let start = format!("seaworthy: {}: ", named(&object));
            prop_assert!(lines.len() <= WARNINGS);
            for line in lines {
                prop_assert!(line.chars().count() <= WARNING_CHARACTERS && !line.contains(char::is_control), "{line:?}");
                prop_assert!(line.starts_with(&start), "{line}");
            }
        }
    }
}
