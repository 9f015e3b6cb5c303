//! Why the application could not be started. Of a program that is not there, and of one whose interpreter or loader is not
//! there, the kernel says the same: "no such file".

use crate::exit::{NOT_FOUND, NOT_RUNNABLE, Stop};
use crate::sys::Command;
use std::ffi::OsString;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;

/// Where the C library looks where there is no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/bin:/usr/bin";

/// In words, with the code.
pub fn failed(command: &Command, error: &Error) -> Stop {
    let program = command.program();
    let shown = program.to_string_lossy();
    let (why, code) = if error.kind() != ErrorKind::NotFound {
        (error.to_string(), NOT_RUNNABLE)
    } else if let Some(path) = find(&program) {
        let path = path.display();
        (format!("{path} is there; the interpreter that its first line names, or its loader, is not"), NOT_RUNNABLE)
    } else if shown.contains('/') {
        (format!("{error}; want its path in this container"), NOT_FOUND)
    } else {
        (format!("no folder of PATH has it: {}; want its path", path().to_string_lossy()), NOT_FOUND)
    };
    Stop { why: format!("cannot start `{shown}`: {why}"), code, help: None }
}

/// The file that was to be run, as the C library looks for it.
fn find(program: &OsString) -> Option<PathBuf> {
    if program.to_string_lossy().contains('/') {
        return Some(PathBuf::from(program)).filter(|place| place.is_file());
    }
    std::env::split_paths(&path()).map(|folder| folder.join(program)).find(|place| place.is_file())
}

fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into())
}
