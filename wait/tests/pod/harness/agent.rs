//! A stand-in for Istio's agent on port 15020, in front of an Envoy, as the real one was seen to behave.
//!
//! `/healthz/ready` is 503 until Envoy's admin port said LIVE once, and 200 ever after. `/drain` and `/quitquitquit` want POST;
//! the second ends agent and Envoy at once. <https://github.com/istio/istio/blob/master/pkg/istio-agent/health/health_probers.go>
//! and <https://github.com/istio/istio/blob/master/pilot/cmd/pilot-agent/status/server.go>

use super::pods::{Envoy, admin};
use super::{Reply, Server, start_envoy};
use std::sync::{Arc, Mutex};

/// The Envoy that it is the agent of, once started; taken away when it ends.
pub type Slot = Arc<Mutex<Option<Envoy>>>;

/// A running agent.
pub struct Agent {
    server: Server,
    envoy: Slot,
}

impl Agent {
    /// Its Envoy is started later, or never.
    pub fn start() -> Self {
        let envoy = Slot::default();
        let own = Arc::clone(&envoy);
        let mut was_live = false;
        let server = Server::answering("127.0.0.1:15020", move |request| {
            let mut words = request.split(' ');
            match (words.next(), words.next()) {
                (Some("GET"), Some("/healthz/ready")) => {
                    was_live = was_live || admin("GET", "/ready").starts_with("HTTP/1.1 200");
                    Reply::status(if was_live { 200 } else { 503 })
                }
                (Some("POST"), Some("/drain")) => {
                    admin("POST", "/drain_listeners?inboundonly&graceful&skip_exit");
                    Reply::status(200)
                }
                (Some("POST"), Some("/quitquitquit")) => {
                    own.lock().unwrap().take();
                    Reply::status(200)
                }
                (_, Some("/drain" | "/quitquitquit")) => Reply::status(405),
                _ => Reply::status(404),
            }
        });
        Self { server, envoy }
    }

    /// Starts its Envoy; returns at once.
    pub fn start_envoy(&self) {
        *self.envoy.lock().unwrap() = Some(start_envoy());
    }

    /// Whether its Envoy is there.
    pub fn has_envoy(&self) -> bool {
        self.envoy.lock().unwrap().is_some()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.server.requests()
    }
}
