//! Addresses of the pod's own proxy, as they are written in commands.

use memchr::memchr_iter;
use regex::Regex;
use std::sync::OnceLock;

/// Ports on which the proxy or its agent says whether it is ready: Envoy's admin, the agent, and the health listener
/// (<https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>).
const READY_PORTS: [&str; 3] = ["15000", "15020", "15021"];
/// Paths that answer once the proxy is ready; on 15000 the bare root is in use as well, as it answers once Envoy is up.
const READY_PATHS: [&str; 5] = ["", "/", "/healthz/ready", "/ready", "/server_info"];
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether the text asks the local proxy if it is ready: `http://localhost:15021/healthz/ready`, `127.0.0.1:15000`, `nc -z localhost 15021`,
/// `/dev/tcp/127.0.0.1/15020`. Other paths (`/quitquitquit`, `/stats`) and other hosts are not meant.
pub(in crate::mesh::wrapper) fn asks_if_ready(text: &str) -> bool {
    // From the port to the host in front of it: most texts have no such port.
    places_of_ports(text)
        .any(|at| READY_PORTS.iter().any(|port| text[at..].starts_with(port)) && is_ready_endpoint(text, at))
}

/// Where a number begins that may be a port of the proxy.
fn places_of_ports(text: &str) -> impl Iterator<Item = usize> {
    memchr_iter(b'1', text.as_bytes()).filter(|at| text.as_bytes()[*at..].starts_with(b"150"))
}

/// Whether this is where a shell's redirection asks the local proxy: bash connects when it opens `/dev/tcp/HOST/PORT`.
pub(in crate::mesh::wrapper) fn asks_by_device(target: &str) -> bool {
    target.strip_prefix(">/dev/tcp/").is_some_and(asks_if_ready)
}

/// Whether there is any sign that the text has to do with the proxy being ready, whatever the host and however it is put together:
/// a program or option that waits for it by its name, a listener that it opens when it is ready, or a path of readiness beside one of
/// the other ports. A sign, no proof.
pub fn mentions_readiness(text: &str) -> bool {
    const SIGNS: [&str; 3] = ["/ready", "healthz/ready", "server_info"];
    let is_digit = |it: char| it.is_ascii_digit();
    let has = |port: &str| {
        let ends = |rest: &str| !rest.starts_with(is_digit);
        let mut places = places_of_ports(text).filter(|at| !text[..*at].ends_with(is_digit));
        places.any(|at| text[at..].strip_prefix(port).is_some_and(ends))
    };
    may_mention_readiness(text)
        && (asks_if_ready(text)
            || names_a_wait(text)
            || LISTENERS.iter().any(|port| has(port))
            || (has("15020") || has("15000")) && SIGNS.iter().any(|sign| text.contains(sign)))
}

/// Whether a port of the proxy or a word about waiting is in the text at all: most that is looked through are settings, with none.
fn may_mention_readiness(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new("150(?:0[016]|2[01])|(?i:wait)").ok());
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// The health listener, and those that take the pod's traffic.
const LISTENERS: [&str; 3] = ["15021", "15001", "15006"];

/// Whether one of the words says that it waits for the proxy: `wait-for-istio.sh`, `--wait-for-sidecar`, `WAIT_FOR_ENVOY`.
pub(in crate::mesh::wrapper) fn names_a_wait(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const NAMES: &str = "(?i-u:istio|envoy|side-?car|proxy)";
    const WAIT: &str = "(?i-u:wait)";
    let pattern = PATTERN.get_or_init(|| Regex::new(&format!(r"{WAIT}\S*{NAMES}|{NAMES}\S*{WAIT}")).ok());
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Whether a port is one of the local host, with a path that says if the proxy is ready.
fn is_ready_endpoint(text: &str, port: usize) -> bool {
    let (before, behind) = (&text[..port], &text[port + READY_PORTS[0].len()..]);
    let is_local = before.strip_suffix([':', ' ', '/']).is_some_and(|before| {
        let is_name = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
        LOCAL_HOSTS.iter().filter_map(|host| before.strip_suffix(host)).any(|before| !before.ends_with(is_name))
    });
    if !is_local || behind.starts_with(|it: char| it.is_ascii_digit()) {
        return false;
    }
    let end = behind.find(|it: char| " \t\n'\"`;|&)>?".contains(it)).unwrap_or(behind.len());
    READY_PATHS.contains(&&behind[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_of_the_own_proxy_is_told_from_all_else() {
        for (text, wanted) in [
            ("http://localhost:15021/healthz/ready", true),
            ("127.0.0.1:15020/healthz/ready", true),
            ("http://[::1]:15021/healthz/ready", true),
            ("curl -fsI http://localhost:15000/ready?x=1", true),
            ("localhost:15000", true),
            ("$(curl -s http://127.0.0.1:15000/server_info)", true),
            ("nc -z localhost 15021", true),
            ("/dev/tcp/127.0.0.1/15020", true),
            ("http://localhost:15020/quitquitquit", false),
            ("http://localhost:15000/stats", false),
            ("http://localhost:150210/ready", false),
            ("http://localhost:8080/ready", false),
            ("http://istio-proxy:15021/healthz/ready", false),
            ("http://db.localhost:15021/healthz/ready", false),
            ("http://10.127.0.0.1:15021/ready", false),
            ("localhost", false),
        ] {
            assert_eq!(asks_if_ready(text), wanted, "{text}");
        }
    }

    #[test]
    fn any_sign_of_readiness_counts_as_a_mention() {
        for (text, wanted) in [
            ("http://localhost:15021/healthz/ready", true),
            ("PORT=15021; curl localhost:$PORT", true),
            ("http://$POD_IP:15020/healthz/ready", true),
            ("curl $ADMIN:15000/server_info", true),
            ("http://localhost:15020/quitquitquit", false),
            ("http://localhost:15000/stats", false),
            ("http://localhost:8080/ready", false),
            ("--serial=150213", false),
            ("until nc -z localhost 15001; do sleep 1; done", true),
            ("/scripts/wait-for-istio.sh && exec /app", true),
            ("WAIT_FOR_ENVOY=true exec /app", true),
            ("run --wAiT-for-proxy", true),
            ("nc -z $HOST 15006", true),
            ("linkerd-await -- /app", false),
        ] {
            assert_eq!(mentions_readiness(text), wanted, "{text}");
        }
    }
}
