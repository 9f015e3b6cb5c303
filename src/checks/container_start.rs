//! What a container's command does about the proxy and the metadata server: the mesh's recogniser, asked about a manifest.

use crate::manifest::Container;
use crate::mesh::wrapper::ContainerStart;

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
