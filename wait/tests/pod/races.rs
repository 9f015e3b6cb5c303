//! Two hundred starts and stops at moments that differ: whatever comes first, it ends, and nothing is left behind.

use crate::harness::{Reply, Running, Server, children_of, in_pod, program, until};

const RACES: u32 = 200;

/// Lets time pass without sleeping, so that the signals come at ever later moments of a start.
fn spin(rounds: u32) {
    for _ in 0..rounds * 400 {
        std::hint::spin_loop();
    }
}

/// Starts, stops, and counts the ways it ended; `(None)` is the application ended by TERM itself.
fn race(line: &str, expected: &[Option<i32>]) {
    let mut seen = vec![0; expected.len()];
    for round in 0..RACES {
        let running = Running::start(program(line).args(["sleep", "1000"]));
        spin(round);
        running.signal(15);
        let code = running.ended().code;
        let place = expected.iter().position(|known| *known == code);
        seen[place.unwrap_or_else(|| panic!("{line}, round {round}: it ended with {code:?}"))] += 1;
    }
    assert_eq!(seen.iter().sum::<u32>(), RACES);
    // Orphans would be ours: this is process 1 of its pod.
    until("no process that was left behind", || children_of(1).is_empty().then_some(()));
}

#[test]
fn a_stop_while_run_starts_ends_it() {
    in_pod(|| {
        let mut asked = 0;
        let _proxy = Server::answering("127.0.0.1:15021", move |_| {
            asked += 1;
            if asked % 3 == 0 { Reply::ok() } else { Reply::status(503) }
        });
        // None: before our handlers stand, or in the application.
        race("run --quiet --", &[Some(143), None]);
    });
}

#[test]
fn a_stop_while_job_starts_ends_both() {
    in_pod(|| {
        let _agent = Server::start("127.0.0.1:15020", [Reply::ok()]);
        race("job --quiet --", &[Some(143), None]);
    });
}

#[test]
fn every_application_that_was_started_ends_with_its_own_code() {
    in_pod(|| {
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let agent = Server::start("127.0.0.1:15020", [Reply::ok()]);
        for round in 0..RACES {
            let code = i32::try_from(round % 256).unwrap();
            let mut command = program("job --proxy -- sh -c");
            assert_eq!(crate::harness::run(command.arg(format!("exit {code}"))).code, Some(code));
        }
        assert_eq!(agent.count(), RACES as usize);
    });
}
