//! Servers that do as a test says, connection by connection, well-behaved or not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A whole answer.
pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What happens on one connection.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These bytes, then the end.
    Bytes(String),
    /// These bytes, then silence until the client goes.
    Stall(&'static str),
    /// These bytes, then the last of them for ever.
    Endless(&'static str, &'static str),
    /// These bytes one by one, 20 ms apart, then silence.
    Trickle(&'static str),
    /// The end at once.
    Close,
    /// A reset instead of an answer.
    Reset,
}

impl Reply {
    /// An answer of this status, without a body.
    pub fn status(code: u16) -> Self {
        Self::Bytes(format!("HTTP/1.1 {code} So\r\nContent-Length: 0\r\n\r\n"))
    }

    /// An answer 200.
    pub fn ok() -> Self {
        Self::Bytes(OK.to_owned())
    }
}

/// A server on one address; it lives until the test ends.
pub struct Server {
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// The first connection gets the first reply, and so on; the last reply is for all that follow.
    pub fn start(address: &str, replies: impl Into<Vec<Reply>>) -> Self {
        let replies = replies.into();
        let mut number = 0;
        Self::answering(address, move |_| {
            number += 1;
            replies[(number - 1).min(replies.len() - 1)].clone()
        })
    }

    /// The reply to each request is made for it.
    pub fn answering(address: &str, mut answer: impl FnMut(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("listening on {address}: {error}"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let request = look_at_request(&stream);
                // First noted, then answered: who has the answer finds it noted.
                seen.lock().unwrap().push(request.clone());
                let reply = answer(&request);
                std::thread::spawn(move || reply.send(stream, &request));
            }
        });
        Self { requests }
    }

    /// The requests so far, heads only; empty ones of clients that sent none.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How often somebody came.
    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// The head that has come, left unread; empty where the client goes without one.
fn look_at_request(stream: &TcpStream) -> String {
    let mut bytes = [0; 4096];
    loop {
        match stream.peek(&mut bytes) {
            Ok(count @ 1..) if bytes[..count].ends_with(b"\r\n\r\n") => {
                return String::from_utf8_lossy(&bytes[..count]).into_owned();
            }
            Ok(1..) => std::thread::yield_now(),
            Ok(0) | Err(_) => return String::new(),
        }
    }
}

impl Reply {
    fn send(self, mut stream: TcpStream, request: &str) {
        if !matches!(self, Self::Reset) && stream.read_exact(&mut vec![0; request.len()]).is_err() {
            return;
        }
        // That the client goes is how most of these end.
        let _ = match self {
            Self::Bytes(bytes) => stream.write_all(bytes.as_bytes()),
            Self::Stall(bytes) => stream.write_all(bytes.as_bytes()).and_then(|()| silence(&mut stream)),
            Self::Endless(first, again) => endless(&mut stream, first, again),
            Self::Trickle(bytes) => trickle(&mut stream, bytes),
            Self::Close => Ok(()),
            // The kernel resets a connection that is closed with bytes unread.
            Self::Reset => return,
        };
    }
}

fn silence(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0]).map(|_| ())
}

fn endless(stream: &mut TcpStream, first: &str, again: &str) -> std::io::Result<()> {
    stream.write_all(first.as_bytes())?;
    loop {
        stream.write_all(again.as_bytes())?;
    }
}

fn trickle(stream: &mut TcpStream, bytes: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    for byte in bytes.bytes() {
        stream.write_all(&[byte])?;
        // The pace of this server; ends early where the client goes.
        if let Ok(0) = stream.read(&mut [0]) {
            return Ok(());
        }
    }
    stream.set_read_timeout(None)?;
    silence(stream)
}
