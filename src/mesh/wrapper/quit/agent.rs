//! Is a program that nobody can read told where the proxy's agent is?
//!
//! A helper beside the work may end the proxy and have no word for it: `envoy-sidecar-helper -container=job -envoy.port=15020`. Who is
//! given a name of the proxy and the port on which it can be told to quit may do so: a sign, no proof.

use crate::mesh::wrapper::quit::PROXY_PORTS;
use crate::mesh::wrapper::{ADMIN_API, ContainerStart, basename, shell_script};

/// Words that name Istio's proxy, in lower case.
pub(super) const NAMES: [&str; 4] = ["istio", "envoy", "sidecar", "side-car"];

/// Published programs that are there to end the proxy: <https://github.com/maksim-paskal/envoy-sidecar-helper>.
const PROGRAMS: [&str; 1] = ["envoy-sidecar-helper"];

impl ContainerStart<'_> {
    /// Whether its own words name the proxy and a port of the agent, or it is a program that is there to end the proxy.
    ///
    /// A script that can be read shows what it does itself, and so does our own program.
    pub(super) fn may_know_agent(&self) -> bool {
        let argv: Vec<&str> = self.argv().collect();
        let image = basename(self.image.split('@').next().unwrap_or_default());
        let program = argv.first().map_or("", |program| basename(program));
        if [image, program].iter().any(|name| PROGRAMS.iter().any(|known| name.starts_with(known))) {
            return true;
        }
        let named = || [self.name, image].into_iter().chain(argv.iter().copied()).any(names_proxy);
        let set = || self.env.iter().filter(|(name, _)| !is_read_elsewhere(name));
        let named_by_variable = || set().any(|(name, value)| names_proxy(name) || value.is_some_and(names_proxy));
        let has_port = || {
            let alone = argv.iter().any(|word| names_port(word, ""));
            let takes_next = |option: &str| option.starts_with('-') && !option.contains('=');
            let behind_option = || argv.windows(2).any(|pair| takes_next(pair[0]) && names_port(pair[1], pair[0]));
            alone || behind_option() || set().any(|(name, value)| value.is_some_and(|value| names_port(value, name)))
        };
        has_port() && (named() || named_by_variable()) && shell_script(&argv).is_none() && self.own_call().is_none()
    }
}

/// Whether a variable is one of those that have been looked at by themselves, or the proxy's own.
fn is_read_elsewhere(name: &str) -> bool {
    name == ADMIN_API || name.starts_with("ISTIO_META_")
}

fn names_proxy(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    NAMES.iter().any(|name| word.contains(name))
}

/// Whether a text has one of the ports, as `localhost:15020` or with a word for it: `--port=15020`. In a URL with a path it is there for
/// something else: whether the proxy is ready, or its figures.
fn names_port(text: &str, name: &str) -> bool {
    let is_called_port = |before: &str| [name, before].iter().any(|it| it.to_ascii_lowercase().contains("port"));
    PROXY_PORTS.iter().any(|port| {
        let port = port.to_string();
        text.match_indices(&port).any(|(at, _)| {
            let (before, behind) = (&text[..at], &text[at + port.len()..]);
            let is_whole = !before.ends_with(|it: char| it.is_ascii_alphanumeric())
                && !behind.starts_with(|it: char| it.is_ascii_alphanumeric() || it == '.');
            let has_path = behind.strip_prefix('/').is_some_and(|path| !path.is_empty());
            is_whole && !has_path && (before.ends_with(':') || is_called_port(before))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::Environment;

    #[test]
    fn a_name_of_the_proxy_and_a_port_of_its_agent_are_a_sign() {
        let helper = "example/envoy-helper:1";
        let cases: &[(&str, &[&str], Environment<'_>, bool)] = &[
            (helper, &["-container=job", "-envoy.port=15020"], &[], true),
            (helper, &["--agent-port", "15020"], &[], true),
            (helper, &["--agent", "http://127.0.0.1:15020"], &[], true),
            (helper, &["--agent=http://127.0.0.1:15000/"], &[], true),
            (helper, &["/bin/run.sh"], &[("AGENT_PORT", Some("15020"))], true),
            ("example/job:1", &["/job"], &[("ENVOY_PORT", Some("15020"))], true),
            ("example/job:1", &["/job", "--envoy=localhost:15000"], &[], true),
            ("paskalmaksim/envoy-sidecar-helper:v1.0.5@sha256:ab", &["-container=job"], &[], true),
            ("example/job:1", &["/bin/envoy-sidecar-helper", "-container=job"], &[], true),
            // One of the two, or another port.
            (helper, &["-container=job"], &[], false),
            ("example/helper:1", &["--port=15020"], &[], false),
            (helper, &["--port=15021", "--timeout=15000", "--port=115020", "--port=15020.5"], &[], false),
            (helper, &["--limit", "15000"], &[], false),
            // What is asked there is told.
            (helper, &["--url=http://127.0.0.1:15020/healthz/ready"], &[], false),
            (helper, &["--scrape=http://localhost:15000/stats/prometheus"], &[], false),
            (helper, &["sh", "-c", "curl -s localhost:15020 ; /job"], &[], false),
            (helper, &["/seaworthy/wait", "run", "--tcp", "localhost:15020", "--", "/job"], &[], false),
            ("example/job:1", &["/job"], &[("ENVOY_ADMIN_API", Some("http://127.0.0.1:15000"))], false),
            ("example/job:1", &["/job"], &[("ISTIO_META_PORT", Some("15020"))], false),
            ("example/job:1", &["/job"], &[("ENVOY_PORT", None)], false),
        ];
        for (image, argv, env, wanted) in cases {
            let start = ContainerStart { name: "helper", image, command: argv, args: &[], env };
            assert_eq!(start.may_know_agent(), *wanted, "{image} {argv:?} {env:?}");
        }
        let named = ContainerStart { name: "istio-end", image: "a", command: &[], args: &["--port=15020"], env: &[] };
        assert!(named.may_know_agent());
    }
}
