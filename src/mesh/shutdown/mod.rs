//! The end of a pod: how long hooks take, how long the proxy lives on, what has to fit into what.
//!
//! Every number that a rule states about the end of a pod is computed here and nowhere else. This module knows no manifests but
//! for the JSON of a preStop hook, and no rules.

mod application_end;
mod command;
mod drain_call;
mod equations;
mod failing;
mod handler;
mod hook;
mod http_method;
mod lapse;
mod lexer;
mod proxy_end;
mod proxy_life;
mod script;
mod simple_hook;
mod timeline;

pub use application_end::ApplicationEnd;
pub use drain_call::{DrainHook, DrainRest, drain_hook};
pub use equations::{
    SLACK_SECONDS, application_seconds, covers_window, envoy_outlasts, needed_grace, proxy_outlives, sleep_fits,
};
pub use failing::{CommandMistake, FailingCommand, failing_command};
pub use handler::{Handler, SLEEP_ACTION_SINCE, is_dropped, rewrites_hooks};
pub use hook::{A_DAY, HookTime, hook_seconds, hook_time};
pub(in crate::mesh) use http_method::{Method, method_of};
pub use proxy_end::{NATIVE_EXIT_ALLOWANCE, ProxyEnd, proxy_is_ready_first};
pub use proxy_life::ProxyLife;
pub use simple_hook::ends_by_itself;
pub use timeline::{DrawnContainer, DrawnHook, DrawnProxy, PodEnd, timeline};
