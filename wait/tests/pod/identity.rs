//! `identity` before a metadata server that begins late, fails, or is another's: the token counts and nothing else.

use crate::harness::{Reply, Running, Server, in_pod, program, run};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

const TOKEN: &str = r#"{"access_token":"ya29.secret","expires_in":3599,"token_type":"Bearer"}"#;
const PATH: &str = "GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1\r\nHost: ";

/// As the metadata server answers.
fn token() -> Reply {
    answer(200, "Metadata-Flavor: Google\r\n", TOKEN)
}

fn answer(status: u16, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(format!("HTTP/1.1 {status} So\r\n{headers}Content-Length: {length}\r\n\r\n{body}"))
}

/// A token in so many bytes.
fn long_token(length: usize) -> String {
    let (begin, end) = (r#"{"access_token":""#, r#""}"#);
    format!("{begin}{}{end}", "a".repeat(length - begin.len() - end.len()))
}

/// What the metadata server wants of a request, as it is: its header, and nobody in between.
fn server(address: &str, mut good: impl FnMut() -> Reply + Send + 'static) -> Server {
    Server::answering(address, move |request| {
        let request = request.to_ascii_lowercase();
        let honest = request.contains("\r\nmetadata-flavor: google\r\n") && !request.contains("x-forwarded-for");
        if honest { good() } else { answer(403, "", "") }
    })
}

#[test]
fn a_token_is_enough_and_is_not_shown() {
    in_pod(|| {
        let added = run(Command::new("ip").args(["address", "add", "169.254.169.254/32", "dev", "lo"]));
        assert_eq!(added.code, Some(0), "{}", added.stderr);
        let server = server("169.254.169.254:80", token);
        let ended = run(&mut program("identity --timeout 60s"));
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""));
        assert!(server.requests()[0].starts_with(&format!("{PATH}169.254.169.254\r\n")), "{}", server.requests()[0]);
    });
}

#[test]
fn the_variable_of_googles_libraries_names_the_server() {
    in_pod(|| {
        let named = server("127.0.0.1:8001", token);
        let other = server("127.0.0.1:8002", token);
        assert_eq!(run(program("identity").env("GCE_METADATA_HOST", "127.0.0.1:8001")).code, Some(0));
        let both = run(program("identity --server 127.0.0.1:8002").env("GCE_METADATA_HOST", "127.0.0.1:8001"));
        assert_eq!((both.code, named.count(), other.count()), (Some(0), 1, 1));
    });
}

#[test]
fn a_variable_that_names_no_server_is_told_of() {
    in_pod(|| {
        for value in [&b"http://metadata"[..], b"a b", b"\xff"] {
            let ended = run(program("identity").env("GCE_METADATA_HOST", OsStr::from_bytes(value)));
            let wanted = "seaworthy-wait: the variable GCE_METADATA_HOST: `";
            assert_eq!(ended.code, Some(125), "{}", ended.stderr);
            assert!(ended.stderr.starts_with(wanted) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
        }
        // Not asked for where an option says it, or where it is empty.
        let server = server("127.0.0.1:8001", token);
        let named = run(program("identity --server 127.0.0.1:8001").env("GCE_METADATA_HOST", "a b"));
        assert_eq!((named.code, server.count()), (Some(0), 1));
        let empty = run(program("identity --timeout 0s --attempt-timeout 10ms").env("GCE_METADATA_HOST", ""));
        assert!(empty.stderr.contains("the metadata server at http://169.254.169.254: "), "{}", empty.stderr);
    });
}

#[test]
fn a_server_that_begins_late_is_waited_for() {
    in_pod(|| {
        let waiting = Running::start(&mut program("identity --server 127.0.0.1:8001"));
        waiting.says("waiting for the metadata server at http://127.0.0.1:8001: connection refused");
        let server = server("127.0.0.1:8001", token);
        let ended = waiting.ended();
        assert_eq!((ended.code, server.count()), (Some(0), 1));
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    });
}

#[test]
fn every_failure_is_asked_again_until_there_is_a_token() {
    in_pod(|| {
        let failures = [
            answer(403, "Metadata-Flavor: Google\r\n", ""),
            answer(404, "Metadata-Flavor: Google\r\n", TOKEN),
            answer(429, "Metadata-Flavor: Google\r\n", ""),
            answer(500, "", ""),
            answer(503, "", ""),
            answer(302, "Location: http://127.0.0.1:8001/\r\n", ""),
            answer(204, "Metadata-Flavor: Google\r\n", ""),
            answer(200, "", TOKEN),
            answer(200, "Metadata-Flavor: Goggle\r\n", TOKEN),
            answer(200, "Metadata-Flavor: Google\r\n", "{}"),
            answer(200, "Metadata-Flavor: Google\r\n", r#"{"access_token":""}"#),
            answer(200, "Metadata-Flavor: Google\r\n", &format!("error: {TOKEN}")),
            answer(200, "Metadata-Flavor: Google\r\n", &format!("{TOKEN}garbage")),
            answer(200, "Metadata-Flavor: Google\r\n", &format!(r#"{{"a":{TOKEN}}}"#)),
            answer(200, "Metadata-Flavor: Google\r\nContent-Length: 5\r\n", TOKEN),
            answer(200, "Metadata-Flavor: Google\r\n", &long_token(64 * 1024 + 1)),
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\nContent-Length: -1\r\n\r\n{TOKEN}")),
            Reply::Bytes("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n\r\n{\"access_token\":\"abc\"".to_owned()),
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\nContent-Length: 999\r\n\r\n{TOKEN}")),
            Reply::Stall("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\nContent-Length: 9\r\n\r\n{"),
            Reply::Endless("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n\r\n", "aaaaaaaaaaaaaaaa"),
            Reply::Close,
            Reply::Reset,
            Reply::Stall(""),
        ];
        for (index, failure) in failures.into_iter().enumerate() {
            let address = format!("127.0.0.1:{}", 8001 + index);
            let mut replies = vec![failure.clone(), failure.clone(), token()].into_iter();
            let server = server(&address, move || replies.next().unwrap_or_else(token));
            let ended = run(&mut program(&format!("identity --attempt-timeout 150ms --server {address}")));
            assert_eq!((ended.code, server.count()), (Some(0), 3), "{failure:?}: {}", ended.stderr);
        }
    });
}

#[test]
fn a_server_that_is_never_ready_ends_with_the_time() {
    in_pod(|| {
        let silent = Server::start("127.0.0.1:8001", [Reply::Stall("")]);
        let refusing = Server::start("127.0.0.1:8002", [answer(403, "Metadata-Flavor: Google\r\n", "")]);
        for (port, why) in [(8000, "connection refused"), (8001, "no answer in time"), (8002, "answered 403")] {
            let ended =
                run(&mut program(&format!("identity --timeout 300ms --attempt-timeout 24h --server 127.0.0.1:{port}")));
            assert_eq!(ended.code, Some(124), "{port}: {}", ended.stderr);
            assert!(
                ended.stderr.contains(&format!(
                    "gave up after 300ms of waiting for the metadata server at http://127.0.0.1:{port}: {why}; does this pod"
                )),
                "{port}: {}",
                ended.stderr
            );
        }
        // The silent one was given all the time, and no more.
        assert_eq!(silent.count(), 1);
        assert!(refusing.count() > 1);
    });
}

#[test]
fn chunks_and_pieces_are_read_whole() {
    in_pod(|| {
        let head = "HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n";
        let chunks = format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n8\r\n{{\"access\r\n{:x};x=y\r\n_token\": \"ya29\"}}\r\n0\r\n\r\n",
            16
        );
        let until_end = format!("{head}\r\n{TOKEN}");
        let longest = long_token(64 * 1024);
        let longest = format!("{head}Content-Length: {}\r\n\r\n{longest}", longest.len());
        for (index, reply) in [chunks, until_end, longest].into_iter().enumerate() {
            let address = format!("127.0.0.1:{}", 8001 + index);
            let server = Server::start(&address, [Reply::Bytes(reply.clone())]);
            let ended = run(&mut program(&format!("identity --server {address}")));
            assert_eq!((ended.code, server.count()), (Some(0), 1), "{reply}: {}", ended.stderr);
        }
    });
}
