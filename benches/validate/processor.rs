//! The processor time of a thread, which a busy machine distorts less than the clock on the wall.

use std::fs;
use std::path::PathBuf;

/// A thread of this process.
pub struct Processor(PathBuf);

impl Processor {
    /// The thread of this name. Linux only: elsewhere the benchmark stops here, and says so.
    pub fn of_thread(name: &str) -> Self {
        let tasks = fs::read_dir("/proc/self/task").unwrap_or_else(|_| panic!("there is no /proc: wanted Linux"));
        let mut tasks = tasks.map(|task| task.unwrap().path());
        let is_it = |task: &PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|found| found.trim_end() == name);
        Self(tasks.find(is_it).unwrap_or_else(|| panic!("there is no thread {name}")).join("schedstat"))
    }

    /// How long it has run so far.
    pub fn nanoseconds(&self) -> f64 {
        let text = fs::read_to_string(&self.0).unwrap();
        text.split_ascii_whitespace().next().unwrap().parse().unwrap()
    }
}
