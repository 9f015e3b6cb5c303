//! The end of a pod: how long hooks take, how long the proxy lives on, what has to fit into the grace period.

mod hook;
mod proxy_end;
mod script;

pub use hook::{A_DAY, hook_seconds};
pub use proxy_end::{NATIVE_EXIT_ALLOWANCE, ProxyEnd, proxy_is_ready_first};
