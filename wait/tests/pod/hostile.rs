//! Answers of servers that are slow, endless, broken or malicious: none of them counts, holds us up, or makes us grow.

use crate::harness::{Reply, Running, Server, in_pod, is_emulated, program, run};

/// What a server says, and what is told of it.
fn answers() -> Vec<(Reply, &'static str)> {
    let bytes = |text: &str| Reply::Bytes(text.to_owned());
    vec![
        (Reply::Stall(""), "no answer in time"),
        (Reply::Stall("HTTP/1.1 200 OK\r\n"), "no answer in time"),
        (Reply::Trickle("HTTP/1.1 200 OK\r\nA: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n"), "no answer in time"),
        (Reply::Endless("HTTP/1.1 200 OK\r\n", "A: b\r\n"), "longer than 16 KiB"),
        (Reply::Endless("HTTP/1.1 200 OK\r\nA: ", "a"), "longer than 16 KiB"),
        (Reply::Endless("HTTP/1.1 200 ", "O"), "longer than 16 KiB"),
        (head(16 * 1024 + 1), "longer than 16 KiB"),
        (head(17_000), "longer than 16 KiB"),
        (Reply::Endless("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"), "in time"),
        (Reply::Endless("", "\0"), "not HTTP/1"),
        (Reply::Endless("<html>", "hello"), "not HTTP/1"),
        (bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not HTTP/1"),
        (bytes("HTTP/2 200\r\n\r\n"), "not HTTP/1"),
        (bytes("HTTP/1.1 20\r\n\r\n"), "no well-formed HTTP"),
        (bytes("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "no well-formed HTTP"),
        (bytes("HTTP/1.1 200 OK\r\nA: cut"), "closed before the head of the answer ended"),
        (bytes("HTTP/1.1 200 OK\n\n"), "closed before the head of the answer ended (CR LF CR LF)"),
        (bytes(""), "closed without an answer"),
        (Reply::Reset, "closed without an answer"),
        (
            bytes("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9000/\r\n\r\n"),
            "answered 302; redirects are not followed",
        ),
        (bytes("HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\n\r\n"), "answered 307; redirects are not followed"),
        (Reply::status(404), "answered 404"),
        (Reply::status(503), "answered 503"),
        (Reply::status(199), "closed before the head of the answer ended"),
        (Reply::status(999), "answered 999"),
    ]
}

/// A whole answer whose head has so many bytes.
fn head(length: usize) -> Reply {
    let (begin, end) = ("HTTP/1.1 200 OK\r\nA: ", "\r\n\r\n");
    Reply::Bytes(format!("{begin}{}{end}", "a".repeat(length - begin.len() - end.len())))
}

#[test]
fn none_of_them_counts() {
    in_pod(|| {
        let elsewhere = Server::start("127.0.0.1:9000", [Reply::ok()]);
        for (index, (reply, wanted)) in answers().into_iter().enumerate() {
            let address = format!("127.0.0.1:{}", 8001 + index);
            let server = Server::start(&address, [reply.clone()]);
            let limits = "--timeout 300ms --attempt-timeout 150ms";
            let ended = run(&mut program(&format!("run {limits} --http http://{address}/ -- echo started")));
            assert_eq!((ended.code, &*ended.stdout), (Some(124), ""), "{reply:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(wanted), "{reply:?}: wanted `{wanted}`: {}", ended.stderr);
            assert!(ended.stderr.len() < 4096, "{reply:?}: {}", ended.stderr);

            let ended = run(&mut program(&format!("identity {limits} --server {address}")));
            assert_eq!((ended.code, &*ended.stdout), (Some(124), ""), "{reply:?}: {}", ended.stderr);
            assert!(server.count() >= 2, "{reply:?}");
        }
        assert_eq!(elsewhere.count(), 0, "a redirect was followed");
    });
}

#[test]
fn whatever_came_before_the_good_answer_counts() {
    in_pod(|| {
        let bad = answers().into_iter().map(|(reply, _)| reply);
        let replies: Vec<Reply> = bad.chain([Reply::ok()]).collect();
        let count = replies.len();
        let server = Server::start("127.0.0.1:15021", replies);
        let ended = run(&mut program("run --attempt-timeout 100ms --timeout 5m -- echo started"));
        assert_eq!((ended.code, &*ended.stdout, server.count()), (Some(0), "started\n", count));
        assert!(ended.stderr.lines().count() <= 10, "{}", ended.stderr);
    });
}

#[test]
fn unusual_answers_of_honest_servers_count() {
    in_pod(|| {
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let replies = [
            Reply::Bytes(hints.to_owned()),
            head(16 * 1024),
            Reply::Stall("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            Reply::Endless("HTTP/1.1 200 OK\r\n\r\n", "body without end "),
            Reply::Trickle("HTTP/1.1 200 OK\r\n\r\n"),
        ];
        for (index, reply) in replies.into_iter().enumerate() {
            let address = format!("127.0.0.1:{}", 8001 + index);
            let server = Server::start(&address, [reply.clone()]);
            let ended = run(&mut program(&format!("run --http http://{address}/ -- echo started")));
            assert_eq!((&*ended.stdout, server.count()), ("started\n", 1), "{reply:?}: {}", ended.stderr);
        }
    });
}

#[test]
fn no_answer_makes_it_grow() {
    in_pod(|| {
        // Of an emulator the figure says nothing; there the outcome is what counts, and the test above has it.
        let most = if is_emulated() { u32::MAX } else { 2048 };
        let flood =
            Reply::Endless("HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n\r\n", "{\"a\": \"aaaaaaaaaaaaaaaaa\"}");
        let chunks = Reply::Endless(
            "HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\na\r\n",
        );
        for (index, reply) in answers().into_iter().map(|(reply, _)| reply).chain([flood, chunks]).enumerate() {
            let address = format!("127.0.0.1:{}", 8001 + index);
            let server = Server::start(&address, [reply.clone()]);
            let waiting = Running::start(&mut program(&format!("identity --attempt-timeout 100ms --server {address}")));
            crate::harness::until("three attempts", || (server.count() >= 3).then_some(()));
            let status = std::fs::read_to_string(format!("/proc/{}/status", waiting.pid())).unwrap();
            let peak =
                status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB");
            assert!(peak.parse::<u32>().unwrap() < most, "{peak} KiB after {reply:?}");
        }
    });
}
