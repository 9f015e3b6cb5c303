//! What one connection is doing: the clocks by which it may be closed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Shared by the bytes, the requests and the keeper of one connection.
#[derive(Debug)]
pub struct Activity {
    state: Mutex<State>,
    answered: Notify,
    evicted: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    answered: bool,
    quiet_since: Instant,
    head_since: Option<Instant>,
}

/// A request that is being answered, from the end of its head until its answer is written.
#[derive(Debug)]
pub struct InFlight(Arc<Activity>);

impl Default for Activity {
    /// Of a connection that was accepted now.
    fn default() -> Self {
        let state = State { in_flight: 0, answered: false, quiet_since: Instant::now(), head_since: None };
        Self { state: Mutex::new(state), answered: Notify::new(), evicted: Notify::new() }
    }
}

impl Activity {
    /// Bytes came in. Between two requests they begin the head of the next one.
    pub fn bytes_arrived(&self) {
        let mut state = self.state();
        if state.in_flight == 0 && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// When the head began that is not complete yet.
    pub fn head_since(&self) -> Option<Instant> {
        self.state().head_since
    }

    /// A head is complete: a request begins.
    pub fn request(self: &Arc<Self>) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.head_since = None;
        drop(state);
        InFlight(self.clone())
    }

    /// Since when there is no request; none while there is one.
    pub fn quiet_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.in_flight == 0).then_some(state.quiet_since)
    }

    /// Whether a request was answered on this connection.
    pub fn has_answered(&self) -> bool {
        self.state().answered
    }

    /// Waits for the end of a request; one that ended unseen counts.
    pub async fn answered(&self) {
        self.answered.notified().await;
    }

    /// Whether it never brought a request: the first to go when there are too many.
    pub fn is_mute(&self) -> bool {
        let state = self.state();
        state.in_flight == 0 && !state.answered
    }

    /// Asks for the connection to be closed at once.
    pub fn evict(&self) {
        self.evicted.notify_one();
    }

    /// Waits until [`Activity::evict`] is called; a call before counts.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight -= 1;
        state.answered = true;
        state.quiet_since = Instant::now();
        drop(state);
        self.0.answered.notify_one();
    }
}
