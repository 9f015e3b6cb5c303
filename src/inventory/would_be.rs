//! What Istio would make of the pods of a subject if one thing about them were different: a rule can tell by it what that
//! one thing does.

use crate::inventory::Subject;
use crate::inventory::joining::{Joining, pods_are_open};
use crate::mesh::injection::{INJECT_KEY, Injection, injection};
use crate::mesh::{AssumedMembership, DataPlane, Membership, PodFacts, StringMap};

impl Subject<'_> {
    /// The membership that its pods would have without a proxy that they bring themselves, and with the network of their node
    /// or without it. Of what has no pods, the membership itself.
    pub fn membership_if(&self, host_network: bool) -> Membership {
        match self.pod() {
            None => self.membership,
            Some(pod) if self.is_mirror(&pod) => Membership::Outside,
            Some(pod) => self.decide(&Joining {
                host_network,
                is_windows: pod.is_windows(),
                ..Joining::of_pod(&pod.labels(), &pod.annotations())
            }),
        }
    }

    /// What Istio's injector would do if its pods had this value of the label `sidecar.istio.io/inject`, or had none of it. What
    /// depends on an unknown namespace is as the profile assumes.
    pub fn injection_if(&self, label: Option<&str>) -> Injection {
        let Some(pod) = self.pod().filter(|pod| !self.is_mirror(pod) && !pod.is_windows()) else {
            return Injection::No;
        };
        let profile = self.profile;
        if profile.data_plane == DataPlane::Outside {
            return Injection::No;
        }
        let facts = PodFacts {
            namespace: self.namespace(),
            namespace_labels: self
                .joining_labels()
                .filter(|_| !pods_are_open(&pod.labels()))
                .map(|it| it as &dyn StringMap),
            labels: &Relabelled { others: &pod.labels(), inject: label },
            annotations: &pod.annotations(),
            host_network: pod.host_network(),
            proxy: None,
        };
        match (injection(&facts, profile), profile.assume_membership) {
            (Injection::Unknown, _) if profile.data_plane == DataPlane::Ambient => Injection::No,
            (Injection::Unknown, Some(AssumedMembership::Sidecar)) => Injection::Yes,
            (Injection::Unknown, Some(AssumedMembership::Ambient | AssumedMembership::Outside)) => Injection::No,
            (decided, _) => decided,
        }
    }
}

/// The labels of a pod with another value of the one that asks for a sidecar.
struct Relabelled<'a> {
    others: &'a dyn StringMap,
    inject: Option<&'a str>,
}

impl StringMap for Relabelled<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        if key == INJECT_KEY { self.inject } else { self.others.value(key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::{Profile, SidecarKind};
    use serde_json::{Value, json};

    fn with_subject<T>(profile: &Value, pod: &Value, ask: impl Fn(&Subject<'_>) -> T) -> T {
        let profile: Profile = serde_json::from_value(profile.clone()).unwrap();
        let mut value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop"}, "spec": {}});
        value["metadata"].as_object_mut().unwrap().extend(pod["metadata"].as_object().cloned().unwrap_or_default());
        value["spec"] = pod["spec"].clone();
        let (object, inventory) = (Object::from_json(value).unwrap(), Inventory::default());
        ask(&Subject::new(&object, &inventory, &profile))
    }

    #[test]
    fn the_label_alone_is_different() {
        use Injection::{No, Unknown, Yes};
        let enabled = json!({"namespaces": {"shop": {"labels": {"istio-injection": "enabled"}}}});
        let plain = json!({"namespaces": {"shop": {"labels": {}}}});
        let labelled = json!({"metadata": {"labels": {INJECT_KEY: "false"}}, "spec": {}});
        let on_node = json!({"spec": {"hostNetwork": true}});
        let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {}});
        for (profile, pod, wanted) in [
            (&enabled, &labelled, [Yes, Yes, No]),
            (&plain, &labelled, [No, Yes, No]),
            (&json!({}), &labelled, [Unknown, Unknown, No]),
            (&enabled, &on_node, [No, No, No]),
            (&enabled, &mirror, [No, No, No]),
            (&json!({"assumeMembership": "sidecar"}), &labelled, [Yes, Yes, No]),
            (&json!({"assumeMembership": "ambient"}), &labelled, [No, No, No]),
            (&json!({"assumeMembership": "outside"}), &labelled, [No, No, No]),
            (&json!({"dataPlane": "ambient", "assumeMembership": "sidecar"}), &labelled, [No, No, No]),
            (&json!({"dataPlane": "outside", "assumeMembership": "sidecar"}), &labelled, [No, No, No]),
        ] {
            let asked =
                [None, Some("true"), Some("false")].map(|it| with_subject(profile, pod, |pod| pod.injection_if(it)));
            assert_eq!(asked, wanted, "{profile} {pod}");
        }
    }

    #[test]
    fn a_pod_of_another_network_and_without_its_own_proxy() {
        let assumed = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
        let proxy = json!({"spec": {"hostNetwork": true, "containers": [{"name": "istio-proxy", "image": "busybox"}]}});
        let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {}});
        let classic = Membership::Sidecar(SidecarKind::Classic);
        for (profile, pod, host_network, wanted) in [
            (&assumed, &proxy, false, classic),
            (&assumed, &proxy, true, Membership::Outside),
            (&json!({}), &proxy, false, Membership::Unknown),
            (&assumed, &mirror, false, Membership::Outside),
        ] {
            assert_eq!(with_subject(profile, pod, |pod| pod.membership_if(host_network)), wanted, "{profile} {pod}");
        }
    }
}
