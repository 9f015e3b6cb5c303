//! A word on the way for who waits at a terminal: one line, rewritten, and gone at the end.

use crate::cli::{Run, Streams};
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
    if run.terminal.stderr { told(&mut run.streams, PATIENCE, progress, work) } else { work() }
}

fn told<T: Send>(
    streams: &mut Streams<'_>,
    patience: Duration,
    progress: &Progress,
    work: impl FnOnce() -> T + Send,
) -> T {
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
            if start.elapsed() >= patience && !working.is_finished() {
                streams.say(&format!("{CLEAR_LINE}{}", progress.line()));
                was_said = true;
            }
        }
        working.join()
    });
    if was_said {
        streams.say(CLEAR_LINE);
    }
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::mpsc::{Sender, channel};

    /// A stream that passes on what is written.
    struct Told(Sender<String>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Nobody listens any more once the work is done.
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_waits_is_told_how_far_it_is_and_the_line_is_gone_at_the_end() {
        let (sender, told_lines) = channel();
        let mut err = Told(sender);
        let mut streams = Streams { input: &mut io::empty(), out: &mut Vec::new(), err: &mut err };
        let progress = Progress::new("writing", 3);
        let (first, told_lines) = told(&mut streams, Duration::ZERO, &progress, || {
            progress.step();
            (told_lines.recv_timeout(Duration::from_secs(60)).unwrap(), told_lines)
        });
        assert_eq!(first, "\r\u{1b}[Kwriting: 1 of 3 files");
        drop(err);
        assert_eq!(told_lines.into_iter().last().unwrap(), CLEAR_LINE);
    }
}
