//! Signals while it waits, as an ordinary process and as process 1, where the kernel drops what has no handler.

use crate::harness::{Reply, Running, Server, as_process_1, in_pod, program};

/// HUP, INT, QUIT, USR1, USR2 and TERM.
const ENDING: [i32; 6] = [1, 2, 3, 10, 12, 15];

/// Every way to wait, with the line that tells that it does.
const WAITS: [(&str, &str); 5] = [
    ("run -- echo started", "waiting for the proxy at http://localhost:15021/healthz/ready: connection refused"),
    (
        "job --proxy -- echo started",
        "waiting for the proxy at http://localhost:15021/healthz/ready: connection refused",
    ),
    ("run --http http://127.0.0.1:8001 --attempt-timeout 100ms -- echo started", "no answer in time"),
    ("identity --server 127.0.0.1", "waiting for the metadata server at http://127.0.0.1: connection refused"),
    ("drain", "waiting for the application's sockets to close"),
];

#[test]
fn a_signal_ends_the_wait_with_its_code() {
    in_pod(|| {
        let _silent = Server::start("127.0.0.1:8001", [Reply::Stall("")]);
        for (line, says) in WAITS {
            for signal in ENDING {
                let waiting = Running::start(&mut program(line));
                waiting.says(says);
                waiting.signal(signal);
                let ended = waiting.ended();
                assert_eq!((ended.code, &*ended.stdout), (Some(128 + signal), ""), "{line}, signal {signal}");
            }
        }
    });
}

#[test]
fn process_1_ends_too() {
    in_pod(|| {
        let _silent = Server::start("127.0.0.1:8001", [Reply::Stall("")]);
        for (line, says) in WAITS {
            for signal in ENDING {
                let waiting = Running::start(&mut as_process_1(line));
                waiting.says(says);
                waiting.signal_child(signal);
                let ended = waiting.ended();
                assert_eq!((ended.code, &*ended.stdout), (Some(128 + signal), ""), "{line}, signal {signal}");
            }
        }
    });
}

#[test]
fn it_ends_in_the_midst_of_an_answer() {
    in_pod(|| {
        let server = Server::start("127.0.0.1:15021", [Reply::Stall("HTTP/1.1 200 OK\r\n")]);
        for mut command in [
            program("run --attempt-timeout 1h -- echo started"),
            as_process_1("run --attempt-timeout 1h -- echo started"),
        ] {
            let before = server.count();
            let waiting = Running::start(&mut command);
            crate::harness::until("the request", || (server.count() > before).then_some(()));
            match command.get_program() == "unshare" {
                true => waiting.signal_child(15),
                false => waiting.signal(15),
            }
            assert_eq!(waiting.ended().code, Some(143));
        }
    });
}

#[test]
fn signals_that_were_ignored_or_blocked_end_it_all_the_same() {
    in_pod(|| {
        // A shell without job control starts what it puts into the background with INT and QUIT ignored.
        let mut command = std::process::Command::new("sh");
        let own = program("run -- echo started");
        command.args(["-c", "trap '' TERM INT; exec \"$@\"", "sh"]).arg(own.get_program()).args(own.get_args());
        for signal in [2, 15] {
            let waiting = Running::start(&mut command);
            waiting.says("waiting for the proxy");
            waiting.signal(signal);
            assert_eq!(waiting.ended().code, Some(128 + signal));
        }
    });
}

#[test]
fn after_the_wait_signals_are_the_applications() {
    in_pod(|| {
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let script = "trap 'echo got it; exit 7' TERM; echo ready; while :; do sleep 60 >&- 2>&- & wait $!; done";
        for mut command in [program("run --"), as_process_1("run --")] {
            let application = Running::start(command.args(["sh", "-c", script]));
            application.writes("ready\n");
            match command.get_program() == "unshare" {
                true => application.signal_child(15),
                false => application.signal(15),
            }
            let ended = application.ended();
            assert_eq!((ended.code, &*ended.stdout), (Some(7), "ready\ngot it\n"));
        }
    });
}
