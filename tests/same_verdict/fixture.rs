//! The fixtures of the rules, laid out as the input of both doors.

use seaworthy::base::{Path as FieldPath, Source};
use seaworthy::manifest::{Content, Limits, Object, Owner, content_of, is_placeholder, read_documents};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fixture of a rule.
pub struct Fixture {
    pub path: PathBuf,
    text: String,
}

impl Fixture {
    /// All of them but those that are a result of a fix, and those of which the doors know different things: who made the object,
    /// who waived a rule, and what stands in the places that something fills in before a file is applied.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
        let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        let mut paths: Vec<PathBuf> = files.filter(|path| !path.to_string_lossy().ends_with(".fixed.yaml")).collect();
        paths.sort();
        let fixtures = paths.into_iter().map(|path| Self { text: fs::read_to_string(&path).unwrap(), path });
        let is_other = |object: &Object| names_owner(object) || is_filled_in(object, &FieldPath::root());
        let differs = |fixture: &Self| fixture.objects().iter().any(is_other) || fixture.text.contains(WAIVED);
        fixtures.filter(|fixture| !differs(fixture)).collect()
    }

    /// Writes it as the manifest of `check`, as the inventory of `serve`, and what it sets as the configuration of both.
    pub fn lay_out(&self, folder: &Path) {
        fs::create_dir(inventory(folder)).unwrap();
        fs::write(manifest(folder), &self.text).unwrap();
        fs::write(inventory(folder).join("manifest.yaml"), &self.text).unwrap();
        let first = self.text.lines().next().unwrap_or("");
        let profile = first.trim_start_matches('\u{feff}').strip_prefix("#~ profile:").unwrap_or("{}");
        let second = self.text.lines().nth(1).unwrap_or("");
        let rules = second.strip_prefix("#~ rules:").unwrap_or("{}");
        let [profile, rules] = [profile, rules].map(str::trim);
        fs::write(configuration(folder), format!("profile: {profile}\nrules: {rules}\nmodes: {{default: warn}}\n"))
            .unwrap();
    }

    /// Its objects, as kubectl would send them one by one.
    pub fn objects(&self) -> Vec<Object> {
        let reading = read_documents(&Source::new("manifest.yaml", &*self.text), &Limits::default());
        let contents = reading.documents.into_iter().map(|document| content_of(&Arc::new(document)));
        contents
            .flat_map(|content| if let Content::Objects(objects) = content { objects } else { Vec::new() })
            .collect()
    }
}

/// A comment waives in its file; no object that reaches the API server has any.
const WAIVED: &str = "# seaworthy: ignore[";

/// Whether anything below a path is a place that something fills in.
fn is_filled_in(object: &Object, path: &FieldPath) -> bool {
    let inside: Vec<FieldPath> = match path.find(object.value()) {
        Some(Value::Object(map)) => map.keys().map(|key| path.clone().key(key)).collect(),
        Some(Value::Array(items)) => (0..items.len()).map(|index| path.clone().index(index)).collect(),
        _ => return is_placeholder(object.value(), path),
    };
    inside.iter().any(|path| is_filled_in(object, path))
}

/// The other difference between the doors, and on purpose: in files the word of a Pod for its owner is taken, the API server's
/// door asks for proof.
fn names_owner(object: &Object) -> bool {
    Owner::of(object).is_some()
}

pub fn manifest(folder: &Path) -> PathBuf {
    folder.join("manifest.yaml")
}

pub fn inventory(folder: &Path) -> PathBuf {
    folder.join("inventory")
}

pub fn configuration(folder: &Path) -> PathBuf {
    folder.join("configuration.yaml")
}

/// The line that a field path, as it is printed, points to.
pub fn line_of(object: &Object, path: &str) -> Option<u64> {
    let mut parsed = FieldPath::root();
    for step in path.split('.') {
        let (key, indices) = step.split_at(step.find('[').unwrap_or(step.len()));
        parsed = parsed.key(key);
        for index in indices.split(['[', ']']).filter(|index| !index.is_empty()) {
            parsed = parsed.index(index.parse().unwrap());
        }
    }
    object.point_at(&parsed).map(|place| place.start.line as u64)
}
