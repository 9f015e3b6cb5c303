//! What is read from the preStop hooks of a table, against what real shells do with the same commands.
//!
//! The programs that the commands call are stand-ins that note their arguments and end at once, so that no time passes.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use serde::Deserialize;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    command: Option<Vec<Option<String>>>,
    script: Option<String>,
    at_least: Option<i64>,
    only_sleeps: bool,
    /// Why a run would prove nothing.
    unrun: Option<String>,
}

/// Programs that succeed.
const WORKING: [&str; 10] = ["wget", "curl", "nginx", "touch", "rm", "cat", "date", "seq", "drain", "drain.sh"];
/// Programs that are asked something, and answer as the run wants it.
const ASKED: [&str; 2] = ["pgrep", "grep"];
/// Programs that are run as they are.
const REAL: [&str; 6] = ["sh", "bash", "dash", "env", "nohup", "timeout"];

/// How often a loop sleeps before its shell is killed.
const MOST_SLEEPS: usize = 30;

#[test]
fn a_real_shell_sleeps_at_least_as_long_as_is_read_from_the_hook() {
    let folder = Stage::new();
    let rows: Vec<Row> = serde_json::from_str(include_str!("data/hook-durations.json")).unwrap();
    let mut runs = 0;
    for row in rows.iter().filter(|row| row.unrun.is_none()) {
        let Some(argv) = row.argv() else { continue };
        runs += 1;
        let slept = ["0", "1"].map(|answer| folder.slept(&argv, answer));
        let (shortest, longest) = (slept[0].min(slept[1]), slept[0].max(slept[1]));
        if let Some(at_least) = row.at_least {
            assert!(shortest >= at_least as f64, "{argv:?} slept {shortest} s, read were {at_least} s");
            assert!(!row.only_sleeps || longest == at_least as f64, "{argv:?} slept {longest} s");
        }
    }
    assert!(runs > 100, "{runs}");
}

/// The other side: of what is said to be unknown a real shell knows no more, unless the table says in which way it could be.
#[test]
fn what_surely_sleeps_is_read_but_for_loops_and_variables() {
    let folder = Stage::new();
    let rows: Vec<Row> = serde_json::from_str(include_str!("data/hook-durations.json")).unwrap();
    let not_followed = ["$", "for ", "while ", "until ", "case ", "f()", "-i", "||", "&&", "`", "done", "| grep", ")"];
    for row in rows.iter().filter(|row| row.unrun.is_none() && row.at_least.is_none()) {
        let Some(argv) = row.argv() else { continue };
        let shortest = ["0", "1"].map(|answer| folder.slept(&argv, answer)).into_iter().fold(f64::MAX, f64::min);
        let is_followed = !argv.iter().any(|word| not_followed.iter().any(|it| word.contains(it)));
        assert!(shortest == 0.0 || !is_followed, "{argv:?} slept {shortest} s");
    }
}

impl Row {
    /// The command, if it is one that can be run at all.
    fn argv(&self) -> Option<Vec<String>> {
        let shell = |script: &String| ["sh", "-c", script].map(str::to_owned).to_vec();
        let argv = self.script.as_ref().map(shell).or_else(|| self.command.clone()?.into_iter().collect())?;
        let relative = |word: &String| {
            ["/usr/sbin/", "/usr/bin/", "/bin/", "/app/"].iter().fold(word.clone(), |it, from| it.replace(from, ""))
        };
        Some(argv.iter().map(relative).collect())
    }
}

/// A folder with the stand-ins.
struct Stage {
    folder: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("hook-durations-{:?}", std::thread::current().id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let stage = Self { folder };
        // A shell that sleeps without end is killed.
        stage.program("sleep", &format!(
            "echo \"$*\" >> \"$STAGE/slept\"\nwhile read -r line; do set -- x \"$@\"; done < \"$STAGE/slept\"\n[ $# -gt {MOST_SLEEPS} ] && kill -9 $PPID\nexit 0"
        ));
        stage.program("busybox", "exec \"$@\"");
        WORKING.iter().for_each(|name| stage.program(name, "exit 0"));
        ASKED.iter().for_each(|name| stage.program(name, "exit $ANSWER"));
        for name in REAL {
            let real =
                ["/bin", "/usr/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
            if let Some(real) = real {
                symlink(real, stage.folder.join(name)).unwrap();
            }
        }
        stage
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    /// The seconds that the sleeps of a command come to.
    fn slept(&self, argv: &[String], answer: &str) -> f64 {
        let log = self.folder.join("slept");
        fs::write(&log, "").unwrap();
        let status = Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .env("PATH", &self.folder)
            .env("STAGE", &self.folder)
            .env("ANSWER", answer)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        // A program that is not there is one that does not sleep.
        drop(status);
        fs::read_to_string(&log).unwrap().lines().filter_map(seconds).sum()
    }
}

/// As the manual of `sleep` has it; none where it would complain.
fn seconds(arguments: &str) -> Option<f64> {
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    words.retain(|word| *word != "--");
    let seconds = words.iter().map(|word| {
        let units = [("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
        let unit = units.iter().find_map(|(unit, seconds)| Some((word.strip_suffix(unit)?, *seconds)));
        let (number, unit) = unit.unwrap_or((word, 1.0));
        number.parse::<f64>().ok().filter(|number| *number >= 0.0).map(|number| number * unit)
    });
    seconds.sum::<Option<f64>>()
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
