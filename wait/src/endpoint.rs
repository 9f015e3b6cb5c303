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

    /// Gives `ask` a connection to one address after the other until it succeeds; each has `time`, or its share of what is left:
    /// one that is silent does not hide the others.
    ///
    /// # Errors
    /// Why none did: what tells most.
    pub fn ask<T>(
        &mut self,
        deadline: Deadline,
        time: Duration,
        mut ask: impl FnMut(TcpStream, Deadline) -> Result<T, NotYet>,
    ) -> Result<T, NotYet> {
        let mut reason: Option<NotYet> = None;
        let addresses = self.addresses(deadline.of_attempt(time))?;
        for (index, address) in addresses.iter().enumerate() {
            let deadline = deadline.of_attempt(share(deadline.left(), time, addresses.len() - index));
            match connect(address, deadline).and_then(|stream| ask(stream, deadline)) {
                Ok(answer) => return Ok(answer),
                Err(error) if reason.as_ref().is_none_or(|reason| reason.weight() < error.weight()) => {
                    reason = Some(error)
                }
                Err(_) => {}
            }
        }
        Err(reason.unwrap_or_else(|| NotYet::Name("the name has no address".to_owned())))
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

/// The time for one of several addresses that are asked one after the other.
fn share(left: Option<Duration>, time: Duration, addresses: usize) -> Duration {
    let addresses = u32::try_from(addresses).unwrap_or(u32::MAX).max(1);
    // Where each is asked once, nothing is left from the beginning.
    left.map_or(time, |left| time.min(left / addresses))
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
    use super::share;
    use std::time::Duration;

    #[test]
    fn every_address_has_its_share_of_what_is_left() {
        let seconds = Duration::from_secs;
        for (left, time, addresses, wanted) in
            [(Some(60), 3, 2, 3), (Some(6), 3, 2, 3), (Some(4), 3, 2, 2), (Some(2), 3, 1, 2), (None, 3, 2, 3)]
        {
            assert_eq!(share(left.map(seconds), seconds(time), addresses), seconds(wanted), "{left:?} {addresses}");
        }
    }
}
