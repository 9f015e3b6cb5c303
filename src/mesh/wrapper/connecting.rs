//! Does the command of a container take a connection for an answer?
//!
//! A sidecar takes every connection of its pod before it looks for whoever is behind it, and answers HTTP itself where it finds nobody. So a
//! wait that only connects, or that does not look at the status of an answer, is over at once behind a proxy. Source:
//! <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/listeners/tcp_proxy> and
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details>.

use crate::mesh::wrapper::ContainerStart;
use regex::Regex;
use std::sync::OnceLock;

impl ContainerStart<'_> {
    /// Whether it may do so with somebody beyond its pod. A sign, good only for leaving things as they are: what the command does with
    /// the connection is not read.
    pub fn may_take_a_connection_for_an_answer(&self) -> bool {
        let argv: Vec<&str> = self.argv().collect();
        argv.iter().copied().chain([self.image_name()]).any(connects) || asks_without_a_look(&argv)
    }
}

/// Whether a text names a program that connects and asks nothing, or does so by itself.
fn connects(text: &str) -> bool {
    const SIGNS: &str = r"(?x)
        (?: ^ | [\s;|&(){}!/`'\x22] )
        (?: nc | ncat | netcat | telnet | dockerize | wait4x | wait4ports | wait-on | wait-port | wait[-_]for (?: [-_]it )? )
        (?: \.sh | \.py )? (?: [\s;|&)'\x22] | $ )
        | /dev/tcp/ | tcp:// | create_connection | connect_ex | \.connect\( | fsockopen | TCPSocket";
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    PATTERN.get_or_init(|| Regex::new(SIGNS).ok()).as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// Whether curl asks somebody elsewhere, and an answer of any status ends it well.
fn asks_without_a_look(argv: &[&str]) -> bool {
    const LOOKS: [&str; 5] = ["--fail", "http_code", "response_code", "grep", "jq"];
    const NEARBY: [&str; 4] = ["localhost", "127.0.0.1", "169.254.", "metadata"];
    let says = |sign: &str| argv.iter().any(|text| text.contains(sign));
    if !says("curl") {
        return false;
    }
    let mut words = argv.iter().flat_map(|text| text.split_whitespace());
    let is_cluster_with_f = |word: &str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        letters.contains('f') && letters.chars().all(|it| it.is_ascii_alphabetic())
    };
    !LOOKS.iter().chain(&NEARBY).any(|it| says(it)) && !words.any(is_cluster_with_f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(image: &str, argv: &[&str]) -> bool {
        ContainerStart { name: "wait", image, command: argv, args: &[], env: &[] }.may_take_a_connection_for_an_answer()
    }

    #[test]
    fn a_connection_is_no_answer() {
        for script in [
            "until nc -z -w 2 postgres 5432; do sleep 2; done",
            "while ! nc -zv db 3306;do sleep 1;done",
            "until (echo > /dev/tcp/db/5432) 2>/dev/null; do sleep 1; done",
            "./wait-for-it.sh db:5432 -t 60",
            "/opt/wait-for-it db:5432",
            "/scripts/wait_for.py db",
            "dockerize -wait tcp://db:5432 -timeout 60s",
            "python3 -c 'import socket; socket.create_connection((\"db\", 5432))'",
            "until curl -s http://search:9200; do sleep 1; done",
            "until curl -sS -o /dev/null http://search:9200/_cluster/health; do sleep 1; done",
        ] {
            assert!(sign("busybox:1.36", &["sh", "-c", script]), "{script}");
        }
        assert!(sign("busybox:1.36", &["nc", "-z", "db", "5432"]));
        assert!(sign("docker.io/willwill/wait-for-it", &["db:5432"]));
        assert!(sign("registry.local:5000/willwill/wait-for-it:1", &["db:5432"]));
        assert!(sign("ghcr.io/wait4x/wait4x:3", &["tcp", "db:5432"]));
    }

    #[test]
    fn who_looks_at_the_answer_waits_behind_a_proxy_too() {
        for script in [
            "until pg_isready -h postgres; do sleep 2; done",
            "until curl -sf http://search:9200; do sleep 1; done",
            "until curl --silent --fail http://search:9200; do sleep 1; done",
            "until [ \"$(curl -s -o /dev/null -w '%{http_code}' http://search:9200)\" = 200 ]; do sleep 1; done",
            "until curl -s http://search:9200/_cluster/health | grep -q green; do sleep 1; done",
            "until wget -qO- http://search:9200; do sleep 1; done",
            "until nslookup db; do sleep 1; done",
            "until curl -s http://localhost:15021/healthz/ready; do sleep 1; done",
            "rsync -a /from /to && launch --sync",
        ] {
            assert!(!sign("registry.example.com/shop/func:1", &["sh", "-c", script]), "{script}");
        }
    }
}
