//! The command line as a process: bytes in, bytes out, exit code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod check;
mod config;
mod fix;
#[cfg(unix)]
mod fix_files;
mod fixtures;
mod readme;
mod rules;
mod streams;
mod workloads;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A run of the program, before it is started.
struct Seaworthy {
    command: Command,
    input: Vec<u8>,
}

/// What came of a run.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// The program with these arguments, in the folder of this package, in an environment that says nothing about it.
fn seaworthy(arguments: &[&str]) -> Seaworthy {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    for variable in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "SEAWORTHY_CONFIG"] {
        command.env_remove(variable);
    }
    Seaworthy { command, input: Vec::new() }
}

impl Seaworthy {
    fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = text.into();
        self
    }

    fn run(self) -> Ran {
        let output = self.output();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it for a result that need not be text: its exit code and its standard output.
    fn run_bytes(self) -> (Option<i32>, Vec<u8>) {
        let output = self.output();
        (output.status.code(), output.stdout)
    }

    fn output(mut self) -> Output {
        let streams = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        let writer = std::thread::spawn(move || {
            // A run that does not read its input may end before it is written.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A Service with a port of unclear protocol, in a namespace of the mesh.
const UNCLEAR: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
  - port: 9000
    name: grpcapi
";

/// The same put right.
fn clear() -> String {
    UNCLEAR.replace("grpcapi", "grpc-api")
}
