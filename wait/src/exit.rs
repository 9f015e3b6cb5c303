//! How the program ends: the codes that docs/wait.md and every `--help` promise.
//!
//! They are those of `timeout`, `env` and `nohup`, as the application's own codes pass through unchanged.

use crate::deadline::TimedOut;
use std::fmt;

/// The time was over first.
pub const TIMED_OUT: u8 = 124;
/// Wrong usage, or the program itself could not do its work.
pub const FAILED: u8 = 125;
/// The command is there and cannot be run.
pub const NOT_RUNNABLE: u8 = 126;
/// There is no such command.
pub const NOT_FOUND: u8 = 127;
/// A signal ended it: this and the signal's number.
pub const SIGNALLED: i32 = 128;

/// An end that needs no words.
#[derive(Debug)]
pub enum Exit {
    /// What was asked for is done.
    Done,
    /// Help, to standard output.
    Text(String),
    /// As the application ended.
    Application(u8),
}

impl Exit {
    /// The code of the process.
    pub fn code(&self) -> u8 {
        match self {
            Self::Done | Self::Text(_) => 0,
            Self::Application(code) => *code,
        }
    }
}

/// An end that needs a word: why, in one line without a full stop, and the code.
#[derive(Debug)]
pub struct Stop {
    /// For people.
    pub why: String,
    /// The code of the process.
    pub code: u8,
    /// Where to read how it is used, for who has used it in a wrong way.
    pub help: Option<String>,
}

impl Stop {
    /// The command line is not understood.
    pub fn usage(why: impl Into<String>) -> Self {
        Self { help: Some("seaworthy-wait --help".to_owned()), ..Self::failed(why) }
    }

    /// The same within a task, which has a help of its own.
    pub fn of_task(self, task: &str) -> Self {
        Self { help: self.help.map(|_| format!("seaworthy-wait {task} --help")), ..self }
    }

    /// The program could not do its work.
    pub fn failed(why: impl Into<String>) -> Self {
        Self { why: why.into(), code: FAILED, help: None }
    }
}

impl From<TimedOut> for Stop {
    fn from(TimedOut(why): TimedOut) -> Self {
        Self { why, code: TIMED_OUT, help: None }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(f, "{}; see `{help}`", self.why),
            None => f.write_str(&self.why),
        }
    }
}
