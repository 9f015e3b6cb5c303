//! Layer 4: rules and objects brought together. Same input, same verdict: time is a parameter, and nothing is read.

pub mod fixture;
mod identity;

pub use identity::finding_identity;
