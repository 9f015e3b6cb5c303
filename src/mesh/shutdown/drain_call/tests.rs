use super::*;

fn script(text: &str) -> Option<DrainHook> {
    drain_hook(&["/bin/sh", "-c", text])
}

fn left(text: &str) -> DrainRest {
    DrainRest::Script { at: 2, text: text.to_owned() }
}

#[test]
fn the_rest_stays_as_it_is_written() {
    const POST: &str = "curl -sX POST http://localhost:15000/healthcheck/fail";
    for (text, rest) in [
        (format!("{POST}; sleep 30"), left("sleep 30")),
        (format!("{POST} && sleep 30"), left("sleep 30")),
        (format!("{POST} >/dev/null 2>&1 || true; sleep 30"), left("sleep 30")),
        (format!("# drain\n{POST}\nsleep 30 # enough\n"), left("# drain\nsleep 30 # enough\n")),
        (format!("{POST} || true # tell\nsleep 20 # wait\n/flush\n"), left("sleep 20 # wait\n/flush\n")),
        (format!("set -e\n  {POST}\n  # for the callers\n  sleep 20"), left("set -e\n  # for the callers\n  sleep 20")),
        (format!("sleep 5\n{POST}"), left("sleep 5\n")),
        (format!("sleep 5; {POST}\n/flush"), left("sleep 5\n/flush")),
        (format!("sleep 5; {POST} >/dev/null"), left("sleep 5")),
        (format!("sleep 5 && {POST}; /flush"), left("sleep 5; /flush")),
        (format!("sleep 5 &&\n{POST}\n/flush"), left("sleep 5\n/flush")),
        (format!("{POST};\n# for the callers\nsleep 5"), left("# for the callers\nsleep 5")),
        (format!("sleep 5 # wait\n{POST}; /flush"), left("sleep 5 # wait\n/flush")),
        (format!("sleep 5; {POST}; # tell\n/flush"), left("sleep 5\n/flush")),
        (format!("{POST} &&\n  sleep 5 # wait"), left("sleep 5 # wait")),
        (format!("{POST} && sleep 1; {POST}; sleep 30"), left("sleep 1; sleep 30")),
        (format!("{POST}; ").repeat(5) + "sleep 30", DrainRest::Unclear),
        (format!("sleep 5 && {POST} && sleep 25"), left("sleep 5 && sleep 25")),
        (format!("sleep 5; {POST} && sleep '25'"), left("sleep 5; sleep '25'")),
        (
            format!("{POST}; /app/drain --now >\"/dev/null\" || exit 1; sleep 5"),
            left("/app/drain --now >\"/dev/null\" || exit 1; sleep 5"),
        ),
        (POST.to_owned(), DrainRest::Nothing),
        (format!("{POST} || true"), DrainRest::Nothing),
        (format!("{POST}; # > that\nsleep 30"), left("sleep 30")),
        (format!("{POST}; >/dev/null sleep 30"), DrainRest::Unclear),
        (format!("{POST} | cat; sleep 30"), DrainRest::Unclear),
        (format!("{POST} || /app/drain; sleep 30"), DrainRest::Unclear),
        (format!("if true; then {POST}; fi; sleep 30"), DrainRest::Unclear),
        (format!("while sleep 1; do {POST}; done"), DrainRest::Unclear),
        (format!("({POST}); sleep 30"), DrainRest::Unclear),
        (format!("{POST} & sleep 30"), DrainRest::Unclear),
        (format!("{POST}; echo healthcheck/fail; sleep 30"), DrainRest::Unclear),
    ] {
        assert_eq!(script(&text), Some(DrainHook { is_get: false, rest }), "{text}");
    }
}

#[test]
fn a_get_is_known_by_its_options() {
    for (argv, is_get) in [
        (&["curl", "http://localhost:15000/healthcheck/fail"][..], true),
        (&["wget", "-qO-", "http://127.0.0.1:15000/healthcheck/fail"], true),
        (&["/usr/bin/wget", "-qO-", "--post-data=", "http://127.0.0.1:15000/healthcheck/fail"], false),
        (&["curl", "-XPOST", "localhost:15000/healthcheck/fail/"], false),
        (&["pilot-agent", "request", "GET", "healthcheck/fail"], true),
        (&["pilot-agent", "request", "POST", "/healthcheck/fail"], false),
        (&["bash", "-ec", "curl -fsS localhost:15000/healthcheck/fail; sleep 5"], true),
    ] {
        assert_eq!(drain_hook(argv).map(|it| it.is_get), Some(is_get), "{argv:?}");
    }
}

#[test]
fn other_calls_are_none() {
    for argv in [
        &[][..],
        &["curl", "-X", "POST", "http://localhost:8080/healthcheck/fail"],
        &["curl", "http://localhost:15000/healthcheck/ok"],
        &["sh", "-c", "curl -X POST http://localhost:8080/healthcheck/fail"],
        &["sh", "-c", "echo healthcheck/fail; sleep 5"],
        &["sh", "-c", "# curl -X POST localhost:15000/healthcheck/fail\nsleep 5"],
        &["sh", "-c"],
        &["sh", "/drain.sh"],
        &["/drain", "http://localhost:15000/healthcheck/fail"],
        &["pilot-agent", "request", "POST", "drain"],
    ] {
        assert_eq!(drain_hook(argv), None, "{argv:?}");
    }
}
