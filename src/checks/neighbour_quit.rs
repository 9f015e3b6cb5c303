//! Calls that end a neighbour: what tells a proxy for a database to quit is no sign that anybody tells Istio's.

use crate::checks::container_start::ask_start;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::wrapper::ContainerStart;
use crate::mesh::{LocalProxy, quit_port};
use std::borrow::Cow;

/// The containers of a pod that quit when they are called, by the ports where they take the call.
pub struct NeighbourQuit {
    ports: Vec<u16>,
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

    /// A text without the calls of these ports.
    fn rest<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains(PATH) {
            return Cow::Borrowed(text);
        }
        let without = |text: String, port: &u16| text.replace(&format!(":{port}{PATH}"), &format!(":{port}/"));
        Cow::Owned(self.ports.iter().fold(text.to_owned(), without))
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
