//! Layer 5: the command line, from arguments to an exit code.
//!
//! It opens files, asks the clock and the environment, and hands values down; it judges nothing itself. Results go to
//! standard output, everything else to standard error.

pub mod args;
mod check;
pub mod configuration;
mod configured;
mod discovery;
mod exit;
mod explain;
mod fix;
mod gathering;
mod inputs;
mod notes;
pub mod reference;
mod replace;
pub mod rule_page;
mod show_config;
mod strategies;
mod streams;
mod terminal;
mod test;

pub use exit::Exit;
pub use streams::Streams;
pub use terminal::Terminal;

use crate::base::{Problem, Source};
use crate::cli::args::{ColorChoice, Task};
use crate::cli::configuration::BrokenConfiguration;
use crate::policy::Date;
use crate::report::text::{self, Appearance};
use std::collections::BTreeMap;

/// One run of a command: where it reads and writes, and what it knows of its surroundings.
pub struct Run<'a> {
    /// Where it reads and writes.
    pub streams: Streams<'a>,
    /// What is known about the streams.
    pub terminal: &'a Terminal,
    /// The flag about colour.
    pub color: Option<ColorChoice>,
    /// The day on which exceptions and modes are looked at.
    pub today: Date,
}

/// Does the task. What goes wrong is said on standard error.
pub fn run(task: &Task, run: &mut Run<'_>) -> Exit {
    let result = match task {
        Task::Check(args) => check::check(args, run),
        Task::Fix(args) => fix::fix(args, run),
        Task::Rules(args) => explain::rules(args, run),
        Task::Explain(args) => explain::explain(args, run),
        Task::Test(args) => test::test(args, run),
    };
    result.unwrap_or_else(|error| {
        say_failure(&error, run);
        Exit::Usage
    })
}

/// Says on standard error why a command cannot do what it should; a broken configuration with all its mistakes.
pub fn say_failure(error: &anyhow::Error, run: &mut Run<'_>) {
    if let Some(broken) = error.downcast_ref::<BrokenConfiguration>() {
        run.say_problems(&broken.problems, &broken.sources);
    }
    run.streams.say(&format!("error: {error:#}\n"));
}

/// Today in UTC, so that the command line and a server elsewhere agree on which exceptions are over.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().into()
}

impl Run<'_> {
    /// How the result is to look.
    fn appearance(&self, verbose: bool) -> Appearance {
        let terminal = self.terminal;
        let shorten = terminal.stdout && !verbose;
        Appearance { colour: terminal.colour(self.color, terminal.stdout), width: terminal.columns(), shorten }
    }

    /// Says problems on standard error, with their lines where the text is at hand.
    fn say_problems(&mut self, problems: &[Problem], sources: &[Source]) {
        if problems.is_empty() {
            return;
        }
        let colour = self.terminal.colour(self.color, self.terminal.stderr);
        let appearance = Appearance { colour, width: self.terminal.columns(), shorten: false };
        self.streams.say(&text::render_problems(problems, &look_up(sources), appearance));
    }
}

/// From names of files to their texts.
fn look_up(sources: &[Source]) -> impl Fn(&str) -> Option<Source> {
    let by_name: BTreeMap<String, Source> =
        sources.iter().map(|source| (source.name().to_string(), source.clone())).collect();
    move |name| by_name.get(name).cloned()
}
