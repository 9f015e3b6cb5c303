//! Real manifests, where they lie beside the checkout: what is found is what `docs/corpus-findings.md` says was read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Place below the folder, rule, and the profiles in which it is found.
type Row = (String, String, String);

#[test]
fn the_findings_are_those_that_were_read() {
    let Some(corpus) = corpus() else { return };
    let (classic, native) = (findings(&corpus, "classic"), findings(&corpus, "native"));
    let found: BTreeSet<Row> = classic
        .union(&native)
        .map(|it| {
            let profiles = match (classic.contains(it), native.contains(it)) {
                (true, true) => "both",
                (true, false) => "classic",
                _ => "native",
            };
            (it.0.clone(), it.1.clone(), profiles.to_owned())
        })
        .collect();
    let read = rows_of_the_page();
    let (new, gone): (Vec<_>, Vec<_>) = (found.difference(&read).collect(), read.difference(&found).collect());
    assert!(new.is_empty() && gone.is_empty(), "not read yet: {new:#?}\nnot found any more: {gone:#?}");
}

/// The folder of real manifests, beside the checkout.
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    folder.is_dir().then(|| folder.canonicalize().unwrap())
}

/// Place and rule of each finding; nothing may be unreadable.
fn findings(corpus: &Path, data_plane: &str) -> BTreeSet<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("seaworthy.yaml");
    fs::write(&configuration, format!("profile: {{dataPlane: {data_plane}}}\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["check", "--assume-membership", "sidecar", "--output", "json", "--fail-on", "never", "--config"])
        .args([&configuration, corpus])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let below = format!("{}/", corpus.display());
    let finding = |it: &Value| {
        let file = it["file"].as_str().unwrap().strip_prefix(&below).unwrap();
        (format!("{file}:{}", it["line"]), it["rule"].as_str().unwrap().to_owned())
    };
    report["findings"].as_array().unwrap().iter().map(finding).collect()
}

fn rows_of_the_page() -> BTreeSet<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/corpus-findings.md");
    let text = fs::read_to_string(page).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [place, rule, profiles, ..] = cells[..] else { return None };
        place.contains(".yaml:").then(|| (place.to_owned(), rule.to_owned(), profiles.to_owned()))
    });
    rows.collect()
}
