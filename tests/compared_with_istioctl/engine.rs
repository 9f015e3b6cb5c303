//! What our engine says of the inputs, and which ports they have.

use crate::recorded::{Key, text};
use seaworthy::base::{Mode, Segment, Severity, Source};
use seaworthy::engine::{Engine, Input, check};
use seaworthy::manifest::{Document, Limits, Reading, read_documents};
use seaworthy::policy::SettingsFile;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rules and severities of the findings on a port or an object.
pub type Judged = BTreeMap<Key, Vec<(String, String)>>;

/// A port as the page names it.
pub struct Port {
    pub key: Key,
    pub shown: String,
}

/// The versions of the recordings, and a mesh, since istioctl looks at Services of every namespace.
const SETTINGS: &str = "profile: {assumeMembership: sidecar, istioVersion: '1.31', kubernetesVersion: '1.36'}";

/// The built-in rules with their severities.
pub fn rules() -> BTreeMap<String, Severity> {
    engine().rules().iter().map(|it| (it.id.to_string(), it.rule.spec.severity)).collect()
}

fn engine() -> Engine {
    Engine::load(&SettingsFile::read(&Source::new("seaworthy.yaml", SETTINGS)), &[], Mode::Warn).unwrap()
}

fn read(recording: &str) -> (Source, Reading) {
    let name = format!("{recording}.in.yaml");
    let source = Source::new(name.as_str(), text(&name));
    let reading = read_documents(&source, &Limits::default());
    assert_eq!(reading.problems, []);
    (source, reading)
}

/// All that is found in an input.
pub fn judged(recording: &str) -> Judged {
    judged_files(vec![read(recording)])
}

/// The ports of the Services in these folders of the corpus that one of the rules finds; none where the corpus is not there.
pub fn real_ports(folders: &[&str], rules: &[&str]) -> Option<BTreeSet<Key>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return None;
    }
    let files = folders.iter().flat_map(|folder| fs::read_dir(corpus.join(folder)).unwrap());
    let paths = files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    let file = |path: PathBuf| {
        let source = Source::new(path.to_str().unwrap(), fs::read_to_string(&path).unwrap());
        let reading = read_documents(&source, &Limits::default());
        (source, reading)
    };
    let is_found = |found: &[(String, String)]| found.iter().any(|(rule, _)| rules.contains(&rule.as_str()));
    let judged = judged_files(paths.map(file).collect());
    Some(judged.into_iter().filter(|(_, found)| is_found(found)).map(|(key, _)| key).collect())
}

fn judged_files(files: Vec<(Source, Reading)>) -> Judged {
    let values: Vec<Value> =
        files.iter().flat_map(|(_, reading)| &reading.documents).map(Document::value).cloned().collect();
    let engine = engine();
    let input = |(source, reading): (Source, Reading)| Input::new(source.name(), reading, &engine);
    let findings = check(files.into_iter().map(input).collect(), "2026-11-21".parse().unwrap()).findings;
    let mut judged: BTreeMap<Key, BTreeSet<(String, String)>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.object.kind == "Service") {
        let object = &finding.object;
        let mut key = Key::new(object.namespace.as_deref().unwrap_or(""), &object.name, None);
        let index = finding.path.segments().iter().find_map(|segment| match segment {
            Segment::Index(index) => Some(*index),
            Segment::Key(_) => None,
        });
        let service = values.iter().find(|it| it["kind"] == "Service" && key_of(it) == key).unwrap();
        key.port = index.map(|index| name_of(&service["spec"]["ports"][index]));
        judged.entry(key).or_default().insert((finding.rule.to_string(), finding.severity.to_string()));
    }
    judged.into_iter().map(|(key, found)| (key, found.into_iter().collect())).collect()
}

/// The ports of an input, and its objects without ports, in the order of the text.
pub fn ports(recording: &str) -> Vec<Port> {
    let (_, reading) = read(recording);
    reading.documents.iter().map(Document::value).flat_map(ports_of).collect()
}

fn ports_of(object: &Value) -> Vec<Port> {
    let key = key_of(object);
    let name = object["metadata"]["name"].as_str().unwrap();
    let Some(ports) = object["spec"]["ports"].as_array() else {
        return vec![Port { shown: format!("{} {name}", object["kind"].as_str().unwrap()), key }];
    };
    let external = if object["spec"]["type"] == "ExternalName" { " (ExternalName)" } else { "" };
    let port = |port: &Value| {
        let words = ["name", "port", "protocol", "appProtocol"].iter().filter_map(|word| match &port[word] {
            Value::Null => None,
            Value::String(text) if *word == "appProtocol" => Some(format!("appProtocol {text}")),
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        let shown = format!("{name}{external}: `{}`", words.collect::<Vec<_>>().join(" "));
        Port { shown, key: Key { port: Some(name_of(port)), ..key.clone() } }
    };
    ports.iter().map(port).collect()
}

fn key_of(object: &Value) -> Key {
    let word = |key: &str| object["metadata"][key].as_str().unwrap_or("");
    Key::new(word("namespace"), word("name"), None)
}

fn name_of(port: &Value) -> String {
    port["name"].as_str().unwrap_or("").to_owned()
}
