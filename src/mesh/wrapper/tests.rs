use super::*;
use proptest::prelude::*;

fn argv_wait(argv: &[&str], env: Environment<'_>) -> ProxyWait {
    ContainerStart { name: "app", image: "registry.example/app:1", command: argv, args: &[], env }.proxy_wait()
}

fn sh(script: &str) -> ProxyWait {
    argv_wait(&["/bin/sh", "-c", script], &[])
}

const ENDLESS: ProxyWait = ProxyWait::Certain(Bound::Endless);
const BOUNDED: ProxyWait = ProxyWait::Certain(Bound::Bounded);

#[test]
fn loops_that_wait_for_ever_are_certain() {
    for script in [
        "until curl -fsI http://localhost:15021/healthz/ready; do sleep 3; done; exec /app",
        "until curl --head localhost:15000\ndo\n  echo 'Waiting for Sidecar...'\n  sleep 3\ndone\n/app",
        "while ! curl -s -f http://127.0.0.1:15020/healthz/ready; do sleep 1; done; /app",
        "while ! nc -z localhost 15021; do sleep 1; done && /app",
        "until wget -q --spider http://127.0.0.1:15021/healthz/ready > /dev/null 2>&1; do sleep 1; done; /app \"$@\"",
        "until [ \"$(curl -s -o /dev/null -w \"%{http_code}\" http://localhost:15020/healthz/ready)\" = 200 ]; do sleep 1; done; /app",
        "STATUS=\"\"; while [ \"$STATUS\" != \"200\" ]; do sleep 1; STATUS=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:15020/healthz/ready); done; exec /app",
        "until [ $S -eq 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "while [ \"${S}\" != 200 ]; do S=`curl -s -w '%{http_code}' localhost:15021/healthz/ready`; done; /app",
        "until curl -s localhost:15000/server_info | grep -q LIVE; do sleep 1; done; /app",
        "until $(curl --output /dev/null --silent --head --fail http://localhost:15021/healthz/ready); do printf .; done; /app",
        "until curl -fs localhost:15021/healthz/ready && nc -z db 5432; do sleep 1; done; /app",
        "while ! curl -fs localhost:15021/healthz/ready || ! nc -z db 5432; do sleep 1; done; /app",
        "if [ -n \"$DEBUG\" ]; then set -x; fi; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
        "while true; do curl -fs localhost:15021/healthz/ready && break; sleep 1; done; /app",
        "until timeout 1 curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
        "until (echo > /dev/tcp/127.0.0.1/15021) 2>/dev/null; do sleep 1; done; exec /app",
        "while ! true <\"/dev/tcp/localhost/15020\"; do sleep 1; done; exec /app",
        "until </dev/tcp/localhost/15020; do sleep 1; done; exec /app",
        "until timeout 1 bash -c 'cat < /dev/tcp/127.0.0.1/15021' 2> /dev/null; do sleep 1; done; /app",
        "while :; do if curl -fs localhost:15021/healthz/ready; then echo up; break; fi; sleep 1; done; /app",
        "trap 'curl -XPOST localhost:15020/quitquitquit' EXIT; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /job",
        "(until curl -fs localhost:15021/healthz/ready; do sleep 1; done); exec /app",
        "{ echo waiting; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; exec /app",
        "until curl -fs localhost:15021/healthz/ready;\ndo\n  sleep 1;\ndone\nexec /app",
        "mkdir -p /var/x; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
        "echo waiting && until /usr/bin/curl -fs localhost:15021/healthz/ready; do sleep 1; done && /app",
        "set -e\n# the proxy first\nuntil curl -fs localhost:15021/healthz/ready > /dev/null; do\n  sleep 1\ndone\nexec \"$0\" \"$@\"",
    ] {
        assert_eq!(sh(script), ENDLESS, "{script}");
    }
}

#[test]
fn waits_with_another_end_are_certain_and_bounded() {
    for script in [
        "for i in $(seq 1 30); do curl -fs localhost:15021/healthz/ready && break; sleep 1; done; /app",
        "i=0; until curl -fs localhost:15021/healthz/ready; do i=$((i+1)); [ $i -ge 30 ] && exit 1; sleep 1; done; /app",
        "until curl -fs localhost:15021/healthz/ready || [ $n -gt 60 ]; do n=$((n+1)); sleep 1; done; /app",
        "i=0; while [ $i -lt 30 ]; do curl -fs localhost:15021/healthz/ready && break; i=$((i+1)); sleep 1; done; /app",
        "curl --retry 30 --retry-connrefused --retry-delay 1 -fs http://localhost:15021/healthz/ready && exec /app",
        "count=30; until curl -I localhost:15000; do count=$((count - 1)); if [ $count -lt 0 ]; then break; fi; done; /app",
        "timeout 60 sh -c 'until curl -fs localhost:15021/healthz/ready; do sleep 1; done'; /app",
        "pilot-agent wait && /app",
        "until curl -fs localhost:15021/healthz/ready; do [ -e /no-mesh ] && break; sleep 1; done; /app",
        "while true; do curl -fs localhost:15021/healthz/ready && break; [ -e /no-mesh ] && break; sleep 1; done; /app",
        "while [ \"$S\" != 200 ]; do S=$(curl -w '%{http_code}' localhost:15021/healthz/ready); test -e /x && break; done; /app",
        "until [ \"$(curl -w '%{http_code}' localhost:15021/healthz/ready)\" = 200 -o $n -gt 9 ]; do n=$((n+1)); done; /app",
        "until curl -fs localhost:15021/healthz/ready; do [ $n -lt 60 ] || n=0; sleep 1; done; /app",
        "until curl -fs localhost:15021/healthz/ready; do [ $SECONDS = 60 ] && echo late; sleep 1; done; /app",
        "until curl -fs localhost:15021/healthz/ready; do [ $n -eq 60 ] && echo late; sleep 1; done; /app",
    ] {
        assert_eq!(sh(script), BOUNDED, "{script}");
    }
}

#[test]
fn loops_that_an_error_of_their_test_may_end_are_certain_and_of_unknown_length() {
    for script in [
        "S=0; while [ \"$S\" -ne 200 ]; do sleep 1; S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "S=000; while [ $S != 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "while [ $(curl -s -w '%{http_code}' localhost:15021/healthz/ready) -ne 200 ]; do sleep 1; done; /app",
        "while [ $(curl -s -w '%{http_code}' localhost:15021/healthz/ready) != 200 ]; do sleep 1; done; /app",
    ] {
        assert_eq!(sh(script), ProxyWait::Certain(Bound::Unknown), "{script}");
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_only_possible() {
    for script in [
        // It may not run.
        "if [ \"$WAIT\" = true ]; then until curl -fs localhost:15021/healthz/ready; do sleep 1; done; fi; /app",
        "[ -z \"$MESH\" ] || until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
        "[ -n \"$MESH\" ] && until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
        "[ -n \"$PLAIN\" ] && exec /app; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; exec /app",
        "if [ -z \"$MESH\" ]; then exec /app; fi; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; exec /app",
        // Something else may end it.
        "until curl -fs localhost:15021/healthz/ready || true; do sleep 1; done; /app",
        "until curl -fs localhost:15021/healthz/ready || [ -e /no-mesh ]; do sleep 1; done; /app",
        "while ! curl -fs localhost:15021/healthz/ready && [ -n \"$MESH\" ]; do sleep 1; done; /app",
        "until [ \"$(curl -w '%{http_code}' localhost:15021/healthz/ready)\" = 200 -o -e /no-mesh ]; do sleep 1; done; /app",
        "until curl -fs localhost:15021/healthz/ready; echo asked; do sleep 1; done; /app",
        "until curl -fs localhost:15021/healthz/ready | tee /var/answer; do sleep 1; done; /app",
        // It says what it asks elsewhere.
        "until curl -fs http://$POD_IP:15021/healthz/ready; do sleep 1; done; /app",
        // It does not hold the application back.
        "until curl -fs localhost:15021/healthz/ready; do sleep 1; done && warm-up & /app",
        "/app & until curl -fs localhost:15021/healthz/ready; do sleep 1; done; wait",
        // It goes on while the proxy is there, or leaves when it is gone.
        "while curl -fs localhost:15021/healthz/ready; do sleep 1; done; /cleanup",
        "until ! curl -fs localhost:15021/healthz/ready; do sleep 1; done",
        "while true; do curl -fs localhost:15021/healthz/ready || break; sleep 1; done",
        "while true; do if ! curl -fs localhost:15021/healthz/ready; then break; fi; sleep 1; done",
        "while true; do curl -fs localhost:15021/healthz/ready; sleep 60; done",
        "while [ \"$(curl -s -w '%{http_code}' localhost:15021/healthz/ready)\" != 000 ]; do sleep 1; done",
        "until curl -s localhost:15000/server_info | grep -v LIVE; do sleep 1; done",
        "until curl -s localhost:15000/server_info | grep -qv LIVE; do sleep 1; done",
        // An empty answer is an error of the test and ends the loop.
        "while [ \"${S}\" -ne 200 ]; do S=`curl -s -w '%{http_code}' localhost:15021/healthz/ready`; done; /app",
        "while [ $S != 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "while [ $(curl -s localhost:15020/healthz/ready) != 200 ]; do sleep 1; done; /app",
        "S=; while [ \"$S\" -ne 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "S=200; while [ $S -ne 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "S=0; S=; while [ $S -ne 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "S=0 env; while [ $S -ne 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        "S=0; while [ $S -ne 200 ]; do S=$(curl -s localhost:15020/healthz/ready); done; /app",
        "S=0; while [[ $S -ne 200 ]]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        // It stands behind the work, or the work with it.
        "/app; until curl -fs localhost:15021/healthz/ready; do sleep 1; done",
        "{ until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /migrate; }; exec /app",
        "while [[ $S != 200 ]]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app",
        // Asked once.
        "curl -fs localhost:15021/healthz/ready && /app",
        "curl --retry 30 -fs localhost:15021/healthz/ready; /app",
        // Not followed.
        "cat <<EOF\nx\nEOF\nuntil curl -fs localhost:15021/healthz/ready; do sleep 1; done",
        "until curl -fs localhost:15021/healthz/ready; do sleep 1",
        "until echo /dev/tcp/127.0.0.1/15021; do sleep 1; done; /app",
        "until : > /dev/tcp/127.0.0.1/15021; do sleep 1; done; /app",
        "until exec 3<>/dev/tcp/127.0.0.1/15021; do sleep 1; done; /app",
        "until bash -c 'true; </dev/tcp/127.0.0.1/15021'; do sleep 1; done; /app",
        "(echo waiting || until curl -fs localhost:15021/healthz/ready; do sleep 1; done); exec /app",
        "until ssh -c 'curl -fs localhost:15021/healthz/ready'; do sleep 1; done; /app",
        "until $(curl -fs localhost:15021/healthz/ready; false); do sleep 1; done; /app",
    ] {
        assert_eq!(sh(script), ProxyWait::Possible, "{script}");
    }
}

#[test]
fn what_does_not_ask_the_proxy_is_no_wait() {
    for script in [
        "exec /app",
        "until curl -fs http://db:5432/; do sleep 1; done; /app",
        "until nc -z redis 6379; do sleep 1; done; /app",
        "/job; curl -XPOST http://localhost:15020/quitquitquit",
        "while true; do curl -s localhost:15000/stats; sleep 60; done",
        "until curl -fs localhost:8080/ready; do sleep 1; done",
        "echo until; done",
        "# until curl -fs localhost:15021/healthz/ready; do sleep 1; done\nexec /app",
        "exec /app # once: wait-for-istio",
    ] {
        assert_eq!(sh(script), ProxyWait::None, "{script}");
    }
}

/// The other assignment may end the loop, so how long it lasts is not known.
#[test]
fn a_variable_that_is_set_twice_leaves_the_end_open() {
    let script = "while [ \"$S\" != 200 ]; do S=$(curl -w '%{http_code}' localhost:15021/healthz/ready); [ -e /x ] && S=200; done; /app";
    assert_eq!(sh(script), ProxyWait::Certain(Bound::Unknown));
}

#[test]
fn known_programs_wait_as_they_are_told() {
    let admin = ("ENVOY_ADMIN_API", Some("http://127.0.0.1:15000"));
    let unknown = ProxyWait::Certain(Bound::Unknown);
    let cases: &[(&[&str], Environment<'_>, ProxyWait)] = &[
        (&["scuttle", "/app"], &[admin], ENDLESS),
        (&["/bin/scuttle", "/app"], &[admin, ("WAIT_FOR_ENVOY_TIMEOUT", Some("15s"))], BOUNDED),
        (&["scuttle", "/app"], &[admin, ("QUIT_WITHOUT_ENVOY_TIMEOUT", None)], BOUNDED),
        (&["scuttle", "/app"], &[admin, ("START_WITHOUT_ENVOY", Some("true"))], ProxyWait::None),
        (&["scuttle", "/app"], &[admin, ("START_WITHOUT_ENVOY", None)], ProxyWait::Possible),
        (&["scuttle", "/app"], &[("ENVOY_ADMIN_API", Some(""))], ProxyWait::None),
        (&["scuttle", "/app"], &[("ENVOY_ADMIN_API", None)], ProxyWait::Possible),
        (&["scuttle", "/app"], &[("ENVOY_ADMIN_API", Some("http://envoy:15000"))], ProxyWait::Possible),
        (&["scuttle", "/app"], &[("ENVOY_ADMIN_API", Some("http://127.0.0.1:9901"))], ProxyWait::Possible),
        (&["/wait-for-it.sh", "localhost:15021", "--", "/app"], &[], ProxyWait::Possible),
        (&["scuttle", "/app"], &[], ProxyWait::Possible),
        (&["/usr/bin/envoy-preflight", "/app"], &[admin], ENDLESS),
        (&["wait-side-car", "--envoy-healthcheck-url=http://127.0.0.1:15021/healthz/ready", "/app"], &[], BOUNDED),
        (&["wait-side-car", "--envoy-healthcheck-url", "http://localhost:15020/healthz/ready", "/app"], &[], BOUNDED),
        (&["wait-side-car", "--envoy-healthcheck-url=http://envoy/hello", "/app"], &[], ProxyWait::Possible),
        (&["wait-for-envoy", "/app"], &[], unknown),
        (&["/tools/istio-wait", "--", "/app"], &[], unknown),
        (&["/seaworthy/wait", "--", "/app"], &[], BOUNDED),
        (&["seaworthy-wait", "--timeout", "60s", "--", "/app"], &[], BOUNDED),
        (&["/seaworthy/wait", "job", "--proxy", "--", "/app"], &[], BOUNDED),
        (&["/seaworthy/wait", "job", "--", "/app"], &[], ProxyWait::None),
        (&["/seaworthy/wait", "job", "--", "scuttle", "/app"], &[admin], ENDLESS),
        (&["/seaworthy/wait", "run", "--tcp", "db:5432", "--", "scuttle", "/app"], &[admin], ENDLESS),
        (&["/seaworthy/wait", "run", "--tcp", "db:5432", "--", "/app"], &[], ProxyWait::Possible),
        (&["/seaworthy/wait", "run", "--unknown", "--", "/app"], &[], ProxyWait::Possible),
        (&["/seaworthy/wait", "drain", "--timeout", "50s"], &[], ProxyWait::None),
        (&["sh", "-c", "exec /seaworthy/wait run -- /app"], &[], BOUNDED),
        (&["sh", "-c", "exec /seaworthy/wait job -- /app"], &[], ProxyWait::None),
        (&["seaworthy-wait", "identity"], &[], ProxyWait::None),
        (&["seaworthy-wait", "install", "/seaworthy"], &[], ProxyWait::None),
        (&["pilot-agent", "wait"], &[], BOUNDED),
        (&["pilot-agent", "proxy"], &[], ProxyWait::None),
        (&["/sbin/tini", "-g", "--", "scuttle", "/app"], &[admin], ENDLESS),
        (&["env", "A=b", "wait-for-envoy", "/app"], &[], unknown),
        (&["timeout", "-k", "5", "60", "scuttle", "/app"], &[admin], BOUNDED),
        (&["catatonit", "--", "gosu", "app", "scuttle", "/app"], &[admin], ENDLESS),
        (&["/bin/busybox", "sh", "-c", "exec su-exec app scuttle /app"], &[admin], ENDLESS),
        (&["sh", "-c", "exec scuttle /app"], &[admin], ENDLESS),
        (&["bash", "-eo", "pipefail", "-c", "wait-for-envoy; /app"], &[], unknown),
        (&["dockerize", "-wait", "http://localhost:15021/healthz/ready", "/app"], &[], ProxyWait::Possible),
        (&["linkerd-await", "--", "/app"], &[], ProxyWait::None),
        (&["/app"], &[("PROXY_READY_URL", Some("http://localhost:15021/healthz/ready"))], ProxyWait::Possible),
        (&["/entrypoint.sh"], &[], ProxyWait::None),
        (&["/entrypoint.sh"], &[("WAIT_FOR_ISTIO", Some("true"))], ProxyWait::Possible),
        (&[], &[admin], ProxyWait::Possible),
        (&[], &[("ENVOY_ADMIN_API", None)], ProxyWait::Possible),
        (&[], &[("ENVOY_ADMIN_API", Some(""))], ProxyWait::None),
        (&["/scripts/wait-for-sidecar.sh", "/app"], &[], ProxyWait::Possible),
        (&[], &[], ProxyWait::None),
    ];
    for (argv, env, wanted) in cases {
        assert_eq!(argv_wait(argv, env), *wanted, "{argv:?} {env:?}");
    }
}

#[test]
fn with_an_entrypoint_unknown_nothing_is_certain() {
    let args = ["-c", "until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app"];
    let start = |command, args| ContainerStart { name: "app", image: "a", command, args, env: &[] };
    assert_eq!(start(&[], &args).proxy_wait(), ProxyWait::Possible);
    assert_eq!(start(&[], &["wait-for-envoy", "/app"]).proxy_wait(), ProxyWait::Possible);
    assert_eq!(start(&["sh"], &args).proxy_wait(), ENDLESS);
}

#[test]
fn our_own_image_needs_no_command() {
    let start = |image, command, args| ContainerStart { name: "init", image, command, args, env: &[] };
    for (image, command, args, wanted) in [
        ("registry.example:5000/mesh/seaworthy-wait:1.0@sha256:ab", &[][..], &["identity"][..], true),
        ("seaworthy-wait", &[], &["identity", "--timeout", "5s"], true),
        ("seaworthy-wait", &[], &["install", "/seaworthy"], false),
        ("seaworthy-wait", &["/app"], &["identity"], false),
        ("mesh/seaworthy-wait:1.0", &["/seaworthy-wait", "identity"], &[], true),
        ("mesh/seaworthy:1.0", &[], &["identity"], false),
    ] {
        assert_eq!(start(image, command, args).waits_for_identity(), wanted, "{image} {args:?}");
    }
}

#[test]
fn waits_for_the_metadata_server_are_known_by_their_signs() {
    let url = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";
    let curl = ["sh", "-c", "curl --retry 30 http://metadata.google.internal/computeMetadata/v1/"];
    let cases: &[(&str, &str, &[&str], Environment<'_>, bool)] = &[
        ("init", "curl:1", &curl, &[], true),
        ("init", "curl:1", &["/wait"], &[("URL", Some(url))], true),
        ("workload-identity-initcontainer", "curl:1", &[], &[], true),
        ("seaworthy-wait-identity", "a:1", &[], &[], true),
        ("init", "ghcr.io/example/wi-is-up:2", &[], &[], true),
        ("init", "a:1", &["/seaworthy/wait", "identity", "--timeout", "60s"], &[], true),
        ("init", "a:1", &["seaworthy-wait", "--", "/app", "identity"], &[], false),
        ("init", "a:1", &["tini", "seaworthy-wait", "identity"], &[], true),
        ("init", "a:1", &["curl", "http://169.254.169.254/latest/meta-data/"], &[], false),
        ("init", "a:1", &["wget", "--header", "metadata-flavor: Google", "http://169.254.169.254/"], &[], true),
        ("init", "a:1", &["nc", "-z", "metadata.google.internal", "80"], &[], true),
        ("init", "a:1", &["sh", "-c", "until gcloud auth print-access-token; do sleep 1; done"], &[], true),
        ("init", "a:1", &["/app"], &[("GCE_METADATA_HOST", Some("metadata.google.internal"))], false),
        ("init", "a:1", &["/migrate"], &[], false),
    ];
    for (name, image, argv, env, wanted) in cases {
        let start = ContainerStart { name, image, command: argv, args: &[], env };
        assert_eq!(start.waits_for_identity(), *wanted, "{name} {image} {argv:?}");
    }
}

proptest! {
    /// Scripts come from other people: whatever they hold, there is an answer.
    #[test]
    fn every_script_has_an_answer(script in "((until|while|for|do|done|if|fi|then|curl localhost:15021/ready|break|é|[ ;&|(){}'\"`$\\\\<>#\n]){0,2} ?){0,20}") {
        sh(&script);
    }
}
