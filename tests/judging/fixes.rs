//! What is done about the findings of the fixtures: with which fix, or why with none. Every fix is proven by the plan.

use crate::{day, engine};
use seaworthy::base::{Finding, Remedy, Safety, Source};
use seaworthy::engine::fixture::{Promise, read};
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::{Content, Limits, Object, content_of, read_documents};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The init container of one fix needs an image.
const IMAGE: &str = "rules: {missing-identity-wait: {params: {image: registry.example.com/seaworthy-wait:1}}}\n";

#[test]
fn commands_wait_for_what_comes() {
    insta::assert_snapshot!(remedies(&["endless-proxy-wait", "missing-identity-wait"]));
}

/// The remedy of each finding of these rules in their fixtures.
fn remedies(rules: &[&str]) -> String {
    let mut told = String::new();
    for rule in rules {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(rule);
        let names = fs::read_dir(folder.clone()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.retain(|name| Promise::of(name) == Some(Promise::Findings));
        names.sort();
        for name in names {
            let text = fs::read_to_string(folder.join(&name)).expect("a fixture");
            writeln!(told, "{rule}/{name}").expect("a text grows");
            tell(rule, &Source::new(name, text), &mut told);
        }
    }
    told
}

/// The objects are judged as those of the API server: without their text, on whose printing a fix may depend as well.
fn tell(rule: &str, source: &Source, told: &mut String) {
    let profile = read(source, Promise::Findings).0.profile.map_or("{}".to_owned(), |(profile, _)| profile);
    let engine = engine(&format!("profile: {profile}\n{IMAGE}"));
    let objects =
        read_documents(source, &Limits::default()).documents.into_iter().flat_map(|document| {
            match content_of(&Arc::new(document)) {
                Content::Objects(objects) => objects,
                other => panic!("{other:?}"),
            }
        });
    let objects: Vec<_> =
        objects.map(|object| Arc::new(Object::from_json(object.value().clone()).expect("an object"))).collect();
    let mut inventory = Inventory::new(Origin::Files);
    objects.iter().for_each(|object| inventory.add(object));
    let today = day("2027-01-01");
    for object in objects {
        for finding in engine.judge(&object, &inventory, today).findings.iter().filter(|it| &*it.rule == rule) {
            let plan = engine.plan(&object, std::slice::from_ref(finding), &inventory, today);
            let refused = plan.left.first().map(|(_, reason)| reason.as_str());
            writeln!(told, "  {}: {}", finding.path, told_of(finding, refused)).expect("a text grows");
        }
    }
}

/// A fix that the plan refuses is none, and its reason is not the check's own.
fn told_of(finding: &Finding, refused: Option<&str>) -> String {
    match (&finding.remedy, refused) {
        (Remedy::Unfixed(reason), _) => format!("none: {reason}"),
        (Remedy::Fix(fix), None) => match &fix.safety {
            Safety::Safe => format!("safe: {}", fix.title),
            Safety::Unsafe(reason) => format!("unsafe: {}: {reason}", fix.title),
        },
        (Remedy::Fix(fix), Some(reason)) => format!("refused: {}: {reason}", fix.title),
    }
}
