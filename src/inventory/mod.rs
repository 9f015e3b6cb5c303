//! Layer 2: what is known of the objects around one: Namespaces, Services, ServiceAccounts, workloads,
//! PeerAuthentications, ServiceEntries, HorizontalPodAutoscalers, ConfigMaps.
//!
//! Filled from the files of a run (CLI) or by watches (webhook), always as small projections. It relates objects to
//! each other and decides the membership of pods; it judges nothing.

mod autoscaler;
mod belonging;
mod config_map;
mod declared_ports;
mod facts;
mod istio_container;
mod joining;
mod kustomizations;
mod mesh_members;
mod nearness;
mod peer_authentication;
mod policies;
mod port_uses;
mod projection;
mod service_entry;
mod shard;
mod store;
mod subject;
mod workload;
mod would_be;

pub use autoscaler::AutoscalerFacts;
pub use config_map::ConfigMapFacts;
pub use declared_ports::DeclaredPorts;
pub use facts::{NamespaceFacts, ServiceAccountFacts, ServiceFacts, ServicePortFacts, TargetFacts};
pub(crate) use istio_container::is_of_istio;
pub use kustomizations::Kustomizations;
pub use nearness::Nearest;
pub use peer_authentication::PeerAuthenticationFacts;
pub use policies::{Policies, PolicyBinding};
pub use port_uses::{Carried, NearUse, PortKey, PortUse};
pub use projection::Projection;
pub use service_entry::ServiceEntryFacts;
pub use shard::{Entry, Renewed};
pub use store::{Inventory, Origin};
pub use subject::Subject;
pub use workload::{PortFacts, ProbeFacts, WorkloadFacts};
