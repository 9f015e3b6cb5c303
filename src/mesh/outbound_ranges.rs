//! Addresses that a pod reaches without its proxy, by IP ranges that are excluded from redirection.
//!
//! Source: `excludeOutboundIPRanges` in <https://istio.io/latest/docs/reference/config/annotations/>.

use core::net::Ipv4Addr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// On a pod: the ranges, parted by commas. Istio takes them instead of the mesh-wide ones.
pub const EXCLUDE_OUTBOUND_ANNOTATION: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";

/// Whether one of these ranges in CIDR form holds an address. What is no IPv4 range holds none.
pub fn excludes<'a>(ranges: impl IntoIterator<Item = &'a str>, address: Ipv4Addr) -> bool {
    ranges.into_iter().any(|range| holds(range.trim(), address).unwrap_or(false))
}

fn holds(range: &str, address: Ipv4Addr) -> Option<bool> {
    let (network, length) = range.split_once('/')?;
    let network: Ipv4Addr = network.parse().ok()?;
    let length: u32 = length.parse().ok().filter(|length| *length <= u32::BITS)?;
    let mask = u32::MAX.checked_shl(u32::BITS - length).unwrap_or(0);
    Some(u32::from(network) & mask == u32::from(address) & mask)
}

/// The form of one range. It stands in for `String` where a schema is made; values stay plain strings.
pub struct IpRange;

const RANGE: &str = concat!(
    r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])",
    r"|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$",
);

impl JsonSchema for IpRange {
    fn schema_name() -> Cow<'static, str> {
        "IpRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "an IP range such as 10.0.0.0/8, or 169.254.169.254/32 for one address",
            "type": "string",
            "pattern": RANGE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn a_range_has_an_address_and_a_length() {
        let pattern = Regex::new(RANGE).unwrap();
        for (range, wanted) in [
            ("10.0.0.0/8", true),
            ("169.254.169.254/32", true),
            ("0.0.0.0/0", true),
            ("fd00::/8", true),
            ("::ffff:10.0.0.0/104", true),
            ("x", false),
            ("", false),
            ("169.254.169.254", false),
            ("10.0.0.0/33", false),
            ("10.0.0/8", false),
            ("10/0.0.0.8", false),
            ("256.0.0.0/8", false),
            (" 10.0.0.0/8", false),
            ("10.0.0.0/8,172.16.0.0/12", false),
            ("*", false),
        ] {
            assert_eq!(pattern.is_match(range), wanted, "{range}");
        }
    }

    #[test]
    fn ranges_hold_the_addresses_of_their_network() {
        let address = Ipv4Addr::new(169, 254, 169, 254);
        for (ranges, wanted) in [
            ("169.254.169.254/32", true),
            ("10.0.0.0/8, 169.254.0.0/16", true),
            ("0.0.0.0/0", true),
            ("169.254.169.253/32", false),
            ("169.254.169.254", false),
            ("169.254.169.254/33", false),
            ("fd00::/8", false),
            ("", false),
        ] {
            assert_eq!(excludes(ranges.split(','), address), wanted, "{ranges}");
        }
    }
}
