//! The rows of containers, proxy and grace period.

use crate::mesh::GoDuration;
use crate::mesh::shutdown::timeline::canvas::{Axis, Row};
use crate::mesh::shutdown::timeline::{DrawnContainer, DrawnHook, DrawnProxy, PodEnd};
use crate::mesh::shutdown::{ProxyEnd, ProxyLife};

/// The row of one container.
pub(super) fn container_row(pod: &PodEnd<'_>, container: &DrawnContainer<'_>, axis: Axis) -> Row {
    let mut row = Row::new(container.name, axis);
    if container.hook == DrawnHook::Unknown {
        row.fill(b'?', 0, pod.grace).put(b'K', pod.grace);
        return row;
    }
    let hook = container.hook.seconds();
    row.fill(b'=', 0, hook);
    let end = if container.stops_last { hook.max(pod.application_end()) } else { container.end() };
    if container.stops_last {
        row.fill(b'.', hook, end).put(b'T', end);
    } else {
        row.fill(b'-', hook, end).put(b'|', end).put(b'T', hook);
        if matches!(container.hook, DrawnHook::Takes(time) if !time.only_sleeps) {
            row.put(b'?', hook);
        }
    }
    if end > pod.grace {
        row.cut(pod.grace);
    }
    row
}

/// The row of the proxy; none without one.
pub(super) fn proxy_row(pod: &PodEnd<'_>, axis: Axis) -> Option<Row> {
    let mut row = Row::new("istio-proxy", axis);
    match pod.proxy {
        DrawnProxy::Absent => return None,
        DrawnProxy::Unknown => {
            row.fill(b'?', 0, pod.grace).put(b'K', pod.grace);
        }
        DrawnProxy::Lives(life) if life.end == ProxyEnd::AfterApplication => native(pod, &mut row),
        DrawnProxy::Lives(life) => classic(pod, &life, &mut row),
    }
    Some(row)
}

/// It runs on beside the application and ends after it.
fn native(pod: &PodEnd<'_>, row: &mut Row) {
    let (application, grace) = (pod.application_end(), pod.grace);
    let end = application.saturating_add(pod.proxy_exit());
    row.fill(b'.', 0, application).fill(b'-', application, end).put(b'|', end).put(b'T', application);
    if pod.has_unknown_hook() {
        row.fill(b'?', application, grace).put(b'K', grace);
    }
    if end > grace {
        row.cut(grace);
    }
}

/// It gets its signal together with the application, and ends after its own time.
fn classic(pod: &PodEnd<'_>, life: &ProxyLife, row: &mut Row) {
    let (hook, grace) = (life.own_hook, pod.grace);
    let lasts = life.lasts().unwrap_or_default();
    row.fill(b'=', 0, hook).fill_to(b'-', hook, lasts).put_at(b'|', lasts).put(b'T', hook);
    if life.ends_when_idle() {
        // A peer that never closes its end keeps it even when the application is gone.
        row.fill_from(b'?', lasts, grace);
    }
    if lasts > GoDuration::from_seconds(row.last()) {
        row.put(b'>', row.last());
    }
    if lasts > GoDuration::from_seconds(grace) && grace < row.last() {
        row.cut(grace);
    }
}

/// The grace period, with the kill at its end.
pub(super) fn grace_row(pod: &PodEnd<'_>, axis: Axis) -> Row {
    let mut row = Row::new(&format!("grace {}s", pod.grace), axis);
    row.fill(b'.', 0, pod.grace).put(if pod.grace > axis.last() { b'>' } else { b'K' }, pod.grace);
    row
}
