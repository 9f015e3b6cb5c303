//! `install`: puts this program into a folder that other containers of the pod see. Whoever looks sees the old file or the
//! new one, never a part.

use crate::arguments::Arguments;
use crate::exit::{Exit, Stop};
use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::BuildHasher;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What it is called there.
const NAME: &str = "wait";
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
    install(&folder, &target).map_err(|error| {
        Stop::failed(format!("cannot install into {}: {error}; want a folder that can be written", folder.display()))
    })?;
    Ok(Exit::Text(format!("{}\n", target.display())))
}

fn install(folder: &Path, target: &Path) -> io::Result<()> {
    // Drawn, so that two that install at once do not write into one: in containers both have the same process number.
    let unfinished = folder.join(format!(".{NAME}.{:016x}", RandomState::new().hash_one(())));
    let written = write(&unfinished).and_then(|()| fs::rename(&unfinished, target));
    if written.is_err() {
        // Not there, or not to be removed: the first error says more.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn write(path: &Path) -> io::Result<()> {
    let mut program = File::open(std::env::current_exe()?)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::copy(&mut program, &mut file)?;
    // Whatever the umask is.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.sync_all()
}
