//! What a container's command does about the proxy and the metadata server: the mesh's recogniser, asked about a manifest.

use crate::manifest::{ByContainer, Container};
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
    let waits = waits(container);
    waits.0.get(container).map_or(ProxyWait::None, |it| it.wait)
}

/// The weaknesses of a container's wait for the proxy, if it certainly has one.
pub fn wait_weaknesses(container: &Container<'_>) -> Option<Weaknesses> {
    let waits = waits(container);
    waits.0.get(container)?.weaknesses.clone()
}

/// The waits of a pod for its proxy.
struct Waits(ByContainer<Wait>);

struct Wait {
    wait: ProxyWait,
    weaknesses: Option<Weaknesses>,
}

/// Several rules ask about every container, so the answers of a pod are kept.
fn waits(container: &Container<'_>) -> Arc<Waits> {
    let of_start = |start: &ContainerStart<'_>| {
        let wait = start.proxy_wait();
        let weaknesses = match wait {
            ProxyWait::Certain(bound) => Some(start.wait_weaknesses(bound)),
            ProxyWait::None | ProxyWait::Possible => None,
        };
        Wait { wait, weaknesses }
    };
    container.pod().once(|| Waits(ByContainer::of(&container.pod(), |it| ask_start(it, of_start))))
}

/// Whether a container asks the metadata server, by any sign. The answers of a pod are kept, too.
pub fn waits_for_identity(container: &Container<'_>) -> bool {
    struct Waits(ByContainer<bool>);
    let of_start = |it: &Container<'_>| ask_start(it, |start| start.waits_for_identity());
    let waits = container.pod().once(|| Waits(ByContainer::of(&container.pod(), of_start)));
    waits.0.get(container).copied().unwrap_or(false)
}
