//! The `fail-*.yaml` of all rules, as values.

use seaworthy::base::Source;
use seaworthy::manifest::{Document, Limits, read_documents};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The objects of a fixture under its profile.
pub struct Fixture {
    /// `missing-pre-stop/fail-classic.yaml`.
    pub name: String,
    /// The text of a `seaworthy.yaml`.
    pub settings: String,
    pub objects: Vec<Value>,
}

/// All of them, in the order of their names.
pub fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let mut fixtures: Vec<Fixture> = files.filter(|path| is_broken(path)).map(|path| read(&path)).collect();
    fixtures.sort_by(|one, other| one.name.cmp(&other.name));
    fixtures
}

fn is_broken(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    name.starts_with("fail-") && name.ends_with(".yaml") && !name.ends_with(".fixed.yaml")
}

fn read(path: &Path) -> Fixture {
    let name = path.iter().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect::<std::path::PathBuf>();
    let name = name.to_str().unwrap().to_owned();
    let text = fs::read_to_string(path).unwrap();
    let set = text.lines().take(2).filter_map(|line| line.strip_prefix("#~ "));
    let set = set.filter(|it| it.starts_with("profile:") || it.starts_with("rules:"));
    let settings = set.map(|line| format!("{line}\n")).collect();
    let reading = read_documents(&Source::new(name.as_str(), text), &Limits::default());
    Fixture { name, settings, objects: reading.documents.iter().map(Document::value).cloned().collect() }
}
