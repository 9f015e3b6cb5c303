//! Is there any sign that a container ends the proxy when its work is done?
//!
//! Signs, no proof: good for being silent only. What an image does by itself nobody sees, so whatever shows that its owner
//! thought of the proxy counts.

mod agent;

use crate::mesh::shutdown::{Method, method_of};
use crate::mesh::wrapper::own_call::{OwnTask, ends_proxy};
use crate::mesh::wrapper::shell::reached::Reached;
use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::tokens::{Token, tokens};
use crate::mesh::wrapper::{ADMIN_API, ADMIN_API_WRAPPERS, ContainerStart, basename, shell_script};
use serde_json::Value;

impl ContainerStart<'_> {
    /// Whether there is any sign that it ends the proxy: the agent's `/quitquitquit`, `pkill` of the agent or Envoy, a wrapper
    /// that does it, also one in the image that only variables show, a name that speaks of it, a word that
    /// names the proxy's container, or words that tell where the agent is.
    ///
    /// `POST http://127.0.0.1:15020/quitquitquit` exists since Istio 1.3
    /// (<https://github.com/istio/istio/blob/master/pilot/cmd/pilot-agent/status/server.go>).
    pub fn may_quit_proxy(&self) -> bool {
        let image = self.image.split('@').next().unwrap_or_default();
        let script = self.quitting_script();
        let is_script = |text: &&str| script.as_ref().is_some_and(|(script, _)| script == text);
        script.as_ref().is_some_and(|(_, tokens)| !all_refused(tokens, DEEPEST))
            || self.texts().filter(|text| !is_script(text)).any(quits_proxy)
            || self.wrapper_may_quit_proxy()
            || !self.leaves_proxy() && self.env.iter().any(|(name, value)| tells_of_proxy(name, *value))
            || self.texts().flat_map(str::split_whitespace).chain([self.name, basename(image)]).any(names_an_end)
            || self.may_know_agent()
            || self.texts().filter(|text| !text.contains(char::is_whitespace)).any(|text| text.contains("istio-proxy"))
    }

    /// Whether its command calls `/quitquitquit` in vain: it is refused, and the command may fail by that.
    pub fn is_refused_to_quit(&self) -> bool {
        let script = self.quitting_script();
        let is_script = |text: &&str| script.as_ref().is_some_and(|(script, _)| script == text);
        let calls = |text: &str| text.contains(QUIT);
        script.as_ref().is_some_and(|(_, tokens)| tokens.iter().filter_map(Token::text).any(calls))
            || self.argv().filter(|text| !is_script(text)).any(calls)
    }

    /// The script that is all its command, and of its tokens those that may run, where that can be told, it calls `/quitquitquit`, and
    /// no other sign of an end is in it.
    fn quitting_script(&self) -> Option<(&str, Vec<Token>)> {
        let argv: Vec<&str> = self.argv().collect();
        let (shell, script) = shell_script(&argv).filter(|(_, script)| script.contains(QUIT))?;
        if sends_signal(script) || OTHER_MEANINGS.iter().any(|other| script.contains(other)) {
            return None;
        }
        let reading = Reading::of(script, Interpreter::of(shell, &[], script, self.env))?;
        let reached = Reached::of(script, &reading)?;
        Some((script, reached.tokens(&reading.tokens)))
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
        self.argv().chain(self.env.iter().filter_map(|(_, value)| *value))
    }
}

/// Whether a text speaks of ending the proxy: the agent's `/quitquitquit`, or a signal to the agent or Envoy.
pub fn quits_proxy(text: &str) -> bool {
    text.contains(QUIT) && !only_refused(text, DEEPEST) || sends_signal(text)
}

/// The end of the path that lets the proxy quit.
const QUIT: &str = "quitquitquit";

fn sends_signal(text: &str) -> bool {
    let names_proxy = || ["pilot-agent", "envoy", "istio-proxy"].iter().any(|name| text.contains(name));
    text.contains("kill") && names_proxy()
}

/// Ports on which Envoy and the agent can be told to quit.
const PROXY_PORTS: [u64; 2] = [15000, 15020];

/// Whether an `httpGet` of the kubelet calls the proxy: it sends GET, and not from within the pod, and both are refused.
pub fn is_refused_by_proxy(http_get: &Value) -> bool {
    let port = http_get.get("port");
    let number = port.and_then(|port| port.as_u64().or_else(|| port.as_str()?.parse().ok()));
    number.is_some_and(|port| PROXY_PORTS.contains(&port))
}

/// Scripts in scripts that are read; whoever writes more of them is not followed.
const DEEPEST: usize = 8;

/// With these a call may be another one than its words say.
const OTHER_MEANINGS: [&str; 5] = ["alias ", "curl()", "curl ()", "wget()", "wget ()"];

/// Whether all calls of `/quitquitquit` in a script are refused: agent and Envoy answer 405 to any method but POST, and run on. What
/// listens on another port may take it.
fn only_refused(script: &str, levels: usize) -> bool {
    let followed = || !OTHER_MEANINGS.iter().any(|other| script.contains(other));
    tokens(script).filter(|_| levels > 0).is_some_and(|tokens| followed() && all_refused(&tokens, levels))
}

/// The same of its tokens.
fn all_refused(tokens: &[Token], levels: usize) -> bool {
    let begins = |token: &Token| matches!(token.keyword(), Some("if" | "then" | "else" | "do" | "{" | "!"));
    let is_word = |token: &&Token| token.text().is_some() && !begins(token);
    let is_refused = |at: usize| {
        let text = tokens[at].text().unwrap_or_default();
        let inner = text.strip_prefix("$(").map_or(text, |inner| inner.strip_suffix(')').unwrap_or(inner));
        if inner.contains(char::is_whitespace) {
            return only_refused(inner, levels - 1);
        }
        let before = tokens[..at].iter().rev().take_while(is_word).count();
        let words: Vec<&str> = tokens[at - before..].iter().take_while(is_word).filter_map(Token::text).collect();
        let method = words.split_first().and_then(|(program, arguments)| method_of(basename(program), arguments));
        let is_proxys = PROXY_PORTS.iter().any(|port| text.contains(&format!(":{port}/quitquitquit")));
        match method {
            Some(Method::Get | Method::NoPost) => is_proxys || asks_health_listener(text),
            Some(Method::Other) => asks_health_listener(text),
            None => false,
        }
    };
    let calls = |at: &usize| tokens[*at].text().is_some_and(|text| text.contains(QUIT));
    (0..tokens.len()).filter(calls).all(is_refused)
}

/// Whether a call is for the listener on which Envoy passes `/healthz/ready` on to the agent, and nothing else
/// (<https://github.com/istio/istio/blob/master/tools/packaging/common/envoy_bootstrap.json>).
fn asks_health_listener(url: &str) -> bool {
    ["localhost", "127.0.0.1"].iter().any(|host| {
        let url = url.strip_prefix("http://").unwrap_or(url);
        url.strip_prefix(host) == Some(":15021/quitquitquit")
    })
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
    names(&agent::NAMES) && names(&["quit", "exit", "kill", "stop", "shutdown", "terminat", "reap"])
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
            (&["/wrapper", "/job"], &[("WRAPPER_PLUGIN_PATH", Some("/istio-proxy-plugin.so"))], true),
            (&["sh", "-c", "echo no istio-proxy here; /job"], &[], false),
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
            (&["sh", "-c", "/job; curl -sf http://localhost:15020/quitquitquit"], &[], false),
            (&["sh", "-c", "/job && wget -qO- http://127.0.0.1:15020/quitquitquit > /dev/null"], &[], false),
            (&["sh", "-c", "trap 'curl -s http://localhost:15000/quitquitquit' EXIT; /job"], &[], false),
            (&["sh", "-c", "curl localhost:15000/quitquitquit; curl -XPOST localhost:15020/quitquitquit"], &[], true),
            (&["sh", "-c", "/job; URL=http://localhost:15020/quitquitquit; call -XPOST $URL"], &[], true),
            (&["sh", "-c", "/job; curl -s \\\n -X POST \\\n localhost:15020/quitquitquit"], &[], true),
            (&["sh", "-c", "/job; curl -s localhost:9000/quitquitquit"], &[], true),
            (&["sh", "-c", "/job; curl -s localhost:$PORT/quitquitquit"], &[], true),
            (&["curl", "-XPOST", "http://localhost:15020/quitquitquit"], &[], true),
            (&["sh", "-c", "end() { curl localhost:15020/quitquitquit; }; trap end EXIT; /job"], &[], false),
            (&["sh", "-c", "if /job; then ! curl localhost:15020/quitquitquit; fi"], &[], false),
            (&["sh", "-c", "curl() { call -XPOST $1; }; /job; curl localhost:15020/quitquitquit"], &[], true),
            (&["sh", "-c", "alias curl='curl -XPOST'; /job; curl localhost:15020/quitquitquit"], &[], true),
            (
                &[
                    "sh",
                    "-c",
                    "/job; curl -X DELETE localhost:15020/quitquitquit; wget --method=PUT localhost:15000/quitquitquit",
                ],
                &[],
                false,
            ),
            (&["sh", "-c", "/job; curl -X POST http://localhost:15021/quitquitquit"], &[], false),
            (&["sh", "-c", "/job; curl -X POST http://$POD_IP:15021/quitquitquit"], &[], true),
            (&["sh", "-c", "/job; quit http://localhost:15021/quitquitquit"], &[], true),
            (
                &["tini", "--", "/bin/bash", "-c", "trap 'curl -XPOST localhost:15020/quitquitquit' EXIT; exec /job"],
                &[],
                false,
            ),
            (&["sh", "-c", "exec /job; curl -XPOST localhost:15020/quitquitquit"], &[], false),
            (&["sh", "-c", "exec \"$@\"", "sh", "curl", "-XPOST", "localhost:15020/quitquitquit"], &[], true),
            (&["timeout", "60", "sh", "-c", "trap 'curl -XPOST localhost:15020/quitquitquit' TERM; /job"], &[], true),
            (&["zsh", "-c", "trap 'curl -XPOST localhost:15020/quitquitquit' EXIT; exec /job"], &[], true),
            (&["/entrypoint", "sh", "-c", "exec /job; curl -XPOST localhost:15020/quitquitquit"], &[], true),
            (&["/job"], &[("END", Some("exec /job; curl -XPOST localhost:15020/quitquitquit"))], true),
            (&["sh", "-c", "exec /job; pkill envoy; curl -XPOST localhost:15020/quitquitquit"], &[], true),
            // A blank that the shell does not split at: nobody may read it for ever.
            (&["sh", "-c", "/job; 'curl\u{a0}localhost:15020/quitquitquit'"], &[], true),
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
