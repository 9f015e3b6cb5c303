//! Fixing the manifest, and letting the webhook repair the Pod made from the unfixed one, give the same Pod.

use crate::pods::{as_in_template, pods_of};
use crate::setting::{REPAIRABLE, created, engine, engine_of_repairable, objects, repaired, today};
use rayon::prelude::*;
use seaworthy::base::Source;
use seaworthy::engine::{Choice, Input, fix};
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::{Limits, read_documents};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[test]
fn a_fixed_manifest_and_a_repaired_pod_are_the_same_pod() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 20, "only {} fixtures: is tests/rules/ there?", fixtures.len());
    let counted: Vec<BTreeMap<String, usize>> = fixtures.par_iter().map(|fixture| compare(fixture)).collect();
    let mut fixed: BTreeMap<String, usize> = BTreeMap::new();
    for (rule, count) in counted.into_iter().flatten() {
        *fixed.entry(rule).or_default() += count;
    }
    let never: Vec<&str> = REPAIRABLE.into_iter().filter(|rule| !fixed.contains_key(*rule)).collect();
    assert!(never.is_empty(), "no Pod of a fixture is repaired for {never:?}: {fixed:?}");
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

/// Compares the two ways for each workload of a fixture. How many Pods were repaired is returned, by rule.
fn compare(path: &Path) -> BTreeMap<String, usize> {
    let text = fs::read_to_string(path).unwrap();
    let first = text.lines().next().unwrap_or("");
    let profile = first.trim_start_matches('\u{feff}').strip_prefix("#~ profile:").unwrap_or("{}").trim();
    let engine = engine(profile, &REPAIRABLE, None, "");
    let text = without_markers(&text);
    let (before, after) = (objects("fixture.yaml", &text), objects("fixture.yaml", &fixed(&text, profile)));
    let mut inventory = Inventory::new(Origin::Files);
    before.iter().for_each(|object| inventory.add(&Arc::new(object.clone())));
    let mut repaired_rules = BTreeMap::new();
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
            let rules: BTreeSet<&str> = repair.repaired.iter().map(|it| &*it.rule).collect();
            rules.into_iter().for_each(|rule| *repaired_rules.entry(rule.to_owned()).or_default() += 1);
        }
    }
    repaired_rules
}

/// A fixture's markers are comments that no manifest has: no edit is to be refused for their sake.
fn without_markers(text: &str) -> String {
    text.lines().map(|line| line.split(" #~ ").next().unwrap_or(line).to_owned() + "\n").collect()
}

/// The text as `seaworthy fix` leaves it.
fn fixed(text: &str, profile: &str) -> String {
    let engine = engine_of_repairable(profile);
    let source = Source::new("fixture.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    let input = Input { file: source.name().clone(), reading, engine: &engine, context_only: false };
    let outcome = fix(vec![input], today(), &Choice::default());
    outcome.files.first().map_or_else(|| text.to_owned(), |file| file.after.text().to_owned())
}
