use crate::mesh::wrapper::ContainerStart;
use crate::mesh::wrapper::identity::IdentityFlaw::{self, FailureIgnored};

/// `ASK` in a script asks for a token, and fails where there is no answer.
const ASK: &str = "curl -sf http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

fn flaw_of(shell: &str, script: &str) -> Option<IdentityFlaw> {
    let script = script.replace("ASK", ASK);
    let command = [shell, "-c", &script];
    ContainerStart { name: "wait", image: "registry.example/curl:8", command: &command, args: &[], env: &[] }
        .identity_flaw()
}

#[test]
fn loops_that_end_well_unanswered_ignore_the_failure() {
    for script in [
        "for i in 1 2 3; do ASK && break; sleep 1; done",
        "for i in $(seq 3); do if ASK; then break; fi; sleep 1; done",
        "for i in $(seq 3); do if ASK; then echo ok; exit 0; fi; sleep 1; done",
        "for i in $(seq 3); do if ASK; then exit; fi; sleep 1; done; exit 0",
        "for i in $(seq 3); do if ! ASK; then echo waiting for it; sleep 1; else break; fi; done",
        "for i in $(seq 3); do ASK && exit 0; sleep 1; done; true",
        "for i in 1 2 3; do ASK && break || sleep 1; done; echo done",
        "for i in 1 2 3; do ASK && echo ok && break; sleep 1; done",
        "for i in 1 2 3; do ASK && { echo ok; break; }; sleep 1; done",
        "for i in 1 2 3; do TOKEN=$(ASK) && break; sleep 1; done",
        "for i in 1 2 3; do timeout 5 ASK && break; sleep 1; done; exit",
        "for i in 1 2 3; do sleep 1; if ASK; then break; fi; done",
        "for i in 1 2 3; do if ASK; then break; else echo no; sleep 1; fi; done",
        "for i in 1 2 3; do if [ \"$(ASK -o /dev/null -w '%{http_code}')\" = 200 ]; then break; fi; sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && break; n=$((n+1)); sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && break; sleep 1; n=$((n + 1)); done",
        "n=3; until [ $n -le 0 ]; do ASK && exit 0; sleep 1; n=$((n - 1)); done",
        "set -e; for i in $(seq 3); do ASK && break; sleep 1; done",
        "set -e; n=0; while [ $n -lt 3 ]; do if ASK; then break; fi; n=$((n+1)); sleep 1; done",
        "n=0; while ! ASK && [ $n -lt 3 ]; do n=$((n+1)); sleep 1; done",
        "n=0; until ASK || [ $n -ge 3 ]; do n=$((n+1)); sleep 1; done",
        "n=0; until ASK; do n=$((n+1)); if [ $n -ge 3 ]; then echo giving up; exit 0; fi; sleep 1; done",
        "n=0; until ASK; do n=$((n+1)); [ $n -ge 3 ] && break; sleep 1; done; echo done",
        "n=0; while true; do ASK && break; n=$((n+1)); [ $n -lt 3 ] || break; sleep 1; done",
    ] {
        for shell in ["sh", "bash"] {
            assert_eq!(flaw_of(shell, script), Some(FailureIgnored), "{shell} {script}");
        }
    }
    let counted = "n=0; while ! ASK && [ $((n++)) -lt 3 ]; do sleep 1; done";
    assert_eq!(flaw_of("bash", counted), Some(FailureIgnored));
    assert_eq!(flaw_of("sh", counted), None, "an error for dash");
}

#[test]
fn loops_that_may_fail_unanswered_are_not_judged() {
    for script in [
        "for i in 1 2 3; do ASK && exit 0; sleep 1; done; exit 1",
        "for i in 1 2 3; do sleep 1; ASK && break; done",
        "for i in 1 2 3; do ASK && break; done",
        "for i in 1 2 3; do ASK && break; [ $i = 3 ] && exit 1; sleep 1; done",
        "for i in 1 2 3; do ASK && break; sleep 1; done; [ -s /token ]",
        "for i in 1 2 3; do ASK > /token && break; sleep 1; done; cat /token",
        "for i in 1 2 3; do ASK && ok=1 && break; sleep 1; done; [ \"$ok\" = 1 ] || exit 1",
        "for i in 1 2 3; do if ASK; then break; else false; fi; done",
        "for i in 1 2 3; do if ASK; then break; fi; sleep 1; done; ASK",
        "for i in 1 2 3; do ASK && break; sleep 1; done || exit 1",
        "for i in 1 2 3; do ASK && break; sleep 1; done; /check",
        "for i in 1 2 3; do ASK && break; /try; sleep 1; done",
        "for i in 1 2 3; do ASK && break; sleep $PAUSE; done",
        "for i in 1 2 3; do ASK && break; echo ${i:?}; done",
        "for i in 1 2 3; do ASK && break; n=$((n++)); done",
        "for i in 1 2 3; do [ \"$(ASK -w '%{http_code}')\" = 000 ] && break; sleep 1; done",
        "for i in 1 2 3; do [ -z \"$(ASK)\" ] && break; sleep 1; done",
        "for i in 1 2 3; do ASK | cat && break; sleep 1; done",
        "for i in 1 2 3; do if ASK; then break; fi; if [ $i = 3 ]; then exit 1; fi; sleep 1; done",
        "for i in 1 2 3; do ASK && break; set -e; sleep 1; done",
        "trap 'exit 1' EXIT; for i in 1 2 3; do ASK && break; sleep 1; done",
        "set -e; for i in 1 2 3; do ASK && break; false; sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && break; n=$((n+1)); sleep 1; done; [ $n -lt 3 ]",
        "n=0; until ASK || [ $n -ge 3 ]; do n=$((n+1)); [ $n -lt 3 ]; done",
        "n=0; until ASK; do n=$((n+1)); [ $n -ge 3 ] && exit 1; sleep 1; done",
    ] {
        assert_eq!(flaw_of("sh", script), None, "{script}");
    }
}

#[test]
fn loops_that_an_answer_does_not_end_are_not_judged() {
    for script in [
        "for i in 1 2 3; do ASK && exit 1; sleep 1; done",
        "for i in 1 2 3; do ASK || break; sleep 1; done",
        "for i in 1 2 3; do ASK; sleep 1; done",
        "for i in 1 2 3; do if ! ASK; then exit; fi; sleep 1; done",
        "for i in 1 2 3; do ASK && break & sleep 1; done",
        "for i in 1 2 3; do ASK && break; sleep 1; done &",
    ] {
        assert_eq!(flaw_of("sh", script), None, "{script}");
    }
}

#[test]
fn loops_without_a_certain_number_of_turns_are_not_judged() {
    for script in [
        "for ((;;)); do ASK && break; sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && break; m=$((m+1)); sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && break; n=$((n-1)); sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && break; n=$((n+1)); n=0; sleep 1; done",
        "n=0; while [ $n -lt 3 ]; do ASK && n=$((n+1)); ASK && break; sleep 1; done",
        "n=0; until ASK || [ $n -lt 0 ]; do n=$((n+1)); sleep 1; done",
        "n=0; until ASK; do n=$((n+1)); [ $n -le 0 ] && break; sleep 1; done",
    ] {
        assert_eq!(flaw_of("bash", script), None, "{script}");
    }
}
