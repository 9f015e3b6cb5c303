//! Which mTLS mode holds for a port of a pod: PeerAuthentications laid over each other.
//!
//! Source: `ComposePeerAuthentication` in <https://github.com/istio/istio/blob/master/pilot/pkg/security/authn/policy_applier.go>,
//! <https://istio.io/latest/docs/reference/config/security/peer_authentication/>.

use std::collections::BTreeMap;

/// The namespace whose policies hold for the whole mesh, unless Istio is installed elsewhere.
pub const ROOT_NAMESPACE: &str = "istio-system";

/// What plain text is to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboundTls {
    /// Taken, beside mTLS or instead of it.
    PlainTaken,
    /// Refused.
    PlainRefused,
}

/// The modes of one PeerAuthentication; none where it leaves them to what it is laid over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeerModes {
    /// For all ports.
    pub all: Option<InboundTls>,
    /// For single ports of the pod.
    pub ports: BTreeMap<i64, InboundTls>,
}

impl InboundTls {
    /// The mode by its word; none for `UNSET`, and for what is no mode.
    pub fn of_mode(word: &str) -> Option<Self> {
        match word {
            "STRICT" => Some(Self::PlainRefused),
            "PERMISSIVE" | "DISABLE" => Some(Self::PlainTaken),
            _ => None,
        }
    }
}

/// What holds for a port: the policy of the workload, else of its namespace, else of the mesh; none where all leave it open.
/// Single ports count in the policy of the workload only.
pub fn inbound_tls(
    port: i64,
    workload: Option<&PeerModes>,
    namespace: Option<&PeerModes>,
    mesh: Option<&PeerModes>,
) -> Option<InboundTls> {
    let of_port = workload.and_then(|modes| modes.ports.get(&port).copied());
    of_port.or_else(|| [workload, namespace, mesh].into_iter().flatten().find_map(|modes| modes.all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use InboundTls::{PlainRefused, PlainTaken};

    #[test]
    fn the_nearest_policy_that_says_something_holds() {
        let modes = |all: Option<InboundTls>| PeerModes { all, ..PeerModes::default() };
        let (open, strict, unset) = (modes(Some(PlainTaken)), modes(Some(PlainRefused)), modes(None));
        let by_port = PeerModes { all: None, ports: [(8080, PlainTaken)].into() };
        for (workload, namespace, mesh, wanted) in [
            (None, None, None, None),
            (None, None, Some(&strict), Some(PlainRefused)),
            (None, Some(&open), Some(&strict), Some(PlainTaken)),
            (Some(&strict), Some(&open), None, Some(PlainRefused)),
            (Some(&unset), Some(&unset), Some(&strict), Some(PlainRefused)),
            (Some(&unset), None, None, None),
            (Some(&by_port), Some(&strict), None, Some(PlainTaken)),
            (None, Some(&by_port), Some(&strict), Some(PlainRefused)),
        ] {
            assert_eq!(inbound_tls(8080, workload, namespace, mesh), wanted, "{workload:?} {namespace:?} {mesh:?}");
        }
        assert_eq!(inbound_tls(9090, Some(&by_port), Some(&strict), None), Some(PlainRefused));
    }

    #[test]
    fn words_are_modes() {
        for (word, mode) in [
            ("STRICT", Some(PlainRefused)),
            ("PERMISSIVE", Some(PlainTaken)),
            ("DISABLE", Some(PlainTaken)),
            ("UNSET", None),
            ("strict", None),
        ] {
            assert_eq!(InboundTls::of_mode(word), mode, "{word}");
        }
    }
}
