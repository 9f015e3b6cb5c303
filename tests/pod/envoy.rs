//! A real Envoy, and its admin port.

use super::process::Running;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running Envoy; killed when dropped.
pub struct Envoy(Running);

impl Envoy {
    /// With this configuration, started as Istio's agent does it; `drain_seconds` is what Istio calls `drainDuration`. Returns at
    /// once.
    pub fn start(configuration: &Path, drain_seconds: u32) -> Self {
        let mut command = Command::new(Self::path());
        command.args(["--drain-time-s", &drain_seconds.to_string(), "--drain-strategy", "immediate"]);
        command
            .args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning", "-c"])
            .arg(configuration);
        Self(Running::start(&mut command))
    }

    /// Where it is; fetched where it is not yet. To be called before the pod, in which there is no network.
    pub fn path() -> PathBuf {
        let script = include_str!("fetch-envoy.sh");
        let output = Command::new("bash").args(["-c", script]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.expect("bash");
        assert!(output.status.success(), "fetch-envoy.sh failed: {}", output.status);
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
    }
}

/// A request to Envoy's admin port, on 15000 as in a sidecar: all of the answer, empty where there was none.
pub fn admin(method: &str, path: &str) -> String {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect("127.0.0.1:15000")?;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().unwrap_or_default()
}
