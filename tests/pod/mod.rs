//! What tests that need a pod stand on, here and in `wait/`: a pod made of namespaces, processes that are watched, a real Envoy.
//!
//! It knows none of the programs under test. Both include it by its path, as a crate of its own would be one more to ship.

#![allow(dead_code, unused_imports, reason = "each of them uses its part")]

mod envoy;
mod namespaces;
mod process;

pub use envoy::{Envoy, admin};
pub use namespaces::in_pod;
pub use process::{Ended, Running, children_of, run, until};
