//! `drain`: as the preStop hook of istio-proxy, keeps the proxy until the application no longer listens and no longer talks.

use crate::arguments::Arguments;
use crate::deadline::{Deadline, TimedOut};
use crate::exit::{Exit, Stop};
use crate::say::Progress;
use crate::sockets::{self, Proxy};
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);
/// A client that opens a connection for each call has none for a moment.
const LOOKS_WITHOUT: u32 = 3;

/// Done when no socket of the application was seen several times in a row.
///
/// # Errors
/// Wrong usage, the time was over, or the sockets cannot be seen.
pub fn main(mut arguments: Arguments) -> Result<Exit, Stop> {
    let mut proxy = Proxy::istio();
    let mut timeout = Duration::from_secs(60);
    let mut quiet = false;
    while let Some(option) = arguments.option()? {
        match &*option {
            "--timeout" => timeout = arguments.time()?,
            "--proxy-uid" => proxy.uid = arguments.number()?,
            "--ignore-port" => proxy.ports.push(arguments.number()?),
            "--quiet" => quiet = true,
            _ => return Err(arguments.unknown()),
        }
    }
    arguments.none()?;
    drain(&proxy, Deadline::after(timeout), &mut Progress::new(quiet))
}

fn drain(proxy: &Proxy, deadline: Deadline, progress: &mut Progress) -> Result<Exit, Stop> {
    let what = "the application's sockets to close";
    let mut without = 0;
    while without < LOOKS_WITHOUT {
        let open = sockets::of_the_application(proxy).map_err(Stop::failed)?;
        without = if open.is_some() { 0 } else { without + 1 };
        let Some(left) = deadline.left() else {
            let Some(open) = open else { break };
            return Err(TimedOut::new(what, deadline, &open).into());
        };
        if let Some(open) = open {
            progress.not_yet(what, &open.to_string());
        }
        std::thread::sleep(PAUSE.min(left));
    }
    progress.done("the application's sockets are closed");
    Ok(Exit::Done)
}
