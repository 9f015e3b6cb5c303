//! Layer 5: the command line.

pub mod args;
mod discovery;
mod exit;
mod inputs;
mod show_config;
mod streams;
mod terminal;

pub use exit::Exit;
pub use terminal::Terminal;
