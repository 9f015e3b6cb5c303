//! Layer 4: findings put into words, for a terminal, for a program, for an answer of the webhook.
//!
//! Values in, text out: nothing here reads a file, the environment or a clock, and nothing decides what is found.

pub mod admission;
pub mod concise;
mod doors;
mod excerpt;
pub mod json;
mod order;
mod plain;
mod remedy;
pub mod repairs;
pub mod rule_markdown;
pub mod rule_page;
pub mod rule_text;
pub mod rules;
mod summary;
pub mod text;

#[cfg(test)]
mod example;

pub use order::{by_place, sorted};
pub use plain::one_line;
pub use summary::{Extent, Summary};
