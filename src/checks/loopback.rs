//! Neighbours that a container reaches at the loopback address: what it answers with them it cannot answer once they stopped.
//!
//! A neighbour counts where both sides show it: one names `127.0.0.1:<port>`, `localhost:<port>` or `[::1]:<port>`, and the
//! other declares the port or names its number. Settings in files inside the image show nothing here.

use crate::checks::serving::{is_answered_by_proxy, is_application};
use crate::manifest::{Container, PodTemplate};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

/// The containers of a pod that get their SIGTERM at once, by the ports that they show. Init containers that keep running are
/// stopped after all others.
pub struct Loopback<'a> {
    pod: PodTemplate<'a>,
    /// Looked for when a container names a port at loopback: most name none.
    hookless: OnceCell<Hookless<'a>>,
}

struct Hookless<'a> {
    containers: Vec<Container<'a>>,
    /// Places among these, rising.
    by_port: HashMap<u16, Vec<usize>>,
}

impl<'a> Loopback<'a> {
    /// Those of a pod.
    pub fn of(pod: &PodTemplate<'a>) -> Self {
        Self { pod: *pod, hookless: OnceCell::new() }
    }

    /// The neighbours that a container names at loopback, in their order.
    pub fn upstreams(&self, container: &Container<'_>) -> Vec<Container<'a>> {
        let named = loopback_ports(container);
        if named.is_empty() {
            return Vec::new();
        }
        let hookless = self.hookless.get_or_init(|| Hookless::of(&self.pod));
        let found: BTreeSet<usize> =
            named.iter().filter_map(|port| hookless.by_port.get(port)).flatten().copied().collect();
        let upstreams = found.into_iter().filter_map(|place| hookless.containers.get(place));
        upstreams.filter(|other| !other.is(container)).copied().collect()
    }
}

impl<'a> Hookless<'a> {
    fn of(pod: &PodTemplate<'a>) -> Self {
        let is_hookless = |it: &Container<'a>| is_application(it) && it.pre_stop().is_none();
        let containers: Vec<Container<'a>> = pod.containers().filter(is_hookless).collect();
        let mut by_port: HashMap<u16, Vec<usize>> = HashMap::new();
        for (place, container) in containers.iter().enumerate() {
            for port in shown_ports(container) {
                let places = by_port.entry(port).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        Self { containers, by_port }
    }
}

/// The ports at loopback that a container names and does not declare: those are its own. Where the proxy answers no neighbour does.
fn loopback_ports(container: &Container<'_>) -> BTreeSet<u16> {
    let mut named: BTreeSet<u16> = texts(container).flat_map(loopback_ports_in).collect();
    named.retain(|port| !is_answered_by_proxy(i64::from(*port)));
    for own in container.ports() {
        u16::try_from(own.number).ok().map(|number| named.remove(&number));
    }
    named
}

const LOOPBACK: [&str; 3] = ["127.0.0.1:", "localhost:", "[::1]:"];

fn loopback_ports_in(text: &str) -> impl Iterator<Item = u16> {
    // Most texts are settings without any address.
    let addresses = if text.contains(':') { &LOOPBACK[..] } else { &[] };
    let after =
        addresses.iter().flat_map(|address| text.match_indices(address).map(|(at, address)| (at, address.len())));
    after.filter(|(at, _)| begins_a_word(text, *at)).filter_map(|(at, length)| {
        let rest = text.get(at + length..)?;
        let digits = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits)?.parse().ok()
    })
}

/// `not-localhost:80` is another host.
fn begins_a_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_'))
}

/// The ports that a container declares, or whose numbers it names.
fn shown_ports<'a>(container: &Container<'a>) -> impl Iterator<Item = u16> + use<'a> {
    let declared = container.ports().filter_map(|own| u16::try_from(own.number).ok());
    declared.chain(texts(container).filter(|text| is_no_url(text)).flat_map(numbers_in))
}

/// A URL is what others are called at: one that names the port is a client as well.
fn is_no_url(text: &str) -> bool {
    !text.contains("://")
}

/// The numbers that stand in a text as words of their own: that in `--port=8081`, and all of `18081`.
fn numbers_in(text: &str) -> impl Iterator<Item = u16> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric());
    words.filter(|word| !word.starts_with('0')).filter_map(|word| word.parse().ok())
}

/// All that a container is started with.
fn texts<'a>(container: &Container<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = container.environment().filter_map(|(_, value)| value);
    container.argv().chain(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Object;
    use serde_json::{Value, json};

    fn upstreams(front: &Value, others: &[Value]) -> Vec<String> {
        let containers: Vec<&Value> = std::iter::once(front).chain(others).collect();
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers}});
        let object = Object::from_json(pod).unwrap();
        let pod = PodTemplate::of(&object).unwrap();
        let front = pod.containers().next().unwrap();
        Loopback::of(&pod).upstreams(&front).iter().map(|it| it.name().to_owned()).collect()
    }

    #[test]
    fn both_sides_have_to_show_it() {
        let app = json!({"name": "app", "args": ["--port=8081"]});
        for (front, app, found) in [
            (json!({"args": ["--upstream=http://127.0.0.1:8081/"]}), app.clone(), true),
            (json!({"command": ["proxy", "localhost:8081"]}), app.clone(), true),
            (json!({"env": [{"name": "UPSTREAM", "value": "http://[::1]:8081"}]}), app.clone(), true),
            (
                json!({"args": ["--upstream=127.0.0.1:8081"]}),
                json!({"name": "app", "ports": [{"containerPort": 8081}]}),
                true,
            ),
            (json!({"args": ["--upstream=127.0.0.1:8082"]}), app.clone(), false),
            (json!({"args": ["--upstream=not-localhost:8081"]}), app.clone(), false),
            (json!({"args": ["--upstream=10.127.0.0.1:8081"]}), app.clone(), false),
            (json!({"args": ["--upstream=127.0.0.1:80810"]}), app.clone(), false),
            (json!({"args": ["--upstream=127.0.0.1:"]}), app.clone(), false),
            (json!({"args": ["127.0.0.1:8081"], "ports": [{"containerPort": 8081}]}), app.clone(), false),
            (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "app", "args": ["--port=18081"]}), false),
            (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "app", "args": ["--mask=08081"]}), false),
            (
                json!({"args": ["127.0.0.1:8081"]}),
                json!({"name": "app", "args": ["--reload=http://localhost:8081"]}),
                false,
            ),
            (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "istio-proxy", "args": ["8081"]}), false),
            // The proxy answers there, whoever else asks it.
            (json!({"args": ["localhost:15020"]}), json!({"name": "app", "args": ["localhost:15020"]}), false),
            (
                json!({"args": ["127.0.0.1:8081"]}),
                json!({"name": "app", "args": ["8081"], "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}),
                false,
            ),
        ] {
            assert_eq!(upstreams(&front, std::slice::from_ref(&app)).len(), usize::from(found), "{front} {app}");
        }
    }

    #[test]
    fn of_several_neighbours_those_that_listen_there() {
        let front = json!({"args": ["127.0.0.1:8081", "127.0.0.1:8082"]});
        let other = |name: &str, port: u16| json!({"name": name, "ports": [{"containerPort": port}]});
        assert_eq!(upstreams(&front, &[other("a", 8082), other("b", 8083), other("c", 8081)]), ["a", "c"]);
    }
}
