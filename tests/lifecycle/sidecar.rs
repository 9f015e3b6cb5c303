//! The proxy container: a real Envoy, and a stand-in for Istio's agent that does with it at the end what the real one does.
//!
//! Which requests, in which order, when Envoy is killed: `terminate` and `activeProxyConnections` in
//! <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>, `handleDrain` and `handleReadyProbe` in
//! <https://github.com/istio/istio/blob/master/pilot/cmd/pilot-agent/status/server.go>. The agent's sleeps are half seconds that
//! somebody counts; it never looks at a clock.

use crate::http::{is_ok, read_head, request_line};
use crate::pod::{Envoy, admin, until};
use crate::servers::Server;
use seaworthy::mesh::{GoDuration, ProxySettings};
use std::io::{Result, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const DRAIN: &str = "/drain_listeners?inboundonly&graceful";
const DRAIN_AND_STAY: &str = "/drain_listeners?inboundonly&graceful&skip_exit";
const CONNECTIONS: &str = "/stats?usedonly&filter=downstream_cx_active$";

/// What the agent does not count: health, Prometheus and the admin port. `worker_` lines say the same again.
const NOT_COUNTED: [&str; 4] = ["worker_", "0.0.0.0_15021.", "0.0.0.0_15090.", "listener.admin."];

/// A proxy container that runs.
pub struct Sidecar {
    settings: ProxySettings,
    envoy: Option<Envoy>,
    port_15020: Option<Server>,
    next: Option<Deed>,
    is_drained: Arc<AtomicBool>,
    deeds: Arc<Mutex<Vec<String>>>,
}

/// What the agent does next, and at which half second.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Kill(u32),
    LookAtConnections(u32),
}

impl Sidecar {
    /// Ready when it returns. Envoy itself gets another time to drain than the settings say: see `course.rs`.
    pub fn start(settings: &ProxySettings, envoy_drain_seconds: u32) -> Self {
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lifecycle/envoy.yaml");
        let (is_drained, deeds) = (Arc::default(), Arc::default());
        let sidecar = Self {
            settings: settings.clone(),
            port_15020: Some(port_15020(Arc::clone(&is_drained), Arc::clone(&deeds))),
            envoy: Some(Envoy::start(&configuration, envoy_drain_seconds)),
            next: None,
            is_drained,
            deeds,
        };
        until("a proxy that is ready", || is_ready().then_some(()));
        sidecar
    }

    /// SIGTERM.
    pub fn terminate(&mut self, now: u32) {
        self.port_15020.take().expect("one SIGTERM").end();
        self.note("close port 15020");
        if self.is_drained.load(Ordering::SeqCst) {
            self.kill_envoy("kill Envoy: it has drained before");
            return;
        }
        self.note(&format!("POST {DRAIN}"));
        assert!(is_ok(&admin("POST", DRAIN)));
        let settings = &self.settings;
        self.next = Some(if settings.exit_on_zero_active_connections {
            // A ticker of one second is started after the sleep.
            Deed::LookAtConnections(now + half_seconds(settings.minimum_drain_duration) + half_seconds(SECOND))
        } else {
            Deed::Kill(now + half_seconds(settings.termination_drain_duration))
        });
    }

    /// The time has come to this half second.
    pub fn pass(&mut self, now: u32) {
        match self.next {
            Some(Deed::Kill(at)) if now >= at => self.kill_envoy("kill Envoy"),
            Some(Deed::LookAtConnections(at)) if now >= at => {
                let count = active_connections();
                self.note(&format!("GET {CONNECTIONS}: {count} open"));
                if count == 0 {
                    self.kill_envoy("kill Envoy");
                } else {
                    self.next = Some(Deed::LookAtConnections(now + half_seconds(SECOND)));
                }
            }
            _ => {}
        }
    }

    /// SIGKILL to all of the container.
    pub fn kill(&mut self) {
        if self.has_envoy() {
            self.next = None;
            self.envoy = None;
            self.note("killed by the kubelet, with Envoy");
        }
    }

    /// Nothing of it is left.
    pub fn end(self) {
        self.port_15020.into_iter().for_each(Server::end);
    }

    /// Whether Envoy is there.
    pub fn has_envoy(&self) -> bool {
        self.envoy.is_some()
    }

    /// What the agent has done since it was asked last.
    pub fn new_deeds(&self) -> Vec<String> {
        self.deeds.lock().unwrap().drain(..).collect()
    }

    fn kill_envoy(&mut self, deed: &str) {
        self.note(deed);
        self.next = None;
        self.envoy = None;
    }

    fn note(&self, deed: &str) {
        self.deeds.lock().unwrap().push(deed.to_owned());
    }
}

const SECOND: GoDuration = GoDuration::from_seconds(1);

/// The half seconds of a duration, of which there must be a whole number.
pub fn half_seconds(duration: GoDuration) -> u32 {
    let half = SECOND.nanos() / 2;
    assert_eq!(duration.nanos() % half, 0, "{duration:?}");
    u32::try_from(duration.nanos() / half).unwrap()
}

/// The preStop of a native sidecar: `pilot-agent request POST drain`.
pub fn pre_stop_of_native() {
    assert!(is_ok(&request("127.0.0.1:15020", "POST", "/drain").expect("the agent")));
}

/// What the kubelet's readiness probe asks.
pub fn is_ready() -> bool {
    request("127.0.0.1:15021", "GET", "/healthz/ready").is_ok_and(|head| is_ok(&head))
}

/// The connections to listeners that carry traffic, as the agent counts them.
pub fn active_connections() -> usize {
    let answer = admin("GET", CONNECTIONS);
    assert!(is_ok(&answer), "{answer}");
    let counted = |line: &&str| line.starts_with("listener.") && !NOT_COUNTED.iter().any(|part| line.contains(part));
    let number = |line: &str| line.rsplit(' ').next()?.parse::<usize>().ok();
    answer.lines().filter(counted).filter_map(number).sum()
}

/// Since when Envoy runs, in whole seconds, by its own clock.
pub fn uptime() -> u32 {
    let answer = admin("GET", "/server_info");
    let (_, rest) = answer.split_once("\"uptime_current_epoch\": \"").unwrap_or_else(|| panic!("{answer}"));
    rest.split_once("s\"").unwrap().0.parse().unwrap()
}

fn port_15020(is_drained: Arc<AtomicBool>, deeds: Arc<Mutex<Vec<String>>>) -> Server {
    let was_live = AtomicBool::new(false);
    Server::start("127.0.0.1:15020", move |stream| {
        let head = read_head(stream)?;
        let is_done = match request_line(&head) {
            ("GET", "/healthz/ready") => {
                let is_live = was_live.load(Ordering::SeqCst) || is_ok(&admin("GET", "/ready"));
                was_live.store(is_live, Ordering::SeqCst);
                is_live
            }
            ("POST", "/drain") => {
                deeds.lock().unwrap().push(format!("POST {DRAIN_AND_STAY}"));
                is_drained.store(true, Ordering::SeqCst);
                is_ok(&admin("POST", DRAIN_AND_STAY))
            }
            _ => false,
        };
        let status = if is_done { "200 OK" } else { "503 Service Unavailable" };
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    })
}

/// The head of the answer.
fn request(address: &str, method: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: pod\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    read_head(&mut stream)
}
