//! Addresses that a pod reaches without its proxy, by IP ranges that are excluded from redirection.
//!
//! Source: `excludeOutboundIPRanges` in <https://istio.io/latest/docs/reference/config/annotations/>.

use core::net::Ipv4Addr;

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

#[cfg(test)]
mod tests {
    use super::*;

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
