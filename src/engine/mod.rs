//! Layer 4: rules and objects brought together.

pub mod fixture;
