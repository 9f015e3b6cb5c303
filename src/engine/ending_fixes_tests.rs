//! What the rules about starting and ending propose, case by case, and what becomes of an object when all of it is done.

use crate::base::{Edit, Finding, Mode, Remedy, Safety, Source};
use crate::engine::plan::forbids_fix;
use crate::engine::{Engine, finding_identity};
use crate::inventory::{Inventory, Origin};
use crate::manifest::{Content, Limits, Object, Owner, content_of, read_documents};
use crate::policy::{Date, SettingsFile};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CASES: &str = include_str!("../../tests/data/ending-fixes.yaml");

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

#[test]
fn what_is_proposed_for_a_case_does_it_and_leaves_nothing_to_do() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = case["case"].as_str().expect("a name");
        wrong.extend(all_done(&engine_of(&case), &object_of(&case), &Inventory::default(), name));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_proposed_for_a_fixture_does_it_and_leaves_nothing_to_do() {
    let mut wrong = Vec::new();
    for path in FOLDERS.iter().flat_map(|folder| fixtures(folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        let profile = text.lines().next().and_then(|line| line.strip_prefix("#~ profile:")).unwrap_or("{}");
        let engine = engine(&format!("profile: {profile}"), &name);
        let objects = objects_of(&text);
        let mut inventory = Inventory::new(Origin::Files);
        objects.iter().for_each(|object| inventory.add(object));
        for object in &objects {
            wrong.extend(all_done(&engine, object, &inventory, &name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const FOLDERS: [&str; 6] = [
    "app-starts-before-proxy",
    "fragile-proxy-wait",
    "job-never-completes",
    "missing-pre-stop",
    "proxy-stops-first",
    "short-grace-period",
];

/// The fixtures of a rule that have findings.
fn fixtures(rule: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(rule);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.retain(|path| !name(path).starts_with("pass-") && !name(path).ends_with(".fixed.yaml"));
    assert!(paths.len() > 5, "{rule} has fixtures");
    paths.sort();
    paths
}

/// The objects of a file as an API server has them: without a text.
fn objects_of(text: &str) -> Vec<Arc<Object>> {
    let reading = read_documents(&Source::new("fixture.yaml", text), &Limits::default());
    let contents = reading.documents.into_iter().map(|document| content_of(&Arc::new(document)));
    let objects = contents.flat_map(|content| match content {
        Content::Objects(objects) => objects,
        Content::Patch | Content::NotKubernetes => Vec::new(),
    });
    let without_text = |object: Object| Object::from_json(object.value().clone()).expect("an object");
    objects.map(|object| Arc::new(of_owner(without_text(object)))).collect()
}

/// In what an object differs from one of which all is fixed at once that has a safe fix: with no new finding but a note, and
/// for good.
fn all_done(engine: &Engine, object: &Object, inventory: &Inventory, name: &str) -> Vec<String> {
    let judge = |object: &Object| engine.judge(object, inventory, today()).findings;
    let before = judge(object);
    let mut wrong = Vec::new();
    let is_safe = |finding: &Finding| finding.remedy.safe_fix().is_some();
    let has_fix = |finding: &Finding| finding.remedy.fix().is_some();
    for (what, is_wanted) in [("safe", &is_safe as &dyn Fn(&Finding) -> bool), ("all", &has_fix)] {
        let wanted = |findings: &[Finding]| findings.iter().filter(|it| is_wanted(it)).cloned().collect::<Vec<_>>();
        let plan = engine.plan(object, &wanted(&before), inventory, today());
        wrong.extend(
            plan.left.iter().map(|(finding, reason)| format!("{name}: {what}: {} left: {reason}", finding.rule)),
        );
        let known = identities(&before, object);
        let after: Vec<Finding> = judge(&plan.object).into_iter().filter(forbids_fix).collect();
        let mut new = identities(&after, &plan.object);
        new.retain(|identity| !known.contains(identity));
        wrong.extend(new.iter().map(|identity| format!("{name}: {what}: {identity} is new")));
        // One fix may make way for another, of what was not to be fixed before.
        let asked = identities(&wanted(&before), object);
        let again: Vec<Finding> =
            wanted(&after).into_iter().filter(|it| asked.contains(&named(it, &plan.object))).collect();
        let again = engine.plan(&plan.object, &again, inventory, today());
        if again.object.value() != plan.object.value() {
            wrong.push(format!("{name}: {what}: the second time makes {}", again.object.value()));
        }
    }
    wrong
}

fn identities(findings: &[Finding], object: &Object) -> BTreeSet<String> {
    findings.iter().map(|it| named(it, object)).collect()
}

fn named(finding: &Finding, object: &Object) -> String {
    finding_identity(&finding.rule, "it", object.value(), &finding.path)
}

fn cases() -> Vec<Value> {
    let reading = read_documents(&Source::new("ending-fixes.yaml", CASES), &Limits::default());
    assert_eq!(reading.problems, []);
    reading.documents[0].value().as_array().expect("a list of cases").clone()
}

/// What the rules that the cases are about have for each finding, and what any other rule would edit.
fn proposed(case: &Value) -> Value {
    let (engine, object) = (engine_of(case), object_of(case));
    let mut found = Map::new();
    let mut findings = engine.judge(&object, &Inventory::default(), today()).findings;
    findings.retain(|it| FOLDERS.contains(&&*it.rule) || it.remedy.fix().is_some());
    for finding in findings {
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
    of_owner(Object::from_json(object).expect("an object"))
}

/// The object where it is known that its owner made it.
fn of_owner(object: Object) -> Object {
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
        Edit::Remove { path } => format!("without {path}"),
        // What belongs to one of ours is held where it is made.
        Edit::Insert { list, index, value } => format!("{list} + [{index}] {}", value["name"].as_str().unwrap_or("?")),
    }
}

fn today() -> Date {
    "2027-01-01".parse().expect("a date")
}
