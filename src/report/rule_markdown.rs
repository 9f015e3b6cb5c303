//! The page of a rule as Markdown: what `seaworthy explain` says, for reading in the repository.

use crate::policy::{Category, Rule, Status};
use crate::report::rules::{looks_at, parameters};
use serde_json::Value;
use std::collections::BTreeMap;

/// The page of a rule. `schema` is the JSON Schema of the parameters of its check; the example is a manifest that breaks the rule,
/// and one that does not.
pub fn render_page(rule: &Rule, schema: &Value, example: Option<(&str, &str)>) -> String {
    let spec = &rule.spec;
    let mut page = format!("# {}\n\n{}.\n\n", rule.id(), spec.title);
    page += &format!("*{}*{}. {}\n", spec.severity, cases(rule), status(rule));
    section(&mut page, "Looks at", &format!("{}\n\n{SPEAKS}", looks_at(&spec.matches).join("\n\n")));
    section(&mut page, "Why", spec.why.trim());
    section(&mut page, "What to do", spec.remedy.trim());
    if let Some((bad, good)) = example {
        section(&mut page, "Bad", &manifest(bad));
        section(&mut page, "Good", &manifest(good));
    }
    list(&mut page, &format!("Parameters of the check `{}`", spec.check), &parameters(rule, schema));
    list(&mut page, "Links", &spec.links);
    let id = rule.id();
    let ignoring = format!(
        "`# seaworthy: ignore[{id}] <reason>` on the line or the line above, or the annotation \
         `seaworthy.dev/ignore-{id}: \"<reason>\"`. Under `deny` only an exception in the platform's `seaworthy.yaml` counts in the \
         cluster."
    );
    section(&mut page, "To ignore it", &ignoring);
    page
}

/// All rules, one line each, in a table for each category.
pub fn render_index(rules: &[Rule]) -> String {
    let mut tables: BTreeMap<(bool, Option<Category>), String> = BTreeMap::new();
    for rule in rules {
        let category = rule.spec.category;
        // Those without a category come last.
        *tables.entry((category.is_none(), category)).or_default() += &row(rule);
    }
    let table = |((_, category), rows): (&(bool, Option<Category>), &String)| {
        let heading = category.map_or("Other", Category::title);
        format!("\n## {heading}\n\n| rule | severity | finds |\n|---|---|---|\n{rows}")
    };
    format!("# Rules\n{}", tables.iter().map(table).collect::<String>())
}

fn row(rule: &Rule) -> String {
    format!("| [{id}]({id}.md) | {}{} | {} |\n", rule.spec.severity, cases(rule), rule.spec.title, id = rule.id())
}

/// Where the rules of kinds that the webhook judges are heard.
const SPEAKS: &str = "Speaks in `seaworthy check` and at the API server's door.";

fn cases(rule: &Rule) -> String {
    rule.spec.cases.iter().map(|(case, severity)| format!(", {severity} if {case}")).collect()
}

fn status(rule: &Rule) -> String {
    let word = match rule.spec.status {
        Status::Preview => "Preview",
        Status::Stable => "Stable",
        Status::Deprecated => "Deprecated",
    };
    let since = rule.spec.since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default();
    format!("{word}{since}.")
}

fn section(page: &mut String, heading: &str, text: &str) {
    *page += &format!("\n## {heading}\n\n{text}\n");
}

fn list(page: &mut String, heading: &str, items: &[String]) {
    if !items.is_empty() {
        section(page, heading, &items.iter().map(|item| format!("* {item}")).collect::<Vec<_>>().join("\n"));
    }
}

/// The manifest of a fixture without the markers, but for the profile that it needs.
fn manifest(text: &str) -> String {
    let profile = text.lines().next().and_then(|line| line.strip_prefix("#~ profile:"));
    let said = profile.map(|profile| format!("With `profile: {}`:\n\n", profile.trim())).unwrap_or_default();
    let unmarked = |line: &str| line.split_once("#~").map_or(line, |(before, _)| before).trim_end().to_owned();
    let lines: Vec<String> = text.lines().map(unmarked).filter(|line| !line.is_empty()).collect();
    format!("{said}```yaml\n{}\n```", lines.join("\n"))
}
