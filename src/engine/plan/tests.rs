use super::*;
use crate::base::{Edit, Mode, Path};
use crate::checks::Observation;
use crate::engine::BoundRule;
use crate::inventory::Subject;
use crate::manifest::Container;
use crate::policy::{Rule, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An engine of one rule: containers without a `stopSignal` need one, and the pod a longer grace period with it. Where an image
/// is `bad`, the fix brings another finding. With the count of how often the rule was run.
fn engine() -> (Engine, Arc<AtomicUsize>) {
    let rule: Rule = serde_json::from_value(json!({
        "apiVersion": "seaworthy.dev/v1alpha1", "kind": "Rule", "metadata": {"name": "no-signal"},
        "spec": {"title": "T", "severity": "error", "check": "none", "why": "W", "remedy": "R", "match": {"kinds": ["Pod"]}},
    }))
    .unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let run = move |subject: &Subject<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let pod = subject.pod().unwrap();
        pod.containers().flat_map(|it| found(&it, pod.grace_period())).collect()
    };
    let engine = Engine::new(&[], Settings::default(), Mode::Deny).0;
    (engine.with(BoundRule::over(rule, Box::new(run))), runs)
}

fn found(container: &Container<'_>, grace: i64) -> Vec<Observation> {
    let path = container.path().key("stopSignal");
    let signal = container.value().get("stopSignal");
    let grace_path = Path::keys("spec.terminationGracePeriodSeconds");
    let is_bad = container.value().get("image") == Some(&json!("bad"));
    let mut edits = vec![Edit::set(path.clone(), "SIGQUIT")];
    edits.extend((grace < 60).then(|| Edit::set(grace_path, 60)));
    match signal {
        None => vec![Observation::new(path, "not set").fixed_by(Fix::safe("set it", edits))],
        Some(_) if is_bad => vec![Observation::new(container.path().key("image"), "bad")],
        Some(_) => Vec::new(),
    }
}

/// The plan for a pod with these images, one container each, and how often it was judged for that.
fn planned(images: &[&str]) -> (Plan, usize) {
    let containers = images.iter().enumerate();
    let containers: Vec<Value> =
        containers.map(|(index, image)| json!({"name": format!("c{index}"), "image": image})).collect();
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers}});
    let (engine, runs) = engine();
    let (pod, inventory, today) =
        (Object::from_json(pod).unwrap(), Inventory::default(), "2027-01-01".parse().unwrap());
    let wanted = engine.judge(&pod, &inventory, today).findings;
    runs.store(0, Ordering::Relaxed);
    let plan = engine.plan(&pod, &wanted, &inventory, today);
    (plan, runs.load(Ordering::Relaxed))
}

/// Once for the container that also sets the grace period, and once for all others.
#[test]
fn however_many_containers_there_are_the_pod_is_judged_twice() {
    for containers in [2, 10, 1_000] {
        let (plan, judged) = planned(&vec!["good"; containers]);
        assert_eq!((plan.fixed.len(), plan.left.len(), judged), (containers, 0, 2));
        assert_eq!(plan.object.value()["spec"]["terminationGracePeriodSeconds"], 60);
    }
}

#[test]
fn a_fix_that_does_not_hold_keeps_no_other_from_being_done() {
    for bad in [0, 1, 50, 99] {
        let mut images = vec!["good"; 100];
        images[bad] = "bad";
        let (plan, judged) = planned(&images);
        assert_eq!((plan.fixed.len(), plan.left.len()), (99, 1));
        assert_eq!(plan.left[0].1, format!("its fix would bring no-signal at spec.containers[{bad}].image"));
        assert!(judged < 20, "{judged} for {bad}");
    }
}

#[test]
fn an_object_made_to_be_tried_for_ever_is_given_up() {
    let (plan, judged) = planned(&vec!["bad"; 1_000]);
    assert_eq!((plan.fixed.len(), plan.left.len(), judged), (0, 1_000, MOST_TRIES + 1));
    assert!(plan.left.iter().any(|(_, reason)| reason == TOO_MUCH));
}
