//! The program: hands the command line to the entry point that does what it says.

use clap::Parser;
use seaworthy::cli::args::{Cli, Command};
use seaworthy::cli::{self, Run, Streams, Terminal};
use std::io::{self, Write};
use std::process::ExitCode;

/// Gives memory back under load, which the allocator of musl and glibc does late or never.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // There is nowhere left to complain if this fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli.command {
        Command::Task(task) => {
            let (mut input, mut out, mut err) = (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
            let streams = Streams { input: &mut input, out: &mut out, err: &mut err };
            let terminal = Terminal::of_process();
            let mut run = Run { streams, terminal: &terminal, color: cli.color, today: cli::today() };
            ExitCode::from(cli::run(&task, &mut run).code())
        }
        Command::Serve(_) => {
            let _ = writeln!(io::stderr(), "error: not wired");
            ExitCode::from(2)
        }
    }
}
