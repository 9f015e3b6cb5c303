//! The program wait-side-car (<https://github.com/cookpad/wait-side-car>), by its command line.
//!
//! It asks a URL and becomes the application in any case after its time-out. Only the proxy's own readiness is a wait for
//! the proxy; with another address it waits for an upstream service *through* the proxy.

use crate::mesh::wrapper::wait::local_proxy::asks_if_ready;
use crate::mesh::wrapper::{Bound, ProxyWait};

/// Its name.
pub(in crate::mesh::wrapper) const NAME: &str = "wait-side-car";

const URL: &str = "envoy-healthcheck-url";
/// Its options, each with a value. Go takes one dash or two, and the value behind `=` or as the next word.
const OPTIONS: [&str; 4] = ["timeout", URL, "envoy-host-header", "envoy-grpc-insecure-healthcheck-addr"];

/// The wait of its arguments.
pub(in crate::mesh::wrapper) fn side_car_wait(arguments: &[&str]) -> ProxyWait {
    let asks = options(arguments).0.iter().any(|(name, value)| *name == URL && asks_if_ready(value));
    if asks { ProxyWait::Certain(Bound::Bounded) } else { ProxyWait::Possible }
}

/// How many of its arguments are its own; what follows is run. None where nothing follows, or an option is not known.
pub(in crate::mesh::wrapper) fn own_arguments(arguments: &[&str]) -> Option<usize> {
    let own = options(arguments).1;
    let own = own + usize::from(arguments.get(own) == Some(&"--"));
    let runs = arguments.get(own)?;
    (!runs.starts_with('-')).then_some(own)
}

/// The options at the front, and how many words they take.
fn options<'a>(arguments: &[&'a str]) -> (Vec<(&'a str, &'a str)>, usize) {
    let (mut options, mut at) = (Vec::new(), 0);
    while let Some(word) = arguments.get(at).and_then(|word| word.strip_prefix("--").or(word.strip_prefix('-'))) {
        let (name, value, words) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value), 1),
            None => (word, arguments.get(at + 1).copied(), 2),
        };
        let Some(value) = value.filter(|_| OPTIONS.contains(&name)) else { break };
        options.push((name, value));
        at += words;
    }
    (options, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_options_end_where_the_application_begins() {
        let url = "--envoy-healthcheck-url=http://127.0.0.1:15021/healthz/ready";
        let cases: [(&[&str], Option<usize>); 9] = [
            (&["--timeout=10000", "--envoy-host-header=orders", url, "/app", "-b", "0.0.0.0"], Some(3)),
            (&["-timeout", "10000", "-envoy-host-header", "orders", url, "/app"], Some(5)),
            (&[url, "--", "/app"], Some(2)),
            (&["/app", url], Some(0)),
            (&[url, "--", "-app"], None),
            (&["--verbose", url, "/app"], None),
            (&[url], None),
            (&["--timeout"], None),
            (&[], None),
        ];
        for (arguments, wanted) in cases {
            assert_eq!(own_arguments(arguments), wanted, "{arguments:?}");
        }
    }

    #[test]
    fn only_the_readiness_of_the_proxy_is_a_wait_for_it() {
        let ready = "http://localhost:15020/healthz/ready";
        let cases: [(&[&str], ProxyWait); 4] = [
            (&["--envoy-healthcheck-url", ready, "/app"], ProxyWait::Certain(Bound::Bounded)),
            (&["-envoy-healthcheck-url=http://envoy/hello", "/app"], ProxyWait::Possible),
            (&["/app", "--envoy-healthcheck-url", ready], ProxyWait::Possible),
            (&["--envoy-host-header", ready, "/app"], ProxyWait::Possible),
        ];
        for (arguments, wanted) in cases {
            assert_eq!(side_car_wait(arguments), wanted, "{arguments:?}");
        }
    }
}
