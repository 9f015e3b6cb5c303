//! What a container's command does about the proxy and the metadata server: the mesh's recogniser, asked about a manifest.

use crate::manifest::{ByContainer, Container};
use crate::mesh::wrapper::ContainerStart;
use crate::mesh::{ProxyWait, Weaknesses};

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

/// Whether a container waits for the proxy. Several rules ask it of every container, so the answers of a pod are kept.
pub fn proxy_wait(container: &Container<'_>) -> ProxyWait {
    struct Waits(ByContainer<ProxyWait>);
    let of_start = |it: &Container<'_>| ask_start(it, |start| start.proxy_wait());
    let waits = container.pod().once(|| Waits(ByContainer::of(&container.pod(), of_start)));
    waits.0.get(container).copied().unwrap_or(ProxyWait::None)
}

/// The weaknesses of a container's wait for the proxy, if it certainly has one. Kept in the same way.
pub fn wait_weaknesses(container: &Container<'_>) -> Option<Weaknesses> {
    struct Found(ByContainer<Option<Weaknesses>>);
    let of_start = |it: &Container<'_>| ask_start(it, |start| start.wait_weaknesses());
    let found = container.pod().once(|| Found(ByContainer::of(&container.pod(), of_start)));
    found.0.get(container).cloned().flatten()
}

/// Whether a container asks the metadata server, by any sign. Kept in the same way.
pub fn waits_for_identity(container: &Container<'_>) -> bool {
    struct Waits(ByContainer<bool>);
    let of_start = |it: &Container<'_>| ask_start(it, |start| start.waits_for_identity());
    let waits = container.pod().once(|| Waits(ByContainer::of(&container.pod(), of_start)));
    waits.0.get(container).copied().unwrap_or(false)
}
