//! Our own server, as the chart starts it, on this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::process::{Process, free_port, tied, until};

/// A running `seaworthy serve`. Killed when dropped.
#[expect(dead_code, reason = "nobody calls its webhook yet")]
pub struct Server {
    process: Process,
    /// Where the API server reaches it: 127.0.0.1, HTTPS.
    pub port: u16,
    /// Where its probes and metrics are: 127.0.0.1, plain text.
    pub probe_port: u16,
}

#[expect(dead_code, reason = "nobody kills it yet")]
impl Server {
    /// Starts it with `flags` beside its two addresses, and waits until it says that it is ready. Its log goes to
    /// `log`.
    pub fn start(flags: &[&str], log: &Path) -> Result<Self> {
        let (port, probe_port) = (free_port()?, free_port()?);
        let mut command = tied(Path::new(env!("CARGO_BIN_EXE_seaworthy")));
        command.args([
            "serve",
            &format!("--listen=127.0.0.1:{port}"),
            &format!("--probe-listen=127.0.0.1:{probe_port}"),
        ]);
        command.args(flags);
        let mut server = Self { process: Process::spawn(command, log)?, port, probe_port };
        let ready = until("the server to be ready", || {
            if let Some(status) = server.process.exited()? {
                bail!("the server ended: {status}");
            }
            Ok(server.get("/readyz").is_ok_and(|response| response.starts_with("HTTP/1.1 200")).then_some(()))
        });
        match ready {
            Ok(()) => Ok(server),
            Err(error) => bail!("{error:#}; {}", server.process.log_tail()),
        }
    }

    /// A page of its probe port, `/readyz`, `/livez` or `/metrics`: the whole response, head and body.
    pub fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.probe_port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    }

    /// Ends it without a word, as a node that dies would.
    pub fn kill(mut self) {
        self.process.kill();
    }
}
