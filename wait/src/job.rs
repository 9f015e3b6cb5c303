//! `job`: runs the application as a child, and tells the proxy to quit when it has ended. Without that a Job in a mesh of
//! classic sidecars never completes.
//!
//! As process 1 it does what is process 1's: it hands every signal on, and reaps whatever ends.

use crate::answer::NotYet;
use crate::arguments::Arguments;
use crate::check::Checks;
use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::exit::{self, Exit, Stop};
use crate::http;
use crate::say::{self, Progress};
use crate::start;
use crate::sys::{self, Command, Pid, Sent};
use crate::url::Url;
use crate::wait;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// Istio's agent, which answers this only to its own pod.
/// <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>
const QUIT: &str = "http://localhost:15020/quitquitquit";
/// Longer than an agent needs to begin to listen: a Job can be done before that.
const QUIT_TIME: Duration = Duration::from_secs(5);
/// The agent ends while it answers: it is asked again only where it did not hear.
const ATTEMPT: Duration = Duration::from_secs(2);

struct Quit {
    url: Url,
    /// The same as it was written.
    shown: String,
    time: Duration,
    after_success_only: bool,
}

/// Ends as the application ended.
///
/// # Errors
/// Wrong usage, the time was over, or the application cannot be started.
pub fn main(mut arguments: Arguments) -> Result<Exit, Stop> {
    let mut checks = Checks::new();
    let url = Url::parse(QUIT).map_err(Stop::failed)?;
    let mut quit = Quit { url, shown: QUIT.to_owned(), time: QUIT_TIME, after_success_only: false };
    while let Some(option) = arguments.option()? {
        match &*option {
            "--quit-url" => {
                let value = arguments.value()?;
                quit.url = Url::parse(&value).map_err(|why| arguments.wrong(&why))?;
                quit.shown = value;
            }
            "--quit-timeout" => quit.time = arguments.time()?,
            "--quit-after" => quit.after_success_only = arguments.one_of(["any-end", "success"])? == 1,
            _ if checks.take(&option, &mut arguments)? => {}
            _ => return Err(arguments.unknown()),
        }
    }
    let command = arguments.command()?;
    let end = checks.wait().map_err(Stop::from).and_then(|()| run(&command));
    if matches!(end, Ok(Exit::Application(0))) || !quit.after_success_only {
        quit.ask();
    }
    end
}

fn run(command: &Command) -> Result<Exit, Stop> {
    let application = sys::spawn(command).map_err(|error| start::failed(command, &error))?;
    loop {
        let Sent { signal, by_kernel } = sys::next_signal();
        if signal == sys::CHILD {
            if let Some(code) = reap_all(application) {
                return Ok(Exit::Application(code));
            }
        } else if !(by_kernel && sys::FROM_TERMINAL.contains(&signal)) {
            // What a terminal sends, the application has got already: it is in the same group.
            sys::send(application, signal);
        }
    }
}

/// Reaps all children that have ended: the exit code if the application is among them.
fn reap_all(application: Pid) -> Option<u8> {
    let mut code = None;
    // One signal may stand for many children.
    while let Some((pid, status)) = sys::reap() {
        if pid == application {
            let status = ExitStatus::from_raw(status);
            let number = status.code().unwrap_or_else(|| exit::SIGNALLED + status.signal().unwrap_or_default());
            code = Some(u8::try_from(number).unwrap_or(exit::FAILED));
        }
    }
    code
}

impl Quit {
    /// Tells the proxy to quit; that it does not must not change how the application ended.
    fn ask(&self) {
        let mut endpoint = Endpoint::new(self.url.authority.clone());
        let deadline = Deadline::after(self.time);
        let mut heard = false;
        let what = format!("an answer to POST {}", self.shown);
        let answer = wait::until(&what, deadline, &mut Progress::new(true), || {
            let answer = endpoint.ask(deadline, ATTEMPT, |mut stream, deadline| {
                match http::ask("POST", &self.url, None, &mut stream, deadline) {
                    Ok(answer) => Ok(answer.status),
                    Err(reason) => {
                        heard |= matches!(reason, NotYet::Closed | NotYet::Cut(_));
                        Err(reason)
                    }
                }
            });
            match answer {
                Ok(200..300) => Ok(()),
                Ok(status) => Err(NotYet::Status(status)),
                // It was gone before it could answer.
                Err(NotYet::Refused) if heard => Ok(()),
                Err(reason) => Err(reason),
            }
        });
        if let Err(timed_out) = answer {
            let why = timed_out.0;
            say::always(&format!("the proxy was not told to quit: {why}; if one runs in this pod, it goes on running"));
        }
    }
}
