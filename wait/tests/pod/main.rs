//! seaworthy-wait in pods: each test has network, processes and mounts of its own, made with `unshare`, so they need root.
//!
//! The program is the static one, as it is shipped: `wait/build.sh` builds it, or `SEAWORTHY_WAIT_PROGRAM` names it, and
//! `SEAWORTHY_WAIT_RUNNER` its emulator where it is another architecture's (`cargo xtask wait` runs both).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod bare_root;
mod drain;
mod harness;
mod hostile;
mod identity;
mod install;
mod job;
mod job_quits;
mod limits;
mod old_wrapper;
mod races;
mod real_envoy;
mod run;
mod signals;
mod sources;
mod unchanged;
mod written;
