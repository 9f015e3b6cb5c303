//! The mesh profile: the facts of the mesh that manifests do not show. Written under `profile` in `seaworthy.yaml`.

use crate::mesh::outbound_ranges::IpRange;
use crate::mesh::{GoDuration, NamespaceProfile, StatedVersions, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};

/// What seaworthy should know about the mesh that manifests do not show. Every key has a default and may be overridden for a namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Profile {
    /// The version of Istio that runs, in quotes: "1.28".
    pub istio_version: Version,
    /// The oldest version of Kubernetes on any node, in quotes: "1.33".
    pub kubernetes_version: Version,
    /// Which of the two somebody has stated; whoever reads the file says so.
    #[serde(skip)]
    pub stated: StatedVersions,
    /// How pods take part in the mesh where their own annotations do not decide it.
    pub data_plane: DataPlane,
    /// The revisions and revision tags of Istio that are installed beside the default one. Pods under any other are of unknown membership.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
    /// Whether the pods of namespaces without a label of Istio are injected too, as long as they say nothing themselves
    /// (`sidecarInjectorWebhook.enableNamespacesByDefault`).
    #[serde(skip_serializing_if = "is_false")]
    pub enable_namespaces_by_default: bool,
    /// Whether the Istio CNI plugin sets up redirection, instead of the init container istio-init.
    pub cni: bool,
    /// The mesh-wide defaults of the proxy (`meshConfig.defaultConfig`).
    pub proxy: ProxySettings,
    /// Whether pods may call hosts that the mesh does not know.
    pub outbound_traffic_policy: OutboundTrafficPolicy,
    /// The mesh-wide mTLS mode; a PeerAuthentication among the objects wins over it.
    pub mtls: MtlsMode,
    /// IP ranges that bypass the proxy mesh-wide (`global.proxy.excludeIPRanges`).
    #[serde(rename = "excludeOutboundIPRanges")]
    #[schemars(with = "Vec<IpRange>")]
    pub exclude_outbound_ip_ranges: Vec<String>,
    /// Whether pods get AWS credentials from the EKS Pod Identity agent.
    pub eks_pod_identity: bool,
    /// Whether images may be taken to have a shell.
    pub shell: Shell,
    /// Whether callers without a proxy talk HTTP to pods in the mesh.
    pub unmeshed_http_callers: bool,
    /// What to assume of pods of which it cannot be told whether they are in the mesh. Absent: nothing is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assume_membership: Option<AssumedMembership>,
    /// Namespaces by name: their labels, where no Namespace object is among the files, and what differs from the rest of the mesh.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: BTreeMap<String, NamespaceProfile>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde calls
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            istio_version: Version::new(1, 28),
            kubernetes_version: Version::new(1, 33),
            stated: StatedVersions::default(),
            data_plane: DataPlane::default(),
            revisions: Vec::new(),
            enable_namespaces_by_default: false,
            cni: false,
            proxy: ProxySettings::default(),
            outbound_traffic_policy: OutboundTrafficPolicy::default(),
            mtls: MtlsMode::default(),
            exclude_outbound_ip_ranges: Vec::new(),
            eks_pod_identity: false,
            shell: Shell::default(),
            unmeshed_http_callers: false,
            assume_membership: None,
            namespaces: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// The profile as it holds in this namespace: the overrides under `namespaces` are laid over the rest. Of the namespaces
    /// the result knows this one only.
    pub fn for_namespace(&self, namespace: &str) -> Cow<'_, Self> {
        match self.namespaces.get(namespace) {
            Some(overrides) => Cow::Owned(overrides.laid_over(namespace, self)),
            None => Cow::Borrowed(self),
        }
    }

    /// The labels that the profile gives this namespace; none when it gives none, which says nothing about the namespace.
    pub fn namespace_labels(&self, namespace: &str) -> Option<&BTreeMap<String, String>> {
        self.namespaces.get(namespace)?.labels.as_ref()
    }
}

/// How pods take part in the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DataPlane {
    /// As Istio decides by itself: native sidecars from Istio 1.27 with Kubernetes 1.33 on all nodes, else classic ones.
    #[default]
    Auto,
    /// The proxy is an ordinary container beside the application.
    Classic,
    /// The proxy is an init container that keeps running (`restartPolicy: Always`).
    Native,
    /// No proxy in the pod; the node's ztunnel carries its traffic.
    Ambient,
    /// Pods are not in the mesh.
    Outside,
}

/// How the proxy starts and stops. In the profile: the mesh-wide defaults, which the pod annotation `proxy.istio.io/config` overrides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProxySettings {
    /// How long a classic sidecar keeps running after SIGTERM.
    pub termination_drain_duration: GoDuration,
    /// How long Envoy takes to close its listeners once it drains.
    pub drain_duration: GoDuration,
    /// Whether the proxy ends when its last connection is closed (`EXIT_ON_ZERO_ACTIVE_CONNECTIONS`), instead of after a fixed time.
    pub exit_on_zero_active_connections: bool,
    /// With `exitOnZeroActiveConnections`, how long the proxy stays in any case (`MINIMUM_DRAIN_DURATION`).
    pub minimum_drain_duration: GoDuration,
    /// Whether application containers are held back until the proxy is ready.
    pub hold_application_until_proxy_starts: bool,
}

impl Default for ProxySettings {
    /// Istio's own defaults: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig>.
    fn default() -> Self {
        Self {
            termination_drain_duration: GoDuration::from_seconds(5),
            drain_duration: GoDuration::from_seconds(45),
            exit_on_zero_active_connections: false,
            minimum_drain_duration: GoDuration::from_seconds(5),
            hold_application_until_proxy_starts: false,
        }
    }
}

/// What happens to calls to hosts that the mesh does not know (`meshConfig.outboundTrafficPolicy.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutboundTrafficPolicy {
    /// They are passed on.
    #[default]
    AllowAny,
    /// They are refused.
    RegistryOnly,
}

/// Whether the mesh takes plain text from callers without a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MtlsMode {
    /// Plain text and mTLS are both taken.
    #[default]
    Permissive,
    /// Plain text is refused.
    Strict,
}

/// Whether images may be taken to have a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Shell {
    /// Nothing is known: no repair may need a shell.
    #[default]
    Unknown,
    /// Every image has `sh` and `sleep`.
    Assume,
}

/// What is assumed of pods of unknown membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AssumedMembership {
    /// They get a sidecar.
    Sidecar,
    /// They are in an ambient mesh.
    Ambient,
    /// They are not in the mesh.
    Outside,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_profile_has_the_documented_defaults() {
        let profile: Profile = serde_json::from_value(json!({})).unwrap();
        assert_eq!(profile, Profile::default());
        assert_eq!(
            serde_json::to_value(&profile).unwrap(),
            json!({
                "istioVersion": "1.28", "kubernetesVersion": "1.33", "dataPlane": "auto", "cni": false,
                "proxy": {
                    "terminationDrainDuration": "5s", "drainDuration": "45s", "exitOnZeroActiveConnections": false,
                    "minimumDrainDuration": "5s", "holdApplicationUntilProxyStarts": false,
                },
                "outboundTrafficPolicy": "ALLOW_ANY", "mtls": "PERMISSIVE", "excludeOutboundIPRanges": [],
                "eksPodIdentity": false, "shell": "unknown", "unmeshedHttpCallers": false,
            })
        );
    }

    #[test]
    fn unknown_keys_and_values_are_refused() {
        for profile in [
            json!({"istioversion": "1.28"}),
            json!({"dataPlane": "sidecar"}),
            json!({"proxy": {"drain": "5s"}}),
            json!({"namespaces": {"shop": {"dataplane": "classic"}}}),
            json!({"namespaces": {"shop": {"namespaces": {}}}}),
            json!({"assumeMembership": "unknown"}),
        ] {
            assert!(serde_json::from_value::<Profile>(profile.clone()).is_err(), "{profile}");
        }
    }

    /// The schema is what editors complete and explain from.
    #[test]
    fn every_key_is_explained_in_the_schema() {
        let schema = schemars::schema_for!(Profile).to_value();
        let mut keys = 0;
        let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        for (key, property) in definitions.filter_map(|definition| definition["properties"].as_object()).flatten() {
            keys += 1;
            assert!(property["description"].as_str().is_some_and(|text| !text.is_empty()), "{key}");
        }
        assert!(keys > 30, "{keys}");
    }
}
