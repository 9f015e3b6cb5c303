//! Calls that end a neighbour: what tells a proxy for a database to quit is no sign that anybody tells Istio's.

use crate::checks::container_start::ask_start;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::wrapper::ContainerStart;
use crate::mesh::{LocalProxy, quit_port};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The containers of a pod that quit when they are called, by the ports where they take the call.
pub struct NeighbourQuit {
    ports: BTreeSet<u16>,
}

impl NeighbourQuit {
    /// Those of a pod.
    pub fn of(pod: &PodTemplate<'_>) -> Self {
        Self { ports: pod.all_containers().filter_map(|it| quit_port_of(&it)).collect() }
    }

    /// Asks about the start of a container, without what is for these neighbours.
    pub fn ask<T>(&self, container: &Container<'_>, question: impl FnOnce(&ContainerStart<'_>) -> T) -> T {
        ask_start(container, |start| {
            if self.ports.is_empty() {
                return question(start);
            }
            let is_own = quit_port_of(container).is_some();
            let rest = |words: &[&str]| -> Vec<String> {
                words.iter().filter(|word| !is_own || !is_option(word)).map(|word| self.rest(word).into()).collect()
            };
            let (command, args) = (rest(start.command), rest(start.args));
            let (command, args): (Vec<&str>, Vec<&str>) =
                (command.iter().map(String::as_str).collect(), args.iter().map(String::as_str).collect());
            let env: Vec<(&str, Option<Cow<'_, str>>)> =
                start.env.iter().map(|(name, value)| (*name, value.map(|it| self.rest(it)))).collect();
            let env: Vec<(&str, Option<&str>)> = env.iter().map(|(name, value)| (*name, value.as_deref())).collect();
            question(&ContainerStart { command: &command, args: &args, env: &env, ..*start })
        })
    }

    /// A text without the calls of these ports: gone through once, for both may be many.
    fn rest<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut kept, mut behind) = (String::new(), text);
        while let Some((before, after)) = behind.split_once(PATH) {
            kept.push_str(before);
            kept.push_str(if self.is_theirs(before) { "/" } else { PATH });
            behind = after;
        }
        if kept.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(kept + behind) }
    }

    /// Whether an address that ends so is that of a neighbour.
    fn is_theirs(&self, address: &str) -> bool {
        let host = address.trim_end_matches(|it: char| it.is_ascii_digit());
        let port = address.strip_prefix(host).and_then(|port| port.parse().ok());
        host.ends_with(':') && port.is_some_and(|port: u16| self.ports.contains(&port))
    }
}

const PATH: &str = "/quitquitquit";

fn quit_port_of(container: &Container<'_>) -> Option<u16> {
    LocalProxy::of(container.image(), container.argv())?;
    quit_port(container.argv(), container.environment())
}

/// Whether a word is the option by which such a program takes the call at all.
fn is_option(word: &str) -> bool {
    word.trim_start_matches('-').split('=').next() == Some("quitquitquit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_calls_of_neighbours_are_left_out() {
        let neighbours = NeighbourQuit { ports: [9091, 80].into() };
        for (text, wanted) in [
            ("curl -X POST localhost:9091/quitquitquit", "curl -X POST localhost:9091/"),
            ("a :9091/quitquitquit; b :15020/quitquitquit", "a :9091/; b :15020/quitquitquit"),
            (":80/quitquitquit :8080/quitquitquit", ":80/ :8080/quitquitquit"),
            ("9091/quitquitquit", "9091/quitquitquit"),
            ("/quitquitquit", "/quitquitquit"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(neighbours.rest(text), wanted, "{text}");
        }
    }
}
