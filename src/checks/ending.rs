//! The end of a pod in seconds: what each container takes from the first signal to its last.

use crate::checks::hook::{A_DAY, hook_seconds};
use crate::checks::serving::is_application;
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::{Membership, NATIVE_EXIT_ALLOWANCE, SidecarKind};

/// The annotation on pods that declares how long the application takes to end after SIGTERM.
pub const SHUTDOWN_ANNOTATION: &str = "seaworthy.dev/shutdown-seconds";

/// How long an application is taken to need after SIGTERM where nothing says it, in seconds.
pub const DEFAULT_SHUTDOWN_SECONDS: u32 = 10;

/// Between the end of the application and the kill: signals and bookkeeping take a moment.
pub const SLACK_SECONDS: i64 = 2;

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
    /// From the first signal to the end, at least.
    pub fn seconds(&self) -> i64 {
        self.pre_stop.unwrap_or(0) + self.shutdown
    }
}

/// How long the containers of a pod take to end: by its annotation, else by default; a day for everything longer.
pub fn shutdown_of(pod: &PodTemplate<'_>, default: u32) -> Shutdown {
    let declared = pod.annotations().get(SHUTDOWN_ANNOTATION).and_then(|text| text.trim().parse::<u32>().ok());
    Shutdown { seconds: i64::from(declared.unwrap_or(default)).min(A_DAY), declared: declared.is_some() }
}

/// The ends of those containers that are the user's own.
pub fn container_ends<'a>(
    containers: impl Iterator<Item = Container<'a>>,
    shutdown: &Shutdown,
) -> Vec<ContainerEnd<'a>> {
    let end = |container: Container<'a>| ContainerEnd {
        container,
        pre_stop: container.pre_stop().and_then(hook_seconds),
        shutdown: shutdown.seconds,
    };
    containers.filter(is_application).map(end).collect()
}

/// What a native proxy takes of the grace period after the application; nothing where it is not known to be native.
pub fn proxy_exit_seconds(subject: &Subject<'_>) -> i64 {
    if subject.membership == Membership::Sidecar(SidecarKind::Native) {
        NATIVE_EXIT_ALLOWANCE.seconds_ceil()
    } else {
        0
    }
}
