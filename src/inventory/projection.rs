//! What an inventory keeps of one object: worked out for many objects at once, before they are put in one by one.

use crate::inventory::mesh_members::MemberFacts;
use crate::inventory::policies::PolicyFacts;
use crate::inventory::port_uses::{PortUse, uses_of};
use crate::inventory::{
    AutoscalerFacts, ConfigMapFacts, NamespaceFacts, PeerAuthenticationFacts, ServiceAccountFacts, ServiceEntryFacts,
    ServiceFacts, WorkloadFacts,
};
use crate::manifest::Object;

/// What is kept of an object.
#[derive(Debug)]
pub struct Projection {
    /// The places in it that are about ports of Services.
    pub(super) uses: Vec<PortUse>,
    pub(super) facts: Facts,
}

/// The facts of an object, by its kind.
#[derive(Debug)]
pub(super) enum Facts {
    Namespace(NamespaceFacts),
    Service(ServiceFacts),
    ServiceAccount(ServiceAccountFacts),
    PeerAuthentication(PeerAuthenticationFacts),
    ServiceEntry(ServiceEntryFacts),
    Autoscaler(AutoscalerFacts),
    ConfigMap(ConfigMapFacts),
    Policy(PolicyFacts),
    Members(MemberFacts),
    /// One for each pod template; none of a kind that no rule asks about.
    Workload(Vec<WorkloadFacts>),
}

impl Projection {
    /// What is kept of an object.
    pub fn of(object: &Object) -> Self {
        Self { uses: uses_of(object), facts: Facts::of(object) }
    }

    /// Whether nothing is kept: nobody asks for anything in it.
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty() && matches!(&self.facts, Facts::Workload(templates) if templates.is_empty())
    }
}

impl Facts {
    pub(super) fn of(object: &Object) -> Self {
        let value = object.value();
        match (object.group(), object.kind()) {
            ("", "Namespace") => return Self::Namespace(NamespaceFacts::of(value)),
            ("", "Service") => return Self::Service(ServiceFacts::of(value)),
            ("", "ServiceAccount") => return Self::ServiceAccount(ServiceAccountFacts::of(value)),
            _ => {}
        }
        if let Some(facts) = PeerAuthenticationFacts::of(object) {
            Self::PeerAuthentication(facts)
        } else if let Some(facts) = ServiceEntryFacts::of(object) {
            Self::ServiceEntry(facts)
        } else if let Some(facts) = AutoscalerFacts::of(object) {
            Self::Autoscaler(facts)
        } else if let Some(facts) = ConfigMapFacts::of(object) {
            Self::ConfigMap(facts)
        } else if let Some(facts) = PolicyFacts::of(object) {
            Self::Policy(facts)
        } else if let Some(facts) = MemberFacts::of(object) {
            Self::Members(facts)
        } else {
            Self::Workload(WorkloadFacts::all_of(object))
        }
    }
}
