//! What is done about a finding here: mode, label of the namespace, unknown membership, exceptions.

use crate::{CLASSIC, JOB, day, engine, found, judged, judged_on};
use seaworthy::base::{Action, Mode};
use seaworthy::engine::Outcome;
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::Object;
use serde_json::json;

fn modes(outcome: &Outcome) -> Vec<Mode> {
    outcome.findings.iter().map(|finding| finding.mode).collect()
}

#[test]
fn the_nearest_word_decides_the_mode() {
    let cases: [(&str, &[Mode]); 9] = [
        ("", &[Mode::Warn]),
        ("modes: {default: deny}", &[Mode::Deny]),
        ("modes: {default: deny, rules: {job-never-completes: audit}}", &[Mode::Audit]),
        ("modes: {rules: {job-never-completes: audit}, namespaces: {shop: {default: deny}}}", &[Mode::Deny]),
        ("modes: {namespaces: {shop: {default: deny, rules: {job-never-completes: warn}}}}", &[Mode::Warn]),
        ("modes: {namespaces: {shop: {rules: {missing-pre-stop: deny}}}, default: audit}", &[Mode::Audit]),
        ("modes: {namespaces: {till: {default: deny}}, default: audit}", &[Mode::Audit]),
        ("modes: {rules: {job-never-completes: off}}", &[]),
        ("modes: {default: off, namespaces: {shop: {default: warn}}}", &[Mode::Warn]),
    ];
    for (settings, wanted) in cases {
        let outcome = judged(&engine(&format!("{CLASSIC}{settings}")), &[("job.yaml", JOB)]);
        assert_eq!(modes(&outcome), wanted, "{settings}");
    }
}

#[test]
fn a_namespace_is_audited_until_its_day() {
    let settings = "modes: {default: off, namespaces: {shop: {default: deny, from: 2027-01-10}}}";
    let engine = engine(&format!("{CLASSIC}{settings}"));
    for (today, wanted) in [("2027-01-09", Mode::Audit), ("2027-01-10", Mode::Deny), ("2027-01-11", Mode::Deny)] {
        assert_eq!(modes(&judged_on(&engine, &[("job.yaml", JOB)], today)), [wanted], "{today}");
    }
}

#[test]
fn the_label_of_a_namespace_only_makes_stricter() {
    let cases: [(&str, &str, &[Mode]); 6] = [
        ("audit", "deny", &[Mode::Deny]),
        ("deny", "audit", &[Mode::Deny]),
        ("deny", "off", &[Mode::Deny]),
        ("warn", "loud", &[Mode::Warn]),
        ("off", "warn", &[Mode::Warn]),
        ("off, rules: {job-never-completes: off}", "deny", &[]),
    ];
    for (file, label, wanted) in cases {
        let by_file = engine(&format!("{CLASSIC}modes: {{default: {file}}}"));
        let labels = format!("{{istio-injection: enabled, seaworthy.dev/mode: '{label}'}}");
        let namespace = format!("kind: Namespace\napiVersion: v1\nmetadata: {{name: shop, labels: {labels}}}\n");
        let outcome = judged(&by_file, &[("job.yaml", JOB), ("namespace.yaml", &namespace)]);
        assert_eq!(modes(&outcome), wanted, "file {file}, label {label}");
        let profile = format!("dataPlane: classic, namespaces: {{shop: {{labels: {labels}}}}}");
        let hold = "proxy: {holdApplicationUntilProxyStarts: true}";
        let by_profile = engine(&format!("profile: {{{profile}, {hold}}}\nmodes: {{default: {file}}}"));
        let outcome = judged(&by_profile, &[("job.yaml", JOB)]);
        assert_eq!(modes(&outcome), wanted, "file {file}, label {label} in the profile");
    }
}

#[test]
fn where_membership_is_unknown_nothing_is_worse_than_a_warning_and_nothing_is_refused() {
    let hold = "proxy: {holdApplicationUntilProxyStarts: true}";
    let unknown = engine(&format!("profile: {{dataPlane: classic, {hold}}}\nmodes: {{default: deny}}"));
    let outcome = judged(&unknown, &[("job.yaml", JOB)]);
    assert_eq!(found(&outcome), ["job.yaml:5 job-never-completes(warning)"]);
    assert_eq!(outcome.counts.unknown_membership, 1);
    let job = || {
        let template = json!({"spec": {"containers": [{"name": "work", "image": "work"}]}});
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work", "namespace": "shop"},
                         "spec": {"template": template}});
        Object::from_json(job).expect("an object")
    };
    let inventory = Inventory::new(Origin::Cluster);
    let verdict = unknown.decide(&job(), None, &inventory, day("2027-01-01"));
    assert!(verdict.membership_unknown);
    assert_eq!(verdict.decided.iter().map(|it| it.action).collect::<Vec<_>>(), [Action::Warn]);
    let known = engine(&format!("{CLASSIC}modes: {{default: deny}}"));
    assert!(known.decide(&job(), None, &inventory, day("2027-01-01")).is_refused());
}

#[test]
fn an_exception_waives_one_rule_for_one_object_until_its_last_day() {
    let exception = |rule: &str, object: &str| {
        let words = "owner: team-a, reason: ends by itself, until: 2027-01-31";
        engine(&format!("{CLASSIC}exceptions: [{{rule: {rule}, object: {object}, {words}}}]"))
    };
    let waived = "job.yaml:5 job-never-completes(error) exception: ends by itself (team-a)";
    let kept = "job.yaml:5 job-never-completes(error)";
    for (rule, object, today, wanted) in [
        ("job-never-completes", "Job/shop/work", "2027-01-31", waived),
        ("job-never-completes", "Job/shop/work", "2027-02-01", kept),
        ("missing-pre-stop", "Job/shop/work", "2027-01-31", kept),
        ("job-never-completes", "Job/till/work", "2027-01-31", kept),
        ("job-never-completes", "Job/work", "2027-01-31", kept),
        ("job-never-completes", "CronJob/shop/work", "2027-01-31", kept),
    ] {
        let outcome = judged_on(&exception(rule, object), &[("job.yaml", JOB)], today);
        assert_eq!(found(&outcome), [wanted], "{rule} {object} {today}");
    }
    // A manifest that names no namespace is not known to be the one of any.
    let nameless = JOB.replace(", namespace: shop", "");
    let outcome = judged(&exception("job-never-completes", "Job/shop/work"), &[("job.yaml", &nameless)]);
    assert_eq!(found(&outcome), [kept]);
}
