//! The page of a rule as Markdown, with all its fixtures, and the index of the pages: for reading in the repository.

use crate::base::Severity;
use crate::policy::{Category, Rule};
use crate::report::doors::Doors;
use crate::report::rule_page::{Block, RulePage, cases};
use std::collections::BTreeMap;

/// A fixture of a rule, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedFixture {
    /// The name of its file: `fail-headless.yaml`.
    pub name: String,
    /// What it says of itself; may be empty.
    pub words: String,
    /// What the rule finds in it, each kind of finding once; empty where the rule is silent.
    pub found: Vec<Found>,
}

/// A kind of finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// How bad.
    pub severity: Severity,
    /// Which case of the check, where it names cases.
    pub case: Option<&'static str>,
    /// What `seaworthy fix` makes of it: one line, no full stop.
    pub fix: String,
}

/// The page of a rule. Links to fixtures are relative to `docs/rules`.
pub fn render_page(page: &RulePage, fixtures: &[JudgedFixture]) -> String {
    let mut text = format!("# {}\n\n{}.\n\n*{}*\n", page.id, page.title, page.summary);
    for section in &page.sections {
        text += &format!("\n## {}\n", section.heading);
        text.extend(section.blocks.iter().map(block));
    }
    text + &fixture_sections(&page.id, fixtures)
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
        format!("\n## {heading}\n\n| rule | severity | finds | webhook |\n|---|---|---|---|\n{rows}")
    };
    format!("# Rules\n\n{EVERYWHERE}\n{}", tables.iter().map(table).collect::<String>())
}

const EVERYWHERE: &str = "Every rule speaks on the command line, and will in a scan of the cluster, which is to come. The last column \
                          says whether it speaks at the webhook, too; its page names the kinds that the webhook is not asked about.";

fn row(rule: &Rule) -> String {
    let (id, spec, webhook) = (rule.id(), &rule.spec, Doors::of(&rule.spec.matches.kinds).webhook());
    format!("| [{id}]({id}.md) | {}{} | {} | {webhook} |\n", spec.severity, cases(rule), spec.title)
}

fn block(block: &Block) -> String {
    match block {
        Block::Prose(text) => format!("\n{}\n", text.trim()),
        Block::Items(items) => format!("\n{}", items.iter().map(|item| format!("* {item}\n")).collect::<String>()),
        Block::Code(language, text) => format!("\n```{language}\n{text}\n```\n"),
    }
}

/// The fixtures in which the rule speaks, and those in which it is silent.
fn fixture_sections(rule: &str, fixtures: &[JudgedFixture]) -> String {
    let (silent, speaking): (Vec<_>, Vec<_>) = fixtures.iter().partition(|fixture| fixture.found.is_empty());
    let mut text = String::new();
    if !speaking.is_empty() {
        text += "\n## Speaks when\n\n| manifest | severity | fix |\n|---|---|---|\n";
        text.extend(speaking.iter().flat_map(|fixture| rows(rule, fixture)));
    }
    if !silent.is_empty() {
        text += "\n## Silent when\n\n";
        text.extend(silent.iter().map(|fixture| format!("* {}\n", described(rule, fixture))));
    }
    text
}

/// A row for each kind of finding; the manifest is named in the first.
fn rows(rule: &str, fixture: &JudgedFixture) -> Vec<String> {
    let row = |(index, found): (usize, &Found)| {
        let manifest = if index == 0 { described(rule, fixture) } else { String::new() };
        let case = found.case.map(|case| format!(", case `{case}`")).unwrap_or_default();
        format!("| {} | {}{case} | {} |\n", cell(&manifest), found.severity, cell(&found.fix))
    };
    fixture.found.iter().enumerate().map(row).collect()
}

/// The name of a fixture without what all have, as a link, with its words.
fn described(rule: &str, fixture: &JudgedFixture) -> String {
    let name = fixture.name.trim_end_matches(".yaml");
    let name = name.split_once('-').map_or(name, |(_, name)| name).replace('-', " ");
    let words = if fixture.words.is_empty() { String::new() } else { format!(": {}", fixture.words) };
    format!("[{name}](../../tests/rules/{rule}/{}){words}", fixture.name)
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rule_page::tests::{rule, whole_page};

    fn fixture(name: &str, words: &str, found: &[(Severity, Option<&'static str>, &str)]) -> JudgedFixture {
        let found = found.iter().map(|&(severity, case, fix)| Found { severity, case, fix: fix.to_owned() }).collect();
        JudgedFixture { name: name.to_owned(), words: words.to_owned(), found }
    }

    #[test]
    fn the_page_of_a_rule_with_its_fixtures() {
        let fixtures = [
            fixture(
                "fail-grace-zero.yaml",
                "One | other.",
                &[(Severity::Error, Some("grace-zero"), "safe"), (Severity::Warning, None, "none")],
            ),
            fixture("pass-outside-mesh.yaml", "Not in the mesh.", &[]),
            fixture("pass-bare.yaml", "", &[]),
        ];
        insta::assert_snapshot!(render_page(&whole_page(), &fixtures));
    }

    #[test]
    fn the_index_has_a_table_for_each_category() {
        let mut ports = rule();
        ports.spec.category = Some(Category::Ports);
        insta::assert_snapshot!(render_index(&[rule(), ports]), @r"
        # Rules

        Every rule speaks on the command line, and will in a scan of the cluster, which is to come. The last column says whether it speaks at the webhook, too; its page names the kinds that the webhook is not asked about.

        ## Ports

        | rule | severity | finds | webhook |
        |---|---|---|---|
        | [missing-pre-stop](missing-pre-stop.md) | warning, error if grace-zero | Serving container does not wait before it stops | yes |

        ## Other

        | rule | severity | finds | webhook |
        |---|---|---|---|
        | [missing-pre-stop](missing-pre-stop.md) | warning, error if grace-zero | Serving container does not wait before it stops | yes |
        ");
    }
}
