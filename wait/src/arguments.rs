//! The command line: options first, then the words of a command, which are taken as they are.

use crate::deadline;
use crate::exit::Stop;
use crate::sys::Command;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::time::Duration;

/// Options that take no value.
const FLAGS: [&str; 4] = ["--help", "-h", "--proxy", "--quiet"];

/// What is left of the command line.
pub struct Arguments {
    words: VecDeque<OsString>,
    value: Option<String>,
    option: String,
}

impl Arguments {
    /// The words behind the task.
    pub fn new(words: Vec<OsString>) -> Self {
        Self { words: words.into(), value: None, option: String::new() }
    }

    /// Whether help is among the options; what stands behind them is the application's.
    pub fn ask_for_help(words: &[OsString]) -> bool {
        let mut words = words.iter().map(|word| word.to_string_lossy());
        while let Some(word) = words.next().filter(|word| word.starts_with('-') && word != "--") {
            if word == "--help" || word == "-h" {
                return true;
            }
            if !FLAGS.contains(&&*word) && !word.contains('=') {
                words.next();
            }
        }
        false
    }

    /// The next option, `--name` of `--name value` and `--name=value`; none before the first other word, and behind `--`.
    ///
    /// # Errors
    /// The last one had a value that it does not take.
    pub fn option(&mut self) -> Result<Option<String>, Stop> {
        if self.value.is_some() {
            return Err(Stop::usage(format!("{} takes no value", self.option)));
        }
        let Some(word) = self.words.front().and_then(|word| word.to_str()) else { return Ok(None) };
        if !word.starts_with('-') || word == "-" {
            return Ok(None);
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        };
        self.words.pop_front();
        if name == "--" && value.is_none() {
            return Ok(None);
        }
        (self.option, self.value) = (name.clone(), value);
        Ok(Some(name))
    }

    /// The value of the option that came last.
    ///
    /// # Errors
    /// There is none, or it is no text.
    pub fn value(&mut self) -> Result<String, Stop> {
        if let Some(value) = self.value.take() {
            return Ok(value);
        }
        let word = self.words.pop_front().and_then(|word| word.into_string().ok());
        word.filter(|word| word != "--").ok_or_else(|| Stop::usage(format!("{} wants a value", self.option)))
    }

    /// The same as a length of time.
    ///
    /// # Errors
    /// It is none.
    pub fn time(&mut self) -> Result<Duration, Stop> {
        let value = self.value()?;
        deadline::parse(&value).map_err(|why| self.wrong(&why))
    }

    /// The same as the time of one attempt.
    ///
    /// # Errors
    /// It is none, or no time at all.
    pub fn attempt(&mut self) -> Result<Duration, Stop> {
        let time = self.time()?;
        if time.is_zero() { Err(self.wrong("no attempt succeeds in no time")) } else { Ok(time) }
    }

    /// The same as one of these words: its place among them.
    ///
    /// # Errors
    /// It is none of them.
    pub fn one_of(&mut self, words: [&str; 2]) -> Result<usize, Stop> {
        let value = self.value()?;
        let place = words.iter().position(|word| *word == value);
        place.ok_or_else(|| self.wrong(&format!("`{value}` is neither {} nor {}", words[0], words[1])))
    }

    /// The same as a number.
    ///
    /// # Errors
    /// It is none, or too large.
    pub fn number<N: std::str::FromStr>(&mut self) -> Result<N, Stop> {
        let value = self.value()?;
        value.parse().map_err(|_| self.wrong(&format!("`{value}` is no number that it takes")))
    }

    /// The value of the option that came last is wrong.
    pub fn wrong(&self, why: &str) -> Stop {
        Stop::usage(format!("{}: {why}", self.option))
    }

    /// There is no option of this name.
    pub fn unknown(&self) -> Stop {
        Stop::usage(format!("there is no option {} here", self.option))
    }

    /// All that is left, as a command.
    ///
    /// # Errors
    /// There is none.
    pub fn command(self) -> Result<Command, Stop> {
        Command::new(self.words.into()).ok_or_else(|| Stop::usage("want `-- COMMAND [ARGUMENT...]`: what to start"))
    }

    /// The only word that is left.
    ///
    /// # Errors
    /// There is none, or more.
    pub fn only(mut self, what: &str) -> Result<OsString, Stop> {
        let word = self.words.pop_front().filter(|word| !word.is_empty());
        word.filter(|_| self.words.is_empty()).ok_or_else(|| Stop::usage(format!("want one {what}")))
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Something is.
    pub fn none(self) -> Result<(), Stop> {
        match self.words.front() {
            None => Ok(()),
            Some(word) => Err(Stop::usage(format!("`{}` is not expected here", word.to_string_lossy()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use std::ffi::OsString;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn options_end_where_the_command_begins() {
        for (line, options, rest) in [
            ("--quiet /app --quiet", 1, 2),
            ("--quiet -- --quiet", 1, 1),
            ("-- -- a", 0, 2),
            ("- --quiet", 0, 2),
            ("", 0, 0),
        ] {
            let mut arguments = Arguments::new(words(line));
            let mut seen = 0;
            while arguments.option().unwrap().is_some() {
                seen += 1;
            }
            assert_eq!((seen, arguments.words.len()), (options, rest), "{line}");
        }
    }

    #[test]
    fn a_value_stands_behind_a_sign_or_a_space() {
        for line in ["--timeout 5s", "--timeout=5s"] {
            let mut arguments = Arguments::new(words(line));
            assert_eq!(arguments.option().unwrap().as_deref(), Some("--timeout"));
            assert_eq!(arguments.value().unwrap(), "5s");
            assert!(arguments.option().unwrap().is_none());
        }
    }

    #[test]
    fn missing_and_surplus_values_are_refused() {
        let mut missing = Arguments::new(words("--timeout -- /app"));
        missing.option().unwrap();
        assert!(missing.value().unwrap_err().why.contains("--timeout wants a value"));
        let mut surplus = Arguments::new(words("--quiet=yes /app"));
        surplus.option().unwrap();
        assert!(surplus.option().unwrap_err().why.contains("--quiet takes no value"));
    }

    #[test]
    fn help_is_ours_among_the_options_only() {
        for line in ["--help", "-h", "--timeout 5s --help", "--quiet --timeout=5s -h"] {
            assert!(Arguments::ask_for_help(&words(line)), "{line}");
        }
        for line in ["", "/app --help", "-- --help", "--timeout --help", "--quiet -- /app -h"] {
            assert!(!Arguments::ask_for_help(&words(line)), "{line}");
        }
    }
}
