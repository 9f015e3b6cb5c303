//! Neighbours that a container reaches at the loopback address: what it answers with them it cannot answer once they stopped.
//!
//! A neighbour counts where both sides show it: one names `127.0.0.1:<port>`, `localhost:<port>` or `[::1]:<port>`, and the
//! other declares the port or names its number. Settings in files inside the image show nothing here.

use crate::checks::serving::is_application;
use crate::manifest::{Container, PodTemplate, Role};

/// The neighbours that this container names at loopback and that get their SIGTERM at once. Init containers that keep running
/// are stopped after all others.
pub fn hookless_upstreams<'a>(pod: &PodTemplate<'a>, container: &Container<'_>) -> Vec<Container<'a>> {
    let ports = loopback_ports(container);
    // For most, and a pod may have a thousand containers that each ask.
    if ports.is_empty() {
        return Vec::new();
    }
    let is_upstream = |other: &Container<'a>| {
        other.role() == Role::Regular
            && other.path() != container.path()
            && is_application(other)
            && other.pre_stop().is_none()
            && ports.iter().any(|port| listens_on(other, *port))
    };
    pod.containers().filter(is_upstream).collect()
}

/// The ports at loopback that a container names and does not declare: those are its own.
fn loopback_ports(container: &Container<'_>) -> Vec<u16> {
    let named = texts(container).flat_map(loopback_ports_in);
    named.filter(|port| !container.ports().any(|own| own.number == i64::from(*port))).collect()
}

const LOOPBACK: [&str; 3] = ["127.0.0.1:", "localhost:", "[::1]:"];

fn loopback_ports_in(text: &str) -> impl Iterator<Item = u16> {
    let after =
        LOOPBACK.iter().flat_map(|address| text.match_indices(address).map(|(at, address)| (at, address.len())));
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

fn listens_on(container: &Container<'_>, port: u16) -> bool {
    container.ports().any(|own| own.number == i64::from(port))
        || texts(container).any(|text| is_no_url(text) && names_number(text, &port.to_string()))
}

/// A URL is what others are called at: one that names the port is a client as well.
fn is_no_url(text: &str) -> bool {
    !text.contains("://")
}

/// Whether the number stands in the text as a word of its own: in `--port=8081`, not in `18081`.
fn names_number(text: &str, number: &str) -> bool {
    text.split(|it: char| !it.is_ascii_alphanumeric()).any(|word| word == number)
}

/// All that a container is started with.
fn texts<'a>(container: &Container<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = container.environment().filter_map(|(_, value)| value);
    container.command().chain(container.args()).chain(values)
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
        hookless_upstreams(&pod, &front).iter().map(|it| it.name().to_owned()).collect()
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
            (
                json!({"args": ["127.0.0.1:8081"]}),
                json!({"name": "app", "args": ["--reload=http://localhost:8081"]}),
                false,
            ),
            (json!({"args": ["127.0.0.1:8081"]}), json!({"name": "istio-proxy", "args": ["8081"]}), false),
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
