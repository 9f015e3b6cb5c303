//! The webhook as an API server meets it: the real server over TLS on loopback, driven by a client of our own.
//!
//! Nothing here judges: what the judge answers is written into the object. Times are compressed by [`Limits`].

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod contract;
mod hostile;
mod mutate;
mod overload;
mod server;
mod stop;
