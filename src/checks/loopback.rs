//! Neighbours that a container reaches at the loopback address: what it answers with them it cannot answer once they stopped.
//!
//! A neighbour counts where both sides show it: one names `127.0.0.1:<port>`, `localhost:<port>` or `[::1]:<port>`, or host and
//! port in two variables, and the other declares the port or names its number. Settings in files inside the image show nothing
//! here; a program that is there to be asked at loopback may be asked all the same.

use crate::checks::loopback::ports::{Sign, asked_ports, shown_ports};
use crate::checks::serving::is_application;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::{GoDuration, LocalProxy, stays_after_sigterm};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

mod ports;

/// The containers of a pod that get their SIGTERM at once, by the ports that they show. Init containers that keep running are
/// stopped after all others.
pub struct Loopback<'a> {
    hookless: Vec<Hookless<'a>>,
    /// Places among these, rising.
    proxies: Vec<usize>,
    /// Looked for when a container names a port at loopback: most name none.
    by_port: OnceCell<ByPort>,
}

/// What a container answers with, as far as its neighbours are concerned.
#[derive(Debug, Default)]
pub struct Neighbours<'a> {
    /// Those that it names at loopback, in their order.
    pub upstreams: Vec<Container<'a>>,
    /// One that it does not name, but is there to be asked.
    pub doubtful: Option<Container<'a>>,
}

struct Hookless<'a> {
    container: Container<'a>,
    proxy: Option<&'static LocalProxy>,
    /// How long it can be asked after its SIGTERM.
    stays: GoDuration,
}

/// The surest sign that anybody listens there, and the places of those that give it.
type ByPort = HashMap<u16, (Sign, Vec<usize>)>;

impl<'a> Loopback<'a> {
    /// Those of a pod.
    pub fn of(pod: &PodTemplate<'a>) -> Self {
        let is_hookless = |it: &Container<'a>| is_application(it) && it.pre_stop().is_none();
        let hookless: Vec<Hookless<'a>> = pod.containers().filter(is_hookless).map(Hookless::of).collect();
        let is_proxy = |(place, it): (usize, &Hookless<'_>)| it.proxy.map(|_| place);
        let proxies = hookless.iter().enumerate().filter_map(is_proxy).collect();
        Self { hookless, proxies, by_port: OnceCell::new() }
    }

    /// The neighbours that a container answers with, but for those that can be asked for so many seconds after SIGTERM.
    pub fn neighbours(&self, container: &Container<'_>, seconds: u32) -> Neighbours<'a> {
        let ends_before = |place: &usize| {
            let other = self.hookless.get(*place)?;
            let is_other = !other.container.is(container) && other.stays < GoDuration::from_seconds(seconds.into());
            is_other.then_some(other.container)
        };
        let found = self.asked(container);
        let mut unnamed = self.proxies.iter().filter(|place| !found.contains(place));
        Neighbours {
            upstreams: found.iter().filter_map(ends_before).collect(),
            doubtful: unnamed.find_map(ends_before),
        }
    }

    /// The places of those that a container names.
    fn asked(&self, container: &Container<'_>) -> BTreeSet<usize> {
        let named = asked_ports(container);
        if named.is_empty() {
            return BTreeSet::new();
        }
        let by_port = self.by_port.get_or_init(|| by_port(&self.hookless));
        let shown = |(port, least): (u16, Sign)| by_port.get(&port).filter(|(sign, _)| *sign >= least);
        named.into_iter().filter_map(shown).flat_map(|(_, places)| places).copied().collect()
    }
}

impl<'a> Hookless<'a> {
    fn of(container: Container<'a>) -> Self {
        let proxy = LocalProxy::of(container.image(), container.argv());
        let stays = proxy.map_or(GoDuration::ZERO, |_| stays_after_sigterm(container.argv(), container.environment()));
        Self { container, proxy, stays }
    }
}

fn by_port(hookless: &[Hookless<'_>]) -> ByPort {
    let mut by_port = ByPort::new();
    for (place, it) in hookless.iter().enumerate() {
        for (port, sign) in shown_ports(&it.container, it.proxy) {
            let (surest, places) = by_port.entry(port).or_insert((sign, Vec::new()));
            if sign > *surest {
                (*surest, *places) = (sign, Vec::new());
            }
            if sign == *surest && places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    by_port
}

#[cfg(test)]
mod tests;
