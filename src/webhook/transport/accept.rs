//! The loop that takes new connections. Nothing that a peer does or leaves undone holds it up: each handshake runs in
//! the task of its own connection, under a time-out.

use crate::webhook::limits::{Limits, Phase};
use crate::webhook::metrics::Metrics;
use crate::webhook::transport::connection::{Connection, Protocol};
use crate::webhook::transport::connections::{Connections, Seat};
use axum::Router;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// A port with what is behind it.
pub struct Port {
    /// Where peers connect.
    pub listener: TcpListener,
    /// None for plain text.
    pub tls: Option<TlsAcceptor>,
    /// Answers the requests.
    pub router: Router,
    /// Those who are here.
    pub connections: Arc<Connections>,
    /// What they may do.
    pub limits: Arc<Limits>,
    /// Where the server is in its life.
    pub phase: watch::Receiver<Phase>,
    /// Counts what goes wrong.
    pub metrics: Arc<Metrics>,
}

/// Strangers can bring it about that nothing can be accepted; they shall not fill the log too.
const TELL_EVERY: Duration = Duration::from_secs(1);

impl Port {
    /// Takes connections until the server stops; while it drains too. Then the port is closed.
    pub async fn run(self) {
        let mut phase = self.phase.clone();
        tokio::select! {
            () = self.accept() => {}
            _ = phase.wait_for(|phase| *phase == Phase::Stopping) => {}
        }
    }

    async fn accept(&self) {
        let mut failures = 0;
        let mut told: Option<Instant> = None;
        loop {
            let error = match self.listener.accept().await {
                Ok((stream, _)) => {
                    failures = 0;
                    let seat = self.connections.take().await;
                    tokio::spawn(self.attend(stream, seat));
                    continue;
                }
                Err(error) => error,
            };
            let Some(pause) = pause_after(&error, failures) else { continue };
            if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                told = Some(Instant::now());
                tracing::warn!(%error, open = self.connections.count(), "cannot take new connections");
            }
            failures += 1;
            self.connections.evict_mute();
            sleep(pause).await;
        }
    }

    /// Serves one connection until it ends or loses its seat.
    fn attend(&self, stream: TcpStream, seat: Seat) -> impl Future<Output = ()> + 'static {
        let (router, activity) = (self.router.clone(), seat.activity.clone());
        let connection = Connection { router, activity, limits: self.limits.clone(), phase: self.phase.clone() };
        let (tls, metrics) = (self.tls.clone(), self.metrics.clone());
        async move {
            let served = async {
                // Answers are small and whole: waiting for more to send along would only make them late.
                let _ = stream.set_nodelay(true);
                match tls {
                    Some(tls) => serve_tls(&tls, stream, connection, &metrics).await,
                    None => connection.serve(stream, Protocol::Http1).await,
                }
            };
            tokio::select! {
                () = served => {}
                () = seat.activity.evicted() => tracing::debug!("a silent connection gave up its seat"),
            }
        }
    }
}

async fn serve_tls(tls: &TlsAcceptor, stream: TcpStream, connection: Connection, metrics: &Metrics) {
    match timeout(connection.limits.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            connection.serve(stream, if http2 { Protocol::Http2 } else { Protocol::Http1 }).await;
        }
        Ok(Err(error)) => {
            metrics.tls_handshake_failures.inc();
            tracing::debug!(%error, "TLS handshake failed");
        }
        Err(_) => {
            metrics.tls_handshake_failures.inc();
            tracing::debug!("TLS handshake timed out");
        }
    }
}

/// How long to wait after an error of `accept`: longer each time while the process or the machine is out of files or
/// memory. None for an error of one connection only, which is gone already.
fn pause_after(error: &io::Error, failures: u32) -> Option<Duration> {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    match error.kind() {
        ConnectionAborted | ConnectionReset | Interrupted | WouldBlock => None,
        _ => Some(Duration::from_millis(10 << failures.min(7)).min(Duration::from_secs(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ails_the_whole_process_is_waited_out() {
        const EMFILE: i32 = 24;
        const ENFILE: i32 = 23;
        const ECONNABORTED: i32 = 103;
        let cases = [
            (EMFILE, 0, Some(10)),
            (EMFILE, 3, Some(80)),
            (EMFILE, 1_000_000, Some(1_000)),
            (ENFILE, 0, Some(10)),
            (ECONNABORTED, 5, None),
        ];
        for (code, failures, milliseconds) in cases {
            let pause = pause_after(&io::Error::from_raw_os_error(code), failures);
            assert_eq!(pause, milliseconds.map(Duration::from_millis), "{code} after {failures}");
        }
    }
}
