//! Documents that are made from the program: rule pages, the reference of the command line, schemas. They are committed, and
//! compared in CI.

use anyhow::Context;
use seaworthy::checks;
use seaworthy::cli::reference;
use seaworthy::engine::read_rules;
use seaworthy::policy::{Rule, builtin_example, rule_schema, schema_text, settings_schema};
use seaworthy::report::rule_markdown;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Where the rule pages lie; nothing else lies there.
const RULES: &str = "docs/rules";

/// A file below the root of the repository, with its text.
type Document = (String, String);

/// Writes all generated documents below this folder, and takes away pages of rules that are gone.
pub fn write(root: &Path) -> anyhow::Result<()> {
    let documents = documents();
    for name in left_over(root, &documents)? {
        fs::remove_file(root.join(name))?;
    }
    for (name, text) in documents {
        let path = root.join(name);
        fs::create_dir_all(path.parent().context("a document stands in a folder")?)?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Says which of them are not as they would be written now.
pub fn check(root: &Path) -> anyhow::Result<ExitCode> {
    let documents = documents();
    let mut stale: Vec<String> = left_over(root, &documents)?;
    let differs = |(name, text): &Document| fs::read_to_string(root.join(name)).ok().as_ref() != Some(text);
    stale.extend(documents.into_iter().filter(differs).map(|(name, _)| name));
    let mut out = std::io::stderr();
    for name in &stale {
        writeln!(out, "{name} is old: renew it by `cargo xtask docs`")?;
    }
    Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn documents() -> Vec<Document> {
    let rules = read_rules(&[]);
    let mut documents = vec![
        ("docs/schema/rule.v1alpha1.json".to_owned(), schema_text(&rule_schema())),
        ("docs/schema/seaworthy.json".to_owned(), schema_text(&settings_schema())),
        ("docs/cli.md".to_owned(), reference::markdown()),
        (format!("{RULES}/README.md"), rule_markdown::render_index(rules.rules())),
    ];
    documents.extend(rules.rules().iter().map(|rule| (format!("{RULES}/{}.md", rule.id()), page(rule))));
    documents
}

fn page(rule: &Rule) -> String {
    let schema = checks::check(&rule.spec.check).map_or(Value::Null, |check| (check.schema)());
    rule_markdown::render_page(rule, &schema, builtin_example(rule.id()))
}

/// Pages of rules that there are no more.
fn left_over(root: &Path, documents: &[Document]) -> anyhow::Result<Vec<String>> {
    let wanted: BTreeSet<&str> = documents.iter().map(|(name, _)| name.as_str()).collect();
    let Ok(folder) = fs::read_dir(root.join(RULES)) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in folder {
        let name = format!("{RULES}/{}", entry?.file_name().to_string_lossy());
        if !wanted.contains(&*name) {
            found.push(name);
        }
    }
    Ok(found)
}
