//! The end of a pod in seconds: what each container takes from the first signal to its last.

use crate::checks::hook::hook_seconds;
use crate::checks::serving::is_application;
use crate::manifest::{Container, PodTemplate};

/// The annotation on pods that declares how long the application takes to end after SIGTERM.
pub const SHUTDOWN_ANNOTATION: &str = "seaworthy.dev/shutdown-seconds";

/// How long the containers of a pod take to end after SIGTERM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// In seconds.
    pub seconds: i64,
    /// Whether the pod declares it, or it is the rule's default.
    pub declared: bool,
}

/// The end of one container.
#[derive(Debug, Clone, Copy)]
pub struct ContainerEnd<'a> {
    /// The container.
    pub container: Container<'a>,
    /// What its preStop takes at least; none without one, or where the manifest does not tell.
    pub pre_stop: Option<i64>,
    /// What the shutdown after it takes.
    pub shutdown: i64,
}

impl ContainerEnd<'_> {
    /// From the first signal to the end.
    pub fn seconds(&self) -> i64 {
        self.pre_stop.unwrap_or(0) + self.shutdown
    }
}

/// How long the containers of a pod take to end: by its annotation, else by default.
pub fn shutdown_of(pod: &PodTemplate<'_>, default: u32) -> Shutdown {
    let declared = pod.annotations().get(SHUTDOWN_ANNOTATION).and_then(|text| text.trim().parse::<u32>().ok());
    Shutdown { seconds: i64::from(declared.unwrap_or(default)), declared: declared.is_some() }
}

/// The ends of the application's containers. Of those whose preStop takes an unknown time nothing is said.
pub fn container_ends<'a>(pod: &PodTemplate<'a>, shutdown: &Shutdown) -> Vec<ContainerEnd<'a>> {
    let end = |container: Container<'a>| ContainerEnd {
        container,
        pre_stop: container.pre_stop().and_then(hook_seconds),
        shutdown: shutdown.seconds,
    };
    pod.containers().filter(is_application).map(end).collect()
}
