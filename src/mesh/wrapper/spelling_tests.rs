//! The spellings of a wait for the proxy that people write beside the plain ones. Each was run under dash and bash, with a curl that
//! fails and one that succeeds.

use super::*;

fn wait_in(shell: &str, script: &str) -> ProxyWait {
    let command = [shell, "-c", script];
    ContainerStart { name: "app", image: "registry.example/app:1", command: &command, args: &[], env: &[] }.proxy_wait()
}

fn check(shells: &[&str], wanted: ProxyWait, scripts: &[&str]) {
    for script in scripts {
        for shell in shells {
            assert_eq!(wait_in(shell, script), wanted, "{shell}: {script}");
        }
    }
}

const ANY: [&str; 2] = ["/bin/sh", "/bin/bash"];
const ENDLESS: ProxyWait = ProxyWait::Certain(Bound::Endless);
const BOUNDED: ProxyWait = ProxyWait::Certain(Bound::Bounded);

#[test]
fn loops_that_are_left_from_their_body_wait_for_ever() {
    check(
        &ANY,
        ENDLESS,
        &[
            "while true; do curl -sf localhost:15021/healthz/ready && break || sleep 1; done; exec /app",
            "while true; do curl -sf localhost:15021/healthz/ready && echo ready && break; sleep 1; done; exec /app",
            "while true; do curl -sf localhost:15021/healthz/ready && { echo ready; break; }; sleep 1; done; exec /app",
            "while true; do ! curl -sf localhost:15021/healthz/ready || break; sleep 1; done; exec /app",
            "while true; do curl -s localhost:15021/healthz/ready -o /dev/null -w \"%{http_code}\" | grep -q 200 && break; sleep 1; done; /app",
            "while :; do if curl -s localhost:15000/server_info | grep -q LIVE; then break; fi; sleep 1; done; /app",
            "while :; do if ! curl -sf localhost:15021/healthz/ready; then sleep 1; else break; fi; done; /app",
            "while true; do STATUS=$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready)\nif [ \"$STATUS\" = 200 ]; then break; fi\nsleep 1; done; exec /app",
            "while true; do S=$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready); if [ $S -eq 200 ]; then break; else sleep 1; fi; done; exec /app",
            "while true; do S=$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready); [ \"$S\" = 200 ] && break; sleep 1; done; exec /app",
            "while true; do curl -sf localhost:15021/healthz/ready; if [ $? -eq 0 ]; then break; fi; sleep 1; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready; if [ $? -ne 0 ]; then sleep 1; else break; fi; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready > /dev/null; [ $? = 0 ] && break; sleep 1; done; /app",
            "while true; do if [ \"$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready)\" = 200 ]; then break; fi; sleep 1; done; /app",
            "while sleep 1; do curl -sf localhost:15021/healthz/ready && break; done; /app",
        ],
    );
}

#[test]
fn tests_with_a_letter_in_front_and_other_programs_wait_for_ever() {
    check(
        &ANY,
        ENDLESS,
        &[
            "while [ x\"$(curl -s -o /dev/null -w \"%{http_code}\" localhost:15021/healthz/ready)\" != x200 ]; do sleep 1; done; /app",
            "while [ \"x$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready)\" != \"x200\" ]; do sleep 1; done; /app",
            "while [ x$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready) != x200 ]; do sleep 1; done; /app",
            "while [ \"X$S\" != X200 ]; do S=$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready); sleep 1; done; /app",
            "while [ ! \"$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready)\" = 200 ]; do sleep 1; done; /app",
            "until python3 -c 'import urllib.request; urllib.request.urlopen(\"http://localhost:15021/healthz/ready\")'; do sleep 1; done; /app",
            "until busybox wget -q -O- localhost:15021/healthz/ready; do sleep 1; done; /app",
            "while ! busybox nc -z localhost 15021; do sleep 1; done; /app",
            "until socat /dev/null TCP:localhost:15021; do sleep 1; done; /app",
            "until http --check-status localhost:15021/healthz/ready; do sleep 1; done; /app",
        ],
    );
}

#[test]
fn double_brackets_are_a_test_where_the_command_names_bash() {
    let scripts = [
        "while [[ \"$(curl -s -o /dev/null -w \"%{http_code}\" localhost:15021/healthz/ready)\" != \"200\" ]]; do sleep 1; done; exec /app",
        "while [[ \"$(curl -s -o /dev/null -w ''%{http_code}'' localhost:15021/healthz/ready)\" -ne 200 ]]; do sleep 1; done; exec /app",
        "while [[ \"$HTTP\" != 200 ]]; do HTTP=$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready); sleep 1; done; /app",
        "while [[ \"$(curl -s localhost:15000/server_info)\" != *LIVE* ]]; do sleep 1; done; /app",
        "while [[ ! \"$(curl -s localhost:15000/server_info)\" =~ LIVE ]]; do sleep 1; done; /app",
    ];
    check(&["bash", "/usr/local/bin/bash"], ENDLESS, &scripts);
    // In another shell it is an error, which ends the loop.
    check(&["sh", "/bin/dash", "ash"], ProxyWait::Possible, &scripts);
    let other = "while [[ \"$(curl -s localhost:15020/healthz/ready)\" -ne 200 ]]; do sleep 1; done; /app";
    check(&["bash"], ProxyWait::Possible, &[other]);
    check(
        &["sh", "bash"],
        ENDLESS,
        &["until [[ $(curl -s -w '%{http_code}' localhost:15021/healthz/ready) == 200 ]]; do sleep 1; done; /app"],
    );
}

#[test]
fn functions_and_variables_are_followed_where_they_are_certain() {
    check(
        &ANY,
        ENDLESS,
        &[
            "URL=http://localhost:15021/healthz/ready; until curl -fs $URL; do sleep 1; done; /app",
            "PORT=15021; until nc -z localhost $PORT; do sleep 1; done; /app",
            "wait_for_proxy() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; wait_for_proxy; /app",
            "wait_for_proxy() {\n  echo waiting\n  while true; do\n    if curl -fs localhost:15021/healthz/ready; then return 0; fi\n    sleep 1\n  done\n}\nwait_for_proxy\nexec /app",
            "H=localhost\nP=15021\nwait_up() { local n=0; until nc -z $H $P; do n=$((n+1)); sleep 1; done; echo up; }\nwait_up && exec /app",
            "up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; } > /dev/null 2>&1; log() { echo $1; }; log a; up; /app",
            "[ -n \"$A\" ] || exit 1; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
            "die() { echo $1 >&2; exit 1; }\n[ -n \"$A\" ] || die A\nuntil curl -fs localhost:15021/healthz/ready; do sleep 1; done\nexec /app",
            "stop() { exit 0; }; trap stop TERM INT; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
            "exec > /var/log/start 2>&1; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; exec /app",
            ". /vault/env && until curl -fs localhost:15021/healthz/ready; do sleep 1; done && exec /app",
        ],
    );
    let keyword = "function up { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; up; /app";
    check(&["bash"], ENDLESS, &[keyword]);
    check(&["sh"], ProxyWait::Possible, &[keyword]);
}

#[test]
fn loops_with_a_number_of_turns_are_bounded() {
    check(
        &ANY,
        BOUNDED,
        &[
            "for i in {1..60}; do curl -sf localhost:15021/healthz/ready && break || sleep 1; done; exec /app",
            "for i in $(seq 1 100); do if curl -s localhost:15021/healthz/ready; then echo up; break; else sleep 1; fi; done; /app",
            "for i in 1 2 3; do curl -sf localhost:15021/healthz/ready && exit 0; sleep 1; done; exit 1",
            "up() { for i in $(seq 60); do curl -sf localhost:15021/healthz/ready && return 0; sleep 1; done; exit 1; }; up; /app",
            "while true; do if curl -sf localhost:15021/healthz/ready || [ $n -gt 9 ]; then break; fi; n=$((n+1)); done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready && break || kill $$; done; /app",
        ],
    );
}

#[test]
fn what_may_go_on_without_the_proxy_is_only_possible() {
    check(
        &ANY,
        ProxyWait::Possible,
        &[
            "while true; do nc -z db 5432 || curl -sf localhost:15021/healthz/ready && break; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready || break; sleep 1; done; /app",
            "while true; do ! curl -sf localhost:15021/healthz/ready && break; sleep 1; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready || echo no; break; done; /app",
            "while true; do if curl -sf localhost:15021/healthz/ready; then echo up; else break; fi; done; /app",
            "while true; do if [ -e /x ]; then break; elif curl -sf localhost:15021/healthz/ready; then break; fi; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready; echo asked; [ $? -eq 0 ] && break; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready | tee /x; [ $? -eq 0 ] && break; done; /app",
            "set -e; while true; do curl -sf localhost:15021/healthz/ready; [ $? -eq 0 ] && break; done; /app",
            "while true; do echo localhost:15021/healthz/ready && break; done; /app",
            "while true; do S=$(curl -s localhost:15021/healthz/ready); if [ $S != 200 ]; then sleep 1; else break; fi; done; /app",
            "while true; do curl -sf localhost:15021/healthz/ready && return; sleep 1; done; /app",
            "until curl -s localhost:15000/server_info | grep -L LIVE; do sleep 1; done; /app",
            "until python3 -c 'try: urlopen(\"http://localhost:15021/healthz/ready\")\nexcept: pass'; do sleep 1; done; /app",
            "until python3 /ask.py http://localhost:15021/healthz/ready; do sleep 1; done; /app",
        ],
    );
    let error =
        "while [ ! \"$S\" == 200 ]; do S=$(curl -s -w '%{http_code}' localhost:15021/healthz/ready); done; /app";
    check(&["sh"], ProxyWait::Possible, &[error]);
    check(
        &ANY,
        ProxyWait::Possible,
        &[
            "up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; up & /app",
            "up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; [ -n \"$MESH\" ] && up; /app",
            "up() { [ -n \"$MESH\" ] || return; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; up; /app",
            "up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; up() { true; }; up; /app",
            "[ -n \"$MESH\" ] && up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; up; /app",
            "up; up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; /app",
            "curl() { true; }; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
            "[ -n \"$MESH\" ] && until curl -fs localhost:15021/healthz/ready; do sleep 1; done && exec /app",
            "[ -z \"$URL\" ] && URL=localhost:15021/healthz/ready; until curl -fs $URL; do sleep 1; done; /app",
            "URL=localhost:15021/healthz/ready; . /env; until curl -fs $URL; do sleep 1; done; /app",
        ],
    );
}

#[test]
fn a_wait_that_never_runs_or_holds_nothing_back_is_none() {
    check(
        &ANY,
        ProxyWait::None,
        &[
            "exit 0; until curl -fs localhost:15021/healthz/ready; do sleep 1; done; /app",
            "exec /app; until curl -fs localhost:15021/healthz/ready; do sleep 1; done",
            "up() { until curl -fs localhost:15021/healthz/ready; do sleep 1; done; }; /app",
            "until curl -fs localhost:15021/healthz/ready; do sleep 1; done & /app",
            "(until curl -fs localhost:15021/healthz/ready; do sleep 1; done) & exec /app",
            "echo 'until curl -fs localhost:15021/healthz/ready; do sleep 1; done'; /app",
        ],
    );
}
