//! What Istio does, as facts: how it reads ports, which pods it injects, how its proxy starts and stops.
//!
//! Pure functions over borrowed values. This layer never reads manifests or files and knows no rules and no findings;
//! it imports nothing of this program.

pub mod bare_image;
pub mod canonical_service;
pub mod duration;
pub mod inbound_listener;
pub mod init_order;
pub mod injection;
pub mod local_proxy;
pub mod membership;
pub mod mtls;
pub mod namespace_profile;
pub mod official_image;
pub mod outbound_capture;
pub mod outbound_listener;
pub mod outbound_ranges;
pub mod profile;
pub mod protocol;
pub mod proxy_config;
mod proxy_config_keys;
pub mod proxy_config_meant;
pub mod proxy_config_messages;
pub mod reserved_port;

pub mod shutdown;
pub mod sidecar;
pub mod stated;
pub mod version;
pub mod well_known;
pub mod wrapper;

pub use bare_image::{BareBase, bare_base};
pub use duration::{GoDuration, InvalidDuration};
pub use inbound_listener::{InboundListener, differ_inbound, inbound_listener};
pub use init_order::{InitContainer, Redirection, Way};
pub use local_proxy::{LocalProxy, quit_port, stays_after_sigterm};
pub use membership::{Membership, PodFacts, StringMap, is_gateway_or_control_plane, membership};
pub use namespace_profile::{NamespaceProfile, ProxyOverrides};
pub use outbound_capture::OutboundCapture;
pub use outbound_listener::{OutboundListener, ServiceAddress, outbound_listener};
pub use profile::{AssumedMembership, DataPlane, MtlsMode, OutboundTrafficPolicy, Profile, ProxySettings, Shell};
pub use protocol::{ListenerClass, Protocol, Transport};
pub use proxy_config::{InvalidProxyConfig, ProxyConfig};
pub use reserved_port::{ReservedPort, Taken, hides_http_services, reserved_port};

pub use shutdown::{NATIVE_EXIT_ALLOWANCE, ProxyEnd, proxy_is_ready_first};
pub use sidecar::SidecarKind;
pub use stated::StatedVersions;
pub use version::Version;
pub use well_known::{Spoken, WELL_KNOWN, WellKnown};
pub use wrapper::{
    Bound, Callee, CannotUnwrap, ContainerStart, CurlOptions, Environment, IdentityFlaw, METADATA_HOST_VARIABLE,
    OWN_FOLDER, OWN_PROGRAM, OwnCall, OwnTask, ProxyWait, Rest, Unwrapped, Weaknesses, is_other_metadata_host,
    is_refused_by_proxy, mentions_readiness, quits_proxy,
};
