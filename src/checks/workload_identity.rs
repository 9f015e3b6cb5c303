//! Which pods use GKE workload identity: their tokens come from the metadata server of the node.
//!
//! Source: <https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity>.

use crate::checks::config_maps::gets_variable;
use crate::checks::container_start::is_identity_wait;
use crate::checks::serving::is_application;
use crate::checks::shortened_to;
use crate::inventory::Subject;
use crate::manifest::{Container, Labels, PodTemplate, Role};
use crate::mesh::{METADATA_HOST_VARIABLE, is_other_metadata_host};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// On a ServiceAccount: the Google service account that its pods act as.
pub const ACCOUNT_ANNOTATION: &str = "iam.gke.io/gcp-service-account";
/// On a pod: it uses workload identity although no manifest shows it (direct federation).
pub const POD_ANNOTATION: &str = "seaworthy.dev/workload-identity";
/// On a node selector: only nodes that run the metadata server.
const NODE_LABEL: &str = "iam.gke.io/gke-metadata-server-enabled";
/// With a key of its own the application does not ask the metadata server.
const CREDENTIALS_VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// The form of a ServiceAccount in a list of parameters: one, by its exact names.
pub struct AccountName;

impl JsonSchema for AccountName {
    fn schema_name() -> Cow<'static, str> {
        "AccountName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "one ServiceAccount as `namespace/name`, each exactly, such as shop/images",
            "type": "string",
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        })
    }
}

/// How it is known that a pod uses workload identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// Its ServiceAccount, of this name, acts as a Google service account.
    Account(&'a str),
    /// Its own annotation says so.
    Annotation,
    /// Its ServiceAccount, of this name, is among the listed ones.
    Listed(&'a str),
    /// Its ServiceAccount is not known, but it asks for a node with the metadata server.
    NodeSelector,
    /// This init container asks the metadata server.
    Waits(&'a str),
}

impl<'a> Evidence<'a> {
    /// What says that a pod uses workload identity, other than its own containers; none for one that does not, as far as is
    /// known. `listed` are ServiceAccounts as `namespace/name`.
    pub fn of(listed: &[String], subject: &Subject<'a>, pod: &PodTemplate<'a>) -> Option<Self> {
        let name = pod.service_account();
        let account = subject.service_account();
        // An emptied annotation is how templates say "none".
        if google_account(subject).is_some_and(|name| !name.is_empty()) {
            return Some(Self::Account(name));
        }
        if pod.annotations().get(POD_ANNOTATION) == Some("true") {
            return Some(Self::Annotation);
        }
        let qualified = format!("{}/{name}", subject.namespace());
        if listed.contains(&qualified) {
            return Some(Self::Listed(name));
        }
        let unknown = account.is_none() && !subject.inventory.service_accounts_known();
        let asks_for_node = Labels::of(pod.spec().get("nodeSelector")).get(NODE_LABEL) == Some("true");
        (unknown && asks_for_node).then_some(Self::NodeSelector)
    }

    /// The same, with the init containers of the pod: one that asks the metadata server proves that there is something to ask
    /// for. What leaves it open is no proof.
    pub fn proven(listed: &[String], subject: &Subject<'a>, pod: &PodTemplate<'a>) -> Option<Self> {
        let asks = || {
            let mut init = pod.init_containers().filter(|it| it.role() == Role::Init);
            init.find(is_identity_wait).map(|it| Self::Waits(it.name()))
        };
        Self::of(listed, subject, pod).filter(|it| *it != Self::NodeSelector).or_else(asks)
    }

    /// What is seen, for the beginning of a message.
    pub fn seen(&self) -> String {
        match self {
            Self::Account(name) => format!("ServiceAccount {} has a Google service account", shortened_to(24, name)),
            Self::Listed(name) => {
                format!("ServiceAccount {} is listed as using workload identity", shortened_to(24, name))
            }
            Self::Annotation => "the pod says that it uses workload identity".to_owned(),
            Self::NodeSelector => "the pod asks for a node with the metadata server".to_owned(),
            Self::Waits(name) => format!("init container {} asks the metadata server", shortened_to(40, name)),
        }
    }
}

/// The Google service account that the ServiceAccount of a pod names.
pub fn google_account<'a>(subject: &Subject<'a>) -> Option<&'a str> {
    subject.service_account()?.facts.annotations.get(ACCOUNT_ANNOTATION).map(String::as_str)
}

/// Whether the metadata server has nothing to do with a pod, whatever its ServiceAccount says: it has the network of its node, runs on
/// Windows, or a container of the application asks somebody else. Which of several containers the account is for only its owner knows.
pub fn is_exempt(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let mut applications = pod.running_containers().filter(is_application);
    pod.host_network() || pod.is_windows() || applications.any(|it| asks_somebody_else(subject, &it))
}

/// Whether a container has a key of its own, or is told of another metadata server. The client libraries take an empty value for none;
/// one that comes from elsewhere is taken for set.
/// <https://google-auth.readthedocs.io/en/latest/reference/google.auth.environment_vars.html>
fn asks_somebody_else(subject: &Subject<'_>, container: &Container<'_>) -> bool {
    let is_set = |(name, value): (&str, Option<&str>)| match name {
        CREDENTIALS_VARIABLE => value != Some(""),
        METADATA_HOST_VARIABLE => value.is_none_or(is_other_metadata_host),
        _ => false,
    };
    let gets = |variable| gets_variable(subject, container, variable);
    container.environment().any(is_set) || gets(CREDENTIALS_VARIABLE) || gets(METADATA_HOST_VARIABLE)
}
