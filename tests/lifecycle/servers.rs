//! The application, and those whom it calls: servers that answer and echo until they are told to end.

use crate::http::{header, read_head};
use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A server on one address. It lives on when dropped, to the end of the pod.
pub struct Server {
    address: &'static str,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    is_ending: Arc<AtomicBool>,
    listening: JoinHandle<()>,
}

impl Server {
    /// Each connection is served by a thread of its own.
    pub fn start(address: &'static str, serve: impl Fn(&mut TcpStream) -> Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("listening on {address}: {error}"));
        let (connections, is_ending) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, ends, serve) = (Arc::clone(&connections), Arc::clone(&is_ending), Arc::new(serve));
        let listening = std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten().take_while(|_| !ends.load(Ordering::SeqCst)) {
                kept.lock().unwrap().push(stream.try_clone().expect("a second handle of a connection"));
                let serve = Arc::clone(&serve);
                // That the other side goes is how connections end.
                std::thread::spawn(move || drop(serve(&mut stream)));
            }
        });
        Self { address, connections, is_ending, listening }
    }

    /// As the end of its process: it listens no more, and what is open is closed.
    pub fn end(self) {
        self.is_ending.store(true, Ordering::SeqCst);
        // The listener looks at that when somebody comes.
        drop(TcpStream::connect(self.address));
        self.listening.join().expect("a listener");
        for connection in self.connections.lock().unwrap().drain(..) {
            close(&connection);
        }
    }
}

/// Answers requests; one with a body that has no length gets it back, piece by piece, for as long as it goes on.
pub fn answer(stream: &mut TcpStream) -> Result<()> {
    loop {
        let head = read_head(stream)?;
        if header(&head, "transfer-encoding").is_some() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            return echo(stream);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
    }
}

/// Says what it is told, and goes when the other side has nothing more to say.
pub fn echo(stream: &mut TcpStream) -> Result<()> {
    echo_for_ever(stream)?;
    close(stream);
    Ok(())
}

/// The same, but it stays when the other side has nothing more to say.
pub fn echo_for_ever(stream: &mut TcpStream) -> Result<()> {
    let mut bytes = [0; 64];
    while let count @ 1.. = stream.read(&mut bytes)? {
        stream.write_all(&bytes[..count])?;
    }
    Ok(())
}

/// For every handle of it; one that is closed already stays so.
fn close(stream: &TcpStream) {
    drop(stream.shutdown(Shutdown::Both));
}
