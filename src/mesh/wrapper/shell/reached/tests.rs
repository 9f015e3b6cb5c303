use super::*;
use crate::mesh::wrapper::shell::reading::Interpreter;

/// Whether `Q` may run in the script, and whether it may do so in the foreground.
fn reaches(script: &str) -> (bool, bool) {
    let reading = Reading::of(script, Interpreter::of("sh", &[], script, &[])).expect(script);
    let has_it = |reached: Option<Reached>| {
        let reached = reached.expect(script);
        reached.tokens(&reading.tokens).iter().filter_map(Token::text).any(|text| text.contains('Q'))
    };
    let in_foreground = reading.items().map(|items| Reached::in_foreground(script, &reading, &items));
    (has_it(Reached::of(script, &reading)), has_it(in_foreground))
}

#[test]
fn what_never_runs_is_told() {
    for script in [
        "trap 'Q' EXIT; exec /w",
        "trap 'Q' 0\nexec /w --all",
        "trap -- 'Q' EXIT TERM; exec /w",
        "trap 'Q' EXIT; cd /data && exec /w",
        "trap 'Q' EXIT; A=b exec /w",
        "end() { Q; }; trap end EXIT; exec /w",
        "end() { Q; }; other() { end; }; trap other EXIT; exec /w",
        "exec /w; Q",
        "exec /w && Q",
        "exec /w || Q",
        "a & exec /w; Q",
        "exec > /log 2>&1; exec /w; Q",
        "exec {out} > /log; Q",
        "exit 0; Q",
        "/w; exit $?; Q",
        "/w; exit; f() { Q; }; f",
        "trap 'Q' TERM; /w",
        "trap 'Q' SIGINT SIGTERM; /w & wait $!",
        "end() { Q; }; trap end TERM 2; /w",
        "f() { Q; }; /w",
        "f() { g; }; g() { Q; }; /w",
        "echo 'Q'; /w",
        "printf 'Q' 2>&1 > /dev/null && /w",
        "echo 'Q' >&2; echo 'Q' 1>&2; echo 'Q' > /dev/stderr; /w",
        "echo 169.254.169.254 Q >> /etc/hosts; /w",
        "# Q\n/w",
    ] {
        assert_eq!(reaches(script), (false, false), "{script}");
    }
}

#[test]
fn what_may_run_is_kept() {
    for script in [
        "/w; Q",
        "/w && Q",
        "/w || Q",
        "trap 'Q' EXIT; /w",
        "trap 'Q' EXIT TERM; /w",
        "trap 'Q' TERM; /w; kill $$",
        "trap 'Q' USR1; /w",
        "trap 'Q' EXIT; (exec /w)",
        "trap 'Q' EXIT; exec /w | cat",
        "trap 'Q' EXIT; exec /w & wait",
        "trap 'Q' EXIT; exec $NOTHING; /w",
        "trap 'Q' EXIT; exec \"$@\"",
        "trap 'Q' EXIT; exec `cat /w`; /w",
        "trap 'Q' EXIT; exec > /log 2>&1; /w",
        "trap 'Q' EXIT; [ a ] && exec /v; /w",
        "trap 'Q' EXIT; [ a ] || exec /v; /w",
        "trap 'Q' EXIT; a && exec /v & /w",
        "trap 'Q' EXIT; if a; then exec /v; fi; /w",
        "trap 'Q' EXIT; /w; exit 1",
        "[ a ] || exit 1; Q",
        "(exit 1); Q",
        "! exec /w; Q",
        "f() { Q; }; /w; f",
        "f() { Q; }; g() { f; }; trap g EXIT; /w",
        "f() { Q; }; eval $1; /w",
        "f() { Q; }; . /lib; /w",
        "f() { Q; }; $COMMAND; /w",
        "f() { Q; }; `cat /w`",
        "f() { Q; }; exec \"$@\"",
        "f() { Q; }; (f) &",
        "echo 'Q' | sh",
        "echo 'Q' > /q.sh; sh /q.sh",
        "echo \"$(Q)\"; /w",
        "echo `Q`; /w",
        "{ echo Q; } | sh",
        "printf 'Q' > /dev/tcp/127.0.0.1/1",
        "exec 3<>/dev/tcp/127.0.0.1/1; printf 'Q' >&3; cat <&3",
        "exec >/dev/tcp/127.0.0.1/1; echo Q",
        "exec 9> $PIPE; echo Q >&9",
        "exec {out}> $PIPE; echo Q >&$out",
        "if /w; then Q; fi",
    ] {
        assert_eq!(reaches(script), (true, true), "{script}");
    }
}

#[test]
fn what_holds_nothing_back_is_not_in_the_foreground() {
    for (script, wanted) in [
        ("curl Q & exec /w", false),
        ("(until curl -sf Q; do sleep 1; done) & exec /w", false),
        ("until curl -sf -o /dev/null Q 2>&1; do echo a; sleep 1; done & exec /w", false),
        ("timeout 9 sh -c 'until nc -z Q; do sleep 1; done' & /w", false),
        ("until [ \"$(curl -s -w '%{http_code}' Q)\" = 200 ]; do sleep 1; done && echo up & /w", false),
        ("a; b & curl Q & /w", false),
        ("curl Q & wait; /w", true),
        ("curl Q & PID=$!; while [ -d /proc/$PID ]; do sleep 1; done; /w", true),
        ("(curl Q && /w) & sleep infinity", true),
        ("(until curl Q; do sleep 1; done; touch /ready) & /w", true),
        ("curl Q > /answer & while [ ! -s /answer ]; do sleep 1; done; /w", true),
        ("curl -o /answer Q & while [ ! -s /answer ]; do sleep 1; done; /w", true),
        ("until curl Q; do sleep 1; done; /w & tail -f /log", true),
        ("(until curl Q; do sleep 1; done; exec /w) & /v", true),
        ("echo `curl Q; touch /ready` & /w", true),
        ("echo $(curl Q; touch /ready) & /w", true),
    ] {
        assert_eq!(reaches(script), (true, wanted), "{script}");
    }
}
