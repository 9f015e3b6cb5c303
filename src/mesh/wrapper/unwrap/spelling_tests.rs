//! Waits that are left from their body, or said elsewhere: what is left of their scripts.

use super::*;

fn without(script: &str) -> Result<String, CannotUnwrap> {
    let command = ["sh", "-c", script];
    let start = ContainerStart { name: "app", image: "app:1", command: &command, args: &[], env: &[] };
    match start.without_proxy_wait(Rest::NeverMeansProxy)? {
        Unwrapped::Script { at: 2, text } => Ok(text),
        other => panic!("{other:?}"),
    }
}

/// What is left of scripts that say elsewhere what they ask, or how.
#[test]
fn what_only_the_wait_needs_goes_with_it() {
    const ASK: &str = "curl -fs localhost:15021/healthz/ready";
    for (script, wanted) in [
        ("URL=localhost:15021/ready; until curl -fs $URL; do sleep 1; done; exec /app", "exec /app"),
        ("set -u\nH=localhost\nP=15021\nuntil nc -z $H $P; do\n  sleep 1\ndone\nexec /app\n", "set -u\nexec /app\n"),
        ("URL=localhost:15021/ready; A=b; until curl -fs $URL; do sleep 1; done; /app $A", "A=b; /app $A"),
        ("up() { until curl -fs localhost:15021/ready; do sleep 1; done; }; up; exec /app", "exec /app"),
        (
            "up() {\n  n=0\n  until nc -z localhost 15021; do n=$((n+1)); sleep 1; done\n}\n\nup && exec /app\n",
            "\nexec /app\n",
        ),
        ("U=localhost:15021/ready; up() { until curl -fs $U; do sleep 1; done; }; up || exit 1; /app", "/app"),
        ("up() { until nc -z localhost 15021; do sleep 1; done; }; up; up; /app", "/app"),
        (
            "[ -n \"$A\" ] || exit 1; exec 2>&1; until nc -z localhost 15021; do sleep 1; done; exec /app",
            "[ -n \"$A\" ] || exit 1; exec 2>&1; exec /app",
        ),
        (". /env && until nc -z localhost 15021; do sleep 1; done && exec /app", ". /env && exec /app"),
        ("up() { until nc -z localhost 15021; do sleep 1; done; return 0; }; up; /app", "/app"),
        (
            "trap 'exit 143' TERM; until nc -z localhost 15021; do sleep 1 & wait $!; done; exec /app",
            "trap 'exit 143' TERM; exec /app",
        ),
        ("until nc -z localhost 15021; do sleep 1 & wait; done; /app & wait $!", "/app & wait $!"),
        ("{ until nc -z localhost 15021; do usleep 500000; done; } 2>/dev/null; exec /app", "exec /app"),
        ("up() { for i in 1 2; do nc -z localhost 15021 && return; done; exit 1; }; up; /app", "/app"),
    ] {
        assert_eq!(without(script), Ok(wanted.to_owned()), "{script}");
    }
    for script in [
        format!("up() {{ until {ASK}; do sleep 1; done; }}; up; [ -n \"$X\" ] && up; /app"),
        "URL=localhost:15021/ready; until curl -fs $URL; do sleep 1; done; /app $URL".to_owned(),
        "export URL=localhost:15021/ready; until curl -fs $URL; do sleep 1; done; /app".to_owned(),
    ] {
        assert_eq!(without(&script), Err(CannotUnwrap::StillMeansProxy), "{script}");
    }
    for (script, more) in [
        (format!("up() {{ until {ASK}; do sleep 1; done; exit 0; }}; up; /app"), "exit"),
        (format!("up() {{ until {ASK}; do sleep 1; done; return 1; }}; up; /app"), "return"),
        (format!("up() {{ until {ASK}; do /refresh; done; }}; up; /app"), "/refresh"),
        (format!("while true; do {ASK} && exit 0; sleep 1; done; /app"), "exit"),
        (format!("{{ until {ASK}; do sleep 1; done; exit 0; }}; /app"), "exit"),
        (format!("(while true; do [ $n = 9 ] && exit 1; {ASK} && break; done); /app"), "exit"),
    ] {
        assert_eq!(without(&script), Err(CannotUnwrap::DoesMore(more.to_owned())), "{script}");
    }
}

/// The spellings that are left from their body.
#[test]
fn loops_that_are_left_from_their_body_are_taken_out() {
    const STATUS: &str = "S=$(curl -s -o /dev/null -w '%{http_code}' localhost:15021/healthz/ready)";
    for script in [
        "while [[ \"$(curl -s -o /dev/null -w ''%{http_code}'' localhost:15021/healthz/ready)\" != \"200\" ]]; do sleep 1; done; /app",
        "while [[ \"$(curl -s localhost:15000/server_info)\" != *LIVE* ]]; do sleep 1; done; /app",
        "while true; do curl -sf localhost:15021/healthz/ready && break || sleep 1; done; /app",
        "while true; do curl -sf localhost:15021/healthz/ready && { echo ready; break; }; sleep 1; done; /app",
        "for i in {1..60}; do curl -sf localhost:15021/healthz/ready && break || sleep 1; done; /app",
        "while :; do if curl -s localhost:15000/server_info | grep -q LIVE; then break; fi; sleep 1; done; /app",
        "while [ x\"$(curl -s -o /dev/null -w \"%{http_code}\" localhost:15021/healthz/ready)\" != x200 ]; do sleep 1; done; /app",
        "until busybox wget -q -O- localhost:15021/healthz/ready; do sleep 1; done; /app",
        "while true; do curl -sf localhost:15021/healthz/ready; if [ $? -eq 0 ]; then break; fi; sleep 1; done; /app",
        &format!("while true; do {STATUS}\nif [ \"$S\" = 200 ]; then break; fi\nsleep 1; done; /app"),
        &format!("while true; do {STATUS}; [ \"$S\" = 200 ] && break; sleep 1; done; /app"),
    ] {
        let command = ["bash", "-c", script];
        let start = ContainerStart { name: "app", image: "app:1", command: &command, args: &[], env: &[] };
        let text = Unwrapped::Script { at: 2, text: "/app".to_owned() };
        assert_eq!(start.without_proxy_wait(Rest::NeverMeansProxy), Ok(text), "{script}");
    }
}
