//! Runs over rules made for them: they set plain numbers, so that nothing depends on what else can be printed.

mod brought;
mod strategies;

use super::*;
use crate::base::{Edit, Fix, Mode, Path, Remedy, Severity, Source};
use crate::checks::{BoundCheck, Observation};
use crate::engine::{BoundRule, Engine};
use crate::inventory::Subject;
use crate::manifest::{Object, read_documents};
use crate::policy::Rule;
use serde_json::Value;

/// An engine with only these rules, about Services, Deployments and policies. Those whose name begins with `note` find what is only worth
/// knowing.
fn engine(rules: Vec<(&str, BoundCheck)>) -> Engine {
    let built_in = Engine::built_in(Mode::Warn).unwrap();
    let model = &built_in.rule("unclear-port-protocol").unwrap().rule;
    let named = |id: &str| {
        let mut rule: Rule = model.clone();
        rule.metadata.name = id.to_owned();
        rule.spec.severity = if id.starts_with("note") { Severity::Info } else { Severity::Warning };
        rule.spec.matches.kinds = ["Service", "apps/Deployment", "kyverno.io/ClusterPolicy", "kyverno.io/Policy"]
            .map(|kind| kind.parse().unwrap())
            .to_vec();
        rule
    };
    let known: Vec<Rule> = rules.iter().map(|(id, _)| named(id)).collect();
    let (none, _) = Engine::new(&[], built_in.settings().clone(), Mode::Warn);
    let with = |engine: Engine, (id, run): (&str, BoundCheck)| engine.with(BoundRule::over(named(id), run));
    rules.into_iter().fold(none, with).knowing(&known)
}

const GRACE: &str = "spec.template.spec.terminationGracePeriodSeconds";

/// Finds this number at this path if it is less than `least`, and fixes it to `then`.
fn at_least(path: &'static str, least: i64, then: i64) -> BoundCheck {
    Box::new(move |subject| too_low(subject.object, path, least, then).into_iter().collect())
}

fn too_low(object: &Object, path: &str, least: i64, then: i64) -> Option<Observation> {
    let path = Path::keys(path);
    let number = path.find(object.value()).and_then(Value::as_i64)?;
    let observation = || Observation::new(path.clone(), "too low");
    (number < least).then(|| observation().fixed_by(Fix::safe("raise it", vec![Edit::set(path.clone(), then)])))
}

fn deployment(namespace: &str, name: &str, grace: i64) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      \
         terminationGracePeriodSeconds: {grace} # seconds\n      containers: [{{name: a, ports: [{{containerPort: 1}}]}}]\n"
    )
}

fn service(namespace: &str, name: &str, port: i64) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         selector: {{app: {name}}}\n  weight: 1\n  ports: [{{port: {port}}}]\n"
    )
}

fn run(engine: &Engine, files: &[(&str, String)], choice: &Choice) -> FixOutcome {
    let input = |(name, text): &(&str, String)| {
        let source = Source::new(*name, text.as_str());
        let reading = read_documents(&source, &Limits::default());
        Input::new(source.name(), reading, engine)
    };
    fix(files.iter().map(input).collect(), "2027-01-01".parse().unwrap(), choice)
}

fn safely(engine: &Engine, files: &[(&str, String)]) -> FixOutcome {
    run(engine, files, &Choice::default())
}

/// The files after a run: those that change with their new text.
fn after(outcome: &FixOutcome, files: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let fixed = |name: &str| outcome.files.iter().find(|file| &**file.before.name() == name);
    files
        .iter()
        .map(|(name, text)| (*name, fixed(name).map_or(text.clone(), |it| it.after.text().to_owned())))
        .collect()
}

fn reasons(outcome: &FixOutcome) -> Vec<String> {
    outcome.left.iter().map(|left| format!("{} {:?}", left.finding.object, left.why)).collect()
}

#[test]
fn only_the_bytes_at_fault_change_in_documents_and_items_of_lists() {
    let list = deployment("shop", "c", 7).replace('\n', "\n  ");
    let items = format!("apiVersion: v1\nkind: List\nitems:\n- {}\n- {}\n", list.trim_end(), list.trim_end());
    let text = format!("# one\n{}---\n{}---\n{items}", deployment("shop", "a", 30), deployment("shop", "b", 60));
    let engine = engine(vec![("too-low", at_least(GRACE, 40, 47))]);
    let files = [("a.yaml", text.clone()), ("b.yaml", deployment("shop", "d", 60))];
    let outcome = safely(&engine, &files);
    let wanted = text.replace("Seconds: 30", "Seconds: 47").replace("Seconds: 7 ", "Seconds: 47 ");
    assert_eq!(after(&outcome, &files), [("a.yaml", wanted), files[1].clone()]);
    let lines: Vec<usize> = outcome.files[0].fixed.iter().map(|it| it.place.as_ref().unwrap().start.line).collect();
    assert_eq!(lines, [9, 32, 41]);
    assert_eq!(reasons(&outcome), Vec::<String>::new());
    assert!(safely(&engine, &after(&outcome, &files)).files.is_empty());
}

#[test]
fn what_somebody_ignores_is_left_in_peace() {
    let engine = engine(vec![("too-low", at_least(GRACE, 40, 47))]);
    let text = deployment("shop", "a", 30);
    for ignored in [
        text.replace("# seconds", "# seaworthy: ignore[too-low] it is quick"),
        text.replace("namespace: shop", "namespace: shop, annotations: {seaworthy.dev/ignore-too-low: it is quick}"),
    ] {
        let outcome = safely(&engine, &[("a.yaml", ignored)]);
        assert!(outcome.files.is_empty() && outcome.left.is_empty() && outcome.problems.is_empty(), "{outcome:?}");
    }
}

#[test]
fn a_fix_that_a_person_should_look_at_is_done_where_that_was_asked_for() {
    let risky: BoundCheck = Box::new(|subject| {
        let fixed = |it: Observation| {
            let edits = it.remedy.fix().unwrap().edits.clone();
            it.fixed_by(Fix::risky("raise it", "pods stop later", edits))
        };
        too_low(subject.object, GRACE, 40, 47).map(fixed).into_iter().collect()
    });
    let engine = engine(vec![("too-low", risky)]);
    let files = [("a.yaml", deployment("shop", "a", 30))];
    let outcome = safely(&engine, &files);
    assert_eq!(reasons(&outcome), [r#"Deployment shop/a NeedsUnsafe("pods stop later")"#]);
    let outcome = run(&engine, &files, &Choice { unsafe_too: true, ..Choice::default() });
    assert_eq!(after(&outcome, &files), [("a.yaml", deployment("shop", "a", 47))]);
}

#[test]
fn fixes_that_do_not_hold_are_not_done_and_say_so() {
    let brings = |subject: &Subject<'_>| {
        let now = Path::keys(GRACE).find(subject.object.value()).and_then(Value::as_i64);
        (now == Some(47)).then(|| Observation::new(Path::keys("spec"), "odd")).into_iter().collect()
    };
    let panics = |subject: &Subject<'_>| {
        let now = Path::keys(GRACE).find(subject.object.value()).and_then(Value::as_i64);
        assert_ne!(now, Some(47));
        Vec::new()
    };
    let cases: [(BoundCheck, BoundCheck, &str); 3] = [
        (at_least(GRACE, 40, 39), Box::new(|_| Vec::new()), "the finding would stay after its fix"),
        (at_least(GRACE, 40, 47), Box::new(brings), "its fix would bring odd at spec"),
        (at_least(GRACE, 40, 47), Box::new(panics), "rule odd could not judge the object after its fix"),
    ];
    for (fixes, odd, reason) in cases {
        let engine = engine(vec![("odd", odd), ("too-low", fixes)]);
        let outcome = safely(&engine, &[("a.yaml", deployment("shop", "a", 30))]);
        assert!(outcome.files.is_empty());
        assert_eq!(reasons(&outcome), [format!("Deployment shop/a WouldNotHold({reason:?})")]);
    }
}

#[test]
fn a_fix_may_bring_what_is_only_worth_knowing() {
    let high: BoundCheck = Box::new(|subject| {
        let now = Path::keys(GRACE).find(subject.object.value()).and_then(Value::as_i64);
        (now == Some(47)).then(|| Observation::new(Path::keys("spec"), "high")).into_iter().collect()
    });
    let engine = engine(vec![("note-high", high), ("too-low", at_least(GRACE, 40, 47))]);
    let files = [("a.yaml", deployment("shop", "a", 30))];
    let outcome = safely(&engine, &files);
    let note = r#"Deployment shop/a NoFix("what is right here only its owner knows")"#;
    assert_eq!(
        (after(&outcome, &files), reasons(&outcome)),
        (vec![("a.yaml", deployment("shop", "a", 47))], vec![note.to_owned()])
    );
}

/// Services first: what they say decides what is right for pods.
#[test]
fn services_are_fixed_before_the_pods_behind_them() {
    let by_service: BoundCheck = Box::new(|subject| {
        let ports = subject.services().iter().flat_map(|service| &service.facts.ports);
        let highest = ports.map(|port| port.number).max().unwrap_or(0);
        too_low(subject.object, GRACE, highest, highest).into_iter().collect()
    });
    let port: BoundCheck = Box::new(|subject| {
        let path = Path::keys("spec.ports").index(0).key("port");
        let is_low = subject.object.kind() == "Service" && path.find(subject.object.value()) != Some(&Value::from(80));
        let observation = || Observation::new(Path::keys("spec.ports"), "not 80");
        let fixed = || observation().fixed_by(Fix::safe("make it 80", vec![Edit::set(path.clone(), 80)]));
        is_low.then(fixed).into_iter().collect()
    });
    let engine = engine(vec![("by-service", by_service), ("not-80", port)]);
    let files = [("a.yaml", deployment("shop", "a", 30)), ("b.yaml", service("shop", "a", 60))];
    let outcome = safely(&engine, &files);
    let wanted = [("a.yaml", deployment("shop", "a", 80)), ("b.yaml", service("shop", "a", 80))];
    assert_eq!((after(&outcome, &files), reasons(&outcome)), (wanted.to_vec(), Vec::new()));
}

/// The one fix that brings a finding in another file is found among all others of its namespace, and taken back alone.
#[test]
fn a_fix_that_spoils_something_elsewhere_is_taken_back_alone() {
    let port: BoundCheck = Box::new(|subject| {
        let path = Path::keys("spec.template.spec.containers").index(0).key("ports").index(0).key("containerPort");
        let is_one = path.find(subject.object.value()) == Some(&Value::from(1));
        let observation = || Observation::new(Path::keys("spec.template"), "port 1");
        let fixed = || observation().fixed_by(Fix::safe("make it 2", vec![Edit::set(path.clone(), 2)]));
        is_one.then(fixed).into_iter().collect()
    });
    let spoiled: BoundCheck = Box::new(|subject| {
        let is_spoiled = subject.workloads().iter().any(|it| it.facts.ports.of_number(2, "TCP").next().is_some());
        is_spoiled.then(|| Observation::new(Path::keys("spec.selector"), "spoiled")).into_iter().collect()
    });
    let engine = engine(vec![("port-1", port), ("spoiled", spoiled)]);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|name| (name, deployment("shop", name, 30)));
    let other = [("other", deployment("pay", "f", 30)), ("service", service("shop", "f", 80))];
    let files: Vec<(&str, String)> = names.into_iter().chain(other).collect();
    let outcome = safely(&engine, &files);
    let fixed: Vec<&str> = outcome.files.iter().map(|file| &**file.before.name()).collect();
    assert_eq!(fixed, ["a", "b", "c", "d", "e", "g", "h", "i", "other"]);
    let reason = "its fix would bring spoiled at spec.selector of Service shop/f";
    assert_eq!(reasons(&outcome), [format!("Deployment shop/f WouldNotHold({reason:?})")]);
    assert!(safely(&engine, &after(&outcome, &files)).files.is_empty());
}

#[test]
fn surroundings_are_never_changed() {
    let engine = engine(vec![("too-low", at_least(GRACE, 40, 47))]);
    let text = deployment("shop", "a", 30);
    let source = Source::new("a.yaml", text.as_str());
    let reading = read_documents(&source, &Limits::default());
    let input = Input::new(source.name(), reading, &engine).only_surroundings();
    let outcome = fix(vec![input], "2027-01-01".parse().unwrap(), &Choice::default());
    assert!(outcome.files.is_empty() && outcome.left.is_empty());
}

/// Another number below the same field would do for both rules: the first one is done, and the second says whose it was.
#[test]
fn what_is_told_is_what_was_done() {
    let titled = |path: &'static str, least: i64, then: i64| -> BoundCheck {
        let with_title = move |it: Observation| {
            let edits = it.remedy.fix().unwrap().edits.clone();
            it.fixed_by(Fix::safe(format!("raise it to {then}"), edits))
        };
        Box::new(move |subject| too_low(subject.object, path, least, then).map(with_title).into_iter().collect())
    };
    let done = |rules: Vec<(&str, BoundCheck)>| {
        let outcome = safely(&engine(rules), &[("a.yaml", deployment("shop", "a", 30))]);
        let told = outcome.files[0].fixed.iter().map(|it| match &it.remedy {
            Remedy::Fix(fix) => format!("{}: {}", it.rule, fix.title),
            Remedy::Unfixed(gone) => format!("{}: {gone}", it.rule),
        });
        told.collect::<Vec<_>>()
    };
    let (low, lower) = (|| titled(GRACE, 60, 60), || titled(GRACE, 40, 47));
    assert_eq!(done(vec![("a", low()), ("b", lower())]), ["a: raise it to 60", "b: gone with the fix of a"]);
    assert_eq!(done(vec![("a", lower()), ("b", low())]), ["a: raise it to 47", "b: raise it to 60"]);
}
