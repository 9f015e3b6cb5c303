//! Messages keep their contract ([`contract`]), however long or odd the names, numbers and paths of the objects are.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod contract;
mod fixtures;
mod judged;
mod mutation;
mod worst_cases;
mod worst_fitness;
mod worst_ports;

use contract::{breaches, wanted_value};
use fixtures::{Fixture, fixtures};
use judged::Judge;
use mutation::{Mutation, mutated};
use proptest::prelude::*;
use proptest::sample::Index;
use seaworthy::base::Finding;
use seaworthy::policy::builtin_rules;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The ids of the built-in rules.
fn rules() -> BTreeSet<String> {
    let stem = |name: &str| name.rsplit('/').next().unwrap().trim_end_matches(".yaml").to_owned();
    builtin_rules().iter().map(|source| stem(source.name())).collect()
}

/// All breaches of the contract by these findings, and the rules that spoke.
fn held_to_the_contract<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> (Vec<String>, BTreeSet<String>) {
    let (mut broken, mut spoke) = (Vec::new(), BTreeSet::new());
    for finding in findings {
        broken.extend(breaches(finding));
        spoke.insert(finding.rule.to_string());
    }
    (broken, spoke)
}

#[test]
fn the_worst_case_of_each_rule_keeps_the_contract() {
    let mut judge = Judge::default();
    let findings: Vec<Finding> = worst_cases::worst_cases()
        .into_iter()
        .flat_map(|(settings, objects)| {
            let found = judge.findings(&settings, &objects);
            assert!(!found.is_empty(), "{settings}");
            found
        })
        .collect();
    let (broken, spoke) = held_to_the_contract(&findings);
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(spoke, rules(), "each built-in rule has its worst case in worst_cases.rs");
}

#[test]
fn every_finding_of_every_fixture_keeps_the_contract() {
    let mut judge = Judge::default();
    let findings: Vec<Finding> = fixtures().iter().flat_map(|it| judge.findings(&it.settings, &it.objects)).collect();
    let (broken, spoke) = held_to_the_contract(&findings);
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(spoke, rules(), "each built-in rule has fixtures");
}

/// Where a fix sets the very field that the message names to a number, both want the same.
#[test]
fn the_wanted_number_is_the_one_that_the_fix_writes() {
    let mut judge = Judge::default();
    let findings = fixtures().iter().flat_map(|it| judge.findings(&it.settings, &it.objects)).collect::<Vec<_>>();
    let written = findings.iter().filter_map(|it| Some((it, contract::written_by_the_fix(it)?))).collect::<Vec<_>>();
    let differs = |(finding, written): &&(&Finding, String)| !wanted_value(finding).unwrap_or("").contains(written);
    let differing = written.iter().filter(differs).map(|(finding, written)| format!("{written}: {}", finding.message));
    assert_eq!(differing.collect::<Vec<_>>(), Vec::<String>::new());
    let compared: BTreeSet<&str> = written.iter().map(|(finding, _)| &*finding.rule).collect();
    assert!(compared.contains("short-grace-period"), "{compared:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Fixtures with some of their names and numbers made long or odd, each everywhere it stands, so that objects go on
    /// referring to each other.
    #[test]
    fn long_and_odd_names_keep_the_contract(
        fixture in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<Mutation>()), 1..8),
    ) {
        thread_local!(static JUDGE: RefCell<Judge> = RefCell::default());
        static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(fixtures);
        let fixture = fixture.get(&FIXTURES);
        let objects = mutated(&fixture.objects, &changes);
        let findings = JUDGE.with_borrow_mut(|judge| judge.findings(&fixture.settings, &objects));
        let (broken, _) = held_to_the_contract(&findings);
        prop_assert!(broken.is_empty(), "{broken:#?}\n{}: {}", fixture.name, serde_json::json!(objects));
    }
}
