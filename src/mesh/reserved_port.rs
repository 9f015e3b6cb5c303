//! The ports that the mesh uses itself, as data: inside the pods, and in the listeners of those who call.
//!
//! Sources: <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>; the addresses from Istio's
//! agent and Envoy's bootstrap; for ambient <https://github.com/istio/ztunnel/blob/master/ARCHITECTURE.md#ports>, which listens
//! inside each pod.

use crate::mesh::Membership;

/// A port of a pod that the mesh uses itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedPort {
    /// Its number.
    pub number: i64,
    /// What it is for, behind "the mesh's port for".
    pub purpose: &'static str,
    /// When it is taken.
    pub taken: Taken,
    /// Whether something answers there to callers from other pods, so that a Service may well lead to it.
    pub answers: bool,
}

/// When the mesh takes a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// In each pod, as long as it runs.
    Always,
    /// Under some settings of the mesh, or for a moment at the start.
    Sometimes,
}

/// The reserved port of this number in the pods of a member. Where the membership is unknown they may have a sidecar.
pub fn reserved_port(number: i64, membership: Membership) -> Option<&'static ReservedPort> {
    let ports: &[ReservedPort] = match membership {
        Membership::Sidecar(_) | Membership::Unknown => &OF_SIDECARS,
        Membership::Ambient => &OF_AMBIENT_PODS,
        Membership::Outside => &[],
    };
    ports.iter().find(|port| port.number == number)
}

/// Whether sidecars build no listener for an HTTP port of a Service with this number, because they listen there themselves on
/// all addresses. TCP ports have listeners with the address of their Service, which is another one.
///
/// Source: `conflictWithReservedListener` in <https://github.com/istio/istio/blob/master/pilot/pkg/model/proxy.go>.
pub fn hides_http_services(number: i64) -> bool {
    [OUTBOUND.number, INBOUND.number, HEALTH.number, ENVOY_METRICS.number].contains(&number)
}

/// The name that the injected proxy declares for its port with the metrics of Envoy, 15090.
pub const ENVOY_METRICS_NAME: &str = "http-envoy-prom";

const OUTBOUND: ReservedPort = private(15001, "outbound traffic");
const INBOUND: ReservedPort = private(15006, "inbound traffic");
const HEALTH: ReservedPort = public(15021, "health checks");
const ENVOY_METRICS: ReservedPort = public(15090, "metrics of Envoy");
/// Only where HBONE is switched on for sidecars.
const TUNNEL: ReservedPort = public(15008, "tunnelled traffic");
/// Only where DNS is captured.
const DNS: ReservedPort = ReservedPort { taken: Taken::Sometimes, ..private(15053, "DNS") };

const OF_SIDECARS: [ReservedPort; 10] = [
    private(15000, "the administration of Envoy"),
    OUTBOUND,
    // Only while istio-validation looks whether traffic is redirected.
    ReservedPort { taken: Taken::Sometimes, ..private(15002, "a test of the redirection") },
    private(15004, "debugging"),
    INBOUND,
    ReservedPort { taken: Taken::Sometimes, ..TUNNEL },
    public(15020, "merged metrics"),
    HEALTH,
    DNS,
    ENVOY_METRICS,
];

const OF_AMBIENT_PODS: [ReservedPort; 4] = [OUTBOUND, INBOUND, TUNNEL, DNS];

const fn private(number: i64, purpose: &'static str) -> ReservedPort {
    ReservedPort { number, purpose, taken: Taken::Always, answers: false }
}

const fn public(number: i64, purpose: &'static str) -> ReservedPort {
    ReservedPort { answers: true, ..private(number, purpose) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::SidecarKind;

    /// The numbers between 14990 and 15100 that are reserved for a member; those taken sometimes in brackets.
    fn reserved(membership: Membership) -> String {
        let shown = |port: &ReservedPort| match port.taken {
            Taken::Always => port.number.to_string(),
            Taken::Sometimes => format!("({})", port.number),
        };
        let found: Vec<String> =
            (14990..15100).filter_map(|number| reserved_port(number, membership)).map(shown).collect();
        found.join(" ")
    }

    #[test]
    fn each_member_has_ports_of_its_own() {
        let sidecar = "15000 15001 (15002) 15004 15006 (15008) 15020 15021 (15053) 15090";
        assert_eq!(reserved(Membership::Sidecar(SidecarKind::Classic)), sidecar);
        assert_eq!(reserved(Membership::Unknown), sidecar);
        assert_eq!(reserved(Membership::Ambient), "15001 15006 15008 (15053)");
        assert_eq!(reserved(Membership::Outside), "");
    }

    #[test]
    fn some_answer_callers_from_outside() {
        let answers = |number: &i64| reserved_port(*number, Membership::Unknown).is_some_and(|port| port.answers);
        assert_eq!((14990..15100).filter(answers).collect::<Vec<i64>>(), [15008, 15020, 15021, 15090]);
    }

    #[test]
    fn four_numbers_hide_http_services() {
        assert_eq!(
            (14990..15100).filter(|it| hides_http_services(*it)).collect::<Vec<i64>>(),
            [15001, 15006, 15021, 15090]
        );
    }
}
