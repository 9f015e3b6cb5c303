//! The end of a pod as a small drawing in plain text: a row for each container, the proxy, the grace period, and for requests in both
//! directions, over an axis of seconds. The same numbers give the same lines.

mod canvas;
mod requests;
mod rows;

use crate::mesh::shutdown::{HookTime, ProxyLife, application_seconds};
use canvas::{Axis, Row};
use rows::{container_row, grace_row, proxy_row};

/// What a pod is made of when it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct PodEnd<'a> {
    /// Its containers, those that matter most first.
    pub containers: Vec<DrawnContainer<'a>>,
    /// The grace period in seconds.
    pub grace: i64,
    /// Its proxy.
    pub proxy: DrawnProxy,
}

/// A container of the application.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawnContainer<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its preStop.
    pub hook: DrawnHook,
    /// What it takes after SIGTERM, in seconds.
    pub shutdown: i64,
    /// Whether it is stopped after all others: a sidecar of the user's own.
    pub stops_last: bool,
    /// For how many seconds callers still come; zero where nobody does, or it is not known for how long.
    pub callers: i64,
}

/// The preStop of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawnHook {
    /// None: SIGTERM comes at once.
    Absent,
    /// It takes this.
    Takes(HookTime),
    /// Nobody knows what it takes.
    Unknown,
}

/// The proxy of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawnProxy {
    /// None: the pod is not in the mesh, or in an ambient one.
    Absent,
    /// It lives so long.
    Lives(ProxyLife),
    /// Nobody knows how it is set up.
    Unknown,
}

/// Columns that a drawing takes at most.
pub const WIDTH: usize = 72;

/// Containers that are drawn; the others are counted.
const MOST_CONTAINERS: usize = 6;

/// The drawing: lines of printable ASCII, none longer than `WIDTH`. Empty for a pod that has no time to end.
pub fn timeline(pod: &PodEnd<'_>) -> Vec<String> {
    if pod.grace <= 0 {
        return Vec::new();
    }
    let axis = Axis::to(pod.last_second());
    let mut rows: Vec<Row> =
        pod.containers.iter().take(MOST_CONTAINERS).map(|it| container_row(pod, it, axis)).collect();
    rows.extend(proxy_row(pod, axis));
    rows.push(grace_row(pod, axis));
    rows.extend(requests::rows(pod, axis));
    let mut lines = vec![axis.ticks()];
    lines.extend(rows.iter().map(Row::line));
    let more = pod.containers.len().saturating_sub(MOST_CONTAINERS);
    if more > 0 {
        lines.insert(MOST_CONTAINERS + 1, format!("and {more} more containers"));
    }
    lines.extend(canvas::legend(&rows));
    lines
}

impl DrawnHook {
    /// In seconds, as far as it is known.
    fn seconds(self) -> i64 {
        match self {
            Self::Takes(time) => time.at_least,
            Self::Absent | Self::Unknown => 0,
        }
    }
}

impl DrawnContainer<'_> {
    /// When it has ended by itself, in seconds.
    fn end(&self) -> i64 {
        application_seconds(self.hook.seconds(), self.shutdown)
    }
}

impl PodEnd<'_> {
    /// When the application has ended by itself, in seconds. A hook of unknown length may take the whole grace period.
    fn application_end(&self) -> i64 {
        self.containers.iter().filter(|it| !it.stops_last).map(DrawnContainer::end).max().unwrap_or(0)
    }

    fn has_unknown_hook(&self) -> bool {
        self.containers.iter().any(|it| it.hook == DrawnHook::Unknown)
    }

    /// What a native proxy takes after the application.
    fn proxy_exit(&self) -> i64 {
        match self.proxy {
            DrawnProxy::Lives(life) => life.end.exit_allowance().seconds_ceil(),
            DrawnProxy::Absent | DrawnProxy::Unknown => 0,
        }
    }

    /// The last second of the axis: all of the application, and the grace period unless it is very much longer.
    fn last_second(&self) -> i64 {
        let ends = self.containers.iter().flat_map(|it| [it.end(), it.callers]);
        let needed = ends.max().unwrap_or(0).max(self.application_end().saturating_add(self.proxy_exit())).max(1);
        let is_far = self.grace > needed.saturating_mul(3) && !self.has_unknown_hook();
        if is_far { needed.saturating_add(needed / 4).max(needed + 1) } else { needed.max(self.grace) }
    }
}

#[cfg(test)]
mod tests;
