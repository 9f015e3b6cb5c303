//! The page of a rule: what it finds, why that matters, what to do, how to set it up. Made once, and printed for a terminal
//! ([`crate::report::rule_text`]) and for the repository ([`crate::report::rule_markdown`]).

use crate::base::PodRepair;
use crate::policy::{KindName, Match, Rule, Status};
use crate::report::doors::Doors;
use serde::Serialize;
use serde_json::Value;

/// A page, section by section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePage {
    /// The id of the rule.
    pub id: String,
    /// The defect in one line, without a full stop.
    pub title: String,
    /// How bad it is, and how settled the rule.
    pub summary: String,
    /// What is to be said, in this order.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// What it says; never empty.
    pub blocks: Vec<Block>,
}

/// A piece of text. Code in it stands between backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Prose(String),
    /// A list.
    Items(Vec<String>),
    /// Lines that stay as they are, in this language.
    Code(&'static str, String),
}

/// What is known of a rule beside its file.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The JSON Schema of the parameters of its check.
    pub schema: &'a Value,
    /// Whether its findings can be repaired on Pods.
    pub repair: PodRepair,
    /// What it does under the profile in force, and why, where it has a choice: sentences without a full stop.
    pub strategies: &'a [String],
    /// Its examples, where it has some.
    pub example: Option<&'a Example>,
}

/// A manifest that breaks a rule with what came of it, and the same one put right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Example {
    /// It breaks the rule.
    pub bad: Manifest,
    /// What `seaworthy check` says of it, in full.
    pub report: String,
    /// What `seaworthy fix` makes of it, step by step.
    pub fixes: Vec<ShownFix>,
    /// How its pods end after that, drawn; empty where the rule draws nothing.
    pub end: Vec<String>,
    /// Why findings are left after that, each reason once: one line, no full stop.
    pub left: Vec<String>,
    /// It does not break the rule.
    pub good: Manifest,
}

/// A manifest, and the profile that it is meant for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The YAML value of `profile` in `seaworthy.yaml`; none where it does not matter.
    pub profile: Option<String>,
    /// The YAML value of `rules` there; none where nothing of it matters.
    pub rules: Option<String>,
    /// The text.
    pub text: String,
}

/// What a run of `seaworthy fix` changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFix {
    /// Why a person should look at it, each reason once; none of a safe fix.
    pub look_at: Vec<String>,
    /// The lines, as a patch.
    pub patch: String,
}

/// The page of a rule.
pub fn page(rule: &Rule, known: Known<'_>) -> RulePage {
    let spec = &rule.spec;
    let since = spec.since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default();
    let mut sections = vec![
        section("Looks at", looks_at(&spec.matches).into_iter().map(Block::Prose).collect()),
        section("Why", vec![Block::Prose(spec.why.clone())]),
        section("What to do", vec![Block::Prose(spec.remedy.clone())]),
        section("Under this profile", vec![Block::Items(strategies(known.strategies))]),
    ];
    match known.example {
        Some(example) => sections.extend(examples(example, known.repair)),
        None => sections.push(section("On Pods", vec![Block::Prose(repaired(known.repair).to_owned())])),
    }
    let parameters = parameters(rule, known.schema);
    sections.push(section(&format!("Parameters of the check `{}`", spec.check), vec![Block::Items(parameters)]));
    sections.push(section("Links", vec![Block::Items(spec.links.clone())]));
    sections.push(section("To ignore it, with a reason", ignoring(rule.id())));
    sections.retain(|section| section.blocks != [Block::Items(Vec::new())]);
    RulePage {
        id: rule.id().to_owned(),
        title: spec.title.clone(),
        summary: format!("{}{}. {}{since}.", spec.severity, cases(rule), word(spec.status)),
        sections,
    }
}

fn strategies(sentences: &[String]) -> Vec<String> {
    let sentence = |text: &String| {
        let mut letters = text.chars();
        let first = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
        format!("{}.", first.unwrap_or_default())
    };
    sentences.iter().map(sentence).collect()
}

/// `, error if headless` for each case with a severity of its own.
pub fn cases(rule: &Rule) -> String {
    rule.spec.cases.iter().map(|(case, severity)| format!(", {severity} if {case}")).collect()
}

fn section(heading: &str, blocks: Vec<Block>) -> Section {
    Section { heading: heading.to_owned(), blocks }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Preview => "Preview",
        Status::Stable => "Stable",
        Status::Deprecated => "Deprecated",
    }
}

/// Kinds, membership, namespaces and doors, a paragraph each.
fn looks_at(matches: &Match) -> Vec<String> {
    let kinds: Vec<String> = matches.kinds.iter().map(kind).collect();
    let mut paragraphs = vec![format!("{}.", kinds.join(", "))];
    if !matches.membership.is_empty() {
        let words: Vec<String> = matches.membership.iter().map(serde_word).collect();
        paragraphs.push(format!("In the mesh by {}; where that is unknown it warns at most.", words.join(" or ")));
    }
    let namespaces = &matches.namespaces;
    if !namespaces.within.is_empty() {
        paragraphs.push(format!("In the namespaces {}.", namespaces.within.join(", ")));
    }
    if !namespaces.not_in.is_empty() {
        paragraphs.push(format!("Not in the namespaces {}.", namespaces.not_in.join(", ")));
    }
    paragraphs.push(Doors::of(&matches.kinds).to_string());
    paragraphs
}

fn kind(name: &KindName) -> String {
    if name.is_every_workload() { format!("{name}: every kind with a pod template") } else { name.to_string() }
}

fn examples(example: &Example, repair: PodRepair) -> [Section; 3] {
    let mut bad = manifest(&example.bad);
    bad.push(Block::Prose("`seaworthy check` says:".to_owned()));
    bad.push(Block::Code("text", example.report.trim_end().to_owned()));
    let mut fixed = Vec::new();
    for fix in &example.fixes {
        let lead = match fix.look_at.as_slice() {
            [] => "`seaworthy fix` does this:".to_owned(),
            reasons => format!("`seaworthy fix --unsafe` does this, and a person should look: {}.", reasons.join("; ")),
        };
        fixed.extend([Block::Prose(lead), Block::Code("diff", fix.patch.trim_end().to_owned())]);
    }
    if !example.end.is_empty() {
        fixed.extend([
            Block::Prose("Then the pod ends like this:".to_owned()),
            Block::Code("text", example.end.join("\n")),
        ]);
    }
    fixed.extend(example.left.iter().map(|reason| Block::Prose(format!("Not fixed: {reason}."))));
    fixed.push(Block::Prose(repaired(repair).to_owned()));
    [section("Bad", bad), section("Fixed", fixed), section("Good", manifest(&example.good))]
}

fn manifest(manifest: &Manifest) -> Vec<Block> {
    let set = |key: &str, value: &Option<String>| value.as_ref().map(|value| format!("`{key}: {value}`"));
    let set = [set("profile", &manifest.profile), set("rules", &manifest.rules)];
    let set: Vec<String> = set.into_iter().flatten().collect();
    let lead = (!set.is_empty()).then(|| Block::Prose(format!("With {} in `seaworthy.yaml`:", set.join(" and "))));
    let code = Block::Code("yaml", manifest.text.trim_end().to_owned());
    lead.into_iter().chain([code]).collect()
}

fn repaired(repair: PodRepair) -> &'static str {
    match repair {
        PodRepair::Never => "Never repaired on Pods.",
        PodRepair::Possible => {
            "Repaired on Pods while they are created, by the safe fix, where `repairs` in `seaworthy.yaml` names the rule: \
             see docs/repairs.md."
        }
        PodRepair::WithImage => {
            "Repaired on Pods while they are created, by the safe fix, where `repairs` in `seaworthy.yaml` names the rule \
             and an image: see docs/repairs.md."
        }
    }
}

/// Each parameter with what the rule sets it to and what the schema says of it.
fn parameters(rule: &Rule, schema: &Value) -> Vec<String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let described = properties.iter().map(|(name, property)| {
        let value = rule.spec.params.get(name).or_else(|| property.get("default"));
        let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
        let about = property.get("description").and_then(Value::as_str).unwrap_or("");
        format!("`{name}{value}`: {}", about.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    described.collect()
}

fn ignoring(id: &str) -> Vec<Block> {
    let ways = vec![
        format!("`# seaworthy: ignore[{id}] <reason>` on the line or the line above"),
        format!("`seaworthy.dev/ignore-{id}: \"<reason>\"` as an annotation of the object"),
    ];
    let deny = "Under `deny` only an exception in the platform's `seaworthy.yaml` counts in the cluster.";
    vec![Block::Items(ways), Block::Prose(deny.to_owned())]
}

/// The word that a value has in files.
fn serde_word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests;
