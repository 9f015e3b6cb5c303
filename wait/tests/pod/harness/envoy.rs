//! The Envoy of these tests.

use super::pods::Envoy;
use std::path::Path;

/// With `tests/data/envoy-sidecar.yaml`: inbound 15006 to 127.0.0.7:8080, 9001 to the host that is asked for.
pub fn start_envoy() -> Envoy {
    let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/envoy-sidecar.yaml");
    Envoy::start(&configuration, 45)
}
