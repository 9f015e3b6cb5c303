//! What a fix brings, and what it only brings to light.

use super::*;
use crate::base::Reveals;

fn refused(reveals: Reveals) -> BoundCheck {
    Box::new(move |subject| {
        let revealing = |it: Observation| {
            let fix = it.remedy.fix().unwrap().clone();
            it.fixed_by(fix.revealing(reveals))
        };
        too_low(subject.object, GRACE, 40, 47).map(revealing).into_iter().collect()
    })
}

/// What is silent about an object that is refused speaks once it is not.
#[test]
fn a_fix_may_bring_to_light_what_the_defect_hid() {
    let hidden = || -> BoundCheck {
        Box::new(|subject| {
            let is_refused = too_low(subject.object, GRACE, 40, 47).is_some();
            let found = Observation::new(Path::keys("spec.template"), "seen now").unfixed("only its owner knows");
            (!is_refused).then_some(found).into_iter().collect()
        })
    };
    let files = [("a.yaml", deployment("shop", "a", 30))];
    let outcome = safely(&engine(vec![("hidden", hidden()), ("refused", refused(Reveals::Object))]), &files);
    assert_eq!(after(&outcome, &files), [("a.yaml", deployment("shop", "a", 47))]);
    assert_eq!(reasons(&outcome), [r#"Deployment shop/a NoFix("only its owner knows")"#]);
    let outcome = safely(&engine(vec![("hidden", hidden()), ("refused", refused(Reveals::Nothing))]), &files);
    assert!(outcome.files.is_empty());
    // Another fix of the same object may not bring anything by this.
    let brings = || -> BoundCheck { at_least(GRACE, 50, 60) };
    let outcome = safely(&engine(vec![("brings", brings()), ("hidden", hidden())]), &files);
    assert!(outcome.files.is_empty());
}

/// Finds every object of this kind once a Deployment of this name has a grace period above 40.
fn looks_on(kind: &'static str, name: &'static str) -> BoundCheck {
    Box::new(move |subject| {
        let workloads = subject.inventory.all_workloads(None, subject.object.file());
        let grace = |object: &Object| Path::keys(GRACE).find(object.value()).and_then(Value::as_i64);
        let is_long = workloads
            .iter()
            .filter(|it| it.reference.name == name)
            .any(|workload| workload.object.as_deref().and_then(grace).is_some_and(|seconds| seconds > 40));
        let found = Observation::new(Path::keys("spec"), "too long").unfixed("only its owner knows");
        (is_long && subject.object.kind() == kind).then_some(found).into_iter().collect()
    })
}

const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec: {rules: []}\n";

/// Nothing that is kept of a Deployment differs, but its grace period.
#[test]
fn what_a_policy_says_of_the_pods_after_a_fix_takes_it_back() {
    let rules = || vec![("cap", looks_on("ClusterPolicy", "a")), ("too-low", at_least(GRACE, 40, 47))];
    let reason = r#"Deployment shop/a WouldNotHold("its fix would bring cap at spec of ClusterPolicy k")"#;
    let files = [("a.yaml", format!("{}---\n{POLICY}", deployment("shop", "a", 30)))];
    let outcome = safely(&engine(rules()), &files);
    assert!(outcome.files.is_empty());
    assert_eq!(reasons(&outcome), [reason]);
    // The policy in a file of its own, and fixes in the same and in another namespace, which are not to blame.
    let files = [
        ("a.yaml", deployment("shop", "a", 30)),
        ("b.yaml", deployment("shop", "b", 30)),
        ("c.yaml", deployment("other", "c", 30)),
        ("policy.yaml", POLICY.to_owned()),
    ];
    let outcome = safely(&engine(rules()), &files);
    let fixed: Vec<&str> = outcome.files.iter().map(|file| &**file.before.name()).collect();
    assert_eq!(fixed, ["b.yaml", "c.yaml"]);
    assert_eq!(reasons(&outcome), [reason]);
}

/// What others of a namespace say of pods that come into the mesh is no reason to keep them out.
#[test]
fn a_fix_may_bring_to_light_what_others_of_its_namespace_say() {
    let fixed = |reveals: Reveals, namespace: &str| {
        let policy =
            format!("apiVersion: kyverno.io/v1\nkind: Policy\nmetadata: {{name: k, namespace: {namespace}}}\n");
        let files = [("a.yaml", deployment("shop", "a", 30)), ("policy.yaml", policy)];
        let rules = vec![("others", looks_on("Policy", "a")), ("refused", refused(reveals))];
        !safely(&engine(rules), &files).files.is_empty()
    };
    assert!(fixed(Reveals::Namespace, "shop"));
    assert!(!fixed(Reveals::Object, "shop") && !fixed(Reveals::Nothing, "shop"));
    // One of another namespace sees nothing of it.
    assert!(fixed(Reveals::Nothing, "other"));
}
