use super::*;

fn call(line: &'static str) -> Option<OwnCall<'static>> {
    OwnCall::of(&line.split(' ').collect::<Vec<_>>())
}

const BOUNDED: ProxyWait = ProxyWait::Certain(Bound::Bounded);

#[test]
fn a_call_is_read_as_the_program_reads_it() {
    let cases: [(&str, Option<(OwnTask, usize)>); 24] = [
        ("/seaworthy/wait run -- /app --proxy", Some((OwnTask::Run, 3))),
        ("/seaworthy/wait -- /app", Some((OwnTask::Run, 2))),
        ("/seaworthy/wait --timeout 5s /app", Some((OwnTask::Run, 3))),
        ("/usr/bin/seaworthy-wait run /app", Some((OwnTask::Run, 2))),
        ("seaworthy-wait job --proxy --quit-after=success -- /job", Some((OwnTask::Job, 5))),
        ("seaworthy-wait drain --timeout 50s", Some((OwnTask::Drain, 4))),
        ("seaworthy-wait identity", Some((OwnTask::Identity, 2))),
        ("seaworthy-wait install /seaworthy", Some((OwnTask::Install, 3))),
        ("seaworthy-wait run -- -", Some((OwnTask::Run, 3))),
        ("seaworthy-wait run -", Some((OwnTask::Run, 2))),
        ("seaworthy-wait", None),
        ("seaworthy-wait run --", None),
        ("seaworthy-wait job", None),
        ("seaworthy-wait --help", None),
        ("seaworthy-wait wait -- /app", None),
        ("seaworthy-wait run --quit-after success -- /app", None),
        ("seaworthy-wait run --proxy=yes -- /app", None),
        ("seaworthy-wait run --timeout -- /app", None),
        ("seaworthy-wait run --timeout", None),
        ("seaworthy-wait drain /app", None),
        ("seaworthy-wait identity --proxy", None),
        ("seaworthy-wait install", None),
        ("seaworthy-wait install /a /b", None),
        ("/app run -- /app", None),
    ];
    for (line, wanted) in cases {
        assert_eq!(call(line).map(|call| (call.task, call.prefix)), wanted, "{line}");
    }
}

#[test]
fn only_what_asks_the_proxy_waits_for_it() {
    for (line, wanted) in [
        ("seaworthy-wait run -- /app", BOUNDED),
        ("seaworthy-wait run --timeout 5m --on-timeout start -- /app", BOUNDED),
        ("seaworthy-wait run --http http://db:80/ --proxy -- /app", BOUNDED),
        ("seaworthy-wait run --http http://localhost:15020/healthz/ready -- /app", BOUNDED),
        ("seaworthy-wait run --tcp 127.0.0.1:15021 -- /app", BOUNDED),
        ("seaworthy-wait job --proxy -- /app", BOUNDED),
        ("seaworthy-wait job --http=http://[::1]:15021/healthz/ready -- /app", BOUNDED),
        ("seaworthy-wait run --timeout 0s -- /app", ProxyWait::Possible),
        ("seaworthy-wait run --timeout 00ms -- /app", ProxyWait::Possible),
        ("seaworthy-wait run --timeout 0m30s -- /app", BOUNDED),
        ("seaworthy-wait run --http http://orders.shop:8080/healthz -- /app", ProxyWait::Possible),
        ("seaworthy-wait job --tcp orders.shop:8080 -- /app", ProxyWait::Possible),
        ("seaworthy-wait run --http http://localhost:8080/healthz -- /app", ProxyWait::None),
        ("seaworthy-wait run --tcp localhost:15001 -- /app", ProxyWait::Possible),
        ("seaworthy-wait job -- /app", ProxyWait::None),
        ("seaworthy-wait drain", ProxyWait::None),
        ("seaworthy-wait identity --timeout 60s", ProxyWait::None),
        ("seaworthy-wait install /seaworthy", ProxyWait::None),
    ] {
        assert_eq!(call(line).unwrap().proxy_wait(), wanted, "{line}");
    }
}

#[test]
fn of_an_option_that_is_given_twice_the_last_one_counts() {
    let call = call("seaworthy-wait run --timeout 1s --timeout=2s -- /app").unwrap();
    assert_eq!((call.value("--timeout"), call.value("--http")), (Some("2s"), None));
}

#[test]
fn the_wait_for_the_proxy_is_told_from_what_else_is_waited_for() {
    for (line, wanted) in [
        ("seaworthy-wait run -- /app", Ok(0..3)),
        ("seaworthy-wait --timeout 5s /app", Ok(0..3)),
        ("seaworthy-wait job --proxy --quit-after success -- /app", Ok(0..6)),
        ("seaworthy-wait run --http http://localhost:15020/healthz/ready -- /app", Ok(0..5)),
        ("seaworthy-wait run --timeout 5s --proxy --tcp db:1 -- /app", Ok(4..5)),
        ("seaworthy-wait --proxy --tcp db:1 -- /app", Ok(1..2)),
        ("seaworthy-wait job --quit-url http://127.0.0.1:15000/quitquitquit --proxy -- /app", Ok(0..6)),
        ("seaworthy-wait job --quit-url http://localhost:9091/quitquitquit --proxy -- /app", Ok(4..5)),
        ("seaworthy-wait job --quit-url http://localhost:9091/quitquitquit -- /app", Err("--quit-url".to_owned())),
        ("seaworthy-wait run --proxy --proxy --tcp db:1 -- /app", Err("--tcp".to_owned())),
        ("seaworthy-wait run --http http://a/ --tcp localhost:15021 -- /app", Err("--http".to_owned())),
    ] {
        assert_eq!(call(line).unwrap().waiting_words(), wanted, "{line}");
    }
}

#[test]
fn a_job_may_be_there_for_istios_proxy_alone() {
    for (line, wanted) in [
        ("seaworthy-wait job -- /app", true),
        ("seaworthy-wait job --quit-after success --quiet -- /app", true),
        ("seaworthy-wait job --quit-url http://localhost:15020/quitquitquit -- /app", true),
        ("seaworthy-wait job --quit-url=http://[::1]:15020/quitquitquit -- /app", true),
        ("seaworthy-wait job --quit-url http://localhost:9091/quitquitquit -- /app", false),
        ("seaworthy-wait job --quit-url http://envoy:15020/quitquitquit -- /app", false),
        ("seaworthy-wait job --quit-url http://localhost:15020/shutdown -- /app", false),
        ("seaworthy-wait job --quit-url localhost -- /app", false),
        ("seaworthy-wait job --proxy -- /app", false),
        ("seaworthy-wait job --tcp db:1 -- /app", false),
        ("seaworthy-wait run -- /app", false),
    ] {
        assert_eq!(call(line).unwrap().only_quits_proxy(), wanted, "{line}");
    }
}

#[test]
fn a_job_tells_the_proxy_to_quit() {
    for (text, wanted) in [
        ("/seaworthy/wait job -- /app", true),
        ("exec /seaworthy/wait job --proxy -- /app", true),
        ("/seaworthy/wait run -- job", false),
        ("/app job", false),
    ] {
        assert_eq!(ends_proxy(text), wanted, "{text}");
    }
}
