//! Where judging runs: small reviews on the thread that read them, large ones beside it, few at a time.
//!
//! Judging a small review takes well under a millisecond, less than handing it to somebody else costs. What is large enough to
//! take longer must not keep the thread from its other connections, their handshakes and their deadlines: it goes to a pool, and
//! whoever finds that full waits there, until his own time is up.

use crate::webhook::body::HeldBody;
use crate::webhook::judge::{Judge, JudgeError};
use crate::webhook::wire::{self, AdmissionRequest};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Reviews of so many bytes are judged on the thread that read them.
const SMALL: usize = 32 << 10;

/// A question to the judge about one request.
pub type Question<T> = fn(&dyn Judge, &AdmissionRequest<'_>) -> Result<T, JudgeError>;

/// Lets a judge work.
pub struct Judging {
    judge: Arc<dyn Judge>,
    places: Arc<Semaphore>,
    begun: Arc<Begun>,
}

/// When each piece of work of the pool began.
#[derive(Debug, Default)]
pub struct Begun(Mutex<Vec<Instant>>);

impl Judging {
    /// So many large reviews are judged at the same time.
    pub fn new(judge: Arc<dyn Judge>, places: usize, begun: Arc<Begun>) -> Self {
        Self { judge, places: Arc::new(Semaphore::new(places)), begun }
    }

    /// The judge itself.
    pub fn judge(&self) -> &dyn Judge {
        &*self.judge
    }

    /// The answer about a request that was read from this body. A panic is an answer, too. Who stops waiting stops nothing: the work
    /// keeps its place, and the bytes of the body, until it is done.
    ///
    /// # Errors
    /// Those of the judge; a panic of his.
    pub async fn ask<T: Send + 'static>(
        &self,
        body: &Arc<HeldBody>,
        request: &AdmissionRequest<'_>,
        question: Question<T>,
    ) -> Result<T, JudgeError> {
        if body.bytes().len() <= SMALL {
            return answered(&*self.judge, request, question);
        }
        let place = self.places.clone().acquire_owned().await.map_err(internal)?;
        let (judge, body, begun) = (self.judge.clone(), body.clone(), self.begun.clone());
        let work = move || {
            let _kept = (place, begun.enter());
            let request = wire::read(body.bytes()).map_err(internal)?;
            answered(&*judge, &request, question)
        };
        tokio::task::spawn_blocking(work).await.map_err(internal)?
    }
}

impl Begun {
    /// Whether anything has been worked on for longer than this.
    pub fn is_older(&self, time: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|begun| begun.elapsed() > time)
    }

    fn enter(self: Arc<Self>) -> Entry {
        let now = Instant::now();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(now);
        Entry(self, now)
    }
}

/// Notes that a piece of work has begun, until it is dropped.
struct Entry(Arc<Begun>, Instant);

impl Drop for Entry {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|begun| *begun == self.1) {
            all.swap_remove(at);
        }
    }
}

fn answered<T>(judge: &dyn Judge, request: &AdmissionRequest<'_>, question: Question<T>) -> Result<T, JudgeError> {
    catch_unwind(AssertUnwindSafe(|| question(judge, request))).map_err(|_| JudgeError::panicked()).flatten()
}

fn internal(error: impl std::fmt::Display) -> JudgeError {
    JudgeError::Internal(format!("internal error: {error}"))
}
