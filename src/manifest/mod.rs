//! Layer 1: manifests. From the text of a file to located documents, as kubectl reads them.
//!
//! Never opens a file, never judges: what cannot be read is a [`Problem`](crate::base::Problem) beside what can.

mod applied;
mod by_container;
mod compose;
mod container;
mod decode;
mod document;
pub mod edit;
mod entrypoints;
mod fault;
mod image_reference;
mod json;
mod kinds;
pub mod kustomize;
mod labels;
mod limits;
mod lookalike;
mod number;
mod object;
mod once;
mod owner;
mod placeholder;
mod pod;
mod probe;
mod read;
mod scalar;
mod service;
mod split;
mod spot;
mod template;
mod timestamp;
mod tree;
mod yaml;

pub use applied::{Applied, LAST_APPLIED_ANNOTATION};
pub use by_container::ByContainer;
pub use container::{Container, ContainerPort, Role};
pub use decode::decode;
pub use document::{Comment, Document};
pub use entrypoints::Entrypoints;
pub use image_reference::ImageReference;
pub use kinds::{PodPart, Runs, WorkloadKind, WorkloadKinds, group_of, present_group_of};
pub use labels::Labels;
pub use limits::Limits;
pub use lookalike::Lookalike;
pub use object::{Content, Object, content_of};
pub use once::Once;
pub use owner::Owner;
pub use placeholder::{is_filled_in, is_placeholder};
pub use pod::{DEFAULT_GRACE_PERIOD_SECONDS, OS_LABELS, PodTemplate};
pub use probe::{Probe, ProbeProtocol};
pub use read::{Reading, read_documents};
pub use service::{Service, ServicePort, Target};
pub use spot::{Kind, Spot, Style};
