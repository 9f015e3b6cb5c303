//! The end of a pod in seconds: what each container takes from the first signal to its last.

use crate::checks::failing_hook::working_hook;
use crate::checks::serving::is_application;
use crate::inventory::Subject;
use crate::manifest::{ByContainer, Container, PodTemplate, Role};
use crate::mesh::shutdown::{
    A_DAY, ApplicationEnd, DrawnHook, NATIVE_EXIT_ALLOWANCE, SLEEP_ACTION_SINCE, hook_time, is_dropped,
};
use crate::mesh::{Membership, SidecarKind};
use serde_json::Value;

/// The annotation on pods that declares how long the application takes to end after SIGTERM.
pub const SHUTDOWN_ANNOTATION: &str = "seaworthy.dev/shutdown-seconds";

/// How long an application is taken to need after SIGTERM where nothing says it, in seconds.
pub const DEFAULT_SHUTDOWN_SECONDS: u32 = 10;

/// The longest grace period that is proposed, in seconds: longer waits are better shortened.
pub const LONGEST_GRACE_PERIOD: u32 = 600;

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
    /// The hook that is written, as it is drawn.
    pub hook: DrawnHook,
    /// What it takes.
    pub takes: ApplicationEnd,
}

/// How long the containers of a pod take to end: by its annotation, else by default; a day for everything longer.
fn shutdown_of(pod: &PodTemplate<'_>, default: u32) -> Shutdown {
    let declared = pod.annotations().get(SHUTDOWN_ANNOTATION).and_then(|text| text.trim().parse::<u32>().ok());
    Shutdown { seconds: i64::from(declared.unwrap_or(default)).min(A_DAY), declared: declared.is_some() }
}

/// After a hook that does not work SIGTERM comes at once, as after none.
fn drawn_hook(working: Option<&Value>) -> DrawnHook {
    working.map_or(DrawnHook::Absent, |hook| hook_time(hook).map_or(DrawnHook::Unknown, DrawnHook::Takes))
}

/// How a pod ends: those of its containers that are the user's own, each from the first signal to its last.
#[derive(Debug, Clone)]
pub struct Ending<'a> {
    ends: Vec<ContainerEnd<'a>>,
    /// What the containers take after SIGTERM.
    pub shutdown: Shutdown,
}

impl<'a> Ending<'a> {
    /// How the pod ends as it stands; its annotation tells the shutdown, else it takes this long, in seconds.
    pub fn of(subject: &Subject<'_>, pod: &PodTemplate<'a>, default_shutdown: u32) -> Self {
        struct Hooks(ByContainer<DrawnHook>);
        let shutdown = shutdown_of(pod, default_shutdown);
        let kubernetes = subject.profile.kubernetes_version;
        // Kept for the object, so without what the mesh profile says.
        let hooks = pod.once(|| Hooks(ByContainer::of(pod, |it| drawn_hook(working_hook(it, SLEEP_ACTION_SINCE)))));
        let is_dropped = |container: &Container<'_>| {
            kubernetes < SLEEP_ACTION_SINCE && container.pre_stop().is_some_and(|hook| is_dropped(hook, kubernetes))
        };
        let end = |container: Container<'a>| {
            let hook = hooks.0.get(&container).copied().filter(|_| !is_dropped(&container));
            let hook = hook.unwrap_or(DrawnHook::Absent);
            let pre_stop = if let DrawnHook::Takes(time) = hook { Some(time.at_least) } else { None };
            ContainerEnd { container, hook, takes: ApplicationEnd { pre_stop, shutdown: shutdown.seconds } }
        };
        Self { ends: pod.running_containers().filter(is_application).map(end).collect(), shutdown }
    }

    /// The same with the shutdown that is taken where nothing says it.
    pub fn by_default(subject: &Subject<'_>, pod: &PodTemplate<'a>) -> Self {
        Self::of(subject, pod, DEFAULT_SHUTDOWN_SECONDS)
    }

    /// Its containers.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerEnd<'a>> {
        self.ends.iter()
    }

    /// The same where this container waits before it gets its SIGTERM, in seconds.
    #[must_use]
    pub fn with_wait(mut self, container: &Container<'_>, seconds: u32) -> Self {
        let is_it = |end: &&mut ContainerEnd<'_>| end.container.is(container);
        if let Some(end) = self.ends.iter_mut().find(is_it) {
            end.takes.pre_stop = Some(i64::from(seconds).min(A_DAY));
        }
        self
    }

    /// The end of the pod as far as preStops decide it: with a hook of unknown length only a declared shutdown proves
    /// anything, as the hook may be the shutdown.
    pub fn last(&self) -> Option<&ContainerEnd<'a>> {
        let hooked = |end: &&ContainerEnd<'_>| {
            end.takes.pre_stop.is_some() || (self.shutdown.declared && end.container.pre_stop().is_some())
        };
        self.ends.iter().rev().filter(hooked).max_by_key(|end| end.takes.seconds())
    }

    /// The container that needs a classic proxy longest, among those that wait for a known time. Init containers that keep
    /// running are stopped after the proxy, however long it lasts.
    pub fn longest_wait(&self) -> Option<&ContainerEnd<'a>> {
        let waits = |end: &&ContainerEnd<'_>| {
            end.container.role() == Role::Regular && end.takes.pre_stop.is_some_and(|seconds| seconds > 0)
        };
        self.ends.iter().rev().filter(waits).max_by_key(|end| end.takes.seconds())
    }

    /// The grace period that covers it, where the proxy takes this long after the application; none without a preStop.
    pub fn needed_grace(&self, proxy_exit: i64) -> Option<i64> {
        self.last().map(|end| end.takes.needed_grace(proxy_exit))
    }
}

/// What a native proxy certainly takes of the grace period after the application; nothing where it is not known to be there.
pub fn certain_proxy_exit(subject: &Subject<'_>) -> i64 {
    exit_of(subject.sidecar_kind().filter(|_| subject.membership != Membership::Unknown))
}

/// The same for what is proposed: it has to fit in the mesh too.
pub fn likely_proxy_exit(subject: &Subject<'_>) -> i64 {
    exit_of(subject.sidecar_kind())
}

fn exit_of(kind: Option<SidecarKind>) -> i64 {
    if kind == Some(SidecarKind::Native) { NATIVE_EXIT_ALLOWANCE.seconds_ceil() } else { 0 }
}
