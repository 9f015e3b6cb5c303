//! `run`: what it waits for, in which order, how long, and with which exit code it ends.

use crate::harness::{Reply, Running, Server, in_pod, program, run};
use std::os::unix::fs::PermissionsExt;

const READY: &str = "GET /healthz/ready HTTP/1.1\r\nHost: localhost:15021\r\n";

#[test]
fn it_starts_the_application_when_the_proxy_answers() {
    in_pod(|| {
        let waiting = Running::start(&mut program("run -- echo started"));
        waiting.says("waiting for the proxy at http://localhost:15021/healthz/ready: connection refused");
        let proxy = Server::start("127.0.0.1:15021", [Reply::status(503), Reply::status(503), Reply::ok()]);
        let ended = waiting.ended();
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "started\n"));
        assert!(
            ended.stderr.contains("waiting for the proxy at http://localhost:15021/healthz/ready: answered 503\n"),
            "{}",
            ended.stderr
        );
        assert!(
            ended.stderr.ends_with("the proxy at http://localhost:15021/healthz/ready is ready\n"),
            "{}",
            ended.stderr
        );
        assert_eq!(proxy.count(), 3);
        assert!(proxy.requests()[0].starts_with(READY), "{}", proxy.requests()[0]);
    });
}

#[test]
fn a_ready_proxy_costs_no_line() {
    in_pod(|| {
        let proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        for line in ["run -- echo started", "run echo started", "-- echo started", "--quiet echo started"] {
            let ended = run(&mut program(line));
            assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "started\n", ""), "{line}");
        }
        assert_eq!(proxy.count(), 4);
    });
}

#[test]
fn localhost_is_either_address() {
    in_pod(|| {
        let six = Server::start("[::1]:15021", [Reply::ok()]);
        let first = Server::start("127.0.0.1:8001", [Reply::status(503)]);
        let second = Server::start("[::1]:8001", [Reply::ok()]);
        let ended = run(&mut program("run --proxy --http http://localhost:8001/ -- echo started"));
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "started\n"));
        assert_eq!((six.count(), first.count(), second.count()), (1, 1, 1));
    });
}

#[test]
fn a_silent_address_does_not_hide_one_that_answers() {
    in_pod(|| {
        let silent = Server::start("127.0.0.1:8001", [Reply::Stall("")]);
        let ready = Server::start("[::1]:8001", [Reply::ok()]);
        let ended = run(&mut program("run --http http://localhost:8001/ --timeout 3s -- echo started"));
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "started\n"), "{}", ended.stderr);
        assert_eq!((silent.count(), ready.count()), (1, 1));
    });
}

#[test]
fn of_two_addresses_the_one_that_answers_is_told_of() {
    in_pod(|| {
        let line = "run --timeout 0s --http http://localhost:8001/ -- echo started";
        let says = |wanted: &str| {
            let ended = run(&mut program(line));
            assert!(
                ended.stderr.contains(&format!("of waiting for http://localhost:8001/: {wanted}; want it to answer, ")),
                "{}",
                ended.stderr
            );
        };
        says("connection refused");
        let _second = Server::start("[::1]:8001", [Reply::status(503)]);
        says("answered 503");
        let _first = Server::start("127.0.0.1:8001", [Reply::Close]);
        says("answered 503");
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").expect("IPv6 of the pod");
        says("closed without an answer");
    });
}

#[test]
fn several_checks_are_waited_for_in_their_order_and_not_asked_again() {
    in_pod(|| {
        let proxy = Server::start("127.0.0.1:15021", [Reply::status(503), Reply::ok(), Reply::status(503)]);
        let orders = Server::start("127.0.0.1:9001", [Reply::status(404), Reply::status(503), Reply::ok()]);
        let line = "run --proxy --http http://127.0.0.1:9001/healthz?deep=1 --host orders.shop --tcp [::1]:5432 -- echo started";
        let waiting = Running::start(&mut program(line));
        waiting.says("waiting for [::1]:5432: connection refused");
        assert_eq!((proxy.count(), orders.count()), (2, 3));
        let database = Server::start("[::1]:5432", [Reply::Close]);
        let ended = waiting.ended();
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "started\n"));
        assert_eq!((proxy.count(), orders.count(), database.count()), (2, 3, 1));
        let asked = "GET /healthz?deep=1 HTTP/1.1\r\nHost: orders.shop\r\n";
        assert!(orders.requests().iter().all(|request| request.starts_with(asked)), "{:?}", orders.requests());
    });
}

#[test]
fn in_a_pod_without_a_proxy_it_ends_as_it_was_told() {
    in_pod(|| {
        for (line, code, stdout) in [
            ("run --timeout 200ms -- echo started", 124, ""),
            ("run --timeout 200ms --on-timeout fail -- echo started", 124, ""),
            ("run --timeout 200ms --on-timeout start -- echo started", 0, "started\n"),
            ("run --timeout 0s --on-timeout start -- echo started", 0, "started\n"),
        ] {
            let ended = run(&mut program(line));
            assert_eq!((ended.code, &*ended.stdout), (Some(code), stdout), "{line}");
            let time = if line.contains("200ms") { "200ms" } else { "0s" };
            let why = format!(
                "gave up after {time} of waiting for the proxy at http://localhost:15021/healthz/ready: connection refused; "
            );
            let then = if code == 0 { "starting all the same" } else { "is there a sidecar in this pod?" };
            assert!(ended.stderr.contains(&format!("{why}{then}")), "{line}: {}", ended.stderr);
        }
    });
}

#[test]
fn without_any_time_each_check_is_asked_once() {
    in_pod(|| {
        let ready = Server::start("127.0.0.1:8001", [Reply::ok()]);
        let never = Server::start("127.0.0.1:8002", [Reply::status(503)]);
        let line = "run --timeout 0s --http http://127.0.0.1:8001 --http http://127.0.0.1:8002 -- echo started";
        let ended = run(&mut program(line));
        assert_eq!((ended.code, &*ended.stdout), (Some(124), ""));
        assert_eq!((ready.count(), never.count()), (1, 1));
    });
}

#[test]
fn what_cannot_be_started_has_its_own_codes() {
    in_pod(|| {
        for (command, code) in
            [("/no/such/command", 127), ("no-such-command", 127), ("/etc/passwd", 126), ("/etc", 126)]
        {
            let ended = run(&mut program(&format!("run --timeout 0s --on-timeout start --quiet -- {command}")));
            assert_eq!(ended.code, Some(code), "{command}");
            assert!(ended.stderr.contains(&format!("cannot start `{command}`: ")), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_command_without_its_interpreter_is_told_from_one_that_is_not_there() {
    in_pod(|| {
        let folder = std::env::temp_dir().join("seaworthy-wait-commands");
        std::fs::create_dir_all(&folder).unwrap();
        let script = folder.join("script-without-shell");
        std::fs::write(&script, "#!/no/such/shell\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let there = format!("{} is there; the interpreter", script.display());
        let missing = format!("no folder of PATH has it: {}; want its path", folder.display());
        for task in ["run --timeout 0s --on-timeout start --quiet --", "job --quit-timeout 0s --"] {
            for (command, code, wanted) in [
                (script.to_str().unwrap(), 126, &*there),
                ("script-without-shell", 126, &there),
                ("other", 127, &missing),
                ("/no/such/command", 127, "No such file or directory (os error 2); want its path"),
            ] {
                let ended = run(program(task).arg(command).env("PATH", &folder));
                let wanted = format!("cannot start `{command}`: {wanted}");
                assert_eq!(ended.code, Some(code), "{task} {command}");
                assert!(ended.stderr.contains(&wanted), "wanted `{wanted}`: {}", ended.stderr);
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
    });
}

#[test]
fn the_exit_code_is_the_applications() {
    in_pod(|| {
        for code in [0, 1, 42, 124, 255] {
            let mut command = program("run --timeout 0s --on-timeout start --quiet -- sh -c");
            assert_eq!(run(command.arg(format!("exit {code}"))).code, Some(code));
        }
        let mut killed = program("run --timeout 0s --on-timeout start --quiet -- sh -c");
        assert_eq!(run(killed.arg("kill -9 $$")).code, None, "a signal ended it");
    });
}

#[test]
fn wrong_usage_starts_nothing() {
    let cases = [
        ("", "want a task"),
        ("run", "COMMAND"),
        ("run --", "COMMAND"),
        ("run --timeout", "--timeout wants a value"),
        ("run --timeout 60 -- echo started", "--timeout: `60` is no length of time"),
        ("run --timeout 99999999999999999999s -- x", "is too long: want 24h at most; see `seaworthy-wait run --help`"),
        ("run --tcp 127.0.0.1:65536 -- x", "want a port from 1 to 65535"),
        ("run --http http://a/ --host b --host c -- x", "--host: it belongs behind the --http"),
        ("job --quit-url https://a -- x", "--quit-url: `https://a` is no URL that can be asked: want http://"),
        ("job --forever -- x", "there is no option --forever here; see `seaworthy-wait job --help`"),
        ("identity --server=", "--server: `` is no host[:port]: want a name, or an address"),
        ("identity --server http://x", "--server: `http://x` is no host[:port]: want a port"),
        ("identity --server a:b", "--server: `a:b` is no host[:port]: want a port"),
        ("identity --server 127.0.0.1:80/x?y=", "--server: `127.0.0.1:80/x?y=` is no host[:port]"),
        ("run --http https://a/ -- echo started", "TLS is the proxy's task"),
        ("run --forever -- echo started", "there is no option --forever"),
        ("run --quiet=yes -- echo started", "--quiet takes no value"),
        ("ruin -- echo started", "drain, identity or install; see `seaworthy-wait --help`"),
        ("drain now", "`now` is not expected"),
        ("identity --server a -- x", "`x` is not expected"),
        ("identity --attempt-timeout 0s", "no attempt succeeds in no time"),
        ("install", "want one folder"),
        ("install a b", "want one folder"),
    ];
    for (line, wanted) in cases {
        let ended = run(&mut program(line));
        assert_eq!((ended.code, &*ended.stdout), (Some(125), ""), "{line}");
        assert!(ended.stderr.contains(wanted) && ended.stderr.lines().count() == 1, "{line}: {}", ended.stderr);
    }
}

#[test]
fn a_name_server_that_never_answers_does_not_stretch_the_time() {
    in_pod(|| {
        let silent = std::net::UdpSocket::bind("127.0.0.1:53").expect("port 53 of the pod");
        let file = std::env::temp_dir().join(format!("seaworthy-wait-resolv-{}", std::process::id()));
        std::fs::write(&file, "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n").unwrap();
        let mounted = run(std::process::Command::new("mount").arg("--bind").arg(&file).arg("/etc/resolv.conf"));
        assert_eq!(mounted.code, Some(0), "{}", mounted.stderr);
        let ended =
            run(&mut program("run --timeout 300ms --attempt-timeout 100ms --tcp orders.shop:80 -- echo started"));
        std::fs::remove_file(file).unwrap();
        assert_eq!((ended.code, &*ended.stdout), (Some(124), ""));
        assert!(ended.stderr.contains("no answer of the name server in time"), "{}", ended.stderr);
        // One question each for IPv4 and IPv6, however many attempts there were.
        silent.set_nonblocking(true).unwrap();
        let questions = std::iter::from_fn(|| silent.recv(&mut [0; 512]).ok()).count();
        assert_eq!(questions, 2);
    });
}
