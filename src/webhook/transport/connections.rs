//! All connections of one port, and the limit on their number.
//!
//! When all seats are taken, the longest-sitting connection that never brought a request gives up its seat, so that a
//! crowd of silent peers keeps nobody out. A connection that was used is never closed for it: a request may be on its way.

use crate::webhook::transport::activity::Activity;
use prometheus_client::metrics::gauge::Gauge;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The seats of one port.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    seats: Mutex<Seats>,
    freed: Notify,
    gauge: Gauge,
}

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    taken: BTreeMap<u64, Arc<Activity>>,
}

/// The seat of one connection; free again when dropped.
#[derive(Debug)]
pub struct Seat {
    number: u64,
    connections: Arc<Connections>,
    /// The clocks of the connection.
    pub activity: Arc<Activity>,
}

impl Connections {
    /// At most so many seats, counted in a gauge.
    pub fn new(most: usize, gauge: Gauge) -> Arc<Self> {
        Arc::new(Self { most, seats: Mutex::default(), freed: Notify::new(), gauge })
    }

    /// Takes a seat for a connection that was accepted now; waits while there is none to be had.
    pub async fn take(self: &Arc<Self>) -> Seat {
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if let Some(seat) = self.try_take() {
                return seat;
            }
            self.evict_mute();
            freed.await;
        }
    }

    /// Asks the longest-sitting connection that never brought a request for its seat, if there is one.
    pub fn evict_mute(&self) {
        if let Some(mute) = self.seats().taken.values().find(|activity| activity.is_mute()) {
            mute.evict();
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Seat> {
        let mut seats = self.seats();
        if seats.taken.len() >= self.most {
            return None;
        }
        let (number, activity) = (seats.next, Arc::new(Activity::default()));
        seats.next += 1;
        seats.taken.insert(number, activity.clone());
        self.gauge.inc();
        Some(Seat { number, connections: self.clone(), activity })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.seats().taken.len()
    }

    /// Waits until there is none.
    pub async fn none_left(&self) {
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            freed.await;
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.seats().taken.remove(&self.number);
        self.connections.gauge.dec();
        self.connections.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn the_longest_mute_one_gives_up_its_seat() {
        let connections = Connections::new(3, Gauge::default());
        let used = connections.take().await;
        drop(used.activity.request());
        let mute = connections.take().await;
        let younger = connections.take().await;
        assert!(poll_once(connections.take()).is_pending());
        assert!(poll_once(mute.activity.evicted()).is_ready());
        assert!(poll_once(used.activity.evicted()).is_pending());
        assert!(poll_once(younger.activity.evicted()).is_pending());
        drop(mute);
        assert!(poll_once(connections.take()).is_ready());
    }

    #[tokio::test]
    async fn nobody_who_was_used_or_is_busy_is_closed() {
        let connections = Connections::new(2, Gauge::default());
        let (used, busy) = (connections.take().await, connections.take().await);
        drop(used.activity.request());
        let _request = busy.activity.request();
        assert!(poll_once(connections.take()).is_pending());
        assert!(poll_once(used.activity.evicted()).is_pending());
        assert!(poll_once(busy.activity.evicted()).is_pending());
        assert_eq!(connections.count(), 2);
    }

    #[tokio::test]
    async fn the_end_of_the_last_one_is_noticed() {
        let connections = Connections::new(2, Gauge::default());
        let (one, two) = (connections.take().await, connections.take().await);
        let mut gone = pin!(connections.none_left());
        let mut context = Context::from_waker(Waker::noop());
        assert!(gone.as_mut().poll(&mut context).is_pending());
        drop(one);
        assert!(gone.as_mut().poll(&mut context).is_pending());
        drop(two);
        assert!(gone.as_mut().poll(&mut context).is_ready());
    }
}
