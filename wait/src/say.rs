//! What people read: in the container's log, lines on standard error, never more than a few; on standard output only what
//! they asked for.

use std::io::{ErrorKind, Write};

/// One line, whatever was asked for.
pub fn always(line: &str) {
    // Nobody reads it, or the disk is full: no reason to stop.
    let _ = std::io::stderr().write_all(format!("seaworthy-wait: {line}\n").as_bytes());
}

/// What was asked for, on standard output.
///
/// # Errors
/// It could not be written; not where nobody reads it any more.
pub fn result(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("cannot write to standard output: {error}")),
        _ => Ok(()),
    }
}

/// Tells how a wait goes: why it is not over, once for each new reason.
#[derive(Debug)]
pub struct Progress {
    last: String,
    lines_left: u8,
}

impl Progress {
    /// A server that gives another answer each time must not fill the log.
    const LINES: u8 = 10;

    /// Says nothing at all where `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { last: String::new(), lines_left: if quiet { 0 } else { Self::LINES } }
    }

    /// What is waited for, and what was seen.
    pub fn not_yet(&mut self, what: &str, why: &str) {
        let line = format!("waiting for {what}: {why}");
        if line != self.last {
            self.say(&line);
            self.last = line;
        }
    }

    /// The wait is over; worth a line only where there was one.
    pub fn done(&mut self, line: &str) {
        if !std::mem::take(&mut self.last).is_empty() {
            self.say(line);
        }
    }

    /// Another line of this wait.
    pub fn say(&mut self, line: &str) {
        if self.lines_left > 0 {
            self.lines_left -= 1;
            always(line);
        }
    }
}
