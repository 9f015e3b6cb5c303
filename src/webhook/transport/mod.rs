//! Connections: taking them, the clocks they are under, and closing them without losing a request.

mod accept;
mod activity;
mod connection;
mod connections;
mod watched;

pub use accept::Port;
pub use connections::Connections;
