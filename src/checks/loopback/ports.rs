//! Ports at loopback: those that a container asks, and those that it listens at.

use crate::checks::serving::is_answered_by_proxy;
use crate::manifest::Container;
use crate::mesh::LocalProxy;
use std::collections::{BTreeMap, BTreeSet};

/// How sure it is that a container listens at a port. Of several containers that show it, only one can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It names the port at loopback: to listen there, or to ask.
    Address,
    /// It names the number.
    Number,
    /// It is a program that listens there if it is not told otherwise.
    Usual,
    /// It is a program that is there to be asked, and names the number.
    Proxy,
    /// It declares the port.
    Declared,
}

/// The ports at loopback that a container names and does not declare, as those are its own; with the sign that the neighbour has
/// to give. Where the proxy answers no neighbour does.
pub fn asked_ports(container: &Container<'_>) -> BTreeMap<u16, Sign> {
    // Two variables say less than one address: the other container has to do more than to name the same address.
    let mut named: BTreeMap<u16, Sign> =
        ports_of_variables(container).into_iter().map(|port| (port, Sign::Number)).collect();
    named.extend(texts(container).flat_map(loopback_ports_in).map(|port| (port, Sign::Address)));
    named.retain(|port, _| !is_answered_by_proxy(i64::from(*port)));
    for own in container.ports() {
        u16::try_from(own.number).ok().map(|number| named.remove(&number));
    }
    named
}

/// The ports that a container declares, or whose numbers it names, or that are usual for its program.
pub fn shown_ports(container: &Container<'_>, proxy: Option<&LocalProxy>) -> Vec<(u16, Sign)> {
    let declared = container.ports().filter_map(|own| Some((u16::try_from(own.number).ok()?, Sign::Declared)));
    let mut shown: Vec<(u16, Sign)> = declared.collect();
    let usual = proxy.filter(|_| shown.is_empty() && !tells_its_port(container)).map_or(&[][..], |it| it.usual_ports);
    shown.extend(usual.iter().map(|port| (*port, Sign::Usual)));
    let of_variables: BTreeSet<u16> = ports_of_variables(container).into_iter().collect();
    for text in texts(container).filter(|text| is_no_url(text)) {
        let addresses: BTreeSet<u16> = loopback_ports_in(text).collect();
        shown.extend(numbers_in(text).map(|number| match proxy {
            Some(_) => (number, Sign::Proxy),
            None if addresses.contains(&number) || of_variables.contains(&number) => (number, Sign::Address),
            None => (number, Sign::Number),
        }));
    }
    shown
}

/// The ports that variables name, where another variable names a server at loopback.
fn ports_of_variables(container: &Container<'_>) -> Vec<u16> {
    let (mut has_host, mut ports) = (false, Vec::new());
    for (name, value) in container.environment() {
        let Some(value) = value else { continue };
        if LOOPBACK_HOSTS.contains(&value) {
            has_host |= names_a_server(name);
        } else if ends_in_port(name) {
            ports.extend(value.parse::<u16>().ok());
        }
    }
    if has_host { ports } else { Vec::new() }
}

const LOOPBACK_HOSTS: [&str; 4] = ["127.0.0.1", "localhost", "::1", "[::1]"];

/// Whether a variable of this name says who is asked, and not where to listen.
fn names_a_server(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_said = |words: &[&str]| words.iter().any(|word| name.contains(word));
    is_said(&["HOST", "ADDR", "SERVER"])
        && !is_said(&["BIND", "LISTEN"])
        && !["HOST", "HOSTNAME", "ADDR", "ADDRESS"].contains(&name.as_str())
}

/// Whether a variable of this name is a port. `PORT` alone is the container's own.
fn ends_in_port(name: &str) -> bool {
    let before = name.len().checked_sub("port".len()).filter(|before| *before > 0);
    before.and_then(|before| name.get(before..)).is_some_and(|end| end.eq_ignore_ascii_case("port"))
}

/// Whether anything that a proxy is started with speaks of ports.
fn tells_its_port(container: &Container<'_>) -> bool {
    container.argv().any(|text| text.contains("port") || text.contains("tcp:"))
        || container.environment().any(|(name, _)| name.contains("PORT"))
}

const LOOPBACK: [&str; 3] = ["127.0.0.1:", "localhost:", "[::1]:"];

fn loopback_ports_in(text: &str) -> impl Iterator<Item = u16> {
    // Most texts are settings without any address.
    let addresses = if text.contains(':') { &LOOPBACK[..] } else { &[] };
    let after =
        addresses.iter().flat_map(|address| text.match_indices(address).map(|(at, address)| (at, address.len())));
    after.filter(|(at, _)| begins_a_word(text, *at)).filter_map(|(at, length)| {
        let rest = text.get(at + length..)?;
        let digits = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits)?.parse().ok()
    })
}

/// `not-localhost:80` is another host.
fn begins_a_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_'))
}

/// A URL is what others are called at: one that names the port is a client as well.
fn is_no_url(text: &str) -> bool {
    !text.contains("://")
}

/// The numbers that stand in a text as words of their own: that in `--port=8081`, and all of `18081`.
fn numbers_in(text: &str) -> impl Iterator<Item = u16> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric());
    words.filter(|word| !word.starts_with('0')).filter_map(|word| word.parse().ok())
}

/// All that a container is started with.
fn texts<'a>(container: &Container<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = container.environment().filter_map(|(_, value)| value);
    container.argv().chain(values)
}
