//! Child processes that never outlive the test, and waiting for them.

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a test waits for something that must happen. Far above what it takes: only a failure is that slow.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Below those of outgoing connections, which on Linux begin at 32768.
const PORTS: Range<u16> = 20_000..32_000;

/// A process whose output goes to a log file. Killed when dropped: nothing it leaves behind is wanted.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command that [`tied`] made; stdout and stderr go to `log`.
    pub fn spawn(mut command: Command, log: &Path) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The end of what it wrote.
    pub fn log_tail(&self) -> String {
        const LINES: usize = 20;
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        format!("the end of {}:\n{}", self.log.display(), lines[lines.len().saturating_sub(LINES)..].join("\n"))
    }

    /// Kills it; what it stores is thrown away, so it need not end well.
    pub fn kill(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command that the kernel kills when the thread that starts it ends, however that comes about. Where there is no
/// setpriv (part of util-linux), an ordinary one.
pub fn tied(program: &Path) -> Command {
    static SETPRIV: LazyLock<bool> = LazyLock::new(|| {
        let mut probe = Command::new("setpriv");
        probe.args(["--pdeathsig", "KILL", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    });
    if !*SETPRIV {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A port of 127.0.0.1 that nobody had a moment ago, each time another one.
///
/// Not one that the kernel would choose: by the time it is used, it could be that of somebody's outgoing connection.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Each process begins elsewhere, as several may look at the same time.
    let begin = u16::try_from(std::process::id() % 1_000)? * 12;
    for _ in 0..PORTS.len() {
        let next = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
        let port = PORTS.start + next;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port among {PORTS:?}")
}

/// Asks again and again until there is an answer; an error of `ask` ends it at once.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("waited {PATIENCE:?} for {what}");
        }
        std::thread::sleep(PAUSE);
    }
}
