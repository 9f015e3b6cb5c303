//! Where requests die: those that come in, and those that the application makes.

use crate::mesh::GoDuration;
use crate::mesh::shutdown::ProxyLife;
use crate::mesh::shutdown::timeline::canvas::{Axis, Row};
use crate::mesh::shutdown::timeline::{DrawnProxy, PodEnd};

/// One row for each direction; none for a direction in which nothing is asked.
pub(super) fn rows(pod: &PodEnd<'_>, axis: Axis) -> Vec<Row> {
    [incoming(pod, axis), outgoing(pod, axis)].into_iter().filter(|row| !row.is_empty()).collect()
}

/// New requests come as long as a preStop lets the application serve them, and as long as callers have not heard that it ends.
fn incoming(pod: &PodEnd<'_>, axis: Axis) -> Row {
    let mut row = Row::new("requests in", axis);
    let served = pod.containers.iter().map(|it| it.hook.seconds()).max().unwrap_or(0);
    row.fill(b'o', 0, served);
    if pod.has_unknown_hook() {
        row.fill(b'?', 0, pod.grace);
    }
    // Who has got its SIGTERM takes no new ones.
    for container in &pod.containers {
        row.fill(b'x', container.hook.seconds().min(pod.grace), container.callers);
    }
    let served = if pod.has_unknown_hook() { pod.grace } else { served };
    without_network(pod, &mut row, |life| life.takes_connections(), served);
    without_listeners(pod, &mut row, served);
    killed(pod, &mut row, served);
    row
}

/// The application calls others as long as it lives.
fn outgoing(pod: &PodEnd<'_>, axis: Axis) -> Row {
    let mut row = Row::new("requests out", axis);
    let end = if pod.has_unknown_hook() { pod.grace } else { pod.application_end() };
    row.fill(b'?', 0, end).fill(b'o', 0, pod.application_end());
    without_network(pod, &mut row, |life| life.lasts(), end);
    killed(pod, &mut row, end.max(pod.application_end()));
    row
}

/// What is asked after the proxy's time dies; where the proxy stays as long as it is busy, or it is not known how long the
/// application lives, perhaps.
fn without_network(pod: &PodEnd<'_>, row: &mut Row, until: fn(&ProxyLife) -> Option<GoDuration>, asked: i64) {
    match &pod.proxy {
        DrawnProxy::Absent => {}
        DrawnProxy::Unknown => {
            row.fill(b'?', 0, asked.min(pod.grace));
        }
        DrawnProxy::Lives(life) => {
            let mark = if life.ends_when_idle() || pod.has_unknown_hook() { b'?' } else { b'x' };
            if let Some(until) = until(life).filter(|until| *until < GoDuration::from_seconds(asked)) {
                row.fill_from(mark, until, asked);
            }
        }
    }
}

/// Closed listeners refuse what is new, however long open connections keep the proxy.
fn without_listeners(pod: &PodEnd<'_>, row: &mut Row, asked: i64) {
    let closed = match &pod.proxy {
        DrawnProxy::Lives(life) if !pod.has_unknown_hook() => life.closes_listeners(),
        _ => None,
    };
    if let Some(closed) = closed.filter(|closed| *closed < GoDuration::from_seconds(asked)) {
        row.fill_from(b'x', closed, asked);
    }
}

/// At the end of the grace period what is open is cut off, and nothing is asked any more.
fn killed(pod: &PodEnd<'_>, row: &mut Row, asked: i64) {
    if asked > pod.grace {
        let last = row.last();
        row.fill(b' ', pod.grace, last).put(b' ', last).put(b'x', pod.grace);
    }
}
