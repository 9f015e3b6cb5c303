//! The program under test: static, as it is shipped. Another architecture's runs in an emulator.

use super::pods;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// An emulator, where the program is for another architecture, and the program.
static PROGRAM: LazyLock<(Option<PathBuf>, PathBuf)> = LazyLock::new(|| {
    let runner = std::env::var_os("SEAWORTHY_WAIT_RUNNER").map(|name| which(Path::new(&name)));
    let path = std::env::var_os("SEAWORTHY_WAIT_PROGRAM").map_or_else(build, PathBuf::from);
    (runner, path)
});

/// Where a program of this machine is: tests change PATH.
pub fn which(program: &Path) -> PathBuf {
    let found = Command::new("sh").args(["-c", "command -v \"$1\"", "sh"]).arg(program).output().expect("sh");
    assert!(found.status.success(), "these tests need {}", program.display());
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim_end())
}

fn build() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.sh");
    let output = Command::new(&script).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(output.status.success(), "{} failed: {}", script.display(), output.status);
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// Where it is.
pub fn path() -> &'static Path {
    &PROGRAM.1
}

/// Runs the rest of a test in a pod, as [`pods::in_pod`] has it, with the program that was built outside.
pub fn in_pod<F: FnOnce()>(body: F) {
    pods::in_pod(&[("SEAWORTHY_WAIT_PROGRAM", path().as_os_str())], body);
}

/// The emulator that it needs on this machine.
pub fn runner() -> Option<&'static Path> {
    PROGRAM.0.as_deref()
}

/// Whether figures of the process are the emulator's.
pub fn is_emulated() -> bool {
    runner().is_some()
}

/// The words that start it, before its own.
fn words() -> Vec<&'static str> {
    runner().into_iter().chain([path()]).map(|path| path.to_str().unwrap()).collect()
}

/// The program with this command line: words with spaces between.
pub fn program(line: &str) -> Command {
    let words = words();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(line.split_whitespace());
    command
}

/// The same as process 1 of its own, as in a container. What is started is `unshare`, whose only child it is.
pub fn as_process_1(line: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
    command.args(words()).args(line.split_whitespace());
    command
}
