//! Addresses of the pod's own proxy, as they are written in commands.

/// Ports on which the proxy or its agent says whether it is ready: Envoy's admin, the agent, and the health listener
/// (<https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>).
const READY_PORTS: [&str; 3] = ["15000", "15020", "15021"];
/// Paths that answer once the proxy is ready; on 15000 the bare root is in use as well, as it answers once Envoy is up.
const READY_PATHS: [&str; 5] = ["", "/", "/healthz/ready", "/ready", "/server_info"];
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether the text asks the local proxy if it is ready: `http://localhost:15021/healthz/ready`, `127.0.0.1:15000`, `nc -z localhost 15021`,
/// `/dev/tcp/127.0.0.1/15020`. Other paths (`/quitquitquit`, `/stats`) and other hosts are not meant.
pub(super) fn asks_if_ready(text: &str) -> bool {
    LOCAL_HOSTS.iter().any(|host| {
        text.match_indices(host).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let begins =
                !before.is_some_and(|character| character.is_ascii_alphanumeric() || "-_.".contains(character));
            begins && is_ready_endpoint(&text[at + host.len()..])
        })
    })
}

/// Whether a text that names a host and nothing more is local: `http://127.0.0.1:15000`.
pub(super) fn is_local(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    LOCAL_HOSTS
        .iter()
        .any(|local| host.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}

fn is_ready_endpoint(after_host: &str) -> bool {
    let Some(rest) = after_host.strip_prefix([':', ' ', '/']) else { return false };
    let Some((port, rest)) = rest.split_at_checked(5) else { return false };
    if !READY_PORTS.contains(&port) || rest.starts_with(|character: char| character.is_ascii_digit()) {
        return false;
    }
    let end = rest.find(|character: char| " \t\n'\"`;|&)>?".contains(character)).unwrap_or(rest.len());
    READY_PATHS.contains(&&rest[..end])
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
    fn local_urls_are_told_from_others() {
        for (url, wanted) in [
            ("http://127.0.0.1:15000", true),
            ("http://localhost:15000/", true),
            ("localhost", true),
            ("http://localhost.example.com", false),
            ("http://envoy:15000", false),
            ("", false),
        ] {
            assert_eq!(is_local(url), wanted, "{url}");
        }
    }
}
