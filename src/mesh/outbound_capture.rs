//! Which connections of a pod are redirected to its proxy, by address and port.
//!
//! Source: the order of the rules that istio-iptables writes, `Run` in
//! <https://github.com/istio/istio/blob/master/tools/istio-iptables/pkg/capture/run.go>: excluded ports, excluded ranges, included ports,
//! included ranges. The annotations: <https://istio.io/latest/docs/reference/config/annotations/>.

use crate::mesh::StringMap;
use crate::mesh::outbound_ranges::{EXCLUDE_OUTBOUND_ANNOTATION, excludes};
use core::net::Ipv4Addr;

/// On a pod: the ranges that are redirected, parted by commas; `*`, the default, is all.
pub const INCLUDE_OUTBOUND_ANNOTATION: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
/// On a pod: ports that are never redirected.
const EXCLUDE_PORTS_ANNOTATION: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
/// On a pod: ports that are redirected whatever the address.
const INCLUDE_PORTS_ANNOTATION: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
/// On a pod: how connections are redirected; `NONE` is not at all.
const INTERCEPTION_ANNOTATION: &str = "sidecar.istio.io/interceptionMode";

/// What of a pod's outgoing connections is redirected. Lists are parted by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundCapture {
    excluded_ports: String,
    excluded_ranges: String,
    included_ports: String,
    included_ranges: String,
}

impl OutboundCapture {
    /// That of a proxy which nothing is redirected to.
    pub fn nothing() -> Self {
        let (excluded_ranges, included_ports, included_ranges) = Default::default();
        Self { excluded_ports: "*".to_owned(), excluded_ranges, included_ports, included_ranges }
    }

    /// As the annotations of a pod and the mesh-wide exclusions make it.
    pub fn of_annotations(annotations: &dyn StringMap, mesh_wide: &[String]) -> Self {
        let list = |key: &str| annotations.value(key).unwrap_or("").to_owned();
        let is_off = annotations.value(INTERCEPTION_ANNOTATION) == Some("NONE");
        let or_all = |ranges: Option<&str>| ranges.unwrap_or("*").to_owned();
        Self {
            excluded_ports: if is_off { "*".to_owned() } else { list(EXCLUDE_PORTS_ANNOTATION) },
            excluded_ranges: excluded_ranges(annotations, mesh_wide),
            included_ports: list(INCLUDE_PORTS_ANNOTATION),
            included_ranges: or_all(annotations.value(INCLUDE_OUTBOUND_ANNOTATION)),
        }
    }

    /// As the words that Istio's injector gave to `istio-init` make it; none where they do not say what is redirected.
    pub fn of_arguments(words: &[&str]) -> Option<Self> {
        let after = |option: &str| words.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].to_owned());
        Some(Self {
            excluded_ports: after("-o").unwrap_or_default(),
            excluded_ranges: after("-x").unwrap_or_default(),
            included_ports: after("-q").unwrap_or_default(),
            included_ranges: after("-i")?,
        })
    }

    /// Whether no connection is redirected, wherever to.
    pub fn is_nothing(&self) -> bool {
        let all_addresses = |range: &str| range.trim() == "0.0.0.0/0";
        self.excluded_ports.trim() == "*"
            || self.excluded_ranges.split(',').any(all_addresses)
            || (self.included_ports.trim().is_empty() && self.included_ranges.trim().is_empty())
    }

    /// Whether a connection to this address and port is redirected.
    pub fn redirects(&self, address: Ipv4Addr, port: u16) -> bool {
        let holds = |ranges: &str| ranges.trim() == "*" || excludes(ranges.split(','), address);
        let lists = |ports: &str| ports.trim() == "*" || ports.split(',').any(|it| it.trim().parse() == Ok(port));
        !lists(&self.excluded_ports)
            && !holds(&self.excluded_ranges)
            && (lists(&self.included_ports) || holds(&self.included_ranges))
    }
}

/// The ranges that a pod excludes: its own, which stand instead of the mesh-wide ones.
pub fn excluded_ranges(annotations: &dyn StringMap, mesh_wide: &[String]) -> String {
    annotations.value(EXCLUDE_OUTBOUND_ANNOTATION).map_or_else(|| mesh_wide.join(","), str::to_owned)
}

/// Whether Istio's injector takes this list of ranges: it refuses the Pod for one that it cannot read, a blank among them.
/// <https://github.com/istio/istio/blob/master/pkg/kube/inject/validate.go>
pub fn are_readable(ranges: &str) -> bool {
    let is_readable = |range: &str| {
        let (address, length) = range.split_once('/')?;
        let longest = if address.parse::<Ipv4Addr>().is_ok() { u32::BITS } else { u128::BITS };
        let is_number = length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
        let known = address.parse::<core::net::IpAddr>().is_ok() && is_number;
        length.parse::<u32>().ok().filter(|length| known && *length <= longest)
    };
    ranges.is_empty() || ranges.split(',').all(|range| is_readable(range).is_some())
}

/// The list as it is meant, where Istio's injector refuses it for blanks, or for addresses without a length; none where it is meant
/// in another way.
pub fn righted(ranges: &str) -> Option<String> {
    let with_length = |range: &str| match range.trim() {
        address if address.parse::<Ipv4Addr>().is_ok() => format!("{address}/32"),
        range => range.to_owned(),
    };
    let righted = ranges.split(',').map(with_length).collect::<Vec<_>>().join(",");
    are_readable(&righted).then_some(righted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const METADATA_SERVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

    fn redirects(annotations: &Value, mesh_wide: &[&str]) -> bool {
        let mesh_wide: Vec<String> = mesh_wide.iter().map(|it| (*it).to_owned()).collect();
        OutboundCapture::of_annotations(annotations.as_object().unwrap(), &mesh_wide).redirects(METADATA_SERVER, 80)
    }

    #[test]
    fn what_redirects_nothing_is_known() {
        let key = |name: &str| format!("traffic.sidecar.istio.io/{name}");
        let (no, only) = (key("excludeOutboundIPRanges"), key("includeOutboundIPRanges"));
        let (no_port, port) = (key("excludeOutboundPorts"), key("includeOutboundPorts"));
        for (annotations, wanted) in [
            (json!({}), false),
            (json!({&only: ""}), true),
            (json!({&only: "10.0.0.0/8"}), false),
            (json!({&only: "", &port: "443"}), false),
            (json!({&only: "", &port: "443", &no_port: "*"}), true),
            (json!({&no: "10.0.0.0/8"}), false),
            (json!({&no: "10.0.0.0/8,0.0.0.0/0", &port: "443"}), true),
            (json!({"sidecar.istio.io/interceptionMode": "NONE"}), true),
        ] {
            let capture = OutboundCapture::of_annotations(annotations.as_object().unwrap(), &[]);
            assert_eq!(capture.is_nothing(), wanted, "{annotations}");
        }
    }

    #[test]
    fn ports_and_ranges_decide_in_their_order() {
        let key = |name: &str| format!("traffic.sidecar.istio.io/{name}");
        let (no, only) = (key("excludeOutboundIPRanges"), key("includeOutboundIPRanges"));
        let (no_port, port) = (key("excludeOutboundPorts"), key("includeOutboundPorts"));
        for (annotations, wanted) in [
            (json!({}), true),
            (json!({&no: "169.254.169.254/32"}), false),
            (json!({&no: "10.0.0.0/8,169.254.0.0/16"}), false),
            (json!({&no: "10.0.0.0/8"}), true),
            (json!({&no_port: "443,80"}), false),
            (json!({&no_port: "8080"}), true),
            (json!({&only: "10.0.0.0/8"}), false),
            (json!({&only: ""}), false),
            (json!({&only: "*"}), true),
            (json!({&only: "169.254.169.254/32"}), true),
            (json!({&only: "169.254.169.254/32", &no: "169.254.169.254/32"}), false),
            (json!({&only: "10.0.0.0/8", &port: "80"}), true),
            (json!({&only: "10.0.0.0/8", &port: "443"}), false),
            (json!({&port: "80", &no: "169.254.169.254/32"}), false),
            (json!({&port: "80", &no_port: "80"}), false),
            (json!({"sidecar.istio.io/interceptionMode": "NONE"}), false),
            (json!({"sidecar.istio.io/interceptionMode": "NONE", &port: "80"}), false),
            (json!({"sidecar.istio.io/interceptionMode": "TPROXY"}), true),
        ] {
            assert_eq!(redirects(&annotations, &[]), wanted, "{annotations}");
        }
    }

    #[test]
    fn a_pods_own_ranges_stand_instead_of_the_mesh_wide_ones() {
        let mesh_wide = ["10.0.0.0/8", "169.254.169.254/32"];
        assert!(!redirects(&json!({}), &mesh_wide));
        assert!(redirects(&json!({EXCLUDE_OUTBOUND_ANNOTATION: "10.0.0.0/8"}), &mesh_wide));
        assert!(redirects(&json!({EXCLUDE_OUTBOUND_ANNOTATION: ""}), &mesh_wide));
    }

    #[test]
    fn what_is_rendered_into_istio_init_decides_for_it() {
        let words = |rest: &[&'static str]| [&["istio-iptables", "-p", "15001", "-u", "1337"], rest].concat();
        for (rest, wanted) in [
            (&["-i", "*", "-x", "", "-b", "*"][..], Some(true)),
            (&["-i", "*", "-x", "169.254.169.254/32", "-b", "*"], Some(false)),
            (&["-i", "*"], Some(true)),
            (&["-i", "10.0.0.0/8", "-q", "80"], Some(true)),
            (&["-i", "*", "-o", "80"], Some(false)),
            (&["-x", "169.254.169.254/32"], None),
        ] {
            let capture = OutboundCapture::of_arguments(&words(rest));
            assert_eq!(capture.map(|it| it.redirects(METADATA_SERVER, 80)), wanted, "{rest:?}");
        }
    }

    #[test]
    fn ranges_are_readable_as_istio_reads_them() {
        for (ranges, wanted) in [
            ("", true),
            ("10.0.0.0/8", true),
            ("10.0.0.0/8,169.254.169.254/32,fd00::/8", true),
            ("10.0.0.0/8, 169.254.169.254/32", false),
            ("169.254.169.254", false),
            ("169.254.169.254/33", false),
            ("fd00::/64", true),
            ("fd00::/129", false),
            ("10.0.0.0/08", false),
            ("10.0.0.0/0", true),
            ("10.0.0.0/+8", false),
            ("10.0.0.0/", false),
            ("10.0.0.0/8,", false),
            ("*", false),
            ("x/8", false),
        ] {
            assert_eq!(are_readable(ranges), wanted, "{ranges:?}");
        }
    }
}
