//! The reference of the command line, from the definition that also reads it.

use crate::cli::args::Cli;
use clap::{Command, CommandFactory};

/// All commands with their flags, as Markdown.
pub fn markdown() -> String {
    let mut root = Cli::command().term_width(WIDTH).disable_help_subcommand(true);
    root.build();
    let mut text = "# The command line\n".to_owned();
    describe(&mut root, "", &mut text);
    text
}

/// Columns of the help texts: what a page shows without scrolling.
const WIDTH: usize = 100;

fn describe(command: &mut Command, above: &str, text: &mut String) {
    let name = format!("{above}{}", command.get_name());
    *text += &format!("\n## {name}\n\n```text\n{}\n```\n", command.render_long_help().to_string().trim_end());
    for below in command.get_subcommands_mut() {
        describe(below, &format!("{name} "), text);
    }
}
