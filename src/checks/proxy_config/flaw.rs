//! What is wrong with the text of the annotation, the worst first.

use crate::base::{Path, nearest, printable};
use crate::checks::proxy::{NoValue, parsed_annotation};
use crate::checks::{shortened_to, with_name};
use crate::mesh::proxy_config::known_keys;
use crate::mesh::proxy_config_meant::{Meant, Unread, meant_by, unread_metadata};
use crate::mesh::proxy_config_messages::{UnknownKey, unknown_below};
use crate::mesh::{InvalidDuration, InvalidProxyConfig, ProxyConfig, Version};

/// A thing that Istio does not read.
#[derive(Debug, Clone, PartialEq)]
pub enum Flaw {
    /// No YAML.
    NoYaml(String),
    /// A value for which the injector refuses the pod, and what was meant by it, where that can be told.
    Refused(InvalidProxyConfig, Option<Meant>),
    /// A key that nothing is done with.
    Dropped {
        /// The keys that lead to the map that it stands in; none at the top.
        parents: Vec<String>,
        /// As it is written.
        key: String,
        /// The key that is meant, where that can be told.
        meant: Option<&'static str>,
    },
    /// A variable in `proxyMetadata` that the agent cannot read.
    Unread {
        /// Its name.
        name: String,
        /// What it says.
        text: String,
        /// What becomes of it.
        unread: Unread,
    },
}

/// The last version of Istio whose keys are known here: a later one may know more.
const KNOWN_UP_TO: Version = Version::new(1, 31);

/// All flaws of a text, for Istio of this version. None of what is a template still.
pub fn flaws(text: &str, istio: Version) -> Vec<Flaw> {
    let value = match parsed_annotation(text) {
        Ok(value) => value,
        Err(NoValue::Template) => return Vec::new(),
        Err(NoValue::NoYaml(reason)) => return vec![Flaw::NoYaml(reason)],
    };
    let config = match ProxyConfig::read(&value) {
        Ok(config) => config,
        Err(refused) => {
            let meant = meant_by(&refused, &value);
            return vec![Flaw::Refused(refused, meant)];
        }
    };
    let unread = config.proxy_metadata.into_iter().filter_map(|(name, text)| {
        let unread = unread_metadata(&name, &text)?;
        Some(Flaw::Unread { name, text, unread })
    });
    let dropped = config.unknown_keys.into_iter().map(|key| {
        let meant = nearest(&key, known_keys());
        Flaw::Dropped { parents: Vec::new(), key, meant }
    });
    let dropped_below = unknown_below(&value).into_iter().map(|UnknownKey { parents, key, known }| {
        let meant = nearest(&key, known.iter().copied());
        Flaw::Dropped { parents, key, meant }
    });
    let may_be_known = |flaw: &Flaw| matches!(flaw, Flaw::Dropped { meant: None, .. }) && istio > KNOWN_UP_TO;
    unread.chain(dropped).chain(dropped_below).filter(|flaw| !may_be_known(flaw)).collect()
}

impl Flaw {
    /// The case of a key that nothing is done with.
    pub const DROPPED: &str = "droppedKey";
    /// The case of a variable that the agent cannot read.
    pub const UNREAD: &str = "unreadVariable";

    /// The case of the check; none where the pod is refused.
    pub fn case(&self) -> Option<&'static str> {
        match self {
            Self::NoYaml(_) | Self::Refused(..) => None,
            Self::Dropped { .. } => Some(Self::DROPPED),
            Self::Unread { .. } => Some(Self::UNREAD),
        }
    }

    /// What is wrong and what is wanted.
    pub fn message(&self, path: &Path) -> String {
        match self {
            Self::NoYaml(_) => format!("Istio refuses the pod, as this is no YAML: want a map of settings at {path}"),
            Self::Refused(refused, meant) => refusal(refused, meant.as_ref(), path),
            Self::Dropped { parents, key, meant } => {
                let key = parents.iter().chain([key]).map(String::as_str).collect::<Vec<_>>().join(".");
                let wanted = meant.map_or_else(|| "a key that it knows".to_owned(), |meant| format!("`{meant}`"));
                with_name(40, &key, |key| {
                    format!("Istio does nothing with the key {key}, and says nothing: want {wanted} at {path}")
                })
            }
            Self::Unread { name, text, unread } => {
                let wanted = unread.meant.as_ref().map_or_else(|| unread.wanted.to_owned(), |it| format!("`{it}`"));
                let (seen, counts) = (shortened_to(12, text), unread.counts);
                format!("{name} is not read as {seen} and counts as {counts}: want {wanted} at {path}")
            }
        }
    }

    /// What else there is to say.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoYaml(reason) => Some(reason.chars().map(printable).collect()),
            Self::Dropped { parents, key, .. } if parents.is_empty() && key == "defaultConfig" => {
                Some("in the annotation the settings stand at the top, without `defaultConfig`".to_owned())
            }
            Self::Dropped { meant: None, .. } => {
                Some("the keys are those of ProxyConfig: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig".to_owned())
            }
            Self::Refused(..) | Self::Dropped { .. } | Self::Unread { .. } => None,
        }
    }
}

fn refusal(refused: &InvalidProxyConfig, meant: Option<&Meant>, path: &Path) -> String {
    let (key, seen, wanted) = match refused {
        InvalidProxyConfig::NotAMap(kind) => {
            return format!("Istio refuses the pod, as this is {kind}: want a map of settings at {path}");
        }
        InvalidProxyConfig::WrongValue { key, seen, wanted } => (key, seen.as_str(), *wanted),
        InvalidProxyConfig::WrongDuration { key, error } => (key, text_of(error), "a duration such as \"35s\""),
    };
    let wanted = match meant {
        Some(meant) => shortened_to(20, &meant.value.to_string()),
        // An example that does not fit is not needed.
        None => wanted.split(", for example").next().unwrap_or(wanted).to_owned(),
    };
    let seen = shortened_to(12, seen);
    with_name(50, key, |key| format!("Istio refuses the pod for {seen} as {key}: want {wanted} at {path}"))
}

fn text_of(error: &InvalidDuration) -> &str {
    match error {
        InvalidDuration::MissingUnit(text) | InvalidDuration::Malformed(text) => text,
        InvalidDuration::UnknownUnit { text, .. } => text,
    }
}
