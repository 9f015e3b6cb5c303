//! What is known about the streams and the environment, read once at the start and handed down as values.

use crate::cli::args::ColorChoice;
use std::io::IsTerminal;

/// The surroundings of the process, as far as output depends on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Whether standard output is a terminal.
    pub stdout: bool,
    /// Whether standard error is a terminal.
    pub stderr: bool,
    /// The width of the terminal in columns.
    pub width: Option<usize>,
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `FORCE_COLOR`.
    pub force_color: Option<String>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// `COLUMNS`.
    pub columns: Option<String>,
}

/// Columns where there is no terminal to ask: the same bytes in every pipeline.
const WIDTH_WITHOUT_TERMINAL: usize = 100;

impl Terminal {
    /// The surroundings of this process.
    pub fn of_process() -> Self {
        let variable = |name| std::env::var(name).ok();
        Self {
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
            width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
            no_color: variable("NO_COLOR"),
            force_color: variable("FORCE_COLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
            term: variable("TERM"),
            columns: variable("COLUMNS"),
        }
    }

    /// Whether a stream is written in colour. The flag is before `NO_COLOR` (<https://no-color.org>), that is before
    /// `FORCE_COLOR` and `CLICOLOR_FORCE` (<https://bixense.com/clicolors/>), and these are before the stream.
    pub fn colour(&self, choice: Option<ColorChoice>, stream_is_terminal: bool) -> bool {
        let is_set = |value: &Option<String>| value.as_deref().is_some_and(|it| !it.is_empty());
        let is_on = |value: &Option<String>| is_set(value) && value.as_deref() != Some("0");
        match choice {
            Some(ColorChoice::Always) => true,
            Some(ColorChoice::Never) => false,
            Some(ColorChoice::Auto) | None => {
                !is_set(&self.no_color)
                    && (is_on(&self.force_color)
                        || is_on(&self.clicolor_force)
                        || (stream_is_terminal && self.term.as_deref() != Some("dumb")))
            }
        }
    }

    /// Columns for standard output: of the terminal, which `COLUMNS` overrides; a fixed number without one.
    pub fn columns(&self) -> usize {
        if !self.stdout {
            return WIDTH_WITHOUT_TERMINAL;
        }
        let asked = self.columns.as_deref().and_then(|it| it.parse().ok()).filter(|width| *width > 0);
        asked.or(self.width).unwrap_or(WIDTH_WITHOUT_TERMINAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal of 80 columns with these variables.
    fn terminal(variables: &[(&str, &str)]) -> Terminal {
        let value = |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Terminal {
            stdout: true,
            stderr: true,
            width: Some(80),
            no_color: value("NO_COLOR"),
            force_color: value("FORCE_COLOR"),
            clicolor_force: value("CLICOLOR_FORCE"),
            term: value("TERM"),
            columns: value("COLUMNS"),
        }
    }

    #[test]
    fn flag_then_environment_then_stream_decide_colour() {
        type Case<'a> = (Option<ColorChoice>, &'a [(&'a str, &'a str)], bool, bool);
        let cases: [Case; 12] = [
            (None, &[], true, true),
            (None, &[], false, false),
            (None, &[("TERM", "dumb")], true, false),
            (None, &[("NO_COLOR", "1")], true, false),
            (None, &[("NO_COLOR", "")], true, true),
            (None, &[("FORCE_COLOR", "1")], false, true),
            (None, &[("FORCE_COLOR", "0")], false, false),
            (None, &[("CLICOLOR_FORCE", "1")], false, true),
            (None, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true, false),
            (Some(ColorChoice::Always), &[("NO_COLOR", "1")], false, true),
            (Some(ColorChoice::Never), &[("FORCE_COLOR", "1")], true, false),
            (Some(ColorChoice::Auto), &[("FORCE_COLOR", "1")], false, true),
        ];
        for (choice, variables, is_terminal, wanted) in cases {
            assert_eq!(
                terminal(variables).colour(choice, is_terminal),
                wanted,
                "{choice:?} {variables:?} {is_terminal}"
            );
        }
    }

    #[test]
    fn the_width_is_that_of_the_terminal_or_fixed() {
        assert_eq!(terminal(&[]).columns(), 80);
        assert_eq!(terminal(&[("COLUMNS", "60")]).columns(), 60);
        assert_eq!(terminal(&[("COLUMNS", "wide")]).columns(), 80);
        let piped = Terminal { stdout: false, ..terminal(&[("COLUMNS", "60")]) };
        assert_eq!(piped.columns(), WIDTH_WITHOUT_TERMINAL);
    }
}
