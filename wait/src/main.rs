//! `seaworthy-wait`: runs inside a pod, for what Kubernetes and Istio do not do there.
//!
//! `run` waits for the mesh's proxy and then becomes the application; `job` also tells the proxy when the application has
//! ended; `drain` keeps the proxy until the application is gone; `identity` waits for GKE's metadata server; `install` puts
//! the program where other containers find it. It is a program of its own: it shares no code with seaworthy, has no
//! dependency, and every wait of it ends.

mod answer;
mod arguments;
mod check;
mod deadline;
mod drain;
mod endpoint;
mod exit;
mod help;
mod http;
mod identity;
mod install;
mod job;
mod json;
mod run;
mod say;
mod sockets;
mod start;
mod sys;
mod url;
mod wait;

use arguments::Arguments;
use exit::{Exit, Stop};
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    sys::end_on_signals();
    let end = begin(std::env::args_os().skip(1).collect()).and_then(|exit| match &exit {
        Exit::Text(text) => say::result(text).map_err(Stop::failed).map(|()| exit),
        _ => Ok(exit),
    });
    ExitCode::from(match end {
        Ok(exit) => exit.code(),
        Err(stop) => {
            say::always(&stop.to_string());
            stop.code
        }
    })
}

/// Does the task that the first word names; where an option stands there, `run`.
fn begin(words: Vec<OsString>) -> Result<Exit, Stop> {
    let (task, rest) = task(words)?;
    if Arguments::ask_for_help(&rest) {
        return Ok(Exit::Text(help::of(&task).ok_or_else(|| unknown(&task))?.to_owned()));
    }
    let arguments = Arguments::new(rest);
    let end = match &*task {
        "run" => run::main(arguments),
        "job" => job::main(arguments),
        "drain" => drain::main(arguments),
        "identity" => identity::main(arguments),
        "install" => install::main(arguments),
        "help" | "--help" | "-h" => Ok(Exit::Text(help::ALL.to_owned())),
        "--version" | "-V" => Ok(Exit::Text(concat!("seaworthy-wait ", env!("CARGO_PKG_VERSION"), "\n").to_owned())),
        _ => return Err(unknown(&task)),
    };
    end.map_err(|stop| stop.of_task(&task))
}

/// Without a word it is no help either: an init container that lost its arguments must not seem to be done.
fn task(mut words: Vec<OsString>) -> Result<(String, Vec<OsString>), Stop> {
    let first = words.first().map(|word| word.to_string_lossy().into_owned());
    Ok(match first {
        None => return Err(Stop::usage("want a task: run, job, drain, identity or install")),
        Some(first) if first.starts_with('-') && !["--help", "-h", "--version", "-V"].contains(&&*first) => {
            ("run".to_owned(), words)
        }
        Some(first) => (first, words.split_off(1)),
    })
}

fn unknown(task: &str) -> Stop {
    Stop::usage(format!("there is no task `{task}`: want run, job, drain, identity or install"))
}
