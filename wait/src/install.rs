//! `install`: puts this program into a folder that other containers of the pod see. Whoever looks sees the old file or the
//! new one, never a part. What an install that was killed left behind, the next one removes.

use crate::arguments::Arguments;
use crate::exit::{Exit, Stop};
use crate::say;
use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::BuildHasher;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What it is called there.
const NAME: &str = "wait";
/// What it is called until it is whole, before sixteen digits that are drawn.
const UNFINISHED: &str = ".wait.";
/// This program, also where the file that it was started from has been replaced.
const PROGRAM: &str = "/proc/self/exe";
/// Everybody may run it, nobody may change it: containers run as different users.
const MODE: u32 = 0o555;

/// Done when the file is there, whole.
///
/// # Errors
/// Wrong usage, or the folder cannot be written.
pub fn main(mut arguments: Arguments) -> Result<Exit, Stop> {
    if arguments.option()?.is_some() {
        return Err(arguments.unknown());
    }
    let folder = PathBuf::from(arguments.only("folder, as in `install /seaworthy`")?);
    let target = folder.join(NAME);
    install(&folder, &target)
        .map_err(|why| Stop::failed(format!("cannot install into {}: {why}", folder.display())))?;
    // The file is what was asked for: a pod does not fail for want of a line.
    if let Err(why) = say::result(&format!("{}\n", target.display())) {
        say::always(&format!("installed as {}; {why}", target.display()));
    }
    Ok(Exit::Done)
}

fn install(folder: &Path, target: &Path) -> Result<(), String> {
    let mut program = File::open(PROGRAM).map_err(|error| {
        format!("{PROGRAM}, which is this program, cannot be read: {error}; want /proc in this container")
    })?;
    // That nothing could be removed is no reason to stop.
    let _at_work = clear(folder);
    // Drawn, so that two that install at once do not write into one: in containers both have the same process number.
    let unfinished = folder.join(format!("{UNFINISHED}{:016x}", RandomState::new().hash_one(())));
    let written = write(&mut program, &unfinished).and_then(|()| fs::rename(&unfinished, target));
    if written.is_err() {
        // Not there, or not to be removed: the first error says more.
        let _ = fs::remove_file(&unfinished);
    }
    written.map_err(|error| match error.kind() {
        ErrorKind::IsADirectory => format!("{} is a folder; want it removed, or another folder", target.display()),
        _ => format!("{error}; want a folder that can be written"),
    })
}

/// Removes what was left behind, unless somebody else installs now. Who holds what is given back is at work.
fn clear(folder: &Path) -> io::Result<File> {
    // Nothing else is opened: a pipe waits for its other end.
    if !folder.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    let lock = File::open(folder)?;
    if lock.try_lock().is_ok() {
        for entry in fs::read_dir(folder)?.flatten().filter(|entry| is_unfinished(&entry.file_name())) {
            let _ = fs::remove_file(entry.path());
        }
    }
    // Others share it; it is held alone only while files are removed.
    lock.lock_shared()?;
    Ok(lock)
}

fn is_unfinished(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix(UNFINISHED));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn write(program: &mut File, path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::copy(program, &mut file)?;
    // Whatever the umask is.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.sync_all()
}
