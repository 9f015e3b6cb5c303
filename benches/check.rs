//! How long `check` takes for 10,000 objects, against the least that any reader of YAML must do: draining the events of
//! a bare parser over the same texts, on the same threads, in the same run.
//!
//! Reading files from the disk is in neither, nor is giving back what was read: `seaworthy check` ends instead. Run by
//! `cargo bench --bench check`, or `cargo xtask figures`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends by panicking"
)]

mod support;

use granit_parser::Parser;
use rayon::prelude::*;
use seaworthy::base::{Mode, Source};
use seaworthy::engine::{self, Choice, Engine, FixOutcome, Input, Kept, Outcome};
use seaworthy::manifest::{Content, Limits, Reading, content_of, read_documents};
use seaworthy::report::concise;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use support::Effort;
use support::manifests::{File, generated, replicated};
use support::rounds::{Candidate, take_turns};
use support::table::{Table, spread};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let effort = Effort::from_arguments();
    let objects = effort.pick(300, 10_000);
    let engine = support::judging::engine("", Mode::Warn);
    println!("{} threads, {} rounds of each, taking turns.\n", rayon::current_num_threads(), rounds(effort));
    compare("generated", &generated(objects), &engine, effort);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if corpus.is_dir() {
        let engine = support::judging::engine("profile: {assumeMembership: sidecar}", Mode::Warn);
        compare("published manifests, copied", &replicated(&corpus, objects, objects_in), &engine, effort);
    }
}

fn rounds(effort: Effort) -> usize {
    effort.pick(1, 15)
}

fn compare(set: &str, files: &[File], engine: &Engine, effort: Effort) {
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let seen = check(files, engine).0;
    assert!(seen.counts.objects > 0 && !seen.findings.is_empty(), "nothing to judge: {:?}", seen.counts);
    let (objects, findings) = (seen.counts.objects, seen.findings.len());
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let megabytes = bytes as f64 / 1e6;
    let fixed = fix(files, engine).files.len();
    println!(
        "### {set}: {objects} objects in {} files, {megabytes:.1} MB, {findings} findings, fixes in {fixed} files\n",
        files.len()
    );
    let taken = take_turns(
        rounds(effort),
        vec![
            Candidate::new("floor: parser events, drained", || drain(files)),
            Candidate::new("reading: documents with places", || read(files)),
            Candidate::new("check: reading, judging, concise report", || {
                let (outcome, kept) = check(files, engine);
                black_box(concise::render(&outcome.findings));
                (outcome, kept)
            }),
            Candidate::new("fix --check: reading, judging, fixing with proof", || {
                black_box(fix(files, engine).files.len());
            }),
        ],
    );
    let mut table = Table::new(&["", "ms", "MB/s", "times the floor"]);
    for one in &taken {
        table.row(vec![
            one.name.to_owned(),
            spread(one.milliseconds(), 0),
            spread(one.rate(megabytes), 0),
            spread(one.times_of(&taken[0]), 2),
        ]);
    }
    table.print();
}

/// The floor. A parser that fails stops at its fault; templates are in the sets too.
fn drain(files: &[File]) {
    files.par_iter().for_each(|(_, text)| {
        Parser::new_from_str(text).take_while(Result::is_ok).for_each(|event| drop(black_box(event)));
    });
}

fn read(files: &[File]) {
    files.par_iter().for_each(|file| drop(black_box(read_documents(&source(file), &Limits::default()))));
}

fn check<'e>(files: &[File], engine: &'e Engine) -> (Outcome, Kept<'e>) {
    engine::check_keeping(inputs(files, engine, Input::to_check), "2026-11-21".parse().unwrap())
}

fn fix(files: &[File], engine: &Engine) -> FixOutcome {
    engine::fix(inputs(files, engine, Input::new), "2026-11-21".parse().unwrap(), &Choice::default())
}

fn inputs<'e>(
    files: &[File],
    engine: &'e Engine,
    input: fn(&Arc<str>, Reading, &'e Engine) -> Input<'e>,
) -> Vec<Input<'e>> {
    let inputs = files.par_iter().map(|file| {
        let source = source(file);
        let reading = read_documents(&source, &Limits::default());
        input(source.name(), reading, engine)
    });
    inputs.collect()
}

fn source((name, text): &File) -> Source {
    Source::new(name.clone(), text.clone())
}

fn objects_in(file: &File) -> usize {
    let documents = read_documents(&source(file), &Limits::default()).documents;
    let objects = documents.into_iter().map(|document| match content_of(&Arc::new(document)) {
        Content::Objects(objects) => objects.len(),
        Content::Patch | Content::NotKubernetes => 0,
    });
    objects.sum()
}
