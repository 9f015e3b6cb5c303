//! Our own server, as the chart starts it, on this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use super::process::{Process, free_port, tied, until};

/// A running `seaworthy serve`. Killed when dropped.
pub struct Server {
    process: Process,
    arguments: Vec<String>,
    log: PathBuf,
    /// Where the API server reaches it: 127.0.0.1, HTTPS.
    pub port: u16,
    /// Where its probes and metrics are: 127.0.0.1, plain text.
    probe_port: u16,
}

impl Server {
    /// Starts it with `flags` beside its two addresses, and waits until it says that it is ready. Its log goes to
    /// `log`.
    pub fn start(flags: &[String], log: &Path) -> Result<Self> {
        let (port, probe_port) = (free_port()?, free_port()?);
        let addresses = [format!("--listen=127.0.0.1:{port}"), format!("--probe-listen=127.0.0.1:{probe_port}")];
        let arguments =
            ["serve".to_owned()].into_iter().chain(addresses).chain(flags.iter().cloned()).collect::<Vec<_>>();
        let process = spawn(&arguments, log)?;
        let mut server = Self { process, arguments, log: log.to_owned(), port, probe_port };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Ends it without a word, as a node that dies would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it as it was started before, at the same addresses.
    pub fn start_again(&mut self) -> Result<()> {
        self.process = spawn(&self.arguments, &self.log)?;
        self.wait_until_ready()
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

    /// What it counted: the sum of a metric over all its labels.
    pub fn counted(&self, metric: &str) -> Result<u64> {
        let page = self.get("/metrics")?;
        let values = page.lines().filter_map(|line| {
            let rest = line.strip_prefix(metric)?;
            rest.starts_with([' ', '{']).then(|| rest.rsplit(' ').next()?.parse::<u64>().ok())?
        });
        Ok(values.sum())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let ready = until("the server to be ready", || {
            if let Some(status) = self.process.exited()? {
                bail!("the server ended: {status}");
            }
            Ok(self.get("/readyz").is_ok_and(|response| response.starts_with("HTTP/1.1 200")).then_some(()))
        });
        ready.map_err(|error| anyhow!("{error:#}; {}", self.process.log_tail()))
    }
}

fn spawn(arguments: &[String], log: &Path) -> Result<Process> {
    let mut command = tied(Path::new(env!("CARGO_BIN_EXE_seaworthy")));
    command.args(arguments);
    Process::spawn(command, log)
}
