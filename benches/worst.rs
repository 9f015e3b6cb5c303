//! How long one object can take at most: nobody may keep the webhook, or a run, busy with an object that is made up.
//!
//! Judging is by all built-in rules, among the objects around: of an object as the webhook reads it, and of files as
//! `check` does, reading included. Run by `cargo bench --bench worst`, or `cargo xtask figures`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends by panicking"
)]

mod support;

use seaworthy::base::{Mode, Source};
use seaworthy::engine::{self, Engine, Input, Outcome};
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::{Limits, Object, read_documents};
use seaworthy::report::concise;
use std::hint::black_box;
use std::sync::Arc;
use support::Effort;
use support::large::{Large, Make, OTHERS, WORST};
use support::rounds::{Candidate, Taken, take_turns};
use support::table::{Table, spread};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rules that are repaired in the bench: all that can be.
const REPAIRS: &str = "repairs: {image: 'registry.example.com/wait@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', apply: [{rules: [missing-pre-stop, app-starts-before-proxy]}]}";

fn main() {
    let effort = Effort::from_arguments();
    let engine = support::judging::engine("", Mode::Warn);
    let repairing = support::judging::engine(REPAIRS, Mode::Deny);
    let size = effort.pick(20, 1_000);
    worst(size, &engine, &repairing, effort);
    others(size, &engine, effort);
}

fn rounds(effort: Effort) -> usize {
    effort.pick(1, 15)
}

/// Whether a shape is to be measured: all, or those whose names hold one of the words behind the options.
fn is_chosen(name: &str) -> bool {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
    words.peek().is_none() || words.any(|word| name.contains(&word))
}

/// The worst case.
fn worst(size: usize, engine: &Engine, repairing: &Engine, effort: Effort) {
    println!("### One object of {size} containers with {} variables\n", size * 10);
    let mut table = Table::new(&[
        "",
        "findings",
        "judged, ms",
        "repaired, ms",
        "check of YAML, ms",
        "check of JSON in one line, ms",
    ]);
    for make in WORST.into_iter().filter(|make| is_chosen(make(1).name)) {
        let large = make(size);
        let (taken, findings) = measure(&large, engine, Some(repairing), effort);
        let mut row = vec![large.name.to_owned(), findings.to_string()];
        row.extend(taken.iter().map(|it| spread(it.milliseconds(), 1)));
        if large.objects[0]["kind"] != "Pod" {
            row[3] = "-".to_owned();
        }
        table.row(row);
    }
    table.print();
}

/// Other shapes, of one size and of four times that.
fn others(size: usize, engine: &Engine, effort: Effort) {
    println!("### Other ways to be large: {size} of something, and four times as many\n");
    let titles = [
        "",
        "findings",
        "judged, ms",
        "4 times as many",
        "check of YAML, ms",
        "4 times as many",
        "check of JSON in one line, ms",
        "4 times as many",
    ];
    let mut table = Table::new(&titles);
    for make in OTHERS.into_iter().filter(|make| is_chosen(make(1).name)) {
        table.row(growth(make, size, engine, effort));
    }
    table.print();
}

fn growth(make: Make, size: usize, engine: &Engine, effort: Effort) -> Vec<String> {
    let large = make(size);
    let (once, findings) = measure(&large, engine, None, effort);
    let (more, _) = measure(&make(4 * size), engine, None, effort);
    let mut row = vec![large.name.to_owned(), findings.to_string()];
    for (once, more) in once.iter().zip(&more) {
        row.push(spread(once.milliseconds(), 1));
        row.push(format!("{:.1} times", more.times_of(once).median));
    }
    row
}

fn measure(large: &Large, engine: &Engine, repairing: Option<&Engine>, effort: Effort) -> (Vec<Taken>, usize) {
    let day = "2026-11-21".parse().unwrap();
    let (object, inventory) = in_cluster(large);
    let (yaml, json) = (large.yaml(), large.json());
    let found = [&yaml, &json].map(|text| check(text, engine).findings.len());
    assert!(found[0] == found[1], "{}: the forms of one object differ: {found:?}", large.name);
    // A copy knows nothing of what was worked out of the object before: every request brings one that nobody has seen.
    let mut candidates = vec![Candidate::new("judged", || engine.decide(&object.clone(), None, &inventory, day))];
    if let Some(repairing) = repairing {
        candidates.push(Candidate::new("repaired", || repairing.repair(&object.clone(), &inventory, day).unwrap()));
    }
    for text in [&yaml, &json] {
        candidates.push(Candidate::new("check", || {
            black_box(concise::render(&check(text, engine).findings));
        }));
    }
    (take_turns(rounds(effort), candidates), found[0])
}

/// The first object, as the webhook reads it, and all as the watches tell them.
fn in_cluster(large: &Large) -> (Object, Inventory) {
    let mut inventory = Inventory::new(Origin::Cluster);
    for value in &large.objects {
        inventory.set(&Arc::new(Object::from_json(value.clone()).unwrap()));
    }
    (Object::from_json(large.objects[0].clone()).unwrap(), inventory)
}

fn check(text: &str, engine: &Engine) -> Outcome {
    let source = Source::new("large.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    let input = Input::to_check(source.name(), reading, engine);
    let outcome = engine::check(vec![input], "2026-11-21".parse().unwrap());
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems.first());
    outcome
}
