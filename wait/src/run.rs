//! `run`: waits, then becomes the application, which keeps the process number, and with it every signal and its exit code.

use crate::arguments::Arguments;
use crate::check::Checks;
use crate::exit::{Exit, Stop};
use crate::start;
use crate::sys;

/// Returns only where the application was not started.
///
/// # Errors
/// Wrong usage, the time was over, or the application cannot be started.
pub fn main(mut arguments: Arguments) -> Result<Exit, Stop> {
    let mut checks = Checks::new();
    while let Some(option) = arguments.option()? {
        if !checks.take(&option, &mut arguments)? {
            return Err(arguments.unknown());
        }
    }
    let command = arguments.command()?;
    checks.or_proxy().wait()?;
    Err(start::failed(&command, &sys::exec(&command)))
}
