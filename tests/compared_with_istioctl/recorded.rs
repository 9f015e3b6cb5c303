//! What istioctl said, port by port.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A port of a Service by its name and number, or a whole object where it is neither.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Of the object; empty for one without a namespace.
    pub namespace: String,
    pub name: String,
    /// Of the port; empty for one without a name.
    pub port: Option<String>,
}

/// What both commands said.
pub struct Recorded {
    /// The code of what `istioctl analyze` reports before a cluster.
    pub analyze: BTreeMap<Key, String>,
    /// What `istioctl validate` reports.
    pub validate: BTreeSet<Key>,
}

impl Key {
    pub fn new(namespace: &str, name: &str, port: Option<&str>) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), port: port.map(str::to_owned) }
    }

    /// The object that the port is of.
    pub fn of_object(&self) -> Self {
        Self { port: None, ..self.clone() }
    }
}

/// The recordings of an input.
pub fn recorded(recording: &str) -> Recorded {
    let analyze = text(&format!("{recording}.analyze-cluster.txt"));
    let validate = text(&format!("{recording}.validate.txt"));
    let recorded = Recorded {
        analyze: analyze.lines().filter_map(analyzed).collect(),
        validate: validate.lines().filter_map(validated).collect(),
    };
    let lines = |text: &str, start: &str| text.lines().filter(|line| line.contains(start)).count();
    assert_eq!(recorded.analyze.len(), lines(&analyze, " [IST"), "each line is read");
    assert_eq!(recorded.validate.len(), lines(&validate, "* "), "each line is read");
    recorded
}

/// The text of a file with recordings.
pub fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/istio-cli").join(name)).unwrap()
}

/// `Info [IST0118] (Service cases/httpx) Port name grpcx (port: 5002, ...) doesn't follow ...`.
fn analyzed(line: &str) -> Option<(Key, String)> {
    let (_, rest) = line.split_once(" [")?;
    let (code, rest) = rest.split_once("] (")?;
    let (object, rest) = rest.split_once(") ")?;
    let (_, object) = object.split_once(' ')?;
    let (namespace, name) = object.split_once('/').unwrap_or(("", object));
    let port = rest.strip_prefix("Port name ").and_then(|rest| rest.split_once(" (port: ")).map(|(port, _)| port);
    Some((Key::new(namespace, name, port), code.to_owned()))
}

/// `* Service/cases/httpx: service "httpx/cases/:" port "httpx" does not follow ...`; what names no port is about a Service
/// with one port.
fn validated(line: &str) -> Option<Key> {
    let (_, rest) = line.split_once("* Service/")?;
    let (object, rest) = rest.split_once(": ")?;
    let (namespace, name) = object.split_once('/')?;
    let port = rest.split_once(" port \"").and_then(|(_, rest)| rest.split('"').next());
    Some(Key::new(namespace, name, port))
}
