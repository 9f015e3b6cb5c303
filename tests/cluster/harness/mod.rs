//! A real API server for tests: etcd and kube-apiserver as child processes in a folder of their own, kubectl and helm
//! to talk to it, and our own server beside it. No container, no root, no network but loopback.
//!
//! By itself it has no controllers: nobody makes `default` ServiceAccounts or Pods, and deleted namespaces stay. With
//! [`Cluster::with_controllers`] it is a whole cluster, only that no container runs in it. Either is thrown away at the
//! end.

mod api_server;
mod audit;
mod chart;
mod cluster;
mod command;
mod controllers;
mod door;
mod gate;
mod process;
mod server;
mod tools;

pub use chart::RELEASE;
pub use cluster::Cluster;
pub use command::Answer;
pub use door::{DENY, Door, FIT, IN_MESH, WEB, Way};
pub use gate::Gate;
pub use process::until;
pub use server::Server;
pub use tools::Tools;
