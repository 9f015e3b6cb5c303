//! What the server allows, and for how long. The defaults are the product's; tests compress them.

use std::time::Duration;

/// All limits and time-outs of the server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at the same time. An API server keeps at most 25 idle ones to one address.
    pub connections: usize,
    /// Bytes of one body. The largest real review seen has 9.5 MB.
    pub body: usize,
    /// Bytes of all bodies that are held at the same time; at most `u32::MAX`.
    pub bytes_in_flight: usize,
    /// Large reviews that are judged at the same time; those of a few KiB do not count.
    pub judged_at_once: usize,
    /// Judging that takes longer hangs: an API server gives a webhook 30 s at most.
    pub judging: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the end of the head to the last byte of the body, whatever time the API server gives: it sends a body at once, and who
    /// does not must not keep its bytes from others.
    pub body_time: Duration,
    /// For a peer that does not take what is written to it.
    pub write: Duration,
    /// How long a connection may be without a request. API servers close theirs after 90 s and never repeat a request that
    /// met our closing, so this must be longer: the one who closes first is to be the one who sends.
    pub idle: Duration,
    /// The same while we drain: as short as it may be.
    pub drain_idle: Duration,
    /// For the last request of a connection that is being closed; a webhook call takes 30 s at most.
    pub finish: Duration,
    /// How long new connections are taken at least after the order to stop: it takes a moment until nobody is sent here.
    pub linger: Duration,
    /// From the order to stop to the end, whatever is still open.
    pub grace: Duration,
    /// How often the certificate files are looked at.
    pub reload: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            body: 16 << 20,
            bytes_in_flight: 64 << 20,
            judged_at_once: std::thread::available_parallelism().map_or(1, usize::from),
            judging: Duration::from_secs(60),
            handshake: Duration::from_secs(5),
            head: Duration::from_secs(10),
            body_time: Duration::from_secs(3),
            write: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            drain_idle: Duration::from_secs(95),
            finish: Duration::from_secs(35),
            linger: Duration::from_secs(10),
            grace: Duration::from_secs(110),
            reload: Duration::from_secs(10),
        }
    }
}

/// Files that are not for connections to the webhook: probes, watches, ports and what the runtime itself needs.
const OTHER_FILES: usize = 128;

impl Limits {
    /// The same where the process may open so many files: a connection is one, and those of the probes must not be what is refused.
    #[must_use]
    pub fn within_open_files(self, files: usize) -> Self {
        let seats = files.saturating_sub(OTHER_FILES).max(files / 2);
        Self { connections: self.connections.min(seats), ..self }
    }
}

/// How many files the process may open, by the text of `/proc/self/limits`; none where it does not tell.
pub fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Where the server is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All is well.
    Serving,
    /// Not ready any more, but every request is answered, each time asking the peer to go elsewhere next time.
    Draining,
    /// The time is up: idle connections are closed, running requests are finished.
    Stopping,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_probes() {
        for (files, connections) in [(1 << 20, 1024), (1152, 1024), (1024, 896), (200, 100), (64, 32)] {
            assert_eq!(Limits::default().within_open_files(files).connections, connections, "{files}");
        }
    }

    #[test]
    fn the_soft_limit_of_open_files_is_read() {
        let line = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 20000                files\n";
        assert_eq!(open_files(line), Some(1024));
        assert_eq!(open_files("Max open files unlimited unlimited files"), None);
        assert_eq!(open_files(""), None);
    }
}
