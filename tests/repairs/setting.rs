//! A cluster in which everything that can be repaired is repaired.

use seaworthy::base::{Mode, Source};
use seaworthy::engine::{Engine, Repair, known_checks, read_rules};
use seaworthy::inventory::Inventory;
use seaworthy::manifest::edit::{changes, json_patch};
use seaworthy::manifest::{Content, Limits, Object, Owner, content_of, read_documents};
use seaworthy::policy::{Date, Settings, SettingsFile};
use serde_json::{Value, json};
use std::sync::Arc;

/// All rules whose findings can be repaired on a Pod.
pub const REPAIRABLE: [&str; 8] = [
    "app-starts-before-proxy",
    "captured-metadata-server",
    "job-never-completes",
    "misplaced-identity-wait",
    "missing-identity-wait",
    "missing-pre-stop",
    "proxy-stops-first",
    "short-grace-period",
];

/// An engine of all rules that denies, and repairs these everywhere, under a profile in YAML flow style; perhaps by a strategy,
/// and with more lines of configuration.
pub fn engine(profile: &str, rules: &[&str], strategy: Option<&str>, more: &str) -> Engine {
    let all = read_rules(&[]);
    Engine::new(all.rules(), settings(profile, rules, strategy, more), Mode::Audit).0
}

/// The same, of the rules alone that can be repaired.
pub fn engine_of_repairable(profile: &str, strategy: Option<&str>) -> Engine {
    let mut rules = read_rules(&[]).rules().to_vec();
    rules.retain(|rule| REPAIRABLE.contains(&rule.id()));
    Engine::new(&rules, settings(profile, &REPAIRABLE, strategy, ""), Mode::Audit).0
}

fn settings(profile: &str, rules: &[&str], strategy: Option<&str>, more: &str) -> Settings {
    let strategy = strategy.map_or_else(String::new, |word| format!(", strategy: {word}"));
    let entry = format!("{{rules: [{}]{strategy}}}", rules.join(", "));
    let repairs = format!("{{image: registry.example.com/wait:1, apply: [{entry}]}}");
    let text = format!("profile: {profile}\nmodes: {{default: deny}}\nrepairs: {repairs}\n{more}");
    let file = SettingsFile::read(&Source::new("seaworthy.yaml", &*text));
    file.settle(&read_rules(&[]), &known_checks()).unwrap_or_else(|problems| panic!("{text}{problems:#?}"))
}

pub fn today() -> Date {
    "2027-01-01".parse().unwrap()
}

/// The objects of a manifest.
pub fn objects(name: &str, text: &str) -> Vec<Object> {
    let reading = read_documents(&Source::new(name, text), &Limits::default());
    let contents = reading.documents.into_iter().map(|document| content_of(&Arc::new(document)));
    let objects = |content| if let Content::Objects(objects) = content { objects } else { Vec::new() };
    contents.flat_map(objects).collect()
}

/// An object of the API server, of whose owner a controller of the cluster speaks.
pub fn created(value: &Value) -> Object {
    let object = Object::from_json(value.clone()).unwrap();
    let namespace = object.reference().namespace.clone();
    let object = object.in_namespace(namespace.as_deref());
    match Owner::of(&object) {
        Some(owner) => object.made_by(owner),
        None => object,
    }
}

/// Repairs a Pod and holds what must hold of every repair: somebody else's library makes the same of the patch, and there
/// is nothing to do a second time.
pub fn repaired(engine: &Engine, pod: &Object, inventory: &Inventory, name: &str) -> Repair {
    let repair = engine.repair(pod, inventory, today()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let operations = json!(json_patch(&changes(pod.value(), repair.object.value())));
    let patch: json_patch::Patch = serde_json::from_value(operations).unwrap();
    let mut patched = pod.value().clone();
    json_patch::patch(&mut patched, &patch).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(&patched, repair.object.value(), "{name}");
    let again = engine.repair(&repair.object, inventory, today()).unwrap();
    let rules: Vec<&str> = again.repaired.iter().map(|it| &*it.rule).collect();
    assert_eq!(rules, [""; 0], "{name}: a second time");
    assert_eq!(again.object.value(), &patched, "{name}: a second time");
    repair
}
