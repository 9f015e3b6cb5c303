//! Processes that are watched: their output line by line, their signals, their end.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a test waits for what must happen. Far above what it takes: only a failure is that slow.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(2);

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(PAUSE);
    }
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// None where a signal ended it.
    pub code: Option<i32>,
    /// All it wrote.
    pub stdout: String,
    /// All it wrote.
    pub stderr: String,
}

/// Runs a command to its end, which must come.
pub fn run(command: &mut Command) -> Ended {
    Running::start(command).ended()
}

/// A process whose output is gathered while it runs. Killed when dropped.
pub struct Running {
    child: Child,
    stdout: Gathered,
    stderr: Gathered,
    what: String,
}

struct Gathered {
    text: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// With input that nobody types yet.
    pub fn start(command: &mut Command) -> Self {
        let what = format!("{command:?}");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("starting {what}: {error}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, stdout: Gathered::new(stdout), stderr: Gathered::new(stderr), what }
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Gives it this as input.
    pub fn type_in(&mut self, text: &str) {
        self.child.stdin.as_mut().expect("its input").write_all(text.as_bytes()).expect("a reader of its input");
    }

    /// Waits until this stands in its standard output.
    pub fn writes(&self, text: &str) {
        until(&format!("`{text}` of {self}"), || self.stdout.now().contains(text).then_some(()));
    }

    /// Waits until this stands in its standard error.
    pub fn says(&self, text: &str) {
        until(&format!("`{text}` of {self}"), || self.stderr.now().contains(text).then_some(()));
    }

    /// What it wrote to standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.now()
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child")
    }

    /// Sends it a signal.
    pub fn signal(&self, number: i32) {
        signal(self.pid(), number);
    }

    /// Sends its only child a signal: for what is process 1 of its own, below `unshare`.
    pub fn signal_child(&self, number: i32) {
        let child = until(&format!("a child of {}", self.what), || children_of(self.pid()).first().copied());
        signal(child, number);
    }

    /// Waits until it has ended.
    pub fn ended(mut self) -> Ended {
        drop(self.child.stdin.take());
        let status = until(&format!("the end of {self}"), || self.exited());
        Ended { code: status.code(), stdout: self.stdout.all(), stderr: self.stderr.all() }
    }
}

impl std::fmt::Display for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, stdout, stderr, .. } = self;
        write!(f, "{what}\n(stdout: {}\nstderr: {})", stdout.now(), stderr.now())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Gathered {
    fn new(mut from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&text);
        let thread = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut piece) {
                into.lock().unwrap().extend_from_slice(&piece[..count]);
            }
        });
        Self { text, thread: Some(thread) }
    }

    fn now(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    fn all(&mut self) -> String {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the reader of a pipe");
        }
        self.now()
    }
}

fn signal(pid: u32, number: i32) {
    // The shell's own `kill`; one that has ended just now is no mistake.
    let line = format!("kill -{number} {pid}");
    Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).status().expect("sh");
}

/// The processes that this one is the parent of.
pub fn children_of(pid: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    processes.filter_map(number).filter(|child| parent_of(*child) == Some(pid)).collect()
}

/// `pid (name) state parent ...`, where the name may hold anything.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
