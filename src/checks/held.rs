//! Which containers of a pod start only when their proxy is ready, and which wait for it by themselves.

use crate::base::field;
use crate::checks::container_start::{ask_command, proxy_wait};
use crate::checks::proxy::{present_proxy, proxy_settings};
use crate::checks::proxy_hooks::HoldingHook;
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::{OwnTask, ProxyWait, SidecarKind, proxy_is_ready_first};

/// The containers that start only when the proxy is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// None of them: a classic proxy starts last.
    None,
    /// None of them, although a classic proxy starts first: the kubelet goes on before it is ready.
    NoneBehindProxy,
    /// All but the init containers, which end before a classic proxy starts.
    Containers,
    /// Those of `containers` behind this place.
    ContainersBehind(usize),
    /// All but the init containers up to this place, where there is one: a native proxy.
    AllBehind(Option<usize>),
}

impl Held {
    /// What the proxy holds back; none where that cannot be told. Of a proxy that is in the manifest, the manifest tells and not
    /// the mesh: the kubelet starts containers in order and does not go on before a postStart has ended.
    pub fn of(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Self> {
        let kind = subject.sidecar_kind()?;
        if kind == SidecarKind::Native {
            let present =
                pod.init_containers().find(|it| it.name() == "istio-proxy" && !matches!(it.image(), "" | "auto"));
            return Some(Self::AllBehind(present.map(|it| it.index())));
        }
        if let Some(proxy) = present_proxy(pod) {
            let waits = field(proxy.value(), &["lifecycle", "postStart"]).is_some();
            return Some(if waits { Self::ContainersBehind(proxy.index()) } else { Self::None });
        }
        let settings = proxy_settings(subject, pod).ok()?;
        let ready_first = proxy_is_ready_first(kind, &settings, subject.profile.istio_version);
        if !ready_first {
            return Some(Self::None);
        }
        match HoldingHook::of(subject, pod) {
            HoldingHook::Waits => Some(Self::Containers),
            HoldingHook::Replaced => Some(Self::NoneBehindProxy),
            // A Pod that is refused starts nothing.
            HoldingHook::Unknown | HoldingHook::Refused => None,
        }
    }

    /// Whether this container starts only when the proxy is ready.
    pub fn holds(&self, container: &Container<'_>) -> bool {
        let is_regular = container.role() == Role::Regular;
        match *self {
            Self::None | Self::NoneBehindProxy => false,
            Self::Containers => is_regular,
            Self::ContainersBehind(proxy) => is_regular && container.index() > proxy,
            Self::AllBehind(proxy) => is_regular || proxy.is_none_or(|proxy| container.index() > proxy),
        }
    }

    /// Whether this container has to end before the proxy can start.
    pub fn is_before_proxy(&self, container: &Container<'_>) -> bool {
        container.role() == Role::Init && !self.holds(container)
    }
}

/// Whether a container waits for the proxy by itself, or may: then nothing is said about it.
pub fn may_wait(container: &Container<'_>) -> bool {
    proxy_wait(container) != ProxyWait::None
}

/// Whether a container does nothing but a task of our own program that runs no application.
pub fn runs_no_application(container: &Container<'_>) -> bool {
    let runs_none = |task| !matches!(task, OwnTask::Run | OwnTask::Job);
    ask_command(container, |start| start.own_call().is_some_and(|call| runs_none(call.task)))
}
