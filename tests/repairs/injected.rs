//! Repairs on either side of Istio's injector: on Pods that it has yet to see, on what it was recorded to make of them, and
//! on what it makes of repaired ones.
//!
//! The recordings lie beside the checkout, as they are large; without them there is nothing to compare.

use crate::istio::{MODES, Mode, Vectors, injected};
use crate::setting::{REPAIRABLE, created, engine, repaired};
use rayon::prelude::*;
use seaworthy::engine::{Engine, Repair};
use seaworthy::inventory::{Inventory, Origin};
use serde_json::Value;
use std::collections::BTreeSet;

/// The init containers that repairs put into a Pod.
const OURS: [&str; 2] = ["seaworthy-wait-identity", "seaworthy-wait"];
/// Inputs that Istio leaves as they are: they are not in the mesh.
const OUTSIDE: [&str; 3] = ["07-host-network", "08-inject-false-label", "26-inject-false-annotation"];

/// Ways to repair: rules, and the strategy for those that take the word.
const WAYS: [&str; 4] = ["hold", "native", "wrapper", "quit"];

#[test]
fn pods_that_istio_has_yet_to_see_are_repaired_around_what_they_say() {
    each(|vectors, case, mode, engine| {
        let input = vectors.input(case);
        let repair = repair(engine, &input, &format!("{case} before {}", mode.name));
        let after = repair.object.value();
        if OUTSIDE.contains(&case) {
            assert_eq!(after, &input, "{case}: it is not in the mesh");
        }
        assert_eq!(names(after), names(&input), "{case} {}", mode.name);
        !repair.repaired.is_empty()
    });
}

#[test]
fn what_istio_has_made_is_left_as_it_is() {
    each(|vectors, case, mode, engine| {
        let Some(output) = vectors.output(case, mode.name) else { return false };
        let name = format!("{case} after {}", mode.name);
        let repair = repair(engine, &output, &name);
        let after = repair.object.value();
        assert_eq!(names(after), names(&output), "{name}");
        assert_eq!(of_istio(after), of_istio(&output), "{name}: containers of Istio, PROXY_CONFIG among them");
        let metadata = |pod: &Value| {
            let mut metadata = pod["metadata"].clone();
            let annotations = metadata["annotations"].take();
            let kept = annotations.as_object().into_iter().flatten().filter(|(key, _)| *key != "seaworthy.dev/applied");
            metadata["annotations"] = kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Value>();
            metadata
        };
        assert_eq!(metadata(after), metadata(&output), "{name}: Istio reads no annotation and no label again");
        assert!(!OUTSIDE.contains(&case) || repair.repaired.is_empty(), "{name}");
        !repair.repaired.is_empty()
    });
}

#[test]
fn a_repaired_pod_that_istio_has_seen_needs_nothing_more() {
    each(|vectors, case, mode, engine| {
        let input = vectors.input(case);
        let name = format!("{case} repaired, then {}", mode.name);
        let first = repair(engine, &input, &name);
        let Some(output) = injected(vectors, case, mode, &input, first.object.value()) else { return false };
        let second = repair(engine, &output, &name);
        let rules: BTreeSet<&str> = second.repaired.iter().map(|it| &*it.rule).collect();
        assert_eq!((rules, second.object.value()), (BTreeSet::new(), &output), "{name}");
        let rules = |repair: &Repair| repair.missed.iter().map(|it| it.rule.to_string()).collect::<BTreeSet<_>>();
        let new: Vec<String> = rules(&second).difference(&rules(&first)).cloned().collect();
        assert_eq!(new, [""; 0], "{name}: {:#?}", second.missed);
        !first.repaired.is_empty()
    });
}

/// Runs a test for each input, mode of the mesh and way to repair. It says whether something was repaired; a test in which
/// nothing ever is proves nothing.
fn each(test: impl Fn(&Vectors, &str, &Mode, &Engine) -> bool + Sync) {
    let Some(vectors) = Vectors::find() else { return };
    let cases = vectors.cases();
    assert_eq!(cases.len(), 32);
    let engines = MODES.iter().flat_map(|mode| WAYS.map(|way| (mode, engine_for(mode, way))));
    let engines: Vec<(&Mode, Engine)> = engines.collect();
    let runs: Vec<(&String, &(&Mode, Engine))> =
        cases.iter().flat_map(|case| engines.iter().map(move |engine| (case, engine))).collect();
    let repaired = runs.par_iter().filter(|(case, (mode, engine))| test(&vectors, case, mode, engine)).count();
    assert!(repaired > 50, "only {repaired} Pods were repaired");
}

fn engine_for(mode: &Mode, way: &str) -> Engine {
    let profile = format!(
        "{{dataPlane: {}, cni: {}, proxy: {{holdApplicationUntilProxyStarts: {}}}, namespaces: {{shop: {{labels: {{istio-injection: enabled}}}}}}}}",
        if mode.native { "native" } else { "classic" },
        mode.cni,
        mode.hold,
    );
    // All Pods use workload identity, so that all lack a wait.
    let more = "rules: {missing-identity-wait: {params: {serviceAccounts: [shop/default, shop/shop]}}}\n";
    engine(&profile, &REPAIRABLE, Some(way), more)
}

fn repair(engine: &Engine, pod: &Value, name: &str) -> Repair {
    repaired(engine, &created(pod), &Inventory::new(Origin::Files), name)
}

/// The names of both lists of containers, without what repairs put there.
fn names(pod: &Value) -> [Vec<String>; 2] {
    ["initContainers", "containers"].map(|list| {
        let items = pod["spec"][list].as_array().into_iter().flatten();
        let names = items.map(|item| item["name"].as_str().unwrap().to_owned());
        names.filter(|name| !OURS.contains(&&**name)).collect()
    })
}

/// The containers that Istio made.
fn of_istio(pod: &Value) -> Vec<Value> {
    let lists = ["initContainers", "containers"].map(|list| pod["spec"][list].as_array().cloned().unwrap_or_default());
    lists.concat().into_iter().filter(|it| it["name"].as_str().unwrap().starts_with("istio-")).collect()
}
