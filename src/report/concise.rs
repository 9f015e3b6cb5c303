//! One finding, one line: `file:line:col: severity[rule] message`, as compilers and editors read it.

use crate::base::{Finding, Suppression};
use crate::report::{plain, sorted};
use std::fmt::Write;

/// The findings, one line each, in the order of [`crate::report::by_place`]. An object that came from no file stands
/// where the file would.
pub fn render(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in sorted(findings) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", plain::one_line(&line(finding)));
    }
    out
}

fn line(finding: &Finding) -> String {
    let Finding { severity, rule, message, .. } = finding;
    let at = match &finding.place {
        Some(place) => format!("{}:{}:{}", place.file, place.start.line, place.start.column),
        None => finding.object.to_string(),
    };
    let aside = finding.suppressed.as_ref().map(suppression).map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{at}: {severity}[{rule}] {message}{aside}")
}

/// Why a finding is suppressed: `suppressed by a comment: drains by itself`.
pub(super) fn suppression(suppression: &Suppression) -> String {
    let (by, reason) = match suppression {
        Suppression::Exception(reason) => ("an exception", reason),
        Suppression::Comment(reason) => ("a comment", reason),
        Suppression::Annotation(reason) => ("an annotation", reason),
    };
    format!("suppressed by {by}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity;
    use crate::report::example::{finding, placeless};

    #[test]
    fn one_line_each_in_order_of_place() {
        let findings = [
            placeless("unclear-port-protocol"),
            Finding { severity: Severity::Error, ..finding("b-rule", "b.yaml", 3, 7) },
            Finding {
                suppressed: Some(Suppression::Comment("known since May".into())),
                ..finding("a-rule", "a.yaml", 14, 13)
            },
        ];
        insta::assert_snapshot!(render(&findings), @"
        a.yaml:14:13: warning[a-rule] port name `web` hides the protocol (suppressed by a comment: known since May)
        b.yaml:3:7: error[b-rule] port name `web` hides the protocol
        Service shop/web: warning[unclear-port-protocol] port name `web` hides the protocol
        ");
    }

    #[test]
    fn nothing_in_a_finding_makes_a_second_line_or_an_escape() {
        let findings = [Finding { message: "a\u{1b}[2J\nb".into(), ..finding("a-rule", "x\n.yaml", 1, 1) }];
        assert_eq!(render(&findings), "x .yaml:1:1: warning[a-rule] a\u{fffd}[2J b\n");
    }
}
