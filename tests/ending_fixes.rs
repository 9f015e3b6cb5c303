//! What the rules about starting and ending propose, case by case.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a test fails where it stands

use seaworthy::base::{Edit, Finding, Mode, Remedy, Safety, Source};
use seaworthy::engine::Engine;
use seaworthy::inventory::Inventory;
use seaworthy::manifest::{Limits, Object, Owner, read_documents};
use seaworthy::policy::{Date, SettingsFile};
use serde_json::{Map, Value, json};

const CASES: &str = include_str!("data/ending-fixes.yaml");

#[test]
fn each_finding_has_the_fix_that_is_right_for_its_pod() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = proposed(&case);
        if found != case["wanted"] {
            wrong.push(format!("{}\n  wanted {}\n  got    {found}", case["case"], case["wanted"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases() -> Vec<Value> {
    let reading = read_documents(&Source::new("ending-fixes.yaml", CASES), &Limits::default());
    assert_eq!(reading.problems, []);
    reading.documents[0].value().as_array().expect("a list of cases").clone()
}

/// All findings of a case with what is proposed for them, as the table writes it.
fn proposed(case: &Value) -> Value {
    let (engine, object) = (engine_of(case), object_of(case));
    let mut found = Map::new();
    for finding in engine.judge(&object, &Inventory::default(), today()).findings {
        let lines = found.entry(finding.rule.to_string()).or_insert_with(|| json!([]));
        let Value::Array(lines) = lines else { unreachable!() };
        lines.extend(described(&finding).into_iter().map(Value::from));
    }
    Value::Object(found)
}

fn engine_of(case: &Value) -> Engine {
    let params = case["params"].as_object().cloned().unwrap_or_default();
    let rules: Map<String, Value> = params.into_iter().map(|(id, params)| (id, json!({"params": params}))).collect();
    engine(&json!({"profile": case["profile"], "rules": rules}).to_string(), &case["case"].to_string())
}

fn engine(settings: &str, name: &str) -> Engine {
    let file = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    Engine::load(&file, &[], Mode::Warn).unwrap_or_else(|problems| panic!("{name}: {problems:#?}"))
}

fn object_of(case: &Value) -> Object {
    let mut object = json!({"apiVersion": "v1", "kind": "Pod"});
    let given = case["pod"].as_object().expect("a pod");
    object.as_object_mut().unwrap().extend(given.clone());
    let object = Object::from_json(object).expect("an object");
    match Owner::of(&object) {
        Some(owner) => object.made_by(owner),
        None => object,
    }
}

fn described(finding: &Finding) -> Vec<String> {
    let fix = match &finding.remedy {
        Remedy::Unfixed(reason) => return vec![format!("none: {reason}")],
        Remedy::Fix(fix) => fix,
    };
    let risk = match &fix.safety {
        Safety::Safe => None,
        Safety::Unsafe(reason) => Some(format!("look: {reason}")),
    };
    risk.into_iter().chain(fix.edits.iter().map(edit)).collect()
}

fn edit(edit: &Edit) -> String {
    match edit {
        Edit::Set { path, value } => format!("{path} = {value}"),
        Edit::SetWithin { text, path, value } => format!("{text} > {path} = {value}"),
        other => panic!("no rule of these makes {other:?}"),
    }
}

fn today() -> Date {
    "2027-01-01".parse().expect("a date")
}
