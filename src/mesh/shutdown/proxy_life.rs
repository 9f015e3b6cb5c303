//! How long the proxy of a pod carries traffic after the pod is told to stop.

use crate::mesh::shutdown::{ApplicationEnd, ProxyEnd, proxy_outlives};
use crate::mesh::{GoDuration, ProxySettings, SidecarKind, Version};

/// The life of a proxy after the pod is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyLife {
    /// How it ends.
    pub end: ProxyEnd,
    /// What a preStop of its own takes, in seconds; its SIGTERM comes after that.
    pub own_hook: i64,
    /// When its listeners close, counted from its SIGTERM.
    pub drain: GoDuration,
}

impl ProxyLife {
    /// The life of a proxy with these settings, whose own preStop takes so many seconds.
    pub fn of(kind: SidecarKind, settings: &ProxySettings, istio: Version, own_hook: i64) -> Self {
        Self { end: ProxyEnd::of(kind, settings, istio), own_hook, drain: settings.drain_duration }
    }

    /// How long the pod certainly has a network; none: as long as the application lives.
    pub fn lasts(&self) -> Option<GoDuration> {
        self.end.guaranteed().map(|guaranteed| guaranteed.plus(GoDuration::from_seconds(self.own_hook)))
    }

    /// When its listeners close: from then on new connections in are refused, whether it lives on or not. None: never, as those of
    /// a native proxy.
    pub fn closes_listeners(&self) -> Option<GoDuration> {
        self.end.set_time().map(|_| GoDuration::from_seconds(self.own_hook).plus(self.drain))
    }

    /// How long new connections certainly come in: to the end of a classic proxy, or until its listeners close. None: as long as the
    /// application lives.
    pub fn takes_connections(&self) -> Option<GoDuration> {
        Some(self.lasts()?.min(self.closes_listeners()?))
    }

    /// Whether it lasts longer while connections are open, instead of ending in any case.
    pub fn ends_when_idle(&self) -> bool {
        matches!(self.end, ProxyEnd::WhenIdleAfter(_))
    }

    /// C: whether the application has a network to its end, which is the end of the grace period where that comes first.
    pub fn covers(&self, application: ApplicationEnd, grace: i64) -> bool {
        self.covers_seconds(application.seconds_within(grace))
    }

    /// The same for the preStop alone.
    pub fn covers_hook(&self, application: ApplicationEnd, grace: i64) -> bool {
        self.covers_seconds(application.pre_stop.unwrap_or(0).min(grace))
    }

    fn covers_seconds(&self, seconds: i64) -> bool {
        proxy_outlives(self.end, GoDuration::from_seconds(seconds.saturating_sub(self.own_hook)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SidecarKind::{Classic, Native};

    const ISTIO: Version = Version::new(1, 31);

    fn seconds(seconds: i64) -> GoDuration {
        GoDuration::from_seconds(seconds)
    }

    fn duration(text: &str) -> GoDuration {
        text.parse().unwrap()
    }

    /// A real agent and Envoy beside an application with a preStop of 10 s that was gone at 12.5 s; short requests only.
    /// When was its first call out refused, and the first new connection in?
    #[test]
    fn requests_die_when_they_did_beside_a_real_proxy() {
        let settings = |termination: i64, drain: i64| ProxySettings {
            termination_drain_duration: seconds(termination),
            drain_duration: seconds(drain),
            ..ProxySettings::default()
        };
        let when_idle = |minimum: i64| ProxySettings {
            exit_on_zero_active_connections: true,
            minimum_drain_duration: seconds(minimum),
            ..settings(5, 45)
        };
        let (gone, slack) = (duration("12.5s"), duration("100ms"));
        for (kind, settings, outbound, inbound) in [
            (Classic, settings(5, 45), Some("5.03s"), Some("5.03s")),
            (Classic, settings(15, 45), None, None),
            (Classic, when_idle(12), None, None),
            (Classic, when_idle(3), Some("4.03s"), Some("4.03s")),
            (Classic, when_idle(5), Some("6.06s"), Some("6.06s")),
            (Native, settings(5, 45), None, None),
            (Classic, settings(14, 6), None, Some("6.0s")),
            (Native, settings(5, 6), None, None),
        ] {
            let life = ProxyLife::of(kind, &settings, ISTIO, 0);
            for (computed, seen) in [(life.lasts(), outbound), (life.takes_connections(), inbound)] {
                let computed = computed.filter(|until| *until < gone);
                let seen = seen.map(duration);
                let agrees = match (computed, seen) {
                    (Some(computed), Some(seen)) => computed <= seen && seen <= computed.plus(slack),
                    (computed, seen) => computed.is_none() && seen.is_none(),
                };
                assert!(agrees, "{settings:?}: computed {computed:?}, seen {seen:?}");
            }
        }
    }

    #[test]
    fn a_pre_stop_of_its_own_delays_everything() {
        let life = ProxyLife::of(Classic, &ProxySettings::default(), ISTIO, 20);
        assert_eq!(life.lasts(), Some(seconds(25)));
        assert_eq!(life.takes_connections(), Some(seconds(25)));
        assert_eq!(life.closes_listeners(), Some(seconds(20 + 45)));
        assert_eq!(ProxyLife::of(Native, &ProxySettings::default(), ISTIO, 0).closes_listeners(), None);
        let application = |pre_stop| ApplicationEnd { pre_stop: Some(pre_stop), shutdown: 10 };
        assert!(life.covers(application(15), 60));
        assert!(!life.covers(application(16), 60));
        assert!(life.covers(application(16), 25));
        assert!(life.covers_hook(application(25), 60));
        assert!(!life.covers_hook(application(26), 60));
    }
}
