//! Does Istio's injector give this pod a sidecar? Its decision has two stages: the webhook's selectors look at labels, then the
//! injector itself looks at the pod. The sources are named in [`crate::mesh::membership`](mod@crate::mesh::membership).

use crate::mesh::{PodFacts, Profile, StringMap, Version};

/// What Istio's injector does with a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// It adds the proxy.
    Yes,
    /// It does not.
    No,
    /// It depends on what is not known: the namespace's labels, or whether a revision is installed.
    Unknown,
}

/// The revisions of Istio that are installed.
#[derive(Debug, Clone, Copy)]
pub enum Revisions<'a> {
    /// Exactly these, `default` among them or not.
    Only(&'a [&'a str]),
    /// These, beside the default one, which is taken to be there; of others nothing is known.
    AtLeast(&'a [String]),
}

/// On pods (label; as annotation deprecated): whether a sidecar is wanted.
pub const INJECT_KEY: &str = "sidecar.istio.io/inject";
/// On namespaces: `enabled` has the default revision inject; any other value stops every revision.
pub const NAMESPACE_INJECTION_LABEL: &str = "istio-injection";
/// On namespaces and pods: the revision that injects.
pub const REVISION_LABEL: &str = "istio.io/rev";

/// The revision that is taken to be there.
pub const DEFAULT_REVISION: &str = "default";

/// Namespaces whose pods the injector never changes.
pub const NEVER_INJECTED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// From here on only `true` and `false` count (<https://github.com/istio/istio/pull/56737>); before, YAML 1.1's words did.
pub const STRICT_VALUES_SINCE: Version = Version::new(1, 27);

/// On namespaces that OpenShift Service Mesh 2 has taken in, with the name of its control plane's namespace. There pods join by the
/// annotation `sidecar.istio.io/inject`, and the labels of Istio on their namespace count for nothing.
///
/// Source: <https://github.com/maistra/istio-operator/blob/maistra-2.6/pkg/controller/common/maistra_resources.go>,
/// <https://docs.redhat.com/en/documentation/openshift_container_platform/4.14/html/service_mesh/service-mesh-2-x>.
pub const MAISTRA_MEMBER_LABEL: &str = "maistra.io/member-of";

/// The Istio of its last minor version, 2.6.
pub const NEWEST_MAISTRA: Version = Version::new(1, 20);

/// The injector's decision on a pod of the mesh that this profile describes.
pub fn injection(pod: &PodFacts<'_>, profile: &Profile) -> Injection {
    let revisions = Revisions::AtLeast(&profile.revisions);
    decided(pod, revisions, profile.istio_version, profile.enable_namespaces_by_default)
}

fn decided(pod: &PodFacts<'_>, revisions: Revisions<'_>, istio: Version, by_default: bool) -> Injection {
    if !injector_wants(pod, istio) || pod.labels.value(INJECT_KEY) == Some("false") {
        return Injection::No;
    }
    match pod.namespace_labels {
        Some(labels) => webhook_selects(pod, labels, revisions, by_default),
        // Every pod that is not excluded by itself is injected in some namespace and left alone in another.
        None => Injection::Unknown,
    }
}

/// The second stage, `injectRequired`, with the policy `enabled` that is the default: the label beats the annotation.
fn injector_wants(pod: &PodFacts<'_>, istio: Version) -> bool {
    if pod.host_network || NEVER_INJECTED.contains(&pod.namespace) {
        return false;
    }
    match pod.labels.value(INJECT_KEY).or_else(|| pod.annotations.value(INJECT_KEY)) {
        None | Some("" | "true") => true,
        Some("false") => false,
        Some(_) if istio >= STRICT_VALUES_SINCE => true,
        Some(other) => ["y", "yes", "true", "on"].iter().any(|word| word.eq_ignore_ascii_case(other)),
    }
}

/// The first stage: the selectors of the four webhooks that each revision registers, and of the one for namespaces without a label,
/// which there is only where somebody asked for it. The pod's label `inject` is not `false` here.
fn webhook_selects(
    pod: &PodFacts<'_>,
    namespace: &dyn StringMap,
    revisions: Revisions<'_>,
    by_default: bool,
) -> Injection {
    match (namespace.value(NAMESPACE_INJECTION_LABEL), namespace.value(REVISION_LABEL)) {
        (Some("enabled"), _) => installed(DEFAULT_REVISION, revisions),
        (Some(_), _) => Injection::No,
        (None, Some(revision)) => installed(revision, revisions),
        (None, None) => match (pod.labels.value(REVISION_LABEL), pod.labels.value(INJECT_KEY)) {
            (Some(revision), _) => installed(revision, revisions),
            (None, Some("true")) => installed(DEFAULT_REVISION, revisions),
            (None, None) if by_default => installed(DEFAULT_REVISION, revisions),
            (None, _) => Injection::No,
        },
    }
}

fn installed(revision: &str, revisions: Revisions<'_>) -> Injection {
    match revisions {
        Revisions::Only(names) if names.contains(&revision) => Injection::Yes,
        Revisions::Only(_) => Injection::No,
        Revisions::AtLeast(names) if revision == DEFAULT_REVISION || names.iter().any(|it| it == revision) => {
            Injection::Yes
        }
        Revisions::AtLeast(_) => Injection::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::{Map, Value, json};

    const TODAY: Version = Version::new(1, 31);

    fn injection(pod: &PodFacts<'_>, revisions: Revisions<'_>, istio: Version) -> Injection {
        decided(pod, revisions, istio, false)
    }

    /// The row of the webhook for namespaces without a label.
    #[test]
    fn by_default_namespaces_without_a_label_are_injected() {
        let pairs = |pairs: &[(&str, &str)]| -> std::collections::BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        for (namespace, labels, plain, by_default) in [
            (&[][..], &[][..], Injection::No, Injection::Yes),
            (&[], &[(INJECT_KEY, "true")], Injection::Yes, Injection::Yes),
            (&[], &[(INJECT_KEY, "false")], Injection::No, Injection::No),
            (&[], &[(INJECT_KEY, "")], Injection::No, Injection::No),
            (&[], &[(REVISION_LABEL, "canary")], Injection::Unknown, Injection::Unknown),
            (&[(NAMESPACE_INJECTION_LABEL, "disabled")], &[], Injection::No, Injection::No),
            (&[(REVISION_LABEL, "canary")], &[], Injection::Unknown, Injection::Unknown),
        ] {
            let (namespace, labels) = (pairs(namespace), pairs(labels));
            let pod = PodFacts {
                namespace: "shop",
                namespace_labels: Some(&namespace),
                labels: &labels,
                annotations: &pairs(&[]),
                host_network: false,
                proxy: None,
            };
            let seen = [false, true].map(|it| decided(&pod, Revisions::AtLeast(&[]), TODAY, it));
            assert_eq!(seen, [plain, by_default], "{namespace:?} {labels:?}");
            let system = PodFacts { namespace: "kube-system", ..pod };
            assert_eq!(decided(&system, Revisions::AtLeast(&[]), TODAY, true), Injection::No);
        }
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        namespace_labels: Map<String, Value>,
        pod_labels: Map<String, Value>,
        pod_annotations: Map<String, Value>,
        injected: bool,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../tests/data/istio-injection/membership.json")).unwrap()
    }

    impl Vector {
        fn pod(&self) -> PodFacts<'_> {
            PodFacts {
                namespace: "shop",
                namespace_labels: Some(&self.namespace_labels),
                labels: &self.pod_labels,
                annotations: &self.pod_annotations,
                host_network: false,
                proxy: None,
            }
        }

        fn describe(&self) -> Value {
            json!([self.namespace_labels, self.pod_labels, self.pod_annotations])
        }
    }

    /// The cases were put to Istio's real webhook behind a real API server; only the default revision was installed.
    #[test]
    fn agrees_with_the_real_webhook_on_every_recorded_pod() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 140);
        for vector in &vectors {
            let wanted = if vector.injected { Injection::Yes } else { Injection::No };
            assert_eq!(injection(&vector.pod(), Revisions::Only(&["default"]), TODAY), wanted, "{}", vector.describe());
        }
    }

    /// Less knowledge may only turn an answer into `Unknown`, never into another answer.
    #[test]
    fn less_knowledge_never_turns_an_answer_round() {
        for vector in &vectors() {
            let known = injection(&vector.pod(), Revisions::Only(&["default"]), TODAY);
            let unlisted = injection(&vector.pod(), Revisions::AtLeast(&[]), TODAY);
            assert!(unlisted == known || unlisted == Injection::Unknown, "{}", vector.describe());
            let no_namespace =
                injection(&PodFacts { namespace_labels: None, ..vector.pod() }, Revisions::AtLeast(&[]), TODAY);
            assert!(no_namespace == known || no_namespace == Injection::Unknown, "{}", vector.describe());
        }
    }

    /// What is said to depend on the namespace has recorded namespaces on both sides; what is said not to has them on one.
    #[test]
    fn what_is_decided_without_the_namespace_is_exactly_what_no_namespace_changes() {
        let vectors = vectors();
        for vector in &vectors {
            let pod = PodFacts { namespace_labels: None, ..vector.pod() };
            let same_pod = |other: &&Vector| {
                other.pod_labels == vector.pod_labels && other.pod_annotations == vector.pod_annotations
            };
            let ever_injected = vectors.iter().filter(same_pod).any(|other| other.injected);
            let wanted = if ever_injected { Injection::Unknown } else { Injection::No };
            assert_eq!(injection(&pod, Revisions::AtLeast(&[]), TODAY), wanted, "{}", vector.describe());
        }
    }

    #[test]
    fn another_revision_injects_where_it_is_installed() {
        let canary = json!({"istio.io/rev": "canary"});
        let none = Map::new();
        let pod = PodFacts {
            namespace: "shop",
            namespace_labels: canary.as_object().map(|labels| labels as &dyn StringMap),
            labels: &none,
            annotations: &none,
            host_network: false,
            proxy: None,
        };
        assert_eq!(injection(&pod, Revisions::Only(&["default", "canary"]), TODAY), Injection::Yes);
        assert_eq!(injection(&pod, Revisions::Only(&["default"]), TODAY), Injection::No);
        assert_eq!(injection(&pod, Revisions::AtLeast(&["canary".to_owned()]), TODAY), Injection::Yes);
        assert_eq!(injection(&pod, Revisions::AtLeast(&["stable".to_owned()]), TODAY), Injection::Unknown);
        assert_eq!(injection(&pod, Revisions::AtLeast(&[]), TODAY), Injection::Unknown);
    }

    #[test]
    fn older_istio_reads_yaml_words_and_takes_all_others_for_no() {
        let enabled = json!({"istio-injection": "enabled"});
        let none = Map::new();
        for (value, before, since) in [
            ("yes", Injection::Yes, Injection::Yes),
            ("True", Injection::Yes, Injection::Yes),
            ("no", Injection::No, Injection::Yes),
            ("False", Injection::No, Injection::Yes),
            ("", Injection::Yes, Injection::Yes),
        ] {
            let labels = json!({"sidecar.istio.io/inject": value});
            let pod = PodFacts {
                namespace: "shop",
                namespace_labels: enabled.as_object().map(|labels| labels as &dyn StringMap),
                labels: labels.as_object().unwrap(),
                annotations: &none,
                host_network: false,
                proxy: None,
            };
            assert_eq!(injection(&pod, Revisions::AtLeast(&[]), Version::new(1, 26)), before, "1.26 {value:?}");
            assert_eq!(injection(&pod, Revisions::AtLeast(&[]), Version::new(1, 27)), since, "1.27 {value:?}");
        }
    }
}
