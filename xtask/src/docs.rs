//! Documents that are made from the program: rule pages, the reference of the command line, schemas; and the list of decisions, from
//! their own titles. They are committed, and compared in CI.

use anyhow::Context;
use seaworthy::cli::configuration::Configuration;
use seaworthy::cli::{reference, rule_page};
use seaworthy::engine::fixture::Promise;
use seaworthy::policy::{Date, Rule, rule_schema, schema_text, settings_schema};
use seaworthy::report::rule_markdown::{self, JudgedFixture};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Where the rule pages lie; nothing else lies there.
const RULES: &str = "docs/rules";

/// Where the decisions lie.
const DECISIONS: &str = "docs/decisions";

/// What the list of decisions begins with.
const ABOUT_DECISIONS: &str = "# Decisions

One page for each choice among real alternatives: what was seen, what was chosen, what it costs. When a choice changes, a new page
replaces the old one and says so.
";

/// A file below the root of the repository, with its text.
type Document = (String, String);

/// Writes all generated documents below this folder, and takes away pages of rules that are gone.
pub fn write(root: &Path) -> anyhow::Result<()> {
    let documents = documents(root)?;
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
    let documents = documents(root)?;
    let mut stale: Vec<String> = left_over(root, &documents)?;
    let differs = |(name, text): &Document| fs::read_to_string(root.join(name)).ok().as_ref() != Some(text);
    stale.extend(documents.into_iter().filter(differs).map(|(name, _)| name));
    let mut out = std::io::stderr();
    for name in &stale {
        writeln!(out, "{name} is old: renew it by `cargo xtask docs`")?;
    }
    Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn documents(root: &Path) -> anyhow::Result<Vec<Document>> {
    let configuration = Configuration::load(None)?;
    let rules = configuration.rules.rules();
    let mut documents = vec![
        ("docs/schema/rule.v1alpha1.json".to_owned(), schema_text(&rule_schema())),
        ("docs/schema/seaworthy.json".to_owned(), schema_text(&settings_schema())),
        ("docs/cli.md".to_owned(), reference::markdown()),
        (format!("{RULES}/README.md"), rule_markdown::render_index(rules)),
        (format!("{DECISIONS}/README.md"), decisions(&root.join(DECISIONS))?),
    ];
    for rule in rules {
        documents.push((format!("{RULES}/{}.md", rule.id()), page(rule, &configuration, root)?));
    }
    Ok(documents)
}

/// How wide reports on the pages are: a page of the repository shows about that much.
const WIDTH: usize = 100;

/// A day on which manifests are judged; no example has exceptions that end.
const DAY: &str = "2026-01-01";

fn page(rule: &Rule, configuration: &Configuration, root: &Path) -> anyhow::Result<String> {
    let today: Date = DAY.parse().map_err(anyhow::Error::msg)?;
    let page = rule_page::page(rule, configuration, WIDTH, today)?;
    let fixtures = fixtures(&root.join("tests/rules").join(rule.id()))?;
    let judge = |(name, text): &Document| rule_page::judged_fixture(rule.id(), name, text, configuration, today);
    let judged = fixtures.iter().map(judge).collect::<anyhow::Result<Vec<JudgedFixture>>>()?;
    Ok(rule_markdown::render_page(&page, &judged))
}

/// The list of all decisions, by number.
fn decisions(folder: &Path) -> anyhow::Result<String> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(|it: char| it.is_ascii_digit()) {
            let text = fs::read_to_string(&path)?;
            let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
            let (number, title) = title
                .and_then(|title| title.split_once(": "))
                .with_context(|| format!("{name}: want a first line `# NUMBER: title`"))?;
            pages.push(format!("* [{number}]({name}): {title}\n"));
        }
    }
    pages.sort();
    Ok(format!("{ABOUT_DECISIONS}\n{}", pages.concat()))
}

/// The fixtures of a folder but for the examples, by name.
fn fixtures(folder: &Path) -> anyhow::Result<Vec<Document>> {
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if Promise::of(&name).is_some() && !name.contains("-example.") {
            fixtures.push((name, fs::read_to_string(&path)?));
        }
    }
    fixtures.sort();
    Ok(fixtures)
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
