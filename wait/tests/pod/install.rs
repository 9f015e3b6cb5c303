//! `install`: whole or not at all, for everybody, into whatever folder.

use crate::harness::{Running, in_pod, is_emulated, program, program_path, run, runner};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own for this test, which ends with the pod.
fn volume(options: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("seaworthy-wait-volume-{options}"));
    std::fs::create_dir_all(&folder).unwrap();
    let mounted = run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder));
    assert_eq!(mounted.code, Some(0), "{}", mounted.stderr);
    folder
}

fn install(folder: &Path) -> Command {
    let mut command = program("install");
    command.arg(folder);
    command
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_installed_is_this_program_for_everybody() {
    in_pod(|| {
        let folder = volume("size=4m");
        for umask in ["000", "077", "777"] {
            let own = install(&folder);
            let mut command = Command::new("sh");
            command
                .args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"])
                .arg(own.get_program())
                .args(own.get_args());
            let ended = run(&mut command);
            assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "umask {umask}");
            let path = folder.join("wait");
            assert_eq!(ended.stdout, format!("{}\n", path.display()));
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o555);
            assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(program_path()).unwrap());
            assert_eq!(files(&folder), ["wait"]);
        }
        let mut installed = Command::new("setpriv");
        installed.args(["--reuid=65532", "--regid=65532", "--clear-groups"]).args(runner()).arg(folder.join("wait"));
        assert!(run(installed.arg("--version")).stdout.starts_with("seaworthy-wait "));
    });
}

#[test]
fn whoever_runs_it_meanwhile_finds_it_whole() {
    in_pod(|| {
        let folder = volume("size=64m");
        assert_eq!(run(&mut install(&folder)).code, Some(0));
        let mut installing: Vec<Running> = (0..20).map(|_| Running::start(&mut install(&folder))).collect();
        let whole = std::fs::read(program_path()).unwrap();
        while installing.iter_mut().any(|one| one.exited().is_none()) {
            assert!(std::fs::read(folder.join("wait")).unwrap() == whole, "a part was seen");
        }
        for one in installing {
            let ended = one.ended();
            assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        }
        assert_eq!(files(&folder), ["wait"]);
    });
}

#[test]
fn what_a_killed_one_left_is_removed_unless_somebody_installs_now() {
    in_pod(|| {
        let folder = volume("size=8m");
        let left = ".wait.0123456789abcdef";
        for name in [left, ".wait.txt", ".wait.0123456789abcdeg", "other"] {
            std::fs::write(folder.join(name), "a part").unwrap();
        }
        // Whoever is at work shares a lock on the folder.
        let mut beside = Command::new("flock");
        let own = install(&folder);
        beside.arg("-s").arg(&folder).arg(own.get_program()).args(own.get_args());
        assert_eq!(run(&mut beside).code, Some(0));
        assert_eq!(files(&folder), [left, ".wait.0123456789abcdeg", ".wait.txt", "other", "wait"]);
        assert_eq!(run(&mut install(&folder)).code, Some(0));
        assert_eq!(files(&folder), [".wait.0123456789abcdeg", ".wait.txt", "other", "wait"]);
    });
}

#[test]
fn one_that_is_ended_in_the_midst_leaves_no_more_than_one_file() {
    in_pod(|| {
        let folder = volume("size=8m");
        let unfinished = || files(&folder).iter().filter(|name| *name != "wait").count();
        for round in 0..60 {
            std::fs::remove_file(folder.join("wait")).ok();
            let before = files(&folder);
            let mut installing = Running::start(&mut install(&folder));
            // Something changes long before it is whole.
            while files(&folder) == before && installing.exited().is_none() {}
            installing.signal(9);
            installing.ended();
            assert!(unfinished() <= 1, "round {round}: {:?}", files(&folder));
        }
        assert_eq!(run(&mut install(&folder)).code, Some(0));
        assert_eq!(files(&folder), ["wait"]);
    });
}

#[test]
fn it_installs_itself_after_its_own_file_was_removed() {
    if is_emulated() {
        return what_is_installed_is_this_program_for_everybody(); // An emulator opens the file by its name.
    }
    in_pod(|| {
        let folder = volume("size=4m");
        let own = folder.join("own");
        std::fs::copy(program_path(), &own).unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-c", "exec 3<\"$1\"; rm \"$1\"; exec /proc/self/fd/3 install \"$2\"", "bash"])
            .arg(own)
            .arg(&folder);
        let ended = run(&mut command);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        assert_eq!(std::fs::read(folder.join("wait")).unwrap(), std::fs::read(program_path()).unwrap());
    });
}

#[test]
fn one_that_runs_can_be_replaced() {
    in_pod(|| {
        let folder = volume("size=4m");
        assert_eq!(run(&mut install(&folder)).code, Some(0));
        let mut old = Command::new(runner().map_or(folder.join("wait"), Path::to_owned));
        old.args(runner().map(|_| folder.join("wait")));
        let old = Running::start(old.args(["run", "--", "true"]));
        old.says("waiting for the proxy");
        assert_eq!(run(&mut install(&folder)).code, Some(0));
        old.signal(15);
        assert_eq!(old.ended().code, Some(143));
    });
}

#[test]
fn where_it_cannot_be_written_nothing_is_left_and_the_old_one_stays() {
    in_pod(|| {
        let full = volume("size=100k");
        std::fs::write(full.join("wait"), "the old one").unwrap();
        let read_only = volume("ro");
        let file = full.join("wait");
        for (folder, why) in [
            (&full, "No space left"),
            (&read_only, "Read-only file system"),
            (&PathBuf::from("/no/such/folder"), "No such file or directory"),
            (&file, "Not a directory"),
        ] {
            let ended = run(&mut install(folder));
            assert_eq!((ended.code, &*ended.stdout), (Some(125), ""), "{}", ended.stderr);
            let wanted = format!("cannot install into {}: {why}", folder.display());
            assert!(ended.stderr.contains(&wanted), "{}", ended.stderr);
        }
        assert_eq!(files(&full), ["wait"]);
        let taken = volume("size=4m");
        std::fs::create_dir(taken.join("wait")).unwrap();
        let ended = run(&mut install(&taken));
        assert!(ended.stderr.contains("/wait is a folder; want it removed"), "{}", ended.stderr);
        assert_eq!((ended.code, files(&taken)), (Some(125), vec!["wait".to_owned()]));
        assert_eq!(std::fs::read_to_string(full.join("wait")).unwrap(), "the old one");
        assert_eq!(files(&read_only), Vec::<String>::new());
    });
}
