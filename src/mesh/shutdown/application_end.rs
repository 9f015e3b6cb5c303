//! The end of one container in numbers, and the sum that has to fit into the grace period.

use crate::mesh::shutdown::{SLACK_SECONDS, application_seconds, needed_grace};

/// What a container takes from the first signal to its last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplicationEnd {
    /// What its preStop takes at least; none without one, or where the manifest does not tell.
    pub pre_stop: Option<i64>,
    /// What the shutdown after it takes.
    pub shutdown: i64,
}

impl ApplicationEnd {
    /// Both together, at least.
    pub fn seconds(self) -> i64 {
        application_seconds(self.pre_stop.unwrap_or(0), self.shutdown)
    }

    /// The grace period that it needs, where the proxy takes so long after it.
    pub fn needed_grace(self, proxy_exit: i64) -> i64 {
        needed_grace(self.seconds(), proxy_exit)
    }

    /// How long it lives under a grace period, at whose end it is killed.
    pub fn seconds_within(self, grace: i64) -> i64 {
        self.seconds().min(grace)
    }

    /// Whether its preStop alone takes the whole grace period: it is killed without a chance to shut down.
    pub fn is_killed_in_hook(self, grace: i64) -> bool {
        self.pre_stop.is_some_and(|pre_stop| pre_stop >= grace)
    }

    /// What has to fit into the grace period, for people: `preStop 30s + shutdown 10s + slack 2s = 42s`.
    pub fn sum(self, proxy_exit: i64) -> String {
        let proxy = if proxy_exit > 0 { format!(" + proxy {proxy_exit}s") } else { String::new() };
        let total = self.needed_grace(proxy_exit);
        match self.pre_stop {
            Some(_) => format!("{} + slack {SLACK_SECONDS}s{proxy} = {total}s", self.parts()),
            None => format!("{} + slack {SLACK_SECONDS}s{proxy} = at least {total}s", self.parts()),
        }
    }

    /// Its two parts, for people: `preStop 30s + shutdown 10s`.
    pub fn parts(self) -> String {
        let pre_stop = self.pre_stop.map_or("?".to_owned(), |seconds| format!("{seconds}s"));
        format!("preStop {pre_stop} + shutdown {}s", self.shutdown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_said_as_it_is_computed() {
        let end = ApplicationEnd { pre_stop: Some(30), shutdown: 10 };
        assert_eq!(end.sum(0), "preStop 30s + shutdown 10s + slack 2s = 42s");
        assert_eq!(end.sum(5), "preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s");
        let unknown = ApplicationEnd { pre_stop: None, shutdown: 59 };
        assert_eq!(unknown.sum(0), "preStop ? + shutdown 59s + slack 2s = at least 61s");
    }

    #[test]
    fn a_container_is_killed_at_the_end_of_the_grace_period() {
        let end = ApplicationEnd { pre_stop: Some(30), shutdown: 10 };
        assert_eq!([39, 40, 41].map(|grace| end.seconds_within(grace)), [39, 40, 40]);
        assert_eq!([29, 30, 31].map(|grace| end.is_killed_in_hook(grace)), [true, true, false]);
        assert!(!ApplicationEnd { pre_stop: None, shutdown: 10 }.is_killed_in_hook(1));
    }
}
