//! Findings made by hand, for the tests of this layer.

use crate::base::{Finding, Mode, ObjectRef, Path, Place, Position, Remedy, Severity, Source, Span};

/// A Service with two ports of unclear protocol.
pub fn service() -> Source {
    Source::new("deploy/web.yaml", SERVICE)
}

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  ports:
  - port: 9000
    name: grpcapi
  - port: 9001
    name: \"metricz\"
";

/// A finding of the rule on the first place of `value` in the source.
pub fn finding_at(source: &Source, rule: &str, value: &str) -> Finding {
    let start = source.text().find(value).unwrap();
    let place = source.place(Span { start, end: start + value.len() });
    Finding {
        message: format!("port name `{value}` hides the protocol from Istio, so it is treated as plain TCP"),
        place: Some(place),
        ..placeless(rule)
    }
}

/// A finding at a line and column of a file that is not at hand.
pub fn finding(rule: &str, file: &str, line: usize, column: usize) -> Finding {
    let start = Position { line, column };
    let place = Place { file: file.into(), start, end: start, span: Span::default() };
    Finding { place: Some(place), ..placeless(rule) }
}

/// A finding on an object that came from no file.
pub fn placeless(rule: &str) -> Finding {
    Finding {
        rule: rule.into(),
        severity: Severity::Warning,
        case: None,
        mode: Mode::Warn,
        message: "port name `web` hides the protocol".into(),
        help: None,
        drawing: Vec::new(),
        object: ObjectRef {
            api_version: "v1".into(),
            kind: "Service".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        },
        path: Path::keys("spec.ports").index(0).key("name"),
        place: None,
        template: None,
        related: Vec::new(),
        beside_others: false,
        remedy: Remedy::Unfixed("only its owner knows the protocol".to_owned()),
        docs: format!("https://example.com/rules/{rule}"),
        suppressed: None,
    }
}
