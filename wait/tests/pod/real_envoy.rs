//! With a real Envoy and a stand-in for its agent: the order of a start, upstreams behind the proxy, draining, quitting.

use crate::harness::{Agent, Envoy, Reply, Running, Server, in_pod, program, run, start_envoy, until};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

#[test]
fn run_waits_until_envoy_serves() {
    Envoy::path();
    in_pod(|| {
        let waiting = Running::start(&mut program("run -- echo started"));
        // Before Envoy nobody listens; Envoy without an agent answers 503; only with both it is ready.
        waiting.says("waiting for the proxy at http://localhost:15021/healthz/ready: connection refused");
        let envoy = start_envoy();
        waiting.says("waiting for the proxy at http://localhost:15021/healthz/ready: answered 503");
        assert_eq!(waiting.stdout(), "");
        let agent = Agent::start();
        let ended = waiting.ended();
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "started\n"), "{}", ended.stderr);
        assert!(agent.requests().iter().any(|request| request.starts_with("GET /healthz/ready ")));
        drop(envoy);
        // Gone again: refused is "not yet", for whoever starts now.
        assert_eq!(run(&mut program("run --timeout 200ms -- echo started")).code, Some(124));
    });
}

#[test]
fn an_upstream_is_asked_for_through_envoy() {
    Envoy::path();
    in_pod(|| {
        let agent = Agent::start();
        agent.start_envoy();
        let line = "run --proxy --http http://127.0.0.1:9001/healthz --host orders.shop -- echo started";
        let waiting = Running::start(&mut program(line));
        // No upstream yet: Envoy says so itself.
        waiting.says("waiting for http://127.0.0.1:9001/healthz (host orders.shop): answered 503");
        let upstream = Server::start("127.0.0.5:8080", [Reply::status(500), Reply::status(301), Reply::ok()]);
        let ended = waiting.ended();
        assert_eq!((ended.code, &*ended.stdout, upstream.count()), (Some(0), "started\n", 3), "{}", ended.stderr);
        assert!(upstream.requests()[0].to_ascii_lowercase().contains("\r\nhost: orders.shop\r\n"));
        // A host that nobody serves is the proxy's 404.
        let unknown = "run --timeout 200ms --http http://127.0.0.1:9001/ --host nobody.shop -- echo started";
        let ended = run(&mut program(unknown));
        assert!(ended.code == Some(124) && ended.stderr.contains("answered 404"), "{}", ended.stderr);
    });
}

#[test]
fn drain_keeps_envoy_for_the_application_and_not_for_itself() {
    Envoy::path();
    in_pod(|| {
        let agent = Agent::start();
        agent.start_envoy();
        assert_eq!(run(&mut program("run -- true")).code, Some(0));
        let application = TcpListener::bind("127.0.0.7:8080").unwrap();
        let mut client = TcpStream::connect("127.0.0.1:15006").unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: app\r\n\r\n").unwrap();
        // The kernel's side of Envoy's connection is there: what is accepted is the application's.
        let (mut served, _) = application.accept().unwrap();
        let draining = Running::start(&mut program("drain"));
        draining.says("it still listens on port 8080");
        drop(application);
        draining.says("it still has a connection at port ");
        // A request that was under way is answered through Envoy, while drain waits.
        served.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone").unwrap();
        drop(served);
        let mut answer = [0; 4096];
        let mut seen = String::new();
        while !seen.ends_with("done") {
            let count = client.read(&mut answer).unwrap();
            assert!(count > 0, "cut: {seen}");
            seen.push_str(&String::from_utf8_lossy(&answer[..count]));
        }
        drop(client);
        let ended = draining.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(agent.has_envoy(), "Envoy listens still, on its own ports");
        assert_eq!(run(&mut program("run -- echo ready")).stdout, "ready\n");
    });
}

#[test]
fn a_job_ends_envoy_when_it_has_ended() {
    Envoy::path();
    in_pod(|| {
        let agent = Agent::start();
        agent.start_envoy();
        let job = Running::start(program("job --proxy -- sh -c").arg("echo working; exit 3"));
        let ended = job.ended();
        assert_eq!((ended.code, &*ended.stdout), (Some(3), "working\n"), "{}", ended.stderr);
        until("the end of Envoy", || (!agent.has_envoy()).then_some(()));
        let quit = agent.requests().iter().filter(|request| request.contains(" /quitquitquit ")).count();
        assert_eq!(quit, 1);
        assert!(TcpStream::connect("127.0.0.1:15021").is_err());
        // GET is not taken for it: nobody quits a proxy by looking.
        let get = run(&mut program("run --timeout 0s --http http://127.0.0.1:15020/quitquitquit -- true"));
        assert!(get.stderr.contains("answered 405"), "{}", get.stderr);
    });
}
