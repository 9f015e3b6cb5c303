//! What the profile says of single namespaces: their labels, and whatever differs there from the rest of the mesh.

use crate::mesh::outbound_ranges::IpRange;
use crate::mesh::profile::{
    AssumedMembership, DataPlane, MtlsMode, OutboundTrafficPolicy, Profile, ProxySettings, Shell,
};
use crate::mesh::{GoDuration, StatedVersions, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One namespace of the profile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NamespaceProfile {
    /// The labels of the namespace, for files that hold no Namespace object. An empty map says that it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Overrides `istioVersion` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub istio_version: Option<Version>,
    /// Overrides `kubernetesVersion` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<Version>,
    /// Overrides `dataPlane` here. `classic` and `native` also say that its pods get a sidecar, where no labels tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_plane: Option<DataPlane>,
    /// Overrides `cni` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cni: Option<bool>,
    /// Overrides single keys of `proxy` here.
    #[serde(skip_serializing_if = "ProxyOverrides::is_empty")]
    pub proxy: ProxyOverrides,
    /// Overrides `outboundTrafficPolicy` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_traffic_policy: Option<OutboundTrafficPolicy>,
    /// Overrides `mtls` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls: Option<MtlsMode>,
    /// Replaces `excludeOutboundIPRanges` here.
    #[serde(rename = "excludeOutboundIPRanges", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<IpRange>")]
    pub exclude_outbound_ip_ranges: Option<Vec<String>>,
    /// Overrides `eksPodIdentity` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_pod_identity: Option<bool>,
    /// Overrides `shell` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<Shell>,
    /// Overrides `unmeshedHttpCallers` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmeshed_http_callers: Option<bool>,
    /// Overrides `assumeMembership` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assume_membership: Option<AssumedMembership>,
}

impl NamespaceProfile {
    /// Whoever names the sidecars of one namespace says that its pods have some, as far as nothing else decides it.
    fn told_by_data_plane(&self) -> Option<AssumedMembership> {
        let named = matches!(self.data_plane, Some(DataPlane::Classic | DataPlane::Native));
        (named && self.labels.is_none()).then_some(AssumedMembership::Sidecar)
    }

    /// The whole profile as it holds in this namespace.
    pub(super) fn laid_over(&self, namespace: &str, mesh: &Profile) -> Profile {
        Profile {
            istio_version: self.istio_version.unwrap_or(mesh.istio_version),
            kubernetes_version: self.kubernetes_version.unwrap_or(mesh.kubernetes_version),
            stated: StatedVersions {
                istio: self.istio_version.is_some() || mesh.stated.istio,
                kubernetes: self.kubernetes_version.is_some() || mesh.stated.kubernetes,
            },
            data_plane: self.data_plane.unwrap_or(mesh.data_plane),
            revisions: mesh.revisions.clone(),
            enable_namespaces_by_default: mesh.enable_namespaces_by_default,
            cni: self.cni.unwrap_or(mesh.cni),
            proxy: self.proxy.laid_over(&mesh.proxy),
            outbound_traffic_policy: self.outbound_traffic_policy.unwrap_or(mesh.outbound_traffic_policy),
            mtls: self.mtls.unwrap_or(mesh.mtls),
            exclude_outbound_ip_ranges: self
                .exclude_outbound_ip_ranges
                .as_ref()
                .unwrap_or(&mesh.exclude_outbound_ip_ranges)
                .clone(),
            eks_pod_identity: self.eks_pod_identity.unwrap_or(mesh.eks_pod_identity),
            shell: self.shell.unwrap_or(mesh.shell),
            unmeshed_http_callers: self.unmeshed_http_callers.unwrap_or(mesh.unmeshed_http_callers),
            assume_membership: self.assume_membership.or(self.told_by_data_plane()).or(mesh.assume_membership),
            namespaces: BTreeMap::from([(
                namespace.to_owned(),
                Self { labels: self.labels.clone(), ..Self::default() },
            )]),
        }
    }
}

/// Keys of `proxy` that differ in one namespace.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProxyOverrides {
    /// Overrides `proxy.terminationDrainDuration` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_drain_duration: Option<GoDuration>,
    /// Overrides `proxy.drainDuration` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_duration: Option<GoDuration>,
    /// Overrides `proxy.exitOnZeroActiveConnections` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_on_zero_active_connections: Option<bool>,
    /// Overrides `proxy.minimumDrainDuration` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_drain_duration: Option<GoDuration>,
    /// Overrides `proxy.holdApplicationUntilProxyStarts` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_application_until_proxy_starts: Option<bool>,
}

impl ProxyOverrides {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn laid_over(&self, mesh: &ProxySettings) -> ProxySettings {
        ProxySettings {
            termination_drain_duration: self.termination_drain_duration.unwrap_or(mesh.termination_drain_duration),
            drain_duration: self.drain_duration.unwrap_or(mesh.drain_duration),
            exit_on_zero_active_connections: self
                .exit_on_zero_active_connections
                .unwrap_or(mesh.exit_on_zero_active_connections),
            minimum_drain_duration: self.minimum_drain_duration.unwrap_or(mesh.minimum_drain_duration),
            hold_application_until_proxy_starts: self
                .hold_application_until_proxy_starts
                .unwrap_or(mesh.hold_application_until_proxy_starts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A value for every key that is not its default.
    fn everything_different() -> Value {
        json!({
            "istioVersion": "1.20", "kubernetesVersion": "1.27", "dataPlane": "classic", "cni": true,
            "proxy": {
                "terminationDrainDuration": "1s", "drainDuration": "2s", "exitOnZeroActiveConnections": true,
                "minimumDrainDuration": "3s", "holdApplicationUntilProxyStarts": true,
            },
            "outboundTrafficPolicy": "REGISTRY_ONLY", "mtls": "STRICT", "excludeOutboundIPRanges": ["10.0.0.0/8"],
            "eksPodIdentity": true, "shell": "assume", "unmeshedHttpCallers": true, "assumeMembership": "outside",
        })
    }

    #[test]
    fn every_key_of_the_profile_can_be_overridden() {
        let profile: Profile = serde_json::from_value(json!({"namespaces": {"shop": everything_different()}})).unwrap();
        let mut shop = serde_json::to_value(profile.for_namespace("shop")).unwrap();
        shop.as_object_mut().unwrap().remove("namespaces");
        assert_eq!(shop, everything_different());
        assert_eq!(*profile.for_namespace("other"), profile);
    }

    #[test]
    fn what_is_not_overridden_comes_from_the_mesh() {
        let mut mesh = everything_different();
        mesh["namespaces"] =
            json!({"shop": {"labels": {"istio-injection": "enabled"}, "proxy": {"drainDuration": "9s"}}});
        let profile: Profile = serde_json::from_value(mesh).unwrap();
        let shop = profile.for_namespace("shop").into_owned();
        let mut wanted = everything_different();
        wanted["proxy"]["drainDuration"] = json!("9s");
        wanted["namespaces"] = json!({"shop": {"labels": {"istio-injection": "enabled"}}});
        assert_eq!(serde_json::to_value(&shop).unwrap(), wanted);
        assert_eq!(*shop.for_namespace("shop"), shop);
    }

    #[test]
    fn sidecars_named_for_a_namespace_are_there() {
        for (shop, wanted) in [
            (json!({"dataPlane": "classic"}), Some(AssumedMembership::Sidecar)),
            (json!({"dataPlane": "native"}), Some(AssumedMembership::Sidecar)),
            (json!({"dataPlane": "auto"}), None),
            (json!({"dataPlane": "classic", "labels": {}}), None),
            (json!({"dataPlane": "classic", "assumeMembership": "outside"}), Some(AssumedMembership::Outside)),
        ] {
            let profile: Profile = serde_json::from_value(json!({"namespaces": {"shop": shop}})).unwrap();
            assert_eq!(profile.for_namespace("shop").assume_membership, wanted, "{shop}");
        }
        let mesh: Profile =
            serde_json::from_value(json!({"dataPlane": "classic", "namespaces": {"shop": {}}})).unwrap();
        assert_eq!(mesh.for_namespace("shop").assume_membership, None);
    }

    #[test]
    fn labels_not_given_differ_from_no_labels() {
        let profile: Profile =
            serde_json::from_value(json!({"namespaces": {"bare": {"labels": {}}, "silent": {"cni": true}}})).unwrap();
        assert_eq!(profile.namespace_labels("bare"), Some(&BTreeMap::new()));
        assert_eq!(profile.namespace_labels("silent"), None);
        assert_eq!(profile.namespace_labels("absent"), None);
    }
}
