//! One engine, two doors: every fixture gives the same findings through `seaworthy check` as a process and through
//! `/validate` of `seaworthy serve` over TLS, with the rest of its file as inventory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at any line")]

mod door;
mod fixture;

use door::Door;
use fixture::Fixture;
use rayon::prelude::*;
use seaworthy::manifest::Object;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A finding as both doors tell it: rule, object, field path. A rule about a pair names each of the two by its line,
/// because the command line reports the later one and the webhook the one under review.
type Told = (String, String, String);

/// Rules whose findings belong to two objects at once.
const PAIR_RULES: [&str; 2] = ["conflicting-port-protocols", "mixed-transport-port"];

/// Kinds that the API server does not ask the webhook about: rules about them speak on the command line only.
const ONLY_IN_FILES: [&str; 7] = [
    "ClusterPolicy",
    "HorizontalPodAutoscaler",
    "MutatingAdmissionPolicy",
    "MutatingPolicy",
    "Namespace",
    "NamespacedMutatingPolicy",
    "Policy",
];

#[test]
fn both_doors_tell_the_same_of_every_fixture() {
    let fixtures = Fixture::all();
    assert!(fixtures.len() >= 50, "only {} fixtures: is tests/rules/ there?", fixtures.len());
    let differences: Vec<String> = fixtures.par_iter().filter_map(difference).collect();
    assert!(differences.is_empty(), "{} fixtures differ:\n{}", differences.len(), differences.join("\n"));
}

fn difference(fixture: &Fixture) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    fixture.lay_out(folder.path());
    let (files, webhook) = (told_by_check(folder.path()), told_by_webhook(fixture, folder.path()));
    let name = fixture.path.display();
    (files != webhook).then(|| {
        let only_files: Vec<_> = files.difference(&webhook).collect();
        let only_webhook: Vec<_> = webhook.difference(&files).collect();
        format!("{name}\n  only check: {only_files:?}\n  only /validate: {only_webhook:?}")
    })
}

fn told_by_check(folder: &Path) -> BTreeSet<Told> {
    let manifest = fixture::manifest(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["check", "--output", "json", "--fail-on", "never", "--config"])
        .args([&fixture::configuration(folder), &manifest])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{output:?}"));
    let findings = report["findings"].as_array().unwrap().iter();
    let at_the_door = |finding: &&Value| !ONLY_IN_FILES.contains(&finding["object"]["kind"].as_str().unwrap());
    findings.filter(at_the_door).flat_map(told_by_finding).collect()
}

fn told_by_finding(finding: &Value) -> Vec<Told> {
    let rule = finding["rule"].as_str().unwrap().to_owned();
    if PAIR_RULES.contains(&&*rule) {
        let related = finding["related"].as_array().unwrap().iter();
        return std::iter::once(finding).chain(related).map(|it| line_of_pair(&rule, it["line"].as_u64())).collect();
    }
    let object =
        format!("{}/{}", finding["object"]["kind"].as_str().unwrap(), finding["object"]["name"].as_str().unwrap());
    vec![(rule, object, finding["path"].as_str().unwrap().to_owned())]
}

fn line_of_pair(rule: &str, line: Option<u64>) -> Told {
    (rule.to_owned(), "pair".to_owned(), format!("line {}", line.expect("a line")))
}

fn told_by_webhook(fixture: &Fixture, folder: &Path) -> BTreeSet<Told> {
    let mut door = Door::open(&fixture::configuration(folder), &fixture::inventory(folder));
    let objects = fixture.objects();
    let asked_about = objects.iter().filter(|object| !ONLY_IN_FILES.contains(&object.kind()));
    asked_about.flat_map(|object| told_of_object(&mut door, object)).collect()
}

/// The audit annotations name each finding: a key for each rule, the action and path of each finding behind it.
fn told_of_object(door: &mut Door, object: &Object) -> Vec<Told> {
    let response = door.review(object);
    let annotations = response["auditAnnotations"].as_object().cloned().unwrap_or_default();
    let reference = object.reference();
    let mut told = Vec::new();
    for (rule, found) in annotations {
        for entry in found.as_str().unwrap().split("; ") {
            let (_, path) = entry.split_once(' ').unwrap_or_else(|| panic!("{rule}: {found}"));
            told.push(if PAIR_RULES.contains(&&*rule) {
                line_of_pair(&rule, fixture::line_of(object, path))
            } else {
                (rule.clone(), format!("{}/{}", reference.kind, reference.name), path.to_owned())
            });
        }
    }
    told
}
