//! A way to the API server that can be shut, as a network that breaks would.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A port of 127.0.0.1 that leads to another one while it is open.
pub struct Gate {
    /// The port.
    pub port: u16,
    open: watch::Sender<bool>,
}

impl Gate {
    /// An open one, served by the current runtime.
    pub async fn to(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (open, seen) = watch::channel(true);
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(lead(stream, address, seen.clone()));
            }
        });
        Ok(Self { port, open })
    }

    /// Cuts all connections, and every new one at once, until it is opened again.
    pub fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }
}

async fn lead(mut from: TcpStream, address: SocketAddr, mut open: watch::Receiver<bool>) {
    let lead = async {
        let mut to = TcpStream::connect(address).await?;
        copy_bidirectional(&mut from, &mut to).await
    };
    // However it ends, both streams are dropped, and so closed.
    tokio::select! {
        biased;
        _ = open.wait_for(|open| !open) => {}
        _ = lead => {}
    }
}
