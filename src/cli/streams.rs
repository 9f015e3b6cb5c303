//! Where a command reads and writes: values, so that a test can look at every byte.

use std::io::{self, Read, Write};

/// The three streams of a command. The result goes to `out`, everything else to `err`.
pub struct Streams<'a> {
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// Standard output: what was asked for, and nothing else, so that it can be piped into a program.
    pub out: &'a mut dyn Write,
    /// Standard error: what a person should know about the run.
    pub err: &'a mut dyn Write,
}

impl Streams<'_> {
    /// All of standard input.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn whole_input(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.input.read_to_end(&mut bytes).map(|_| bytes)
    }

    /// Writes a part of the result. A reader that has gone away (`| head`) wanted no more: that is no error.
    ///
    /// # Errors
    /// Anything else that keeps the result from being written, such as a full disk.
    pub fn result(&mut self, text: &str) -> io::Result<()> {
        self.result_bytes(text.as_bytes())
    }

    /// The same of what need not be text.
    ///
    /// # Errors
    /// As [`Self::result`].
    pub fn result_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.out.write_all(bytes).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Says something about the run. There is nowhere left to complain if that fails.
    pub fn say(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that always fails so.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
        for (kind, is_fine) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
            let mut streams = Streams { input: &mut io::empty(), out: &mut Failing(kind), err: &mut Vec::new() };
            assert_eq!(streams.result("a finding").is_ok(), is_fine, "{kind:?}");
        }
    }
}
