//! seaworthy-wait as it is shipped: built static for both architectures, weighed, and the other one's tested in an emulator.
//! This machine's own is tested by `cargo test`.

use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The architectures that nodes have.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];
/// It lies in every pod, and is copied there at every start.
const LARGEST: u64 = 600 * 1024;
/// It stands before the start of every application.
const SLOWEST_START: Duration = Duration::from_millis(5);
const STARTS: u32 = 200;

/// Builds, weighs and tests them; prints a line for each.
pub fn check(root: &Path) -> Result<()> {
    for architecture in ARCHITECTURES {
        let program = build(root, architecture)?;
        let bytes = std::fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
        let size = u64::try_from(bytes.len())?;
        ensure!(size < LARGEST, "{} has {size} bytes: want less than {LARGEST}", program.display());
        ensure!(!wants_interpreter(&bytes), "{} is not static: it names an interpreter", program.display());
        let native = architecture == std::env::consts::ARCH;
        let start = if native { format!(", starts in {:?}", quickest_start(&program)?) } else { String::new() };
        writeln!(std::io::stdout(), "seaworthy-wait {architecture}: {size} bytes, static{start}")?;
        if !native {
            test(root, &program, &format!("qemu-{architecture}-static"))?;
        }
    }
    Ok(())
}

fn build(root: &Path, architecture: &str) -> Result<PathBuf> {
    let script = root.join("wait/build.sh");
    let mut command = Command::new(&script);
    let output = command.arg(format!("{architecture}-unknown-linux-musl")).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("running {}", script.display()))?;
    ensure!(output.status.success(), "{} failed: {}", script.display(), output.status);
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}

/// Whether a 64-bit ELF file has a program header PT_INTERP: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html>
fn wants_interpreter(elf: &[u8]) -> bool {
    const INTERPRETER: usize = 3;
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = elf.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let headers = || Some((number(32, 8)?, number(54, 2)?, number(56, 2)?));
    let Some((offset, size, count)) = headers() else { return true };
    (0..count).any(|index| number(offset + index * size, 4) == Some(INTERPRETER))
}

/// The quickest of many, as others use the machine too.
fn quickest_start(program: &Path) -> Result<Duration> {
    let mut quickest = Duration::MAX;
    for _ in 0..STARTS {
        let begin = Instant::now();
        let status = Command::new(program).arg("--version").stdout(Stdio::null()).status()?;
        quickest = quickest.min(begin.elapsed());
        ensure!(status.success(), "{} --version: {status}", program.display());
    }
    ensure!(quickest < SLOWEST_START, "starts in {quickest:?}: want less than {SLOWEST_START:?}");
    Ok(quickest)
}

fn test(root: &Path, program: &Path, emulator: &str) -> Result<()> {
    let found = Command::new(emulator).arg("--version").stdout(Stdio::null()).status();
    ensure!(found.is_ok_and(|status| status.success()), "no {emulator}: install qemu-user-static");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--locked", "--package", "seaworthy-wait", "--test", "pod"]).current_dir(root);
    command.env("SEAWORTHY_WAIT_PROGRAM", program).env("SEAWORTHY_WAIT_RUNNER", emulator);
    let status = command.status().context("running cargo test")?;
    ensure!(status.success(), "the tests failed with {} in {emulator}: {status}", program.display());
    Ok(())
}
