//! What the tests stand on: the program as it is shipped, a pod of their own, and the servers of a pod.

mod agent;
mod envoy;
#[path = "../../../../tests/pod/mod.rs"]
mod pods;
mod program;
mod server;

pub use agent::Agent;
pub use envoy::start_envoy;
pub use pods::{Envoy, Running, children_of, run, until};
pub use program::{as_process_1, in_pod, is_emulated, path as program_path, program, runner, which};
pub use server::{OK, Reply, Server};
