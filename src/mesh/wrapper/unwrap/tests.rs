use super::*;
use proptest::prelude::*;

fn without(script: &str) -> Result<String, CannotUnwrap> {
    let command = ["/bin/sh", "-c", script];
    let start = ContainerStart { name: "app", image: "app:1", command: &command, args: &[], env: &[] };
    match start.without_proxy_wait(Rest::NeverMeansProxy)? {
        Unwrapped::Script { at: 2, text } => Ok(text),
        other => panic!("{other:?}"),
    }
}

/// Spellings found in public manifests, and what is left of them.
const UNWRAPPED: [(&str, &str); 45] = [
    ("until curl -fsI http://localhost:15021/healthz/ready; do sleep 3; done; exec /app", "exec /app"),
    (
        "until curl --head localhost:15000 ; do echo Waiting for Sidecar; sleep 3 ; done ; echo Sidecar available; /app",
        "echo Sidecar available; /app",
    ),
    ("until curl --head localhost:15000\ndo\n  echo 'Waiting for Sidecar...'\n  sleep 3\ndone\n/app", "/app"),
    ("while ! curl -s -f http://127.0.0.1:15020/healthz/ready; do sleep 1; done; /app --x 'a; b'", "/app --x 'a; b'"),
    ("while ! nc -z localhost 15021; do sleep 1; done && /app", "/app"),
    ("while ! nc -z localhost 15021; do sleep 1; done &&\n  /app", "/app"),
    ("while ! nc -z localhost 15021; do sleep 1; done && \\\n  /app", "/app"),
    (
        "until wget -q --spider http://127.0.0.1:15021/healthz/ready > /dev/null 2>&1; do sleep 1; done; /app \"$@\"",
        "/app \"$@\"",
    ),
    (
        "until wget -qO- 127.0.0.1:15021/healthz/ready >/dev/null; do sleep 1; done >/dev/null 2>&1; exec \"$0\" \"$@\"",
        "exec \"$0\" \"$@\"",
    ),
    (
        "until [ \"$(curl -s -o /dev/null -w \"%{http_code}\" http://localhost:15020/healthz/ready)\" = 200 ]; do sleep 1; done; /app",
        "/app",
    ),
    (
        "STATUS=\"\"; while [ \"$STATUS\" != \"200\" ]; do sleep 1; STATUS=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:15020/healthz/ready || true); done; exec /app",
        "STATUS=\"\"; exec /app",
    ),
    ("while [ \"${S}\" != 200 ]; do S=`curl -s -w '%{http_code}' localhost:15021/healthz/ready`; done; /app", "/app"),
    ("until curl -s localhost:15000/server_info | grep -q LIVE; do sleep 1; done; /app", "/app"),
    (
        "until $(curl --output /dev/null --silent --head --fail http://localhost:15021/healthz/ready); do printf .; done; /app",
        "/app",
    ),
    ("while true; do curl -fs localhost:15021/healthz/ready && break; sleep 1; done; /app", "/app"),
    ("while :; do if curl -fs localhost:15021/healthz/ready; then echo up; break; fi; sleep 1; done; /app", "/app"),
    (
        "echo waiting && until /usr/bin/curl -fs localhost:15021/healthz/ready; do sleep 1; done && /app",
        "echo waiting && /app",
    ),
    (
        "set -e\n# the proxy first\nuntil curl -fs localhost:15021/healthz/ready > /dev/null; do\n  sleep 1\ndone\nexec \"$0\" \"$@\"\n",
        "set -e\n# the proxy first\nexec \"$0\" \"$@\"\n",
    ),
    ("  until nc -z localhost 15021; do\n    sleep 1\n  done;\n  /app\n", "  /app\n"),
    ("set -e; until nc -z localhost 15021; do sleep 1; done;\n/app", "set -e;\n/app"),
    ("set -e; until nc -z localhost 15021; do sleep 1; done\n\n/app", "set -e;\n\n/app"),
    ("until nc -z localhost 15021; do sleep 1; done # the proxy\n/app", "# the proxy\n/app"),
    ("until nc -z localhost 15020; do sleep 1; done; until nc -z localhost 15021; do sleep 1; done; /app", "/app"),
    ("cd /srv; until nc -z localhost 15021; do sleep 1; done; (a | b) > c; d || e &", "cd /srv; (a | b) > c; d || e &"),
    (
        "until nc -z localhost 15021; do date; sleep 1; done; for S in a b; do run $S; done",
        "for S in a b; do run $S; done",
    ),
    ("set -e; until nc -z localhost 15021; do sleep 1; done", "set -e;"),
    ("A=b exec scuttle /app --x", "A=b exec /app --x"),
    ("exec wait-side-car --timeout=9 --envoy-healthcheck-url=localhost:15021/ready /app --x", "exec /app --x"),
    ("until nc -z localhost 15021; do sleep 1; done || exit 1; /app", "/app"),
    ("pilot-agent wait && exec /app", "exec /app"),
    ("pilot-agent wait --timeoutSeconds 90 || { echo no proxy; exit 1; }\nexec /app", "exec /app"),
    ("timeout 60 sh -c 'until curl -fs localhost:15021/healthz/ready; do sleep 1; done'; exec /app", "exec /app"),
    ("curl --retry 30 --retry-connrefused -fs -o /dev/null localhost:15021/healthz/ready; exec /app", "exec /app"),
    ("for i in $(seq 1 30); do curl -fs localhost:15021/healthz/ready && break; sleep 1; done; exec /app", "exec /app"),
    ("for i in 1 2 3; do if nc -z localhost 15021; then break; fi; sleep 1; done; exec /app", "exec /app"),
    (
        "count=30; until curl -I localhost:15000; do count=$((count - 1)); if [ $count -lt 0 ]; then echo bypassed; break; fi; done; /app",
        "count=30; /app",
    ),
    (
        "n=0\nwhile ! curl -s -f http://127.0.0.1:15020/healthz/ready; do\n  n=$(expr $n + 1)\n  [ $n -gt 30 ] && exit 1\n  sleep 1\ndone\nnode index.js",
        "n=0\nnode index.js",
    ),
    ("while true; do nc -z localhost 15021 && break; [ $n -gt 30 ] && exit 1; sleep 1; done; /app", "/app"),
    ("until (echo > /dev/tcp/127.0.0.1/15021) 2>/dev/null; do sleep 1; done; exec /app", "exec /app"),
    ("until timeout 1 bash -c '</dev/tcp/localhost/15020'; do sleep 1; done; exec /app", "exec /app"),
    (
        "until curl -fsI localhost:15021/healthz/ready; do sleep 3; done; echo ready && /job && x=$(echo $?)",
        "echo ready && /job && x=$(echo $?)",
    ),
    ("while ! curl -fs localhost:15020/healthz/ready; do echo waiting && sleep 1; done; a; (echo $?)", "a; (echo $?)"),
    ("until curl -fs -H foo localhost:15021/healthz/ready; do sleep 1; done; /app", "/app"),
    ("until nc -z localhost 15021; do [ -n a ] && echo b; sleep 1; done; /app", "/app"),
    ("set -e\nuntil nc -z localhost 15021; do sleep 1; done  \n/app", "set -e\n/app"),
];

#[test]
fn exactly_the_wait_is_taken_out() {
    let admin = [("ENVOY_ADMIN_API", Some("http://127.0.0.1:15000"))];
    for (script, wanted) in UNWRAPPED {
        let command = ["bash", "-eo", "pipefail", "-c", script];
        let start = ContainerStart { name: "app", image: "app:1", command: &command, args: &["x"], env: &admin };
        let text = Unwrapped::Script { at: 4, text: wanted.to_owned() };
        assert_eq!(start.without_proxy_wait(Rest::NeverMeansProxy), Ok(text), "{script}");
    }
}

#[test]
fn what_is_more_than_a_wait_stays() {
    let more = |word: &str| CannotUnwrap::DoesMore(word.to_owned());
    for (script, wanted) in [
        ("until curl -fs localhost:15021/healthz/ready && nc -z db 5432; do sleep 1; done; /app", more("nc")),
        ("until curl -fs localhost:15021/healthz/ready http://db:80/; do sleep 1; done; /app", more("curl")),
        ("until curl -fs localhost:15021/healthz/ready -o answer; do sleep 1; done; /app", more("curl")),
        ("until curl -fs localhost:15021/healthz/ready > /var/answer; do sleep 1; done; /app", more("/var/answer")),
        ("until curl -fs localhost:15021/healthz/ready; do /refresh; sleep 1; done; /app", more("/refresh")),
        ("until curl -fs localhost:15021/healthz/ready; do read -t 1 X; done; /app", more("read")),
        ("until curl -fs localhost:15021/healthz/ready; do echo $(hostname); done; /app", more("hostname")),
        ("until curl -fs localhost:15021/healthz/ready; do echo ${N=1}; done; /app", more("$")),
        ("until nc -z localhost 15021; do n=$((n=1)); sleep 1; done; /app", more("$")),
        ("until nc -z localhost 15021; do n=$((++n)); sleep 1; done; /app", more("$")),
        ("until nc -z localhost 15021; do : $((n+1)); sleep 1; done; /app", more("$")),
        ("until nc -z localhost 15021; do ((n++)); sleep 1; done; /app", more("n++")),
        ("until nc -z localhost 15021; do (/refresh); done; /app", more("/refresh")),
        ("until nc -z localhost 15021; do /refresh>/dev/null; done; /app", more("/refresh")),
        ("until nc -z localhost 15021; do [ -f x ] && echo a; done; /app", more("[")),
        ("until nc -z localhost 15021; do [ a = /etc/x ] && echo a; done; /app", more("[")),
        ("timeout 9 sh -c 'until nc -z localhost 15021; do /refresh; done'; /app", more("timeout")),
        ("while true; do [ $n = 9 ] && exit 1; nc -z localhost 15021 && break; done; /app", more("exit")),
        ("while true; do [ $n = 9 ] && continue; nc -z localhost 15021 && break; done; /app", more("continue")),
        (
            "while [ \"$S\" != 200 ]; do S=$(curl -w '%{http_code}' localhost:15021/healthz/ready); [ $n = 9 ] && exit 1; done; /app",
            more("exit"),
        ),
        ("sh -c 'until nc -z localhost 15021; do sleep 1; done; exit 1' || exec /app", more("sh -c")),
        ("sh -c 'until nc -z localhost 15021; do sleep 1; done; exit 1' && /app", more("sh -c")),
        ("timeout 60 bash -c 'until nc -z localhost 15021; do sleep 1; done; false' || exec /app", more("sh -c")),
        ("(sh -ec 'until nc -z localhost 15021; do sleep 1; done; false; exit 0') || /app", more("sh -c")),
        ("sh -c 'while true; do nc -z localhost 15021 && exit 3; sleep 1; done' || /app", more("sh -c")),
        ("sh -c 'until nc -z localhost 15021; do sleep 1; done && exit 1 || exit 0' && /app", more("sh -c")),
        ("while true; do curl -fs localhost:15021/healthz/ready && exec /app; sleep 1; done; /other", more("exec")),
        (
            "R=1; while [ $R -ne 0 ]; do curl -fs localhost:15021/healthz/ready; R=$?; [ $R -eq 0 ] && exit 0; done; /app",
            more("exit"),
        ),
    ] {
        assert_eq!(without(script), Err(wanted), "{script}");
    }
}

#[test]
fn a_loop_over_an_exit_code_leaves_what_it_began_with() {
    let script =
        "RC=1; while [ $RC -gt 0 ]; do curl -fs localhost:15021/healthz/ready -o /dev/null; RC=$?; done; exec /app";
    assert_eq!(without(script).as_deref(), Ok("RC=1; exec /app"));
    assert_eq!(without(&format!("{script} $RC")), Err(CannotUnwrap::Reads("RC".to_owned())));
}

#[test]
fn what_is_left_must_not_need_the_wait() {
    let reads = |name: &str| CannotUnwrap::Reads(name.to_owned());
    let wait = "while [ \"$S\" != 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done";
    let start = "until nc -z localhost 15021; do sleep 1; done";
    for (script, wanted) in [
        (format!("{wait}; /app --status $S"), reads("S")),
        (format!("{wait}; /app \"${{S:-none}}\""), reads("S")),
        (format!("{wait}; export S; /app"), reads("S")),
        (format!("export S; {wait}; /app"), reads("S")),
        (format!("set -ea; {wait}; /app"), reads("S")),
        (format!("{start}; echo $?"), reads("$?")),
        (format!("{start}; if [ $? = 0 ]; then /app; fi"), reads("$?")),
        (format!("{start}; echo ready; kill $!; /app"), reads("$!")),
        (format!("{start}; X=$SECONDS; /app $X"), reads("SECONDS")),
        (format!("{start}; /job; curl -XPOST localhost:15020/quitquitquit"), CannotUnwrap::StillMeansProxy),
        (format!("{start}; /job; curl -s localhost:15020/quitquitquit"), CannotUnwrap::StillMeansProxy),
        (format!("{start}; /job; pkill envoy"), CannotUnwrap::StillMeansProxy),
        (format!("trap 'curl -XPOST localhost:15020/quitquitquit' EXIT; {start}; /job"), CannotUnwrap::StillMeansProxy),
        (
            format!("{start}; URL=localhost:15021/ready; [ -e /x ] || URL=; until curl $URL; do :; done; /app"),
            CannotUnwrap::StillMeansProxy,
        ),
        (start.to_owned(), CannotUnwrap::OnlyWaits),
        (format!("{start}\n"), CannotUnwrap::OnlyWaits),
    ] {
        assert_eq!(without(&script), Err(wanted), "{script}");
    }
    assert_eq!(without(&format!("{wait}; java -jar app.jar")), Ok("java -jar app.jar".to_owned()));
}

/// With a proxy in the pod the rest may tell it to quit, as it did before.
#[test]
fn beside_a_proxy_only_the_wait_goes() {
    for (script, wanted) in [
        (
            "trap 'curl -XPOST localhost:15020/quitquitquit' EXIT; while ! curl -sf localhost:15020/healthz/ready; do sleep 1; done; sleep 2; /job",
            "trap 'curl -XPOST localhost:15020/quitquitquit' EXIT; sleep 2; /job",
        ),
        (
            "until curl -fsI localhost:15021/healthz/ready; do sleep 3; done; /job; x=$(echo $?); curl -XPOST localhost:15020/quitquitquit && exit $x",
            "/job; x=$(echo $?); curl -XPOST localhost:15020/quitquitquit && exit $x",
        ),
    ] {
        let command = ["/bin/sh", "-c", script];
        let start = ContainerStart { name: "job", image: "job:1", command: &command, args: &[], env: &[] };
        let text = Unwrapped::Script { at: 2, text: wanted.to_owned() };
        assert_eq!(start.without_proxy_wait(Rest::MeansProxy), Ok(text));
        assert_eq!(start.without_proxy_wait(Rest::NeverMeansProxy), Err(CannotUnwrap::StillMeansProxy));
    }
}

#[test]
fn what_is_not_followed_is_left_alone() {
    for script in [
        "echo a && until nc -z localhost 15021; do sleep 1; done || exit 1; /app",
        "until nc -z localhost 15021; do sleep 1; done || exit 1 && /app",
        "until nc -z localhost 15021; do sleep 1; done | tee; /app",
        "until nc -z localhost 15021; do sleep 1; done & /app",
        "echo a && until nc -z localhost 15021; do sleep 1; done; /app",
        "if true; then until nc -z localhost 15021; do sleep 1; done; fi; /app",
        "cat <<EOF\nx\nEOF\nuntil nc -z localhost 15021; do sleep 1; done; /app",
        "exec /app",
        "! (until nc -z localhost 15021; do sleep 1; done) && exec /app",
        "! (until nc -z localhost 15021; do sleep 1; done) > /dev/null && exec /app",
        "! { until nc -z localhost 15021; do sleep 1; done; }; exec /app",
        "! until nc -z localhost 15021; do sleep 1; done; exec /app",
        "time (until nc -z localhost 15021; do sleep 1; done); exec /app",
        "time -p (until nc -z localhost 15021; do sleep 1; done) && exec /app",
        "echo a; ! (until nc -z localhost 15021; do sleep 1; done) || exit 1; exec /app",
        "(until nc -z localhost 15021; do sleep 1; done) || ! (exit 1); exec /app",
        "! timeout 60 sh -c 'until nc -z localhost 15021; do sleep 1; done' && exec /app",
        "up() { until nc -z localhost 15021; do sleep 1; done; }; ! up && exec /app",
    ] {
        assert_eq!(without(script), Err(CannotUnwrap::NotExact), "{script}");
    }
}

#[test]
fn wrappers_give_way_to_what_they_run() {
    let admin = ("ENVOY_ADMIN_API", Some("http://127.0.0.1:15000"));
    let other = ("GENERIC_QUIT_ENDPOINTS", Some("http://127.0.0.1:9000/quit"));
    let program = |at| Ok(Unwrapped::Program { words: at..at + 1 });
    let cases: &[(&[&str], Environment<'_>, Result<Unwrapped, CannotUnwrap>)] = &[
        (&["scuttle", "/app", "-x"], &[admin], program(0)),
        (&["/usr/bin/envoy-preflight", "/app"], &[admin], program(0)),
        (&["/sbin/tini", "-g", "--", "scuttle", "/app"], &[admin], program(3)),
        (&["env", "A=b", "tini", "--", "scuttle", "/app"], &[admin], program(4)),
        (&["catatonit", "--", "gosu", "app", "scuttle", "/app"], &[admin], program(4)),
        (
            &["busybox", "sh", "-c", "until nc -z localhost 15021; do sleep 1; done; exec /app"],
            &[],
            Ok(Unwrapped::Script { at: 3, text: "exec /app".to_owned() }),
        ),
        (
            &[
                "wait-side-car",
                "--timeout=10000",
                "--envoy-healthcheck-url=http://127.0.0.1:15021/healthz/ready",
                "/app",
            ],
            &[],
            Ok(Unwrapped::Program { words: 0..3 }),
        ),
        (
            &["tini", "--", "/bin/wait-side-car", "-timeout", "9", "--", "/app"],
            &[],
            Ok(Unwrapped::Program { words: 2..6 }),
        ),
        (&["wait-side-car", "--unknown", "/app"], &[], Err(CannotUnwrap::NotExact)),
        (&["scuttle"], &[admin], Err(CannotUnwrap::NotExact)),
        (&["scuttle", "--help"], &[admin], Err(CannotUnwrap::NotExact)),
        (&["timeout", "60", "scuttle", "/app"], &[admin], Err(CannotUnwrap::NotExact)),
        (&["scuttle", "/app"], &[admin, other], Err(CannotUnwrap::DoesMore("GENERIC_QUIT_ENDPOINTS".to_owned()))),
        (&["wait-for-envoy", "/app"], &[], Err(CannotUnwrap::NotExact)),
        (&["/entrypoint.sh"], &[], Err(CannotUnwrap::NotExact)),
        (&[], &[], Err(CannotUnwrap::NotExact)),
    ];
    for (argv, env, wanted) in cases {
        let start = ContainerStart { name: "app", image: "app:1", command: argv, args: &[], env };
        assert_eq!(start.without_proxy_wait(Rest::NeverMeansProxy), *wanted, "{argv:?}");
    }
}

#[test]
fn a_script_that_kubernetes_changes_first_is_left_alone() {
    let script =
        "while [ \"$S\" != 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; $(APP)";
    let command = ["sh", "-c", script];
    for (env, wanted) in [
        (("APP", Some("/app")), CannotUnwrap::Expanded("APP".to_owned())),
        (("S", Some("200")), CannotUnwrap::Reads("S".to_owned())),
    ] {
        let env = [env];
        let start = ContainerStart { name: "app", image: "app:1", command: &command, args: &[], env: &env };
        assert_eq!(start.without_proxy_wait(Rest::NeverMeansProxy), Err(wanted));
    }
    let command = ["sh", "-ac", script];
    let start = ContainerStart { name: "app", image: "app:1", command: &command, args: &[], env: &[] };
    assert_eq!(start.without_proxy_wait(Rest::NeverMeansProxy), Err(CannotUnwrap::Reads("S".to_owned())));
}

proptest! {
    /// Whatever a script holds, what comes out is shorter, and waits no more.
    #[test]
    fn what_is_unwrapped_waits_no_more(script in "((until|while|do|done|if|fi|then|nc -z localhost 15021|sleep 1|break|S=1|é|[ ;&|(){}'\"`$\\\\<>#\n]){0,2} ?){0,24}") {
        let script = format!("{script}until nc -z localhost 15021; do sleep 1; done;{script}");
        if let Ok(text) = without(&script) {
            prop_assert!(text.len() < script.len());
            prop_assert_eq!(script_wait(&text, Interpreter::of("bash", &[], &text, &[])), ProxyWait::None);
        }
    }
}
