//! Fixing the manifest, and letting the webhook repair the Pod made from the unfixed one, give the same Pod.

use crate::pods::{as_in_template, pods_of};
use crate::setting::{REPAIRABLE, created, engine, engine_of_repairable, objects, repaired, today};
use rayon::prelude::*;
use seaworthy::base::Source;
use seaworthy::engine::{Choice, Input, fix};
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::{Limits, read_documents};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[test]
fn a_fixed_manifest_and_a_repaired_pod_are_the_same_pod() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 20, "only {} fixtures: is tests/rules/ there?", fixtures.len());
    let repaired: BTreeSet<String> = fixtures.par_iter().flat_map_iter(|fixture| compare(fixture, None)).collect();
    let never: Vec<&str> = REPAIRABLE.into_iter().filter(|rule| !repaired.contains(*rule)).collect();
    assert!(never.is_empty(), "no Pod of a fixture is repaired for {never:?}: {repaired:?}");
}

#[test]
fn so_they_are_by_every_strategy() {
    for (way, rule) in
        [("hold", "app-starts-before-proxy"), ("wrapper", "app-starts-before-proxy"), ("quit", "job-never-completes")]
    {
        let mut fixtures = fixtures();
        fixtures.retain(|path| path.parent().is_some_and(|folder| folder.ends_with(rule)));
        let repaired: BTreeSet<String> =
            fixtures.par_iter().flat_map_iter(|fixture| compare(fixture, Some(way))).collect();
        assert!(repaired.contains(rule), "no Pod of a fixture is repaired by {way}");
    }
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let is_fixture = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("fail-") && !name.ends_with(".fixed.yaml")
    };
    files.filter(is_fixture).collect()
}

/// Compares the two ways for each workload of a fixture, perhaps by a strategy. Returned are the rules for which Pods were repaired.
fn compare(path: &Path, strategy: Option<&str>) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap();
    let first = text.lines().next().unwrap_or("");
    let profile = first.trim_start_matches('\u{feff}').strip_prefix("#~ profile:").unwrap_or("{}").trim();
    let engine = engine(profile, &REPAIRABLE, strategy, "");
    let text = without_markers(&text);
    let (before, after) = (objects("fixture.yaml", &text), objects("fixture.yaml", &fixed(&text, profile, strategy)));
    let mut inventory = Inventory::new(Origin::Files);
    before.iter().for_each(|object| inventory.add(&Arc::new(object.clone())));
    let mut repaired_rules = BTreeSet::new();
    for (unfixed, fixed) in before.iter().zip(&after) {
        let name = format!("{}: {}", path.display(), unfixed.reference());
        for (pod, manifest) in pods_of(unfixed).iter().zip(pods_of(fixed)) {
            let repair = repaired(&engine, &created(pod), &inventory, &name);
            // Where it is unknown whether a Pod is in the mesh, a person may fix its manifest, and nobody repairs the Pod.
            if repair.missed.iter().any(|it| it.reason == "it is not known whether it is in the mesh") {
                continue;
            }
            let webhook = repair.object.value().clone();
            assert_eq!(as_in_template(manifest), as_in_template(webhook), "{name}: {:#?}", repair.missed);
            repaired_rules.extend(repair.repaired.iter().map(|it| it.rule.to_string()));
        }
    }
    repaired_rules
}

/// A fixture's markers are comments that no manifest has: no edit is to be refused for their sake.
fn without_markers(text: &str) -> String {
    text.lines().map(|line| line.split(" #~ ").next().unwrap_or(line).to_owned() + "\n").collect()
}

/// The text as `seaworthy fix` leaves it.
fn fixed(text: &str, profile: &str, strategy: Option<&str>) -> String {
    let engine = engine_of_repairable(profile, strategy);
    let source = Source::new("fixture.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    let input = Input::new(source.name(), reading, &engine);
    let outcome = fix(vec![input], today(), &Choice::default());
    outcome.files.first().map_or_else(|| text.to_owned(), |file| file.after.text().to_owned())
}
