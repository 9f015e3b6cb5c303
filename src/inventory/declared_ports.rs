//! The ports that the containers of a pod declare, found by number and by name.
//!
//! A pod may declare as many as fit into an object, and a Service lead to each of them: nobody may look through all of them for
//! each.

use crate::inventory::workload::PortFacts;

/// The ports that the running containers of a pod declare, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DeclaredPorts {
    all: Vec<PortFacts>,
    /// Their places in the order of their numbers; of equal ones the first comes first.
    by_number: Vec<usize>,
    /// The same in the order of their names.
    by_name: Vec<usize>,
}

impl DeclaredPorts {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PortFacts> {
        self.all.iter()
    }

    /// Those of a number and transport.
    pub fn of_number(&self, number: i64, protocol: &str) -> impl Iterator<Item = &PortFacts> {
        let start = self.by_number.partition_point(|at| self.all[*at].number < number);
        let from = self.by_number[start..].iter().map(|at| &self.all[*at]);
        from.take_while(move |port| port.number == number).filter(move |port| port.protocol == protocol)
    }

    /// The first of a name and transport.
    pub fn named(&self, name: &str, protocol: &str) -> Option<&PortFacts> {
        let start = self.by_name.partition_point(|at| self.all[*at].name.as_deref() < Some(name));
        let mut from = self.by_name[start..].iter().map(|at| &self.all[*at]);
        let mut of_name = from.by_ref().take_while(|port| port.name.as_deref() == Some(name));
        of_name.find(|port| port.protocol == protocol)
    }
}

impl FromIterator<PortFacts> for DeclaredPorts {
    fn from_iter<I: IntoIterator<Item = PortFacts>>(ports: I) -> Self {
        let all: Vec<PortFacts> = ports.into_iter().collect();
        let (mut by_number, mut by_name): (Vec<usize>, Vec<usize>) =
            ((0..all.len()).collect(), (0..all.len()).collect());
        by_number.sort_by_key(|at| all[*at].number);
        by_name.sort_by(|one, other| all[*one].name.cmp(&all[*other].name));
        Self { all, by_number, by_name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_as_a_look_through_all_of_them_finds_them() {
        let port = |(name, number, protocol): (&str, i64, &str)| PortFacts {
            name: (!name.is_empty()).then(|| name.to_owned()),
            number,
            protocol: protocol.to_owned(),
            image: String::new(),
        };
        let given = [("web", 80, "TCP"), ("", 53, "TCP"), ("dns", 53, "UDP"), ("web", 81, "UDP"), ("a", 80, "TCP")];
        let ports: DeclaredPorts = given.into_iter().map(port).collect();
        assert_eq!(ports.iter().cloned().collect::<Vec<_>>(), given.map(port));
        for protocol in ["TCP", "UDP"] {
            for number in [0, 53, 80, 81, 99] {
                let wanted: Vec<_> = ports.iter().filter(|it| it.number == number && it.protocol == protocol).collect();
                assert_eq!(ports.of_number(number, protocol).collect::<Vec<_>>(), wanted, "{number} {protocol}");
            }
            for name in ["a", "dns", "web", "x", ""] {
                let wanted = ports.iter().find(|it| it.name.as_deref() == Some(name) && it.protocol == protocol);
                assert_eq!(ports.named(name, protocol), wanted, "{name} {protocol}");
            }
        }
    }
}
