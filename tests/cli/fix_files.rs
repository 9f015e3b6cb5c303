//! Files are replaced whole or not at all: by `seaworthy fix` as a process, with what a machine does to it.

use crate::fix::{SHORT, long};
use crate::{folder, seaworthy};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Files in a folder that no manifest was in: what a run leaves behind.
fn left_behind(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.ends_with(".yaml")).collect()
}

#[test]
fn what_may_not_be_written_is_said_and_hides_nothing_else() {
    let files = folder(&[("a.yaml", SHORT), ("b.yaml", SHORT), ("c.yaml", SHORT), ("d.yaml", SHORT)]);
    let at = |name: &str| files.path().join(name);
    fs::set_permissions(at("b.yaml"), Permissions::from_mode(0o444)).unwrap();
    fs::hard_link(at("c.yaml"), at("c.link")).unwrap();
    fs::set_permissions(at("d.yaml"), Permissions::from_mode(0o640)).unwrap();
    fs::rename(at("d.yaml"), at("behind")).unwrap();
    symlink("behind", at("d.yaml")).unwrap();
    let ran = seaworthy(&["fix", "."]).within(files.path()).run();
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    let texts = ["a.yaml", "b.yaml", "c.yaml", "behind"].map(|name| fs::read_to_string(at(name)).unwrap());
    assert_eq!(texts, [long(), SHORT.into(), SHORT.into(), long()]);
    assert_eq!(fs::metadata(at("behind")).unwrap().permissions().mode() & 0o7777, 0o640);
    assert!(fs::symlink_metadata(at("d.yaml")).unwrap().is_symlink());
    assert!(ran.err.contains("not written: it is read-only") && ran.err.contains("--> b.yaml:1:1"), "{}", ran.err);
    assert!(ran.err.contains("not written: it has 2 names"), "{}", ran.err);
    assert!(ran.err.ends_with("fixed 2 findings in 2 files; 2 files not written\n"), "{}", ran.err);
}

#[test]
fn only_utf_8_is_edited_but_any_name_is() {
    let files = folder(&[("a.yaml", "")]);
    let utf_16: Vec<u8> = "\u{feff}".encode_utf16().chain(SHORT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(files.path().join("a.yaml"), &utf_16).unwrap();
    let named = files.path().join(std::ffi::OsStr::from_bytes(b"\xff.yaml"));
    fs::write(&named, SHORT).unwrap();
    let ran = seaworthy(&["fix", "."]).within(files.path()).run();
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("the file is UTF-16"), "{}", ran.err);
    assert_eq!((fs::read(files.path().join("a.yaml")).unwrap(), fs::read_to_string(named).unwrap()), (utf_16, long()));
}

/// `ulimit -f` stands for a full disk: nothing more can be written. With the signal ignored the write fails, without that
/// it kills.
#[test]
fn a_full_disk_leaves_the_old_file() {
    for (before, code) in [("trap '' XFSZ; ", Some(4)), ("", None)] {
        let files = folder(&[("a.yaml", SHORT), ("b.yaml", SHORT)]);
        let script = format!("{before}ulimit -f 0; exec \"$0\" fix .");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_seaworthy")]).current_dir(files.path());
        let done = shell.stdin(Stdio::null()).output().unwrap();
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), code, "{err}");
        for name in ["a.yaml", "b.yaml"] {
            assert_eq!(fs::read_to_string(files.path().join(name)).unwrap(), SHORT);
        }
        if code.is_some() {
            assert!(
                err.contains("not written: the new content cannot be written")
                    && err.ends_with("fixed nothing; 2 files not written\n"),
                "{err}"
            );
            assert_eq!(left_behind(files.path()), Vec::<String>::new());
        }
    }
}

/// Killed at some moment while it writes: each file is the old or the new one, and the next run does the rest.
#[test]
fn a_kill_leaves_each_file_old_or_new() {
    let names: Vec<String> = (0..100).map(|number| format!("{number:03}.yaml")).collect();
    let texts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), SHORT)).collect();
    let deadline = Instant::now() + Duration::from_secs(120);
    for round in 0..3_usize {
        let files = folder(&texts);
        let is_new = |name: &String| {
            let text = fs::read_to_string(files.path().join(name)).unwrap();
            assert!(text == SHORT || text == long(), "round {round}: {name} is neither old nor new:\n{text}");
            text == long()
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
        command.args(["fix", "."]).current_dir(files.path()).stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Each round waits for another file, so that the kill comes at another moment.
        while !is_new(&names[round * 30]) && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "nothing is fixed");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let new = names.iter().filter(|name| is_new(name)).count();
        assert!(new > 0, "round {round}: the kill came before the first file");
        let temporary = |name: &String| name.starts_with(".seaworthy-") && name.ends_with(".tmp");
        assert!(left_behind(files.path()).iter().all(temporary));
        let again = seaworthy(&["fix", "."]).within(files.path()).run();
        assert!(again.err.ends_with("nothing to fix\n") == (new == names.len()), "{}", again.err);
        assert!(names.iter().all(is_new));
    }
}
