//! What has to fit into what when a pod ends: five equations over plain numbers, each of them one function.
//!
//! All times count from the moment Kubernetes tells the pod to stop. At that moment the grace period G starts, the preStop hooks
//! of all containers start (P), and a classic proxy gets its SIGTERM. A container gets its own when its hook has returned, and
//! takes the shutdown S after it. Sources: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination> and
//! `terminate` in <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>.

use crate::mesh::shutdown::ProxyEnd;
use crate::mesh::{GoDuration, Version};

/// Between the end of the application and the kill, in seconds: signals and bookkeeping take a moment.
pub const SLACK_SECONDS: i64 = 2;

/// The API server takes `preStop.sleep.seconds: 0` from here on.
const ZERO_SLEEP_SINCE: Version = Version::new(1, 33);

/// P + S: what a container takes from the first signal to its last, in seconds.
pub fn application_seconds(pre_stop: i64, shutdown: i64) -> i64 {
    pre_stop.saturating_add(shutdown)
}

/// A: the grace period, in seconds, that covers the longest application and, where the proxy ends after it, the proxy.
pub fn needed_grace(application: i64, proxy_exit: i64) -> i64 {
    application.saturating_add(SLACK_SECONDS).saturating_add(proxy_exit)
}

/// B: whether a hook keeps the container serving until its callers have heard that it goes away. Both in seconds.
pub fn covers_window(pre_stop: i64, window: i64) -> bool {
    pre_stop >= window
}

/// C: whether the application has a network to its end, however few connections are open.
///
/// A proxy that ends with its last connection is held by nothing but its minimum, so that this has to cover preStop and shutdown
/// too.
pub fn proxy_outlives(proxy: ProxyEnd, application: GoDuration) -> bool {
    proxy.guaranteed().is_none_or(|guaranteed| guaranteed >= application)
}

/// D: whether Envoy takes new inbound connections as long as it certainly lives. It closes its listeners when `drainDuration` is
/// over; what is open lives on, and so does everything outbound. Nothing of it holds for a native proxy, whose listeners stay.
pub fn envoy_outlasts(proxy: ProxyEnd, drain: GoDuration) -> bool {
    proxy.set_time().is_none_or(|life| drain >= life)
}

/// E: whether the API server takes a sleep action of so many seconds within this grace period.
///
/// Source: `validateSleepAction` in <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>.
pub fn sleep_fits(seconds: i64, grace: i64, kubernetes: Version) -> bool {
    let least = if kubernetes >= ZERO_SLEEP_SINCE { 0 } else { 1 };
    (least..=grace).contains(&seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> GoDuration {
        GoDuration::from_seconds(seconds)
    }

    #[test]
    fn the_grace_period_covers_the_application_a_moment_and_a_proxy_that_ends_after_it() {
        assert_eq!(application_seconds(30, 10), 40);
        assert_eq!(needed_grace(40, 0), 42);
        assert_eq!(needed_grace(40, 5), 47);
        assert_eq!(needed_grace(application_seconds(i64::MAX, 1), 5), i64::MAX);
    }

    #[test]
    fn a_hook_covers_the_window_to_the_second() {
        assert!(covers_window(15, 15));
        assert!(!covers_window(14, 15));
    }

    #[test]
    fn only_a_native_proxy_outlives_every_application() {
        for (proxy, application, outlives) in [
            (ProxyEnd::After(seconds(40)), 40, true),
            (ProxyEnd::After(seconds(40)), 41, false),
            // The agent first looks one second after its minimum.
            (ProxyEnd::WhenIdleAfter(seconds(39)), 40, true),
            (ProxyEnd::WhenIdleAfter(seconds(39)), 41, false),
            (ProxyEnd::AfterApplication, 86_400, true),
        ] {
            assert_eq!(proxy_outlives(proxy, seconds(application)), outlives, "{proxy:?} {application}");
        }
    }

    #[test]
    fn a_classic_envoy_refuses_new_connections_when_it_has_drained() {
        for (proxy, drain, outlasts) in [
            (ProxyEnd::After(seconds(45)), 45, true),
            (ProxyEnd::After(seconds(46)), 45, false),
            (ProxyEnd::WhenIdleAfter(seconds(45)), 45, true),
            (ProxyEnd::WhenIdleAfter(seconds(46)), 45, false),
            (ProxyEnd::AfterApplication, 1, true),
        ] {
            assert_eq!(envoy_outlasts(proxy, seconds(drain)), outlasts, "{proxy:?} {drain}");
        }
    }

    #[test]
    fn a_sleep_fits_when_the_api_server_takes_it() {
        let (before, since) = (Version::new(1, 32), Version::new(1, 33));
        for (kubernetes, sleep, grace, fits) in [
            (since, 30, 30, true),
            (since, 31, 30, false),
            (since, 0, 30, true),
            (since, 0, 0, true),
            (since, -1, 30, false),
            (before, 0, 30, false),
            (before, 1, 30, true),
            (before, 1, 0, false),
        ] {
            assert_eq!(sleep_fits(sleep, grace, kubernetes), fits, "{sleep} in {grace}, Kubernetes {kubernetes}");
        }
    }
}
