//! The fixes of rules on generated manifests: what is fixed is not found again, and a second run has nothing to do.

use crate::case::read;
use crate::format::file;
use crate::objects::app;
use crate::places::Places;
use crate::run::run;
use crate::touched::touched_by;
use crate::{cases, form, meaning};
use seaworthy::base::{Finding, Mode, Reveals, Source, Span};
use seaworthy::engine::{Choice, Engine, FixOutcome, FixedFile, Input, check, fix};
use seaworthy::manifest::edit::changes;
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::policy::{Date, SettingsFile};
use std::collections::BTreeMap;
use std::ops::Add;

/// How many files are fixed.
const CASES: u64 = 2000;

#[test]
fn what_is_fixed_is_not_found_again_and_a_second_run_has_nothing_to_do() {
    let engines = ["classic", "native", "ambient", "outside"].map(engine);
    let fixed = run(cases(CASES), |[objects, choices, format]| {
        let engine = &engines[choices.roll(engines.len())];
        let choice = Choice { unsafe_too: choices.one_in(2), limits: Limits::default() };
        let text = file(format, app(objects)).text;
        fixed(&text, engine, &choice).map_err(|what| format!("{what}\n--- before:\n{text}"))
    });
    let rules: Vec<(&str, usize)> = RULES.iter().map(|rule| (*rule, fixed.of_rule(rule))).collect();
    eprintln!("fixed: {rules:?}");
    assert!(rules.iter().all(|(_, count)| *count > 9), "each often enough: {rules:?}");
}

/// The rules whose findings can be fixed.
const RULES: [&str; 9] = [
    "app-starts-before-proxy",
    "endless-proxy-wait",
    "job-never-completes",
    "missing-identity-wait",
    "missing-pre-stop",
    "proxy-stops-first",
    "short-grace-period",
    "udp-named-tcp-port",
    "unclear-port-protocol",
];

/// The rules that only inform, and of which a fix of another may leave a finding.
const INFOS: [&str; 1] = ["redundant-proxy-wait"];

/// How many findings there are, by rule and object.
#[derive(Debug, Default, PartialEq)]
struct Found(BTreeMap<(String, String), usize>);

impl Found {
    fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let mut found = Self::default();
        for finding in findings {
            *found.0.entry((finding.rule.to_string(), finding.object.to_string())).or_default() += 1;
        }
        found
    }

    fn count(&self, key: &(String, String)) -> usize {
        self.0.get(key).copied().unwrap_or(0)
    }

    fn of_rule(&self, rule: &str) -> usize {
        self.0.iter().filter(|((of, _), _)| of == rule).map(|(_, count)| count).sum()
    }
}

impl Add for Found {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
        self
    }
}

fn engine(data_plane: &str) -> Engine {
    let settings = format!(
        "profile: {{dataPlane: {data_plane}}}\nrules: {{missing-identity-wait: {{params: {{image: registry.example.com/wait:1}}}}}}\n"
    );
    let file = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    Engine::load(&file, &[], Mode::Warn).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// What is fixed in a file, if all that must be true of it is.
fn fixed(text: &str, engine: &Engine, choice: &Choice) -> Result<Found, String> {
    let outcome = fix_all(text, engine, choice);
    let Some(file) = outcome.files.first() else { return Ok(Found::default()) };
    let shown = |what: String| format!("{what}\n--- after:\n{}", file.after.text());
    touches_nothing_else(file).map_err(shown)?;
    let (before, fixed) = (Found::of(&checked(text, engine)), Found::of(&file.fixed));
    let after = Found::of(&checked(file.after.text(), engine));
    let left = Found::of(outcome.left.iter().map(|left| &left.finding));
    if after != left {
        return Err(shown(format!("found afterwards {after:?}\nsaid to be left {left:?}")));
    }
    // Less is fine: what has no fix can go with what another finding needs. So is a note that a fix leaves: an info, and what
    // comes to light by a fix.
    let noted = |key: &(String, String)| INFOS.contains(&key.0.as_str());
    let reveals = |it: &Finding| it.remedy.fix().is_some_and(|fix| fix.reveals != Reveals::Nothing);
    let is_revealed = |key: &(String, String)| before.count(key) == 0 && file.fixed.iter().any(reveals);
    let is_told = |key: &(String, String)| noted(key) || is_revealed(key);
    let is_more = |key: &&(String, String)| !is_told(key) && after.count(key) + fixed.count(key) > before.count(key);
    if let Some(key) = before.0.keys().chain(after.0.keys()).chain(fixed.0.keys()).find(is_more) {
        return Err(shown(format!("{key:?}: found {before:?}\nfixed {fixed:?}\nfound afterwards {after:?}")));
    }
    match fix_all(file.after.text(), engine, choice).files.first() {
        Some(again) => Err(shown(format!("a second run makes\n{}", again.after.text()))),
        None => Ok(fixed),
    }
}

fn touches_nothing_else(file: &FixedFile) -> Result<(), String> {
    let (old, new) = (file.before.text(), file.after.text());
    let (before, after) = (read(old)?, read(new)?);
    meaning::has_the_comments(&before, old, &after, new)?;
    form::is_kept(old, new)?;
    let mut places = Vec::new();
    for (before, after) in before.documents.iter().zip(&after.documents) {
        places.push(Places::of(before, &touched_by(&changes(before.value(), after.value())))?);
    }
    // Of equal lines it cannot be told which of them is gone.
    let is_edited = |lost: &str| {
        lines_of(old).any(|line| &old[line.start..line.end] == lost && places.iter().any(|it| it.reach(line)))
    };
    match lost_lines(old, new).into_iter().find(|lost| !is_edited(lost)) {
        Some(lost) => Err(format!("a line of nothing that was edited is gone: {lost:?}")),
        None => Ok(()),
    }
}

fn lines_of(text: &str) -> impl Iterator<Item = Span> {
    text.lines().map(|line| {
        let start = line.as_ptr().addr() - text.as_ptr().addr();
        Span { start, end: start + line.len() }
    })
}

fn input<'e>(text: &str, engine: &'e Engine) -> Input<'e> {
    let source = Source::new("generated.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    Input::new(source.name(), reading, engine)
}

fn fix_all(text: &str, engine: &Engine, choice: &Choice) -> FixOutcome {
    fix(vec![input(text, engine)], today(), choice)
}

fn checked(text: &str, engine: &Engine) -> Vec<Finding> {
    check(vec![input(text, engine)], today()).findings
}

fn today() -> Date {
    "2027-01-01".parse().expect("a date")
}

/// The lines of a text that are not in another one, by the longest sequence of lines that both share.
fn lost_lines<'t>(old: &'t str, new: &str) -> Vec<&'t str> {
    let (olds, news): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // How long the sequence is that two rests of the texts share.
    let mut shared = vec![vec![0u32; news.len() + 1]; olds.len() + 1];
    for at in (0..olds.len()).rev() {
        for other in (0..news.len()).rev() {
            let longest = shared[at + 1][other].max(shared[at][other + 1]);
            shared[at][other] = if olds[at] == news[other] { shared[at + 1][other + 1] + 1 } else { longest };
        }
    }
    let (mut lost, mut other) = (Vec::new(), 0);
    for (at, line) in olds.iter().enumerate() {
        while other < news.len() && news[other] != *line && shared[at][other + 1] == shared[at][other] {
            other += 1;
        }
        if other < news.len() && news[other] == *line {
            other += 1;
        } else {
            lost.push(*line);
        }
    }
    lost
}

#[test]
fn lines_that_are_not_in_the_other_text_are_lost() {
    for (old, new, lost) in [
        ("a\nb\nc\n", "a\nb\nc", vec![]),
        ("a\nb\nc\n", "x\na\ny\nb\nc\n", vec![]),
        ("a\nb\nc\n", "a\nB\nc\n", vec!["b"]),
        ("a\nb\na\nc\n", "a\nc\n", vec!["b", "a"]),
        ("a\nb\n", "", vec!["a", "b"]),
        ("", "a\n", vec![]),
    ] {
        assert_eq!(lost_lines(old, new), lost, "{old:?} {new:?}");
    }
}
