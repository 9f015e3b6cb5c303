//! Is there any sign that a container ends the proxy when its work is done?
//!
//! Signs, no proof: good for being silent only. What an image does by itself nobody sees, so whatever shows that its owner
//! thought of the proxy counts.

use crate::mesh::wrapper::own_call::{OwnTask, ends_proxy};
use crate::mesh::wrapper::{ADMIN_API, ADMIN_API_WRAPPERS, ContainerStart, basename};

impl ContainerStart<'_> {
    /// Whether there is any sign that it ends the proxy: the agent's `/quitquitquit`, `pkill` of the agent or Envoy, a wrapper
    /// that does it, also one in the image that only variables show, or a name that speaks of it.
    ///
    /// `POST http://127.0.0.1:15020/quitquitquit` exists since Istio 1.3
    /// (<https://github.com/istio/istio/blob/master/pilot/cmd/pilot-agent/status/server.go>).
    pub fn may_quit_proxy(&self) -> bool {
        let image = self.image.split('@').next().unwrap_or_default();
        self.texts().any(quits_proxy)
            || self.wrapper_may_quit_proxy()
            || !self.leaves_proxy() && self.env.iter().any(|(name, value)| tells_of_proxy(name, *value))
            || self.texts().flat_map(str::split_whitespace).chain([self.name, basename(image)]).any(names_an_end)
    }

    /// The same, as far as it is a wrapper that does both: wait for the proxy first, and end it in the end.
    pub fn wrapper_may_quit_proxy(&self) -> bool {
        let has_wrapper = |text: &str| {
            let program = |word: &str| basename(word.trim_end_matches(';')).to_owned();
            text.split_whitespace().any(|word| ADMIN_API_WRAPPERS.contains(&program(word).as_str()))
        };
        !self.leaves_proxy() && self.texts().any(has_wrapper)
            || self.texts().any(ends_proxy)
            || self.own_call().is_some_and(|call| call.task == OwnTask::Job)
    }

    /// Whether scuttle is told to leave the proxy alone.
    fn leaves_proxy(&self) -> bool {
        self.env.iter().any(|(name, value)| *name == "NEVER_KILL_ISTIO" && *value == Some("true"))
    }

    /// All that its owner wrote for it to do.
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.command.iter().chain(self.args).copied().chain(self.env.iter().filter_map(|(_, value)| *value))
    }
}

/// Whether a text speaks of ending the proxy: the agent's `/quitquitquit`, or a signal to the agent or Envoy.
pub fn quits_proxy(text: &str) -> bool {
    let names_proxy = || ["pilot-agent", "envoy", "istio-proxy"].iter().any(|name| text.contains(name));
    text.contains("quitquitquit") || text.contains("kill") && names_proxy()
}

/// Whether a variable shows that what runs knows of the proxy: those of scuttle and envoy-preflight, and names with `ISTIO` in
/// them that are not switched off. `ISTIO_META_*` are the proxy's own.
///
/// <https://github.com/redboxllc/scuttle#environment-variables>
fn tells_of_proxy(name: &str, value: Option<&str>) -> bool {
    const OF_WRAPPERS: [&str; 3] = [ADMIN_API, "ENVOY_KILL_API", "GENERIC_QUIT_ENDPOINTS"];
    const OFF: [&str; 5] = ["", "false", "0", "no", "off"];
    let is_off = value.is_some_and(|value| OFF.contains(&value.to_ascii_lowercase().as_str()));
    let knows_istio = name.contains("ISTIO") && !name.starts_with("ISTIO_META_") && !name.starts_with("NEVER_KILL");
    !is_off && (OF_WRAPPERS.contains(&name) || knows_istio)
}

/// Whether a word names the end of the proxy: `--quit-istio`, `/scripts/stop-envoy.sh`, `istio-quitter`.
fn names_an_end(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let names = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    names(&["istio", "envoy", "sidecar", "side-car"])
        && names(&["quit", "exit", "kill", "stop", "shutdown", "terminat"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::Environment;

    #[test]
    fn any_sign_of_ending_the_proxy_counts() {
        let admin = ("ENVOY_ADMIN_API", Some("http://127.0.0.1:15000"));
        let cases: &[(&[&str], Environment<'_>, bool)] = &[
            (&["sh", "-c", "/job; curl -XPOST http://127.0.0.1:15020/quitquitquit"], &[], true),
            (&["sh", "-c", "/job; pkill -INT pilot-agent"], &[], true),
            (&["scuttle", "/job"], &[admin], true),
            (&["sh", "-c", "exec /bin/scuttle /job"], &[], true),
            (&["scuttle", "/job"], &[admin, ("NEVER_KILL_ISTIO", Some("true"))], false),
            (&["/job"], &[("QUIT", Some("http://localhost:15020/quitquitquit"))], true),
            (&["/job"], &[("ISTIO_QUIT_API", None)], true),
            (&["/job"], &[("GENERIC_QUIT_ENDPOINTS", None)], true),
            (&["sh", "-c", "/job; killall envoy"], &[], true),
            (&["sh", "-c", "/job; kill -TERM $(pidof pilot-agent)"], &[], true),
            (&["/seaworthy/wait", "job", "--proxy", "--", "/job"], &[], true),
            (&["tini", "--", "/seaworthy/wait", "job", "/job"], &[], true),
            (&["sh", "-c", "cd /data; exec /seaworthy/wait job -- /job"], &[], true),
            (&["/seaworthy/wait", "run", "--", "scuttle", "/job"], &[admin], true),
            (&[], &[admin], true),
            (&["/job"], &[("ENVOY_ADMIN_API", None)], true),
            (&["/job"], &[("ENVOY_KILL_API", Some("http://127.0.0.1:15020/q"))], true),
            (&["/job"], &[("ISTIO_ENABLED", Some("1"))], true),
            (&["/job", "--quit-istio"], &[], true),
            (&["sh", "-c", "/job; /scripts/stop-envoy.sh"], &[], true),
            (&[], &[("ENVOY_ADMIN_API", Some(""))], false),
            (&[], &[admin, ("NEVER_KILL_ISTIO", Some("true"))], false),
            (&["/job"], &[("ISTIO_ENABLED", Some("False"))], false),
            (&["/job"], &[("ISTIO_META_DNS_CAPTURE", Some("true"))], false),
            (&["/job", "--stop-early", "--mode=sidecar"], &[], false),
            (&["/seaworthy/wait", "--proxy", "--", "/job"], &[], false),
            (&["/seaworthy/wait", "run", "--", "/job"], &[], false),
            (&["/seaworthy/wait", "drain"], &[], false),
            (&["/seaworthy/wait", "identity", "--timeout", "60s"], &[], false),
            (&["/job"], &[], false),
            (&["sh", "-c", "pkill worker"], &[], false),
        ];
        for (argv, env, wanted) in cases {
            let start = ContainerStart { name: "job", image: "a", command: argv, args: &[], env };
            assert_eq!(start.may_quit_proxy(), *wanted, "{argv:?} {env:?}");
        }
        for (name, image, wanted) in [
            ("quitter", "registry:5000/example/istio-quitter:1@sha256:ab", true),
            ("stop-sidecar", "a", true),
            ("stop", "example/sidecar", false),
        ] {
            let start = ContainerStart { name, image, command: &[], args: &[], env: &[] };
            assert_eq!(start.may_quit_proxy(), wanted, "{name} {image}");
        }
    }
}
