//! Version 1 of the JSON form, for programs. Fields may be added within a version, never changed or removed.

mod form;

use crate::base::{Finding, Problem};
use crate::report::{Summary, sorted};
use form::{FindingForm, ProblemForm};
use serde::Serialize;

/// The whole result of a run as one JSON document with a line end: the same values give the same bytes.
///
/// `line`, `column` and their ends count from 1, columns in code points, ends exclusive; what is not known is null.
/// No control character stands in it unescaped, so that it may be looked at in a terminal.
pub fn render(findings: &[Finding], problems: &[Problem], summary: &Summary) -> Result<String, serde_json::Error> {
    let document = Document {
        version: 1,
        findings: sorted(findings).into_iter().map(FindingForm::from).collect(),
        problems: problems.iter().map(ProblemForm::from).collect(),
        summary,
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(escape_high_controls(text))
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    findings: Vec<FindingForm<'a>>,
    problems: Vec<ProblemForm<'a>>,
    summary: &'a Summary,
}

/// JSON leaves DEL and the C1 controls as they are, and some terminals obey them. They stand in strings only, so
/// that an escape means the same.
fn escape_high_controls(text: String) -> String {
    if !text.contains(is_high_control) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_high_control(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

fn is_high_control(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Fix, ObjectRef, Path, Related, Remedy, Source, Span, Suppression, TextEdit};
    use crate::report::Extent;
    use crate::report::example::{finding_at, placeless, service};

    fn full_span(source: &Source) -> Span {
        finding_at(source, "unclear-port-protocol", "grpcapi").place.unwrap().span
    }

    #[test]
    fn a_full_document() {
        let source = service();
        let other = Source::new("routes/web.yaml", "kind: VirtualService\n");
        let edit = TextEdit { file: source.name().clone(), span: full_span(&source), text: "grpc-api".into() };
        let full = Finding {
            remedy: Remedy::Fix(Fix { texts: vec![edit], ..Fix::safe("name it by its protocol", Vec::new()) }),
            template: Some("chart/templates/web.yaml".into()),
            related: vec![Related {
                message: "used by VirtualService shop/web".into(),
                place: Some(other.place(Span { start: 6, end: 20 })),
                path: Path::keys("kind"),
            }],
            ..finding_at(&source, "unclear-port-protocol", "grpcapi")
        };
        let bare = Finding {
            remedy: Remedy::Fix(Fix::risky("name it by its protocol", "routes refer to the name", Vec::new())),
            object: ObjectRef { namespace: None, ..full.object.clone() },
            suppressed: Some(Suppression::Exception("team-a: drains by itself".into())),
            help: Some("rename it".into()),
            drawing: vec!["web  ====|".into(), "in   oooo".into()],
            ..placeless("unclear-port-protocol")
        };
        let findings = [bare, full];
        let problems = [Problem::of_file("deploy/gone.yaml", "cannot be read: permission denied")];
        let summary = Summary::of(Extent { files: 2, objects: 3, skipped: 1 }, &findings);
        insta::assert_snapshot!(render(&findings, &problems, &summary).unwrap(), @r#"
        {
          "version": 1,
          "findings": [
            {
              "rule": "unclear-port-protocol",
              "severity": "warning",
              "mode": "warn",
              "message": "port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP",
              "help": null,
              "object": {
                "apiVersion": "v1",
                "kind": "Service",
                "namespace": "shop",
                "name": "web"
              },
              "path": "spec.ports[0].name",
              "file": "deploy/web.yaml",
              "line": 9,
              "column": 11,
              "endLine": 9,
              "endColumn": 18,
              "source": "chart/templates/web.yaml",
              "related": [
                {
                  "message": "used by VirtualService shop/web",
                  "file": "routes/web.yaml",
                  "line": 1,
                  "column": 7,
                  "path": "kind"
                }
              ],
              "fix": {
                "title": "name it by its protocol",
                "safety": "safe",
                "edits": [
                  {
                    "file": "deploy/web.yaml",
                    "start": 109,
                    "end": 116,
                    "text": "grpc-api"
                  }
                ]
              },
              "docs": "https://example.com/rules/unclear-port-protocol"
            },
            {
              "rule": "unclear-port-protocol",
              "severity": "warning",
              "mode": "warn",
              "message": "port name `web` hides the protocol",
              "help": "rename it",
              "drawing": [
                "web  ====|",
                "in   oooo"
              ],
              "object": {
                "apiVersion": "v1",
                "kind": "Service",
                "namespace": null,
                "name": "web"
              },
              "path": "spec.ports[0].name",
              "file": null,
              "line": null,
              "column": null,
              "endLine": null,
              "endColumn": null,
              "source": null,
              "related": [],
              "fix": {
                "title": "name it by its protocol",
                "safety": "unsafe",
                "reason": "routes refer to the name",
                "edits": []
              },
              "docs": "https://example.com/rules/unclear-port-protocol",
              "suppressed": {
                "by": "exception",
                "reason": "team-a: drains by itself"
              }
            }
          ],
          "problems": [
            {
              "file": "deploy/gone.yaml",
              "line": 1,
              "column": 1,
              "message": "cannot be read: permission denied"
            }
          ],
          "summary": {
            "files": 2,
            "objects": 3,
            "errors": 0,
            "warnings": 1,
            "infos": 0,
            "fixable": 1,
            "suppressed": 1,
            "skipped": 1
          }
        }
        "#);
    }

    #[test]
    fn an_empty_run_has_all_its_keys() {
        insta::assert_snapshot!(render(&[], &[], &Summary::default()).unwrap(), @r#"
        {
          "version": 1,
          "findings": [],
          "problems": [],
          "summary": {
            "files": 0,
            "objects": 0,
            "errors": 0,
            "warnings": 0,
            "infos": 0,
            "fixable": 0,
            "suppressed": 0,
            "skipped": 0
          }
        }
        "#);
    }

    #[test]
    fn control_characters_are_escaped_and_come_back_whole() {
        let message = "a\u{1b}b\u{7f}c\u{9b}d\u{e9}";
        let findings = [Finding { message: message.into(), ..placeless("a-rule") }];
        let text = render(&findings, &[], &Summary::default()).unwrap();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["findings"][0]["message"], message);
    }
}
