//! Rules put into words: the list of all, and the page of one.

use crate::policy::{Match, MatchMembership, Rule, Status};
use crate::report::plain::{lines, one_line};
use serde_json::Value;
use std::slice::from_ref;

/// A manifest that breaks a rule, and the same one put right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Example<'a> {
    /// It breaks the rule.
    pub bad: Option<&'a str>,
    /// It does not.
    pub good: Option<&'a str>,
}

/// One line for each rule: id, severity, title; in columns.
pub fn render_list(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id().chars().count()).max().unwrap_or(0);
    let line = |rule: &&Rule| {
        let status = match rule.spec.status {
            Status::Stable => "",
            Status::Preview => " (preview)",
            Status::Deprecated => " (deprecated)",
        };
        let Rule { spec, .. } = rule;
        format!("{:width$}  {:7}  {}{status}", one_line(rule.id()), spec.severity.word(), one_line(&spec.title))
    };
    rules.iter().map(|rule| line(rule) + "\n").collect()
}

/// The page of a rule: what it finds, why that matters, what to do, how to set it up and how to except an object.
///
/// `schema` is the JSON Schema of the parameters of its check. Prose is wrapped at `width` columns.
pub fn render_page(rule: &Rule, schema: &Value, example: Example<'_>, width: usize) -> String {
    let spec = &rule.spec;
    let since = spec.since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default();
    let status = serde_word(&spec.status);
    let mut page = Page { text: String::new(), width: width.max(40) };
    page.line(&format!("{}: {}", rule.id(), spec.title));
    page.line(&format!("{} ({status}{since})", spec.severity));
    page.section("looks at", &looks_at(&spec.matches));
    page.section("why", from_ref(&spec.why));
    page.section("what to do", from_ref(&spec.remedy));
    page.section("severities of single cases", &cases(rule));
    page.manifest("bad", example.bad);
    page.manifest("good", example.good);
    page.section(&format!("parameters of the check {}", spec.check), &parameters(rule, schema));
    page.list("links", &spec.links);
    page.list("to ignore it, with a reason", &ignoring(rule.id()));
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(one_line(text).trim_end());
        self.text.push('\n');
    }

    /// A heading and wrapped paragraphs; nothing where there are none.
    fn section(&mut self, heading: &str, paragraphs: &[String]) {
        let width = self.width - INDENT.len();
        let lines: Vec<String> = paragraphs.iter().flat_map(|paragraph| wrapped(paragraph, width)).collect();
        self.list(heading, &lines);
    }

    /// A heading and lines to copy, which are never wrapped; nothing where there are none.
    fn list(&mut self, heading: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.line("");
        self.line(heading);
        for line in lines {
            self.line(&format!("{INDENT}{line}"));
        }
    }

    /// A manifest as it is, but for the markers of a fixture, which are not part of the example.
    fn manifest(&mut self, heading: &str, manifest: Option<&str>) {
        let without_marker = |line: &str| line.split_once("#~").map_or(line, |(before, _)| before).to_owned();
        let shown = lines(manifest.unwrap_or("")).map(|line| without_marker(&line));
        self.list(heading, &shown.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>());
    }
}

const INDENT: &str = "  ";

/// Kinds, membership and namespaces, a paragraph each.
pub fn looks_at(matches: &Match) -> Vec<String> {
    let kinds: Vec<String> = matches.kinds.iter().map(ToString::to_string).collect();
    let mut paragraphs = vec![kinds.join(", ")];
    if !matches.membership.is_empty() {
        let words: Vec<String> = matches.membership.iter().map(membership).collect();
        paragraphs.push(format!("in the mesh by {}; where that is unknown it warns at most", words.join(" or ")));
    }
    let namespaces = &matches.namespaces;
    if !namespaces.within.is_empty() {
        paragraphs.push(format!("in the namespaces {}", namespaces.within.join(", ")));
    }
    if !namespaces.not_in.is_empty() {
        paragraphs.push(format!("not in the namespaces {}", namespaces.not_in.join(", ")));
    }
    paragraphs
}

fn membership(membership: &MatchMembership) -> String {
    serde_word(membership)
}

fn cases(rule: &Rule) -> Vec<String> {
    rule.spec.cases.iter().map(|(case, severity)| format!("{case}: {severity}")).collect()
}

/// Each parameter with what the rule sets it to and what the schema says of it.
pub fn parameters(rule: &Rule, schema: &Value) -> Vec<String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let described = properties.iter().map(|(name, property)| {
        let value = rule.spec.params.get(name).or_else(|| property.get("default"));
        let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
        let about = property.get("description").and_then(Value::as_str).unwrap_or("");
        format!("{name}{value}: {about}")
    });
    described.collect()
}

fn ignoring(id: &str) -> Vec<String> {
    vec![
        format!("# seaworthy: ignore[{id}] <reason>    on the line or above it"),
        format!("seaworthy.dev/ignore-{id}: \"<reason>\"    as an annotation of the object"),
    ]
}

/// The word that a value has in files.
fn serde_word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Text in lines of at most `width` characters; longer words stand alone. Line breaks of the text count as spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule() -> Rule {
        serde_json::from_value(json!({
            "apiVersion": "seaworthy.dev/v1alpha1",
            "kind": "Rule",
            "metadata": {"name": "missing-pre-stop"},
            "spec": {
                "title": "Serving container does not wait before it stops",
                "severity": "warning",
                "cases": {"grace-zero": "error"},
                "since": "0.1.0",
                "match": {
                    "kinds": ["Pod", "apps/Deployment"],
                    "membership": ["sidecar", "ambient"],
                    "namespaces": {"notIn": ["kube-system"]},
                },
                "check": "pre-stop",
                "params": {"drainSeconds": {"http": 30}},
                "why": "Endpoints are removed while the container stops, so that requests still arrive\nat a container that has closed its port.",
                "remedy": "Sleep in a preStop hook.",
                "links": ["https://example.com/pod-lifecycle"],
            },
        }))
        .unwrap()
    }

    #[test]
    fn the_page_of_a_rule() {
        let schema = json!({"properties": {
            "drainSeconds": {"description": "Seconds to wait, by protocol."},
            "skip": {"description": "Containers left alone.", "default": []},
        }});
        let example =
            Example { bad: Some("#~ profile: {}\nkind: Pod  #~ missing-pre-stop\n"), good: Some("kind: Pod\n") };
        insta::assert_snapshot!(render_page(&rule(), &schema, example, 60), @r#"
        missing-pre-stop: Serving container does not wait before it stops
        warning (stable, since 0.1.0)

        looks at
          Pod, apps/Deployment
          in the mesh by sidecar or ambient; where that is unknown
          it warns at most
          not in the namespaces kube-system

        why
          Endpoints are removed while the container stops, so that
          requests still arrive at a container that has closed its
          port.

        what to do
          Sleep in a preStop hook.

        severities of single cases
          grace-zero: error

        bad
          kind: Pod

        good
          kind: Pod

        parameters of the check pre-stop
          drainSeconds = {"http":30}: Seconds to wait, by protocol.
          skip = []: Containers left alone.

        links
          https://example.com/pod-lifecycle

        to ignore it, with a reason
          # seaworthy: ignore[missing-pre-stop] <reason>    on the line or above it
          seaworthy.dev/ignore-missing-pre-stop: "<reason>"    as an annotation of the object
        "#);
    }

    #[test]
    fn what_a_rule_does_not_have_has_no_heading() {
        let mut rule = rule();
        rule.spec.links.clear();
        rule.spec.cases.clear();
        let page = render_page(&rule, &json!({}), Example::default(), 100);
        for heading in ["\nlinks\n", "\nbad\n", "\ngood\n", "cases", "parameters"] {
            assert!(!page.contains(heading), "{heading}: {page}");
        }
    }

    #[test]
    fn the_list_is_in_columns() {
        let mut preview = rule();
        preview.metadata.name = "proxy-uid".into();
        preview.spec.status = Status::Preview;
        insta::assert_snapshot!(render_list(&[&rule(), &preview]), @"
        missing-pre-stop  warning  Serving container does not wait before it stops
        proxy-uid         warning  Serving container does not wait before it stops (preview)
        ");
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrapped("aa bb\ncc dddddd e", 5), ["aa bb", "cc", "dddddd", "e"]);
        assert_eq!(wrapped(" ", 5), Vec::<String>::new());
    }
}
