//! When traffic dies at the end of a pod: measured with a real Envoy, beside what `mesh::shutdown` computes, what the drawings of
//! findings show, and what was seen of Istio's own agent. `docs/lifecycle.md` is written from these.
//!
//! The agent, the kubelet, the application and everybody who calls are played; see `course.rs`. It needs root.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a pod tells that it came to its end")]

mod agreement;
mod callers;
mod course;
mod drawing;
mod http;
mod measured;
mod page;
#[path = "../pod/mod.rs"]
mod pod;
mod predicted;
mod servers;
mod setting;
mod sidecar;

use pod::{Envoy, in_pod};
use setting::Setting;

/// Measured now as it was recorded.
fn measured_as_recorded(id: &str) {
    let setting = Setting::named(id);
    course::measure(setting).compare(setting);
}

#[test]
fn a_classic_proxy_takes_all_traffic_with_it() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("classic"));
}

#[test]
fn a_termination_drain_that_covers_the_application_keeps_all_traffic() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("termination-drain"));
}

#[test]
fn a_drained_listener_refuses_what_is_new_and_nothing_else() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("early-drain"));
}

#[test]
fn a_minimum_that_covers_the_application_keeps_all_traffic() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("exit-on-zero-covering"));
}

#[test]
fn long_connections_hold_a_proxy_that_ends_with_its_last() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("exit-on-zero-long"));
}

#[test]
fn short_requests_do_not_hold_a_proxy_that_ends_with_its_last_connection() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("exit-on-zero-short"));
}

#[test]
fn the_default_minimum_holds_short_requests_for_six_seconds() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("exit-on-zero-alone"));
}

#[test]
fn a_proxy_that_is_held_by_its_connections_refuses_new_ones_when_it_has_drained() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("exit-on-zero-early-drain"));
}

#[test]
fn a_peer_that_never_closes_holds_the_proxy_until_the_kill() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("exit-on-zero-deaf-peer"));
}

#[test]
fn a_native_proxy_outlives_the_application() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("native"));
}

#[test]
fn a_native_proxy_that_has_drained_takes_new_connections() {
    Envoy::path();
    in_pod(&[], || measured_as_recorded("native-early-drain"));
}
