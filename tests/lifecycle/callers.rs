//! Those who call through the proxy, in both directions: with a new connection each time, with one that is kept, with one that
//! is in use for ever.

use crate::http::{header, is_ok, read_head};
use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a call may be without an answer and without an end, which is neither of what is measured.
const PATIENCE: Duration = Duration::from_secs(60);

/// A way of calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A request on a connection of its own.
    New,
    /// A request on a connection that is kept until the other side wants it closed; then on the next one.
    Kept,
    /// One request and one answer that go on and on.
    Stream,
    /// Bytes without a protocol, to and fro.
    Tcp,
}

/// Where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the application through the proxy.
    Out,
    /// Through the proxy to the application.
    In,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was answered.
    Given,
    /// It was answered, and the connection shall be closed.
    Closing,
    /// It died: refused, or cut off.
    Died,
}

/// Somebody who calls again and again.
pub struct Caller {
    /// The way of calling.
    pub way: Way,
    /// Where the calls go.
    pub direction: Direction,
    connection: Option<TcpStream>,
    has_begun: bool,
}

impl Caller {
    /// Has not called yet.
    pub fn new(direction: Direction, way: Way) -> Self {
        Self { way, direction, connection: None, has_begun: false }
    }

    /// Whether it holds a connection now.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Closes what it holds.
    pub fn hang_up(&mut self) {
        self.connection = None;
    }

    /// Calls once more.
    pub fn call(&mut self) -> Answer {
        let answer = match self.way {
            Way::New | Way::Kept => self.request(),
            Way::Stream | Way::Tcp => self.go_on(),
        };
        let answer = answer.unwrap_or_else(|error| {
            let is_silent = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!is_silent, "{:?} {:?}: neither answered nor ended in {PATIENCE:?}", self.direction, self.way);
            Answer::Died
        });
        if answer != Answer::Given || self.way == Way::New {
            self.hang_up();
        }
        answer
    }

    fn request(&mut self) -> Result<Answer> {
        let wanted = if self.way == Way::New { "close" } else { "keep-alive" };
        let stream = self.connected()?;
        write!(stream, "GET / HTTP/1.1\r\nHost: app\r\nConnection: {wanted}\r\n\r\n")?;
        let head = read_head(stream)?;
        stream.read_exact(&mut [0; 2])?;
        assert!(is_ok(&head), "{head}");
        let is_closing = wanted != "close" && header(&head, "connection") == Some("close");
        Ok(if is_closing { Answer::Closing } else { Answer::Given })
    }

    /// The next piece of what was begun with the first call. What is cut is not begun anew.
    fn go_on(&mut self) -> Result<Answer> {
        let is_http = self.way == Way::Stream;
        if !self.has_begun {
            let stream = self.connected()?;
            if is_http {
                write!(stream, "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                let head = read_head(stream)?;
                assert!(is_ok(&head), "{head}");
            }
            self.has_begun = true;
        }
        let Some(stream) = &mut self.connection else { return Ok(Answer::Died) };
        let piece: &[u8] = if is_http { b"1\r\n.\r\n" } else { b"." };
        stream.write_all(piece)?;
        let mut back = vec![0; piece.len()];
        stream.read_exact(&mut back)?;
        assert_eq!(back, piece);
        Ok(Answer::Given)
    }

    fn connected(&mut self) -> Result<&mut TcpStream> {
        let stream = match self.connection.take() {
            Some(stream) => stream,
            None => connect(self.direction, self.way)?,
        };
        Ok(self.connection.insert(stream))
    }
}

fn connect(direction: Direction, way: Way) -> Result<TcpStream> {
    let stream = TcpStream::connect(match (direction, way) {
        (Direction::In, _) => "127.0.0.1:15006",
        (Direction::Out, Way::Tcp) => "127.0.0.1:9000",
        (Direction::Out, _) => "127.0.0.1:15001",
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}
