use super::*;
use crate::mesh::wrapper::Environment;
use IdentityFlaw::{AnswerUnchecked, Endless, FailureIgnored, NoTimeLimit};

const TOKEN: &str = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

fn start<'a>(command: &'a [&'a str], args: &'a [&'a str], env: Environment<'a>) -> ContainerStart<'a> {
    ContainerStart { name: "wait", image: "registry.example/curl:8", command, args, env }
}

/// `TOKEN` in a script is the address of the token.
fn flaw_of(script: &str) -> Option<IdentityFlaw> {
    let script = script.replace("TOKEN", TOKEN);
    start(&["/bin/sh", "-c", &script], &[], &[]).identity_flaw()
}

fn check(scripts: &[&str], wanted: Option<IdentityFlaw>) {
    for script in scripts {
        assert_eq!(flaw_of(script), wanted, "{script}");
    }
}

#[test]
fn questions_to_the_metadata_server_are_told_from_others() {
    let asks = |command: &[&str], env: Environment<'_>| start(command, &[], env).waits_for_identity();
    for (script, wanted) in [
        ("until curl -sf -H 'Metadata-Flavor: Google' http://metadata/x; do sleep 1; done", true),
        ("curl http://169.254.169.254/computeMetadata/v1/", true),
        ("until nc -z 169.254.169.254 80; do sleep 1; done", true),
        ("until nc -z metadata.google.internal 80; do sleep 1; done", true),
        ("until gcloud auth print-access-token > /dev/null; do sleep 1; done", true),
        ("until gcloud auth print-identity-token; do sleep 1; done", true),
        ("python3 -c 'import google.auth, time; google.auth.default()'", true),
        ("until wget -q --header='metadata-flavor: google' -O- http://169.254.169.254; do sleep 1; done", true),
        ("curl http://169.254.169.254/latest/meta-data/iam", false),
        ("curl -X PUT http://169.254.169.254:80/latest/api/token", false),
        ("curl -H Metadata:true http://169.254.169.254/metadata/instance", false),
        ("curl http://169.254.169.2540/", false),
        ("iptables -A OUTPUT -d 169.254.169.254/32 -j DROP", false),
        ("until nc -z database 5432; do sleep 1; done", false),
        ("# curl http://169.254.169.254/computeMetadata/v1/\ntrue", false),
        ("seaworthy-wait identity && exec /app", true),
        ("if ! /seaworthy/wait identity; then exit 1; fi; exec /app", true),
        ("echo seaworthy-wait identity; exec /app", false),
        ("/seaworthy/wait identity --timeout 30s || exit 1\nexec /app", true),
        ("/seaworthy/wait run -- /app", false),
        ("curl -sf http://metadata.google.internal/ &", false),
        ("(until curl -sf http://metadata.google.internal/; do sleep 1; done) & exec /app", false),
        ("(until curl -sf http://metadata.google.internal/; do sleep 1; done) & wait; exec /app", true),
        ("exec /app; until curl -sf http://metadata.google.internal/; do sleep 1; done", false),
        ("exit 0; curl -sf http://metadata.google.internal/", false),
        ("f() { curl -sf http://metadata.google.internal/; }; true", false),
        ("f() { curl -sf http://metadata.google.internal/; }; f", true),
        ("echo 'curl http://metadata.google.internal/'", false),
        ("echo 'curl http://metadata.google.internal/' | sh", true),
        ("echo 169.254.169.254 metadata.google.internal >> /etc/hosts", false),
        ("ping -c1 169.254.169.254", false),
        ("ping -c1 $(curl -s http://metadata.google.internal/)", true),
        ("iptables -t nat -A OUTPUT -d 169.254.169.254 -j ACCEPT", false),
        ("iptables -L; curl -sf http://metadata.google.internal/", true),
    ] {
        assert_eq!(asks(&["sh", "-c", script], &[]), wanted, "{script}");
    }
    assert!(asks(&["wait-for"], &[("URL", Some("http://metadata/computeMetadata/v1/"))]));
    assert!(!asks(&["wait-for"], &[("URL", Some("http://database"))]));
    assert!(asks(&["/seaworthy-wait", "identity"], &[]));
    assert!(!asks(&["/seaworthy-wait", "run"], &[]));
    let named = |name, image| ContainerStart { name, image, command: &[], args: &[], env: &[] };
    assert!(named("workload-identity-initcontainer", "a").waits_for_identity());
    assert!(named("seaworthy-wait-identity", "a").waits_for_identity());
    assert!(named("a", "example/wi-is-up:1").waits_for_identity());
    let ours = |image, command, args| ContainerStart { name: "a", image, command, args, env: &[] };
    assert!(ours("example:5000/seaworthy-wait@sha256:0a", &[], &["identity", "--quiet"]).waits_for_identity());
    assert!(!ours("seaworthy-wait", &[], &["install", "/seaworthy"]).waits_for_identity());
    assert!(!ours("seaworthy-wait", &["/app"], &["identity"]).waits_for_identity());
    assert!(!ours("my-seaworthy-wait", &[], &["identity"]).waits_for_identity());
    assert!(!named("a", "b").waits_for_identity());
}

#[test]
fn our_own_program_tries_again_in_a_script_too() {
    for (script, wanted) in [
        ("seaworthy-wait identity && exec /app", true),
        ("/seaworthy/wait identity --timeout 30s || exit 1\nexec /app", true),
        ("echo seaworthy-wait identity; exec /app", false),
        ("/seaworthy/wait drain; exec /app", false),
    ] {
        assert_eq!(start(&["tini", "--", "sh", "-c", script], &[], &[]).tries_again(), wanted, "{script}");
    }
}

#[test]
fn the_image_of_2020_is_known_in_every_registry() {
    let image = |image| ContainerStart { name: "a", image, command: &[], args: &[], env: &[] }.has_old_identity_image();
    for (name, wanted) in [
        ("gcr.io/google.com/cloudsdktool/cloud-sdk:326.0.0-alpine", true),
        ("google/cloud-sdk:326.0.0-alpine", true),
        ("cloud-sdk:326.0.0-alpine@sha256:0a", true),
        ("gcr.io/google.com/cloudsdktool/cloud-sdk:alpine", false),
        ("example/my-cloud-sdk:326.0.0-alpine", false),
    ] {
        assert_eq!(image(name), wanted, "{name}");
    }
}

#[test]
fn loops_that_only_an_answer_ends_are_endless() {
    check(
        &[
            "until curl -sf TOKEN; do sleep 1; done",
            "until curl --silent --fail TOKEN > /dev/null 2>&1; do echo waiting; sleep 1; done; echo ready",
            "while ! curl -sf TOKEN; do sleep 1; done",
            "until wget -qO /dev/null --header 'Metadata-Flavor: Google' TOKEN; do sleep 1; done",
            "until gcloud auth print-access-token > /dev/null 2>&1; do sleep 2; done",
            "until python3 -c 'import google.auth; google.auth.default()'; do sleep 1; done",
            "until [ \"$(curl -s -o /dev/null -w '%{http_code}' TOKEN)\" = 200 ]; do sleep 1; done",
            "S=0; while [ \"$S\" != 200 ]; do sleep 1; S=$(curl -s -o /dev/null -w '%{http_code}' TOKEN); done",
            "while true; do curl -sf TOKEN && break; sleep 1; done",
            "while true; do curl -sf TOKEN && exit 0; sleep 1; done",
            "while :; do if curl -sf TOKEN; then break; fi; sleep 1; done",
            "URL=TOKEN; until curl -sf $URL; do sleep 1; done",
            "export URL=TOKEN\nuntil curl -sf \"${URL}\"; do sleep 1; done",
            "set -e\nuntil curl -sf TOKEN; do sleep 1; done\nexec /app",
            "until timeout 5 curl -sf TOKEN; do sleep 1; done",
            "until curl -sf TOKEN && nc -z database 5432; do sleep 1; done",
            "while ! curl -sf TOKEN || ! nc -z database 5432\ndo sleep 1; done",
        ],
        Some(Endless),
    );
    let by_variable = start(&["sh", "-c", "until curl -sf $URL; do sleep 1; done"], &[], &[("URL", Some(TOKEN))]);
    assert_eq!(by_variable.identity_flaw(), Some(Endless));
}

#[test]
fn what_ends_otherwise_or_may_do_so_is_not_endless() {
    check(
        &[
            "i=0; until curl -sf TOKEN; do i=$((i+1)); [ $i -ge 60 ] && exit 1; sleep 1; done",
            "for i in $(seq 60); do curl -sf TOKEN && exit 0; sleep 1; done; exit 1",
            "end=$(($(date +%s)+60)); until curl -sf TOKEN; do [ $(date +%s) -gt $end ] && exit 1; sleep 1; done",
            "until curl -sf TOKEN || [ $SECONDS -gt 60 ]; do sleep 1; done",
            "until curl -sf TOKEN || [ -e /stop ]; do sleep 1; done",
            "while ! curl -sf TOKEN && [ ! -e /stop ]; do sleep 1; done",
            "until curl -sf TOKEN; true; do sleep 1; done",
            "until curl -sf TOKEN & [ -e /stop ]; do sleep 1; done",
            "while ! curl -sf TOKEN && [ $n -lt 9 ]; do /next; done",
            "until curl -sf TOKEN; do [ $n -lt 60 ] || n=0; sleep 1; done",
            "until curl -sf TOKEN; do [ $SECONDS = 60 ] && echo late; sleep 1; done",
            "until curl -sf TOKEN; do [ $n -eq 60 ] && echo late; sleep 1; done",
            "until curl -sf TOKEN; do sleep 60; kill 1; done",
            "until curl -sf TOKEN; do sleep 1; ((n++)); done",
            "until curl -sf TOKEN; do [ -e /stop ] && break; sleep 1; done",
            "while true; do curl -sf TOKEN && break; [ -e /stop ] && exit 1; sleep 1; done",
            "timeout 60 sh -c 'until curl -sf TOKEN; do sleep 1; done'",
            "while curl -sf TOKEN; do sleep 60; done",
            "until ! curl -sf TOKEN; do sleep 60; done",
            "while true; do curl -sf TOKEN > /tokens/token; sleep 60; done",
            "until nc -z database 5432; do sleep 1; done",
            "if [ -n \"$WAIT\" ]; then until curl -sf TOKEN; do sleep 1; done; fi",
            "cat <<EOF\nx\nEOF\nuntil curl -sf TOKEN; do sleep 1; done",
            "until curl -sf TOKEN; do sleep 1",
        ],
        None,
    );
    let script = "until curl -sf TOKEN; do sleep 1; done".replace("TOKEN", TOKEN);
    assert_eq!(start(&["timeout", "60", "sh", "-c", &script], &[], &[]).identity_flaw(), None);
    assert_eq!(start(&["tini", "--", "env", "A=b", "sh", "-c", &script], &[], &[]).identity_flaw(), Some(Endless));
    assert_eq!(start(&[], &["sh", "-c", &script], &[]).identity_flaw(), None, "the ENTRYPOINT is not known");
}

#[test]
fn failures_that_nobody_learns_of_are_ignored() {
    check(
        &[
            "curl -sf --retry 5 TOKEN || true",
            "curl -sf --retry 5 TOKEN || :",
            "curl -sf TOKEN || echo 'no token'",
            "curl -sf TOKEN || exit 0",
            "curl -sf TOKEN && exit 0 || echo 'gave up' >&2",
            "curl -sf TOKEN; exit 0",
            "curl -sf TOKEN\nexec /app",
            "wget -qO- TOKEN || true",
            "gcloud auth print-access-token || true",
            "echo -e waiting; curl -sf TOKEN; echo ready",
            "set -o pipefail; curl -sf TOKEN; echo ready",
        ],
        Some(FailureIgnored),
    );
}

#[test]
fn failures_that_end_the_container_are_told() {
    check(
        &[
            "curl -sf TOKEN",
            "curl -sf TOKEN || exit 1",
            "curl -sf TOKEN && exit 0 || echo 'gave up' >&2; exit 1",
            "curl -sf TOKEN || { echo 'gave up'; exit 1; }",
            "curl -sf TOKEN && echo ready",
            "set -e; curl -sf TOKEN; echo ready",
            "set -euo pipefail\ncurl -sf TOKEN\necho ready",
            "curl -sf TOKEN; if [ $? -ne 0 ]; then echo no; fi",
            "curl -sf TOKEN || kill 1",
            "curl -sf TOKEN; exit",
            "curl -sf TOKEN || echo no; false",
            "HOST=db; curl -s --retry 5 http://$HOST/x || true",
            "T=$(curl -sf TOKEN); curl -s --retry 5 http://db/$T || true",
            "T=$(wget -qO- TOKEN); curl -s --retry 5 http://db/$T || true",
            // It holds nothing back, or is never reached.
            "until curl -sf TOKEN; do sleep 1; done &",
            "until curl -sf TOKEN; do sleep 1; done && echo ready & exec /app",
            "exec /app; until curl -sf TOKEN; do sleep 1; done",
            "exit 0; curl -sf TOKEN || true",
            "curl -sf http://169.254.169.254/computeMetadata/v1/instance/zone || true",
            "curl -sf TOKEN | grep -q access_token",
            "curl -sf TOKEN & exec /app",
        ],
        None,
    );
    let script = format!("curl -sf {TOKEN}; echo ready");
    assert_eq!(start(&["bash", "-ec", &script], &[], &[]).identity_flaw(), None);
    assert_eq!(start(&["bash", "-c", &script], &[], &[]).identity_flaw(), Some(FailureIgnored));
}

#[test]
fn errors_are_answers_to_a_curl_that_does_not_look() {
    check(
        &[
            "curl -s -H 'Metadata-Flavor: Google' 'TOKEN' --retry 30 --retry-connrefused --retry-max-time 30 > /dev/null || exit 1",
            "curl -sS -Hx:f TOKEN",
            "for i in 1 2 3; do curl -s TOKEN && exit 0; sleep 1; done; exit 1",
            "for i in 1 2 3; do if curl -s TOKEN; then exit 0; fi; sleep 1; done; exit 1",
            "curl -s --retry 5 http://169.254.169.254/computeMetadata/v1/instance/zone",
        ],
        Some(AnswerUnchecked),
    );
    check(
        &[
            "curl -sS -H 'Metadata-Flavor: Google' 'TOKEN' --retry 30 --retry-connrefused --retry-max-time 60 --connect-timeout 3 --fail --retry-all-errors > /dev/null && exit 0 || echo 'Retry limit exceeded.' >&2; exit 1",
            "curl -sSf TOKEN",
            "curl --fail-with-body TOKEN",
            "wget -qO- TOKEN",
            "curl -s TOKEN | grep access_token",
        ],
        None,
    );
    assert_eq!(start(&["curl", "-s", TOKEN], &[], &[]).identity_flaw(), Some(AnswerUnchecked));
    assert_eq!(start(&["timeout", "60", "curl", "-s", TOKEN], &[], &[]).identity_flaw(), Some(AnswerUnchecked));
    assert_eq!(start(&["curl", "-s", "http://db/"], &[], &[]).identity_flaw(), None);
    assert_eq!(start(&["curl"], &["-sf", TOKEN], &[]).identity_flaw(), None);
}

#[test]
fn many_tries_with_growing_pauses_have_no_sensible_end() {
    check(&["curl -sf --retry 30 TOKEN", "curl -sf --retry=10 --retry-connrefused TOKEN"], Some(NoTimeLimit));
    check(
        &[
            "curl -sf --retry 9 TOKEN",
            "curl -sf --retry 30 --retry-max-time 60 TOKEN",
            "curl -sf --retry 30 --retry-delay 2 TOKEN",
            "curl -sf --retry 30 --max-time 60 TOKEN",
            "curl -sf --retry 30 -m 60 TOKEN",
            "curl -sfm60 --retry 30 TOKEN",
            "timeout 60 curl -sf --retry 30 TOKEN",
        ],
        None,
    );
    let direct = start(&["curl", "-sf", "--retry", "30", TOKEN], &[], &[]);
    assert_eq!(direct.identity_flaw(), Some(NoTimeLimit));
    assert_eq!(
        direct.with_identity_options(),
        Some(CurlOptions::Words { at: 1, words: vec!["--retry-max-time", "60"] })
    );
}

#[test]
fn our_own_program_has_a_time_limit_and_fails() {
    for (argv, wanted) in [
        (&["/seaworthy-wait", "identity"][..], None),
        (&["/seaworthy-wait", "identity", "--timeout", "5m"], None),
        (&["/seaworthy-wait", "identity", "--attempt-timeout=1s", "--quiet"], None),
        (&["/seaworthy/wait", "run", "--http", TOKEN, "--on-timeout", "start", "--", "/app"], Some(FailureIgnored)),
        (&["/seaworthy/wait", "run", "--http", TOKEN, "--on-timeout=start", "--", "/app"], Some(FailureIgnored)),
        (&["/seaworthy/wait", "run", "--http", TOKEN, "--on-timeout", "fail", "--", "/app"], None),
        (&["/seaworthy/wait", "run", "--http", TOKEN, "--", "/app", "--on-timeout", "start"], None),
    ] {
        assert_eq!(start(argv, &[], &[]).identity_flaw(), wanted, "{argv:?}");
    }
}

#[test]
fn options_come_right_behind_the_curl_that_lacks_them() {
    for (script, wanted) in [
        ("curl -s TOKEN || exit 1", Some("curl --fail -s TOKEN || exit 1")),
        (
            "curl -s --retry 30 TOKEN > /dev/null || exit 1",
            Some("curl --fail --retry-max-time 60 -s --retry 30 TOKEN > /dev/null || exit 1"),
        ),
        (
            "until /usr/bin/curl -s TOKEN; do sleep 1; done",
            Some("until /usr/bin/curl --fail -s TOKEN; do sleep 1; done"),
        ),
        (
            "curl http://a; curl -s TOKEN; curl -s TOKEN",
            Some("curl http://a; curl --fail -s TOKEN; curl --fail -s TOKEN"),
        ),
        ("curl -sf TOKEN", None),
        ("curl http://a", None),
    ] {
        let (script, wanted) = (script.replace("TOKEN", TOKEN), wanted.map(|it| it.replace("TOKEN", TOKEN)));
        let options = start(&["sh", "-c", &script], &[], &[]).with_identity_options();
        assert_eq!(options, wanted.map(|text| CurlOptions::Script { at: 2, text }), "{script}");
    }
}

#[test]
fn programs_of_google_that_only_tell_about_themselves_ask_for_nothing() {
    for (script, wanted) in [
        ("gcloud --version", false),
        ("gcloud auth list && gsutil version", false),
        ("# gcloud storage ls", false),
        ("gcloud auth list | grep -q gserviceaccount", true),
        ("until gcloud auth list --format='value(account)' | grep -q gserviceaccount; do sleep 1; done", true),
        ("gcloud --version; gsutil ls gs://bucket", true),
        ("gcloud storage ls", true),
        ("gcloud auth list > /accounts; test -s /accounts", true),
    ] {
        assert_eq!(start(&["bash", "-c", script], &[], &[]).may_wait_for_identity(), wanted, "{script}");
    }
    assert!(!start(&["gcloud", "auth", "list"], &[], &[]).may_wait_for_identity());
    assert!(!start(&["/usr/bin/gcloud"], &["--version"], &[]).may_wait_for_identity());
    assert!(start(&["gcloud"], &["storage", "ls"], &[]).may_wait_for_identity());
    assert!(!start(&["ping", "-c1", "169.254.169.254"], &[], &[]).may_wait_for_identity());
}
