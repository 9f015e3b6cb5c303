//! Giving a file another content so that at any moment it is the old one or the new one, whole: after a kill, with a full
//! disk, and for whoever reads it meanwhile.
//!
//! The new content is written to a file beside it, brought to the disk and put in its place by one rename. Mode and, where
//! allowed, owner stay; a link stays a link to the file that is replaced. A file that somebody else has changed, or that may
//! not be written, is left alone. A kill may leave the file beside it behind, hidden and under no name that is read.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a file has still its old content.
#[derive(Debug, Error)]
pub enum NotReplaced {
    /// It is a pipe, a device or the like.
    #[error("it is no regular file, and cannot be replaced")]
    NotRegular,
    /// Nobody may write it.
    #[error("it is read-only: nobody may write it, see `chmod u+w`")]
    ReadOnly,
    /// It has several names, of which the rename would give the new content to one only.
    #[error("it has {0} names (hard links), which replacing it would part: apply the patch of --diff instead")]
    HardLinks(u64),
    /// It has another content than the one that was read.
    #[error("it was changed while it was judged: run again")]
    Changed,
    /// The system refused something.
    #[error("{0}: {1}")]
    Io(&'static str, #[source] io::Error),
}

/// Replaces the content `old` of a file by `new`. What is on the disk then is the one or the other; that the new one also
/// survives a power cut is sure only after [`sync_folders`].
///
/// # Errors
/// The file has its old content still, or what somebody else wrote.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> Result<(), NotReplaced> {
    let target = fs::canonicalize(path).map_err(|error| NotReplaced::Io("cannot be found", error))?;
    let metadata = writable(&target)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let (beside, file) =
        create_beside(folder).map_err(|error| NotReplaced::Io("no file can be made beside it", error))?;
    let replaced = fill(file, new, &metadata)
        .map_err(|error| NotReplaced::Io("the new content cannot be written", error))
        .and_then(|()| if is_still(&target, old) { Ok(()) } else { Err(NotReplaced::Changed) })
        .and_then(|()| fs::rename(&beside, &target).map_err(|error| NotReplaced::Io("cannot be replaced", error)));
    if replaced.is_err() {
        // What went wrong is said already, and nothing more can be done about this.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

/// Brings the renames in the folders of these files to the disk, each folder once. A file system that cannot do that for
/// folders has nothing to be told.
pub fn sync_folders<'a>(files: impl IntoIterator<Item = &'a Path>) {
    let targets = files.into_iter().filter_map(|file| fs::canonicalize(file).ok());
    let folders: BTreeSet<PathBuf> = targets.filter_map(|target| target.parent().map(Path::to_path_buf)).collect();
    for folder in folders {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// What is known of a file that may be written. A rename asks the folder only, so the file is asked here.
fn writable(target: &Path) -> Result<Metadata, NotReplaced> {
    let metadata = fs::metadata(target).map_err(|error| NotReplaced::Io("cannot be looked at", error))?;
    if !metadata.is_file() {
        return Err(NotReplaced::NotRegular);
    }
    if metadata.permissions().readonly() {
        return Err(NotReplaced::ReadOnly);
    }
    match names(&metadata) {
        1 => {}
        several => return Err(NotReplaced::HardLinks(several)),
    }
    let opened = OpenOptions::new().write(true).open(target);
    opened.map(|_| metadata).map_err(|error| NotReplaced::Io("cannot be written", error))
}

/// A new file in a folder that nobody else has or guesses, hidden and without the ending of a manifest.
fn create_beside(folder: &Path) -> io::Result<(PathBuf, File)> {
    let random = RandomState::new();
    let mut tries = 0_u8;
    loop {
        let path = folder.join(format!(".seaworthy-{:016x}.tmp", random.hash_one(tries)));
        match owner_only(OpenOptions::new().write(true).create_new(true)).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 16 => tries += 1,
            Err(error) => return Err(error),
            Ok(file) => return Ok((path, file)),
        }
    }
}

fn fill(mut file: File, content: &[u8], like: &Metadata) -> io::Result<()> {
    file.write_all(content)?;
    keep_owner(&file, like);
    // After the owner, because a change of owner takes bits of the mode away.
    file.set_permissions(like.permissions())?;
    file.sync_all()
}

/// Whether a file has this content. Up to the rename there is a moment left in which it could still change.
fn is_still(target: &Path, old: &[u8]) -> bool {
    let mut content = Vec::with_capacity(old.len());
    File::open(target).and_then(|mut file| file.read_to_end(&mut content)).is_ok() && content == old
}

#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

/// Readable by nobody else until it has the mode of the file that it replaces.
#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Gives a file the owner and the group of another, as far as the system allows it to who runs this.
#[cfg(unix)]
fn keep_owner(file: &File, like: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if fchown(file, Some(like.uid()), Some(like.gid())).is_err() {
        let _ = fchown(file, None, Some(like.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use tempfile::TempDir;

    /// A folder with one file of this content.
    fn folder() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, "old").unwrap();
        (folder, path)
    }

    fn names_in(folder: &TempDir) -> Vec<String> {
        let names = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn mode_and_owner_stay() {
        for mode in [0o644, 0o600, 0o755, 0o664] {
            let (folder, path) = folder();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let before = fs::metadata(&path).unwrap();
            replace(&path, b"old", b"new").unwrap();
            let after = fs::metadata(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
            assert_eq!(names_in(&folder), ["a.yaml"]);
        }
    }

    #[test]
    fn of_a_link_the_file_behind_it_is_replaced() {
        let (folder, path) = folder();
        symlink("a.yaml", folder.path().join("b.yaml")).unwrap();
        symlink("b.yaml", folder.path().join("c.yaml")).unwrap();
        replace(&folder.path().join("c.yaml"), b"old", b"new").unwrap();
        assert_eq!(fs::read_link(folder.path().join("c.yaml")).unwrap(), Path::new("b.yaml"));
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    /// Whoever runs this as root may write anything: the mode of the file counts all the same.
    #[test]
    fn what_may_not_be_replaced_stays_as_it_is() {
        type Change = fn(&Path);
        let cases: [(Change, &str); 3] = [
            (|path| fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap(), "it is read-only"),
            (|path| fs::hard_link(path, path.with_extension("link")).unwrap(), "it has 2 names (hard links)"),
            (|path| fs::write(path, "else").unwrap(), "it was changed while it was judged"),
        ];
        for (change, reason) in cases {
            let (folder, path) = folder();
            change(&path);
            let (before, names) = (fs::read(&path).unwrap(), names_in(&folder));
            let error = replace(&path, b"old", b"new").unwrap_err().to_string();
            assert!(error.starts_with(reason), "{error}");
            assert_eq!((fs::read(&path).unwrap(), names_in(&folder)), (before, names));
        }
    }

    #[test]
    fn a_socket_is_no_file() {
        let (folder, _) = folder();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        assert!(matches!(replace(&path, b"", b"new"), Err(NotReplaced::NotRegular)));
    }
}
