//! `job` and the proxy's agent: told once, by POST, when the application has ended, and never at the cost of its exit code.

use crate::harness::{Reply, Running, Server, in_pod, program, run};
use std::io::Read;
use std::net::TcpListener;

const QUIT: &str = "POST /quitquitquit HTTP/1.1\r\nHost: localhost:15020\r\n";
const AGENT: &str = "127.0.0.1:15020";

#[test]
fn the_agent_is_told_when_the_application_has_ended() {
    in_pod(|| {
        let file = std::env::temp_dir().join("seaworthy-wait-job-is-done");
        let mark = file.clone();
        let agent = Server::answering(AGENT, move |_| Reply::status(if mark.exists() { 200 } else { 500 }));
        let ended = run(program("job -- sh -c").arg(format!("touch {}; exit 3", file.display())));
        assert_eq!((ended.code, &*ended.stderr), (Some(3), ""));
        std::fs::remove_file(file).unwrap();
        assert_eq!(agent.count(), 1);
        assert!(agent.requests()[0].starts_with(QUIT), "{}", agent.requests()[0]);
        assert!(agent.requests()[0].contains("\r\nContent-Length: 0\r\n"), "{}", agent.requests()[0]);
    });
}

#[test]
fn it_waits_first_where_it_is_asked_to() {
    in_pod(|| {
        let agent = Server::start(AGENT, [Reply::ok()]);
        let job = Running::start(&mut program("job --proxy -- echo done"));
        job.says("waiting for the proxy");
        assert_eq!((&*job.stdout(), agent.count()), ("", 0));
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let ended = job.ended();
        assert_eq!((ended.code, &*ended.stdout, agent.count()), (Some(0), "done\n", 1));
    });
}

#[test]
fn an_agent_that_does_not_hear_is_asked_again() {
    in_pod(|| {
        let replies = [Reply::status(503), Reply::Close, Reply::Reset, Reply::ok()];
        let agent = Server::start(AGENT, replies);
        let ended = run(&mut program("job --quit-timeout 1m -- true"));
        assert_eq!((ended.code, &*ended.stderr, agent.count()), (Some(0), "", 4));
    });
}

#[test]
fn an_agent_that_ends_before_it_can_answer_has_heard() {
    in_pod(|| {
        let agent = TcpListener::bind(AGENT).unwrap();
        let ending = std::thread::spawn(move || {
            let (mut stream, _) = agent.accept().unwrap();
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap();
            drop((agent, stream));
            String::from_utf8_lossy(&request[..count]).into_owned()
        });
        let ended = run(&mut program("job -- true"));
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        assert!(ending.join().unwrap().starts_with(QUIT));
    });
}

#[test]
fn an_agent_that_begins_to_listen_later_than_the_job_ends_is_told() {
    in_pod(|| {
        let job = Running::start(&mut program("job --quit-timeout 1m -- echo done"));
        job.writes("done\n");
        let agent = Server::start("[::1]:15020", [Reply::ok()]);
        assert_eq!((job.ended().code, agent.count()), (Some(0), 1));
    });
}

#[test]
fn in_a_pod_without_an_agent_it_ends_with_one_line() {
    in_pod(|| {
        let ended = run(&mut program("job --quit-timeout 100ms -- sh -c false"));
        let line = "seaworthy-wait: the proxy was not told to quit: gave up after 100ms of waiting for an answer to POST \
                    http://localhost:15020/quitquitquit: connection refused; if one runs in this pod, it goes on running\n";
        assert_eq!((ended.code, &*ended.stderr), (Some(1), line));
    });
}

#[test]
fn a_hostile_agent_changes_no_exit_code() {
    in_pod(|| {
        let replies = [Reply::Endless("HTTP/1.1 200 OK\r\n", "a: b\r\n"), Reply::Stall(""), Reply::status(405)];
        for (index, reply) in replies.into_iter().enumerate() {
            let port = 8001 + index;
            let _agent = Server::start(&format!("127.0.0.1:{port}"), [reply]);
            let line = format!("job --quit-timeout 200ms --quit-url http://127.0.0.1:{port}/q -- sh -c");
            let ended = run(program(&line).arg("exit 9"));
            assert_eq!(ended.code, Some(9));
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        }
    });
}

#[test]
fn after_a_failure_the_proxy_stays_where_that_was_asked_for() {
    in_pod(|| {
        let agent = Server::start(AGENT, [Reply::ok()]);
        for (option, code, told) in [("any-end", 1, 1), ("success", 1, 1), ("success", 0, 2), ("any-end", 0, 3)] {
            let ended = run(program(&format!("job --quit-after {option} -- sh -c")).arg(format!("exit {code}")));
            assert_eq!((ended.code, agent.count()), (Some(code), told), "{option}, {code}");
        }
    });
}

#[test]
fn the_proxy_is_told_where_the_application_never_ran() {
    in_pod(|| {
        let agent = Server::start(AGENT, [Reply::ok()]);
        for (line, code, told) in [
            ("job -- /no/such/command", 127, 1),
            ("job -- /etc/passwd", 126, 2),
            ("job --proxy --timeout 0s -- true", 124, 3),
            ("job --proxy --timeout 0s --on-timeout start -- true", 0, 4),
        ] {
            assert_eq!((run(&mut program(line)).code, agent.count()), (Some(code), told), "{line}");
        }
    });
}
