//! How the proxy starts before the application and how long it lives on after SIGTERM. Plain arithmetic over durations.
//!
//! Source: `terminate` in <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>, checked against a real agent and Envoy.

use crate::mesh::{GoDuration, ProxySettings, SidecarKind, Version};

/// How the network of a pod ends, counted from the moment Kubernetes stops the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyEnd {
    /// Native: the proxy is stopped when the last application container has ended.
    AfterApplication,
    /// Classic: the agent ends Envoy after this time, whatever is still open.
    After(GoDuration),
    /// Classic with `EXIT_ON_ZERO_ACTIVE_CONNECTIONS`: the agent sleeps this long, then looks once a second and ends Envoy when it sees
    /// no connection. `terminationDrainDuration` does not count then.
    WhenIdleAfter(GoDuration),
}

const EXIT_ON_ZERO_SINCE: Version = Version::new(1, 12);
const HOLD_SINCE: Version = Version::new(1, 7);

/// The agent's first look at the connections comes one period after its sleep.
const IDLE_CHECK_PERIOD: GoDuration = GoDuration::from_seconds(1);

/// What to add to the grace period for a native sidecar, which ends after the application and within the same grace period. It takes
/// milliseconds where it has drained before; this leaves room for other sidecars and for Istio before 1.21, which drains only then.
pub const NATIVE_EXIT_ALLOWANCE: GoDuration = GoDuration::from_seconds(5);

impl ProxyEnd {
    /// How the proxy of a pod with these settings ends.
    ///
    /// A `drainDuration` shorter than the proxy's life does not end it, but from then on a classic proxy refuses new inbound connections.
    pub fn of(kind: SidecarKind, settings: &ProxySettings, istio: Version) -> Self {
        match kind {
            SidecarKind::Native => Self::AfterApplication,
            SidecarKind::Classic if settings.exit_on_zero_active_connections && istio >= EXIT_ON_ZERO_SINCE => {
                Self::WhenIdleAfter(settings.minimum_drain_duration.max(GoDuration::ZERO))
            }
            SidecarKind::Classic => Self::After(settings.termination_drain_duration.max(GoDuration::ZERO)),
        }
    }

    /// How long the pod certainly has a network after SIGTERM, even with no connection open; `None`: as long as the application lives.
    pub fn guaranteed(self) -> Option<GoDuration> {
        match self {
            Self::AfterApplication => None,
            Self::After(time) => Some(time),
            Self::WhenIdleAfter(minimum) => Some(minimum.plus(IDLE_CHECK_PERIOD)),
        }
    }

    /// The time that is set for it, which ends it at the earliest; `None`: it ends with the application.
    pub fn set_time(self) -> Option<GoDuration> {
        match self {
            Self::AfterApplication => None,
            Self::After(time) | Self::WhenIdleAfter(time) => Some(time),
        }
    }

    /// What the proxy itself needs of the grace period after the application has ended.
    pub fn exit_allowance(self) -> GoDuration {
        match self {
            Self::AfterApplication => NATIVE_EXIT_ALLOWANCE,
            Self::After(_) | Self::WhenIdleAfter(_) => GoDuration::ZERO,
        }
    }
}

/// Whether application containers start only when the proxy is ready: a native sidecar, or a classic one with
/// `holdApplicationUntilProxyStarts`. Init containers are another matter: with a classic sidecar they run before it in any case.
pub fn proxy_is_ready_first(kind: SidecarKind, settings: &ProxySettings, istio: Version) -> bool {
    match kind {
        SidecarKind::Native => true,
        SidecarKind::Classic => settings.hold_application_until_proxy_starts && istio >= HOLD_SINCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::shutdown::proxy_outlives;
    use SidecarKind::{Classic, Native};

    const TODAY: Version = Version::new(1, 31);

    fn seconds(seconds: i64) -> GoDuration {
        GoDuration::from_seconds(seconds)
    }

    fn fixed(termination: i64) -> ProxySettings {
        ProxySettings { termination_drain_duration: seconds(termination), ..ProxySettings::default() }
    }

    fn when_idle(minimum: i64) -> ProxySettings {
        ProxySettings { exit_on_zero_active_connections: true, minimum_drain_duration: seconds(minimum), ..fixed(60) }
    }

    /// The application had a preStop of 10 s and was gone at 12.5 s; short requests only. Did they fail before that?
    #[test]
    fn agrees_with_what_a_real_agent_and_envoy_did() {
        let application = "12.5s".parse().unwrap();
        for (case, kind, settings, covered) in [
            ("defaults: dead at 5.03 s", Classic, fixed(5), false),
            ("termination drain 15 s", Classic, fixed(15), true),
            ("exit on zero, minimum 12 s: ended at 13.0 s", Classic, when_idle(12), true),
            ("exit on zero, minimum 3 s: dead at 4.03 s", Classic, when_idle(3), false),
            ("exit on zero alone: dead at 6.06 s", Classic, when_idle(5), false),
            ("native", Native, fixed(5), true),
        ] {
            assert_eq!(proxy_outlives(ProxyEnd::of(kind, &settings, TODAY), application), covered, "{case}");
        }
    }

    #[test]
    fn the_guaranteed_time_is_the_one_measured() {
        for (kind, settings, wanted) in [
            (Classic, fixed(5), Some(5)),
            (Classic, fixed(-5), Some(0)),
            (Classic, when_idle(3), Some(4)),
            (Classic, when_idle(-3), Some(1)),
            (Native, when_idle(3), None),
        ] {
            assert_eq!(ProxyEnd::of(kind, &settings, TODAY).guaranteed(), wanted.map(seconds), "{settings:?}");
        }
    }

    #[test]
    fn settings_do_nothing_before_istio_had_them() {
        assert_eq!(ProxyEnd::of(Classic, &when_idle(3), Version::new(1, 11)), ProxyEnd::After(seconds(60)));
        let hold = ProxySettings { hold_application_until_proxy_starts: true, ..fixed(5) };
        assert!(proxy_is_ready_first(Classic, &hold, Version::new(1, 7)));
        assert!(!proxy_is_ready_first(Classic, &hold, Version::new(1, 6)));
    }

    #[test]
    fn only_a_native_sidecar_is_ready_first_by_itself_and_exits_last() {
        assert!(proxy_is_ready_first(Native, &fixed(5), TODAY));
        assert!(!proxy_is_ready_first(Classic, &fixed(5), TODAY));
        assert_eq!(ProxyEnd::of(Native, &fixed(5), TODAY).exit_allowance(), seconds(5));
        assert_eq!(ProxyEnd::of(Classic, &fixed(5), TODAY).exit_allowance(), GoDuration::ZERO);
    }
}
