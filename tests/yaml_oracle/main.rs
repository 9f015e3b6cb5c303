//! What we read is what kubectl reads: every file is also given to the libraries that kubectl is built from.
//!
//! The other side is `yaml-oracle` (`tests/cluster/yaml`), asked as `kubectl apply -f` asks. Where it accepts a file, our
//! documents are the same JSON; where it refuses one, we have a problem, and the same documents before it.
//! `SEAWORTHY_GENERATED=100000` compares more generated files than the usual 2,000.

#![allow(clippy::expect_used, clippy::print_stderr)] // a test fails where it stands

#[path = "../cluster/harness/tools.rs"]
mod tools;

mod generate;
mod oracle;

use oracle::{Answer, Oracle};
use seaworthy::base::Source;
use seaworthy::manifest::{Limits, Reading, read_documents};
use serde_json::Value;
use std::path::{Path, PathBuf};

const GENERATED: u64 = 2000;

#[test]
fn every_manifest_at_hand_is_read_as_kubectl_reads_it() {
    let Some(mut oracle) = Oracle::start() else { return };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests", "examples", "policies", "helm", "certs", "../shared/corpus"];
    let files: Vec<PathBuf> = folders.iter().flat_map(|folder| files_below(&here.join(folder))).collect();
    let differences: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let text = std::fs::read_to_string(file).ok()?;
            difference(&text, &oracle.ask(&text)).map(|what| format!("{}: {what}", file.display()))
        })
        .collect();
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), files.len(), differences.join("\n"));
}

#[test]
fn generated_files_are_read_as_kubectl_reads_them() {
    let Some(mut oracle) = Oracle::start() else { return };
    let count = std::env::var("SEAWORTHY_GENERATED").ok().and_then(|count| count.parse().ok()).unwrap_or(GENERATED);
    let mut accepted = 0u64;
    let mut differences = Vec::new();
    for number in 0..count {
        let text = generate::file(number);
        let answer = oracle.ask(&text);
        accepted += u64::from(answer.error.is_none());
        if let Some(what) = difference(&text, &answer).filter(|what| !is_allowed(what, &text, &mut oracle)) {
            differences.push(format!("file {number}: {what}\n{text:?}"));
        }
    }
    assert!(
        accepted * 4 > count && accepted * 10 < count * 9,
        "a generator that makes sense: {accepted} of {count} accepted"
    );
    assert!(differences.is_empty(), "{} of {count}:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn aliases_are_refused_from_the_size_on_that_kubectl_refuses() {
    let Some(mut oracle) = Oracle::start() else { return };
    let mut refused = 0;
    let sizes = (0..20).map(|step| (10, 4, step * 10)).chain([(2, 9, 0), (3, 6, 0), (6, 4, 0), (12, 3, 5), (9, 4, 0)]);
    for (width, levels, padding) in sizes {
        for maps in [false, true] {
            let text = nested_aliases(width, levels, padding, maps);
            let answer = oracle.ask(&text);
            refused += usize::from(answer.error.is_some());
            assert_eq!(difference(&text, &answer), None, "{width} {levels} {padding} {maps}");
        }
    }
    assert!((5..45).contains(&refused), "sizes on both sides of the limit: {refused} are refused");
}

/// Each level names the level before it `width` times.
fn nested_aliases(width: usize, levels: usize, padding: usize, maps: bool) -> String {
    let mut text = format!("padding: [{}]\n", "x,".repeat(padding));
    for level in 0..levels {
        let value = if level == 0 { "v".to_owned() } else { format!("*a{}", level - 1) };
        let items = (0..width).map(|item| if maps { format!("k{item}: {value}") } else { value.clone() });
        let items = items.collect::<Vec<_>>().join(", ");
        let (open, close) = if maps { ('{', '}') } else { ('[', ']') };
        text.push_str(&format!("a{level}: &a{level} {open}{items}{close}\n"));
    }
    text
}

/// What we read otherwise than kubectl, if anything.
fn difference(text: &str, answer: &Answer) -> Option<String> {
    let Reading { documents, problems, templated, ytt: _ } =
        read_documents(&Source::new("generated.yaml", text), &Limits::default());
    let first_problem = problems.iter().find(|problem| problem.fatal).map(ToString::to_string);
    let refused = first_problem.clone().or(templated.then(|| "taken for a template".to_owned()));
    let ours: Vec<Value> = documents.iter().map(|document| plain_numbers(document.value().clone())).collect();
    let theirs: Vec<Value> = answer.documents.iter().cloned().map(plain_numbers).collect();
    match (&answer.error, refused) {
        (None, Some(problem)) => Some(format!("kubectl reads it, we do not: {problem}")),
        (Some(error), None) => Some(format!("kubectl refuses it ({error}), we do not: {ours:?}")),
        (None, None) if ours != theirs => Some(format!("kubectl reads {theirs:?}, we {ours:?}")),
        (Some(_), Some(problem)) if !ours.starts_with(&theirs) && !templated => {
            Some(format!("before a problem kubectl reads {theirs:?}, we {ours:?}: {problem}"))
        }
        _ => None,
    }
}

/// Differences that are meant, all of them in files that no one should have.
fn is_allowed(what: &str, text: &str, oracle: &mut Oracle) -> bool {
    // kubectl ends a document at a directive, without a word, and reads nothing behind it. We say so.
    let is_directive = what.contains("a line with a directive");
    // kubectl drops a value that has no form in JSON if the same key stands there again. We refuse it all the same.
    let is_meaningless = ["has no form in JSON", "a key is empty", "a key is a number", "a number beyond"];
    let is_dropped = is_meaningless.iter().any(|it| what.contains(it)) && oracle.finds_repeated_keys(text);
    // Keys of two types with one name, such as 1 and 1.0: kubectl takes one or the other, by chance.
    // kubectl stops behind `[]` or `{? x}` that a document begins with, and does not see what is wrong behind it.
    let is_empty_first = |line: &str| {
        let line: String = line.chars().filter(|it| !it.is_whitespace() && *it != '\u{feff}').collect();
        ["[]", "{}", "[?", "{?"].iter().any(|start| line.starts_with(start))
    };
    let is_early_end = text.lines().any(is_empty_first);
    // Half a surrogate pair in JSON: it is serde_json that cannot read the oracle's answer.
    let is_half_pair = what.contains("hex escape");
    let first = oracle.ask(text).documents;
    let mut is_chance = || (0..200).any(|_| oracle.ask(text).documents != first);
    [is_directive, is_dropped, is_early_end, is_half_pair].contains(&true) || is_chance()
}

/// JSON files keep `1.0` and `1e3` as written in the oracle's answer; the API server makes whole numbers of them.
fn plain_numbers(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(plain_numbers).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, plain_numbers(value))).collect(),
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or(f64::NAN);
            let whole = float
                .to_string()
                .parse::<i64>()
                .map(Value::from)
                .or_else(|_| float.to_string().parse::<u64>().map(Value::from));
            whole.unwrap_or(Value::Number(number))
        }
        other => other,
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_manifest =
        |path: &PathBuf| path.extension().is_some_and(|it| ["yaml", "yml", "json"].iter().any(|e| it == *e));
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let below = |path: PathBuf| {
        if path.is_dir() { files_below(&path) } else { Some(path).filter(is_manifest).into_iter().collect() }
    };
    paths.flat_map(below).collect()
}
