//! What the webhook makes of Pods: the same as the fix of their manifest, on either side of Istio's injector.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod annotation;
mod applied;
mod calls;
mod injected;
mod istio;
mod jobs;
mod pods;
mod same_pod;
mod setting;
