//! A word on the way for who waits at a terminal: one line, rewritten, and gone at the end.

use crate::cli::Run;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long nobody needs a word.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written anew.
const BEAT: Duration = Duration::from_millis(200);
/// Back to the start of the line, and the rest of it away.
const CLEAR_LINE: &str = "\r\u{1b}[K";

/// How far something is.
#[derive(Debug)]
pub struct Progress {
    /// What is done, as in `writing`.
    what: &'static str,
    done: AtomicUsize,
    of: usize,
}

impl Progress {
    /// Nothing done yet of so many files.
    pub fn new(what: &'static str, of: usize) -> Self {
        Self { what, done: AtomicUsize::new(0), of }
    }

    /// One more file is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn line(&self) -> String {
        format!("{}: {} of {} files", self.what, self.done.load(Ordering::Relaxed), self.of)
    }
}

/// Does the work, and says how far it is where somebody waits for it at a terminal.
pub fn accompanied<T: Send>(run: &mut Run<'_>, progress: &Progress, work: impl FnOnce() -> T + Send) -> T {
    if !run.terminal.stderr {
        return work();
    }
    let start = Instant::now();
    let here = thread::current();
    let mut was_said = false;
    let result = thread::scope(|scope| {
        let working = scope.spawn(|| {
            let result = work();
            here.unpark();
            result
        });
        while !working.is_finished() {
            thread::park_timeout(BEAT);
            if start.elapsed() > PATIENCE && !working.is_finished() {
                run.streams.say(&format!("{CLEAR_LINE}{}", progress.line()));
                was_said = true;
            }
        }
        working.join()
    });
    if was_said {
        run.streams.say(CLEAR_LINE);
    }
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
