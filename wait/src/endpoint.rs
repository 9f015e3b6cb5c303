//! Connects to a host and a port within a bounded time, names included.

use crate::answer::NotYet;
use crate::deadline::Deadline;
use crate::url::Authority;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Enough for the C library's resolver, whose buffers lie on the stack.
const RESOLVER_STACK: usize = 128 * 1024;

/// One end to connect to, again and again.
#[derive(Debug)]
pub struct Endpoint {
    authority: Authority,
    /// A question to the name server that was not answered in time. There is never a second one beside it.
    pending: Option<Receiver<std::io::Result<Vec<SocketAddr>>>>,
}

impl Endpoint {
    /// For this host and port.
    pub fn new(authority: Authority) -> Self {
        Self { authority, pending: None }
    }

    /// Gives `ask` a connection to one address after the other until it succeeds; each has `time`, and where the wait ends
    /// before that, its share of what is left.
    ///
    /// # Errors
    /// Why none did: what tells most.
    pub fn ask<T>(
        &mut self,
        deadline: Deadline,
        time: Duration,
        ask: impl FnMut(TcpStream, Deadline) -> Result<T, NotYet>,
    ) -> Result<T, NotYet> {
        each(&self.addresses(deadline.of_attempt(time))?, deadline, time, ask)
    }

    fn addresses(&mut self, deadline: Deadline) -> Result<Vec<SocketAddr>, NotYet> {
        let Authority { host, port } = &self.authority;
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, *port)]);
        }
        // Both, whatever a file of hosts says: proxies listen on either.
        if host.eq_ignore_ascii_case("localhost") {
            let both = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            return Ok(both.map(|address| SocketAddr::new(address, *port)).to_vec());
        }
        self.resolve(deadline)
    }

    /// In a thread, as the C library asks for longer than we have, and cannot be stopped.
    fn resolve(&mut self, deadline: Deadline) -> Result<Vec<SocketAddr>, NotYet> {
        let answer = match self.pending.take() {
            Some(pending) => pending,
            None => {
                let (sender, receiver) = channel();
                let Authority { host, port } = self.authority.clone();
                let ask = move || {
                    let found = (&*host, port).to_socket_addrs().map(Iterator::collect);
                    // Nobody waits any more: the end is near anyway.
                    let _ = sender.send(found);
                };
                let thread = std::thread::Builder::new().stack_size(RESOLVER_STACK).spawn(ask);
                thread.map_err(|error| NotYet::Name(format!("no thread to ask the name server: {error}")))?;
                receiver
            }
        };
        match answer.recv_timeout(deadline.left().unwrap_or(Duration::ZERO)) {
            Ok(found) => found.map_err(|error| NotYet::Name(error.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                self.pending = Some(answer);
                Err(NotYet::Name("no answer of the name server in time".to_owned()))
            }
            Err(RecvTimeoutError::Disconnected) => Err(NotYet::Name("the name was not looked up".to_owned())),
        }
    }
}

fn each<T>(
    addresses: &[SocketAddr],
    deadline: Deadline,
    time: Duration,
    mut ask: impl FnMut(TcpStream, Deadline) -> Result<T, NotYet>,
) -> Result<T, NotYet> {
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let connections = (1..=count).rev().zip(addresses).map(|(left, address)| {
        let end = deadline.of_one(time, left);
        connect(address, end).map(|stream| (stream, end))
    });
    if count == 1 || deadline.has_time_for(count, time) {
        return first(connections, |(stream, end)| ask(stream, end));
    }
    // All are opened first: who refuses takes no share from one who is slow.
    let connections: Vec<_> = connections.collect();
    let mut left = connections.iter().map(|connection| u32::from(connection.is_ok())).sum();
    first(connections, |(stream, _)| {
        let end = deadline.of_one(time, left);
        left -= 1;
        ask(stream, end)
    })
}

/// The first success; without any, the failure that tells most.
fn first<C, T>(
    connections: impl IntoIterator<Item = Result<C, NotYet>>,
    mut ask: impl FnMut(C) -> Result<T, NotYet>,
) -> Result<T, NotYet> {
    let mut reason: Option<NotYet> = None;
    for connection in connections {
        match connection.and_then(&mut ask) {
            Ok(answer) => return Ok(answer),
            Err(error) if reason.as_ref().is_none_or(|reason| reason.weight() < error.weight()) => reason = Some(error),
            Err(_) => {}
        }
    }
    Err(reason.unwrap_or_else(|| NotYet::Name("the name has no address".to_owned())))
}

fn connect(address: &SocketAddr, deadline: Deadline) -> Result<TcpStream, NotYet> {
    let left = deadline.left().ok_or(NotYet::TooLate)?;
    TcpStream::connect_timeout(address, left).map_err(|error| match error.kind() {
        ErrorKind::ConnectionRefused => NotYet::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => NotYet::Silent,
        _ => NotYet::Broken(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const HALF: Duration = Duration::from_secs(30 * 60);

    /// How long each of two addresses with this port may take; none succeeds.
    fn times(port: u16, wait: Duration) -> Vec<Duration> {
        let mut times = Vec::new();
        let addresses = [[127, 0, 0, 1], [127, 0, 0, 2]].map(|address| SocketAddr::from((address, port)));
        let answer = each(&addresses, Deadline::after(wait), HOUR, |_, end| -> Result<(), NotYet> {
            times.extend(end.left());
            Err(NotYet::Silent)
        });
        assert_eq!(answer, Err(NotYet::Silent));
        times
    }

    #[test]
    fn a_silent_address_leaves_a_share_of_the_time_to_the_other() {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        // Who refuses takes none.
        let alone = times(port, HOUR);
        assert!(alone.len() == 1 && alone[0] > HALF, "{alone:?}");
        let _second = TcpListener::bind(("127.0.0.2", port)).unwrap();
        let both = times(port, HOUR);
        assert!(both.len() == 2 && both[0] <= HALF && both[1] > HALF, "{both:?}");
        // Where there is time enough, and where each is asked once, nothing is shared.
        for wait in [HOUR * 3, Duration::ZERO] {
            let both = times(port, wait);
            assert!(both.len() == 2 && both.iter().all(|time| *time > HALF), "{wait:?}: {both:?}");
        }
    }
}
