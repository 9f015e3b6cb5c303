//! What the tests stand on: the program as it is shipped, a pod of their own, and the servers of a pod.

mod agent;
mod envoy;
mod pod;
mod process;
mod program;
mod server;

pub use agent::Agent;
pub use envoy::Envoy;
pub use pod::in_pod;
pub use process::{Running, children_of, run, until};
pub use program::{as_process_1, is_emulated, path as program_path, program, runner, which};
pub use server::{OK, Reply, Server};
