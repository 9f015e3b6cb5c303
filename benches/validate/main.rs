//! How many reviews of an 8 KiB Pod `/validate` answers, against two handlers of the same axum and rustls: one that looks
//! at nothing, and one that parses the review with its object and lets everything through.
//!
//! Each server has one worker thread, the client another; connections are kept, as the API server keeps them. Only
//! the server's own processor time tells it from the client, which works as hard: see `processor`.
//! Run by `cargo bench --bench validate`, or `cargo xtask figures`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends by panicking"
)]

mod client;
mod processor;
mod review;
mod servers;
#[path = "../support/mod.rs"]
mod support;

use client::Client;
use processor::Processor;
use review::{Pod, review};
use servers::{Handler, Running};
use support::Effort;
use support::rounds::{Candidate, Spread, Taken, take_turns};
use support::table::{Table, spread};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Each HTTP version with the bodies that are sent by it.
const SETS: [(&str, bool, Pod); 3] = [
    ("HTTP/1.1, a Pod without findings", false, Pod::Fit),
    ("HTTP/1.1, a Pod that is refused", false, Pod::Unfit),
    ("HTTP/2, a Pod without findings", true, Pod::Fit),
];

fn main() {
    let effort = Effort::from_arguments();
    let requests = effort.pick(20, 4_000);
    let rounds = effort.pick(1, 15);
    let handlers = [Handler::Nothing, Handler::Parsing, Handler::Seaworthy];
    let servers: Vec<Running> = handlers.into_iter().map(Running::start).collect();
    println!(
        "One worker thread for each server, {requests} requests a round, {rounds} rounds of each, taking turns.\n"
    );
    for (name, http2, pod) in SETS {
        let body = review(pod);
        println!("### {name}: a review of {} bytes\n", body.len());
        compare(&servers, http2, pod, &body, requests, rounds);
    }
}

fn compare(servers: &[Running], http2: bool, pod: Pod, body: &str, requests: usize, rounds: usize) {
    let mut busy: Vec<Vec<f64>> = vec![Vec::new(); servers.len()];
    let candidates = servers.iter().zip(&mut busy).map(|(server, busy)| {
        let mut client = Client::connect(server.address, &server.ca_pem, http2);
        if server.handler == Handler::Seaworthy {
            let answer = client.ask(body);
            assert_eq!(answer.contains(r#""allowed":true"#), pod == Pod::Fit, "{answer}");
            assert!(pod == Pod::Unfit || !answer.contains("warnings"), "{answer}");
        }
        let processor = Processor::of_thread(server.handler.thread());
        Candidate::new(server.handler.name(), move || {
            let begun = processor.nanoseconds();
            client.ask_often(body, requests);
            busy.push((processor.nanoseconds() - begun) / 1e3 / as_float(requests));
        })
    });
    let taken = take_turns(rounds, candidates.collect());
    print(&taken, &busy, as_float(requests));
}

fn print(taken: &[Taken], busy: &[Vec<f64>], requests: f64) {
    let [_, parsing, _] = taken else { return };
    let mut table =
        Table::new(&["", "requests/s", "of the parsing one", "server's µs a request", "times the parsing one"]);
    for (one, busy_one) in taken.iter().zip(busy) {
        // The round that does not count is the first.
        let (own, parsing_busy) = (&busy_one[1..], &busy[1][1..]);
        table.row(vec![
            one.name.to_owned(),
            spread(one.rate(requests), 0),
            spread(parsing.times_of(one), 2),
            spread(Spread::of(own.iter().copied()), 0),
            spread(Spread::of(own.iter().zip(parsing_busy).map(|(own, parsing)| own / parsing)), 2),
        ]);
    }
    table.print();
}

#[allow(clippy::cast_precision_loss)] // counts of requests
fn as_float(count: usize) -> f64 {
    count as f64
}
