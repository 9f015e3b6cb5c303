//! The program `yaml-oracle`, running.

use crate::tools::Tools;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Oracle {
    files: Process,
    documents: Process,
}

struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// What kubectl reads of a file: the documents up to the first that it refuses, and why.
#[derive(Debug)]
pub struct Answer {
    pub documents: Vec<Value>,
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct RawAnswer {
    documents: Vec<Box<RawValue>>,
    error: Option<String>,
}

impl Oracle {
    /// None, with a loud line, where there is no Go to build it with; that is a failure under CI.
    pub fn start() -> Option<Self> {
        let Some(tools) = Tools::find().expect("the tools of the cluster tests") else {
            assert!(std::env::var_os("CI").is_none(), "the comparison with kubectl's library must run here: CI is set");
            eprintln!(
                "\n*** SKIPPED: no Go to build kubectl's YAML library with. Nothing is known about its reading. ***\n"
            );
            return None;
        };
        let program = tools.path("yaml-oracle");
        let files = Process::start(Command::new(&program).arg("split"));
        Some(Self { files, documents: Process::start(&mut Command::new(&program)) })
    }

    /// What kubectl reads of a file.
    pub fn ask(&mut self, text: &str) -> Answer {
        let line = self.files.ask(text);
        let raw: RawAnswer = serde_json::from_str(&line).expect("an answer of yaml-oracle");
        let mut answer = Answer { documents: Vec::new(), error: raw.error };
        for document in raw.documents {
            match serde_json::from_str(document.get()) {
                Ok(value) => answer.documents.push(value),
                // A number such as 1e400 in a JSON file: the oracle hands it on, kubectl stops at its next step.
                Err(error) => {
                    answer.error = Some(error.to_string());
                    break;
                }
            }
        }
        answer
    }

    /// Whether the strict reader complains of a key that stands twice in some document of the file.
    pub fn finds_repeated_keys(&mut self, text: &str) -> bool {
        let mut documents = text.split("\n---");
        documents.any(|document| self.documents.ask(document).contains("already set in map"))
    }
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("yaml-oracle starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, stdin, stdout }
    }

    fn ask(&mut self, text: &str) -> String {
        let stdin = self.stdin.as_mut().expect("its input");
        stdin.write_all(format!("{}\n{text}", text.len()).as_bytes()).expect("yaml-oracle takes the input");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("yaml-oracle answers");
        line
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stdin = None; // it ends with its input
        let _ = self.child.wait();
    }
}
