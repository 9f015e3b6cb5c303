//! What a container's command does about the proxy and the metadata server: the mesh's recogniser, asked about a manifest.

use crate::manifest::{ByContainer, Container, Role};
use crate::mesh::wrapper::ContainerStart;
use crate::mesh::{ProxyWait, Weaknesses};
use std::sync::Arc;

/// Asks about the start of a container.
pub fn ask_start<T>(container: &Container<'_>, question: impl FnOnce(&ContainerStart<'_>) -> T) -> T {
    let command: Vec<&str> = container.command().collect();
    let args: Vec<&str> = container.args().collect();
    let environment: Vec<(&str, Option<&str>)> = container.environment().collect();
    question(&ContainerStart {
        name: container.name(),
        image: container.image(),
        command: &command,
        args: &args,
        env: &environment,
    })
}

/// The same of a question that has nothing to do with the environment: so that nobody reads through it.
pub fn ask_command<T>(container: &Container<'_>, question: impl FnOnce(&ContainerStart<'_>) -> T) -> T {
    let command: Vec<&str> = container.command().collect();
    let args: Vec<&str> = container.args().collect();
    let (name, image) = (container.name(), container.image());
    question(&ContainerStart { name, image, command: &command, args: &args, env: &[] })
}

/// Whether a container waits for the proxy.
pub fn proxy_wait(container: &Container<'_>) -> ProxyWait {
    answers(container).0.get(container).map_or(ProxyWait::None, |it| it.wait)
}

/// The weaknesses of a container's wait for the proxy, if it certainly has one.
pub fn wait_weaknesses(container: &Container<'_>) -> Option<Weaknesses> {
    answers(container).0.get(container)?.weaknesses.clone()
}

/// Whether a container asks the metadata server, by any sign.
pub fn waits_for_identity(container: &Container<'_>) -> bool {
    answers(container).0.get(container).is_some_and(|it| it.asks_for_identity)
}

/// Whether an init container surely waits for the metadata server.
pub fn is_identity_wait(init: &Container<'_>) -> bool {
    let is_wait = |it: &Container<'_>| it.role() != Role::Regular && ask_start(it, |start| start.is_identity_wait());
    let waits = init.pod().once(|| IdentityWaits(ByContainer::of(&init.pod(), is_wait)));
    waits.0.get(init).is_some_and(|it| *it)
}

/// Which init containers of a pod surely wait for the metadata server.
struct IdentityWaits(ByContainer<bool>);

/// What several rules ask of the start of every container of a pod: it is worked out once, and for all of it the container is gone
/// through once.
struct Answers(ByContainer<Answer>);

struct Answer {
    wait: ProxyWait,
    weaknesses: Option<Weaknesses>,
    asks_for_identity: bool,
}

fn answers(container: &Container<'_>) -> Arc<Answers> {
    container.pod().once(|| Answers(ByContainer::of(&container.pod(), |it| ask_start(it, Answer::of))))
}

impl Answer {
    fn of(start: &ContainerStart<'_>) -> Self {
        let (wait, weaknesses) = start.weighed_wait();
        Self { wait, weaknesses, asks_for_identity: start.waits_for_identity() }
    }
}
