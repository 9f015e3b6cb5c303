//! Programs that are run to their end, and what they answered.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Answer {
    /// The command line, for messages.
    pub command: String,
    /// Whether it exited with 0.
    pub success: bool,
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error: the warnings and refusals that users see.
    pub stderr: String,
}

impl Answer {
    /// Its standard output; an error with all that it printed where it failed.
    pub fn succeeded(self) -> Result<String> {
        ensure!(self.success, "`{}` failed:\n{}{}", self.command, self.stdout, self.stderr);
        Ok(self.stdout)
    }

    /// Its standard error; an error where it did not fail.
    pub fn refused(self) -> Result<String> {
        ensure!(!self.success, "`{}` should have failed:\n{}{}", self.command, self.stdout, self.stderr);
        Ok(self.stderr)
    }

    /// All that a person at a terminal is told: both streams, then the exit code.
    pub fn shown(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        format!("{}{}exit code {code}", self.stdout, self.stderr)
    }
}

/// Runs a command with `input` on its standard input.
pub fn run(mut command: Command, input: &str) -> Result<Answer> {
    let text = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {text}"))?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let output = std::thread::scope(|scope| {
        // A thread of its own: a large input must not wait for a program that waits for its output to be read.
        // A program that ends before it has read everything is no error here; its exit code says so.
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        child.wait_with_output()
    })?;
    Ok(Answer {
        command: text,
        success: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}
