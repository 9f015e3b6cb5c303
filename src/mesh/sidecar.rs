//! Which kind of sidecar an injected pod gets: a container beside the application, or an init container that keeps running.
//!
//! Source: the injection template's line on `nativeSidecar`
//! (<https://github.com/istio/istio/blob/master/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml>) and
//! `DetectNativeSidecar` in <https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go>.

use crate::mesh::{DataPlane, Profile, Version};

/// How the proxy is placed in the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SidecarKind {
    /// A container like the application's own: starts and stops with it, in no order.
    Classic,
    /// An init container with `restartPolicy: Always`: up before the application starts, stopped after it has ended.
    Native,
}

/// The pod annotation that decides the kind for one pod.
pub const NATIVE_SIDECAR_ANNOTATION: &str = "sidecar.istio.io/nativeSidecar";

/// The pod annotation that decides how traffic is led to the proxy: `REDIRECT`, `TPROXY`, or `NONE`, which is not at all.
pub const INTERCEPTION_MODE_ANNOTATION: &str = "sidecar.istio.io/interceptionMode";

/// User and group of the proxy: <https://github.com/istio/istio/blob/master/pkg/config/constants/constants.go>.
pub const PROXY_ID: i64 = 1337;

const ANNOTATION_SINCE: Version = Version::new(1, 24);
const NATIVE_BY_DEFAULT_SINCE: Version = Version::new(1, 27);
/// Kubernetes runs sidecar containers, unless somebody switched them off.
const KUBERNETES_WITH_SIDECARS: Version = Version::new(1, 29);
/// Istio's own choice waits for sidecar containers to be stable on every node.
const KUBERNETES_WITH_STABLE_SIDECARS: Version = Version::new(1, 33);

impl Profile {
    /// The kind of sidecar that Istio gives a pod with this value of [`NATIVE_SIDECAR_ANNOTATION`].
    ///
    /// Every value but `false` asks for a native one; the empty value counts as none. A Kubernetes without sidecar containers
    /// gives [`SidecarKind::Classic`]: a native one cannot run there at all. Whoever says that the mesh has native ones is believed:
    /// a feature gate may have brought them before their time.
    pub fn sidecar_kind(&self, annotation: Option<&str>) -> SidecarKind {
        if self.kubernetes_version < KUBERNETES_WITH_SIDECARS && self.data_plane != DataPlane::Native {
            return SidecarKind::Classic;
        }
        let asked = annotation.filter(|value| !value.is_empty() && self.istio_version >= ANNOTATION_SINCE);
        let native = match (asked, self.data_plane) {
            (Some(value), _) => value != "false",
            (None, DataPlane::Native) => true,
            (None, DataPlane::Classic) => false,
            (None, DataPlane::Auto | DataPlane::Ambient | DataPlane::Outside) => {
                self.istio_version >= NATIVE_BY_DEFAULT_SINCE
                    && self.kubernetes_version >= KUBERNETES_WITH_STABLE_SIDECARS
            }
        };
        if native { SidecarKind::Native } else { SidecarKind::Classic }
    }

    /// Why it is only assumed that a pod with this value of [`NATIVE_SIDECAR_ANNOTATION`] has the native sidecar that
    /// [`Profile::sidecar_kind`] gives it: by versions that nobody stated. None where it is known.
    ///
    /// Who asks for one where the mesh would give one anyway knows what is there. Where the mesh gives classic ones, the annotation
    /// may be a fix that an Istio before 1.24 does not read.
    pub fn assumed_native(&self, annotation: Option<&str>) -> Option<&'static str> {
        let by_default = self.sidecar_kind(None) == SidecarKind::Native;
        let asks = annotation.is_some_and(|value| !value.is_empty());
        let stated = self.stated.istio && self.stated.kubernetes;
        match (asks, by_default) {
            (true, false) => self.assumed_to_read_annotation(),
            (false, true) if self.data_plane != DataPlane::Native && !stated => Some(ASSUMED_DEFAULT),
            _ => None,
        }
    }

    /// Why it is only assumed that Istio reads [`NATIVE_SIDECAR_ANNOTATION`]; none where it is known, one way or the other.
    pub fn assumed_to_read_annotation(&self) -> Option<&'static str> {
        (!self.stated.istio).then_some(ASSUMED_READING)
    }
}

const ASSUMED_DEFAULT: &str = "that the sidecar is native is only assumed: state `istioVersion` and `kubernetesVersion`, \
                               or `dataPlane`, in `profile`";
const ASSUMED_READING: &str =
    "Istio before 1.24 does not read the annotation `nativeSidecar`: state `istioVersion` in `profile`";

#[cfg(test)]
mod tests {
    use super::{SidecarKind::*, *};
    use crate::mesh::StatedVersions;

    fn kind(istio: u16, kubernetes: u16, data_plane: DataPlane, annotation: Option<&str>) -> SidecarKind {
        Profile {
            istio_version: Version::new(1, istio),
            kubernetes_version: Version::new(1, kubernetes),
            data_plane,
            ..Profile::default()
        }
        .sidecar_kind(annotation)
    }

    #[test]
    fn istio_decides_by_itself_from_its_and_kubernetes_version() {
        for (istio, kubernetes, wanted) in [(27, 33, Native), (26, 33, Classic), (27, 32, Classic), (31, 37, Native)] {
            assert_eq!(
                kind(istio, kubernetes, DataPlane::Auto, None),
                wanted,
                "Istio 1.{istio}, Kubernetes 1.{kubernetes}"
            );
        }
    }

    #[test]
    fn what_nobody_stated_is_assumed() {
        use DataPlane::{Auto, Classic as ClassicPlane, Native as NativePlane};
        for (istio, kubernetes, data_plane, annotation, is_assumed) in [
            (true, true, Auto, None, false),
            (true, false, Auto, None, true),
            (false, true, Auto, None, true),
            (false, false, NativePlane, None, false),
            (false, false, Auto, Some("true"), false),
            (false, false, Auto, Some(""), true),
            (false, false, NativePlane, Some("true"), false),
            (false, true, ClassicPlane, Some("true"), true),
            (true, false, ClassicPlane, Some("true"), false),
        ] {
            let stated = StatedVersions { istio, kubernetes };
            let profile = Profile { stated, data_plane, ..Profile::default() };
            let assumed = profile.assumed_native(annotation);
            assert_eq!(assumed.is_some(), is_assumed, "{stated:?} {data_plane:?} {annotation:?}");
        }
    }

    #[test]
    fn the_annotation_wins() {
        for (data_plane, annotation, wanted) in [
            (DataPlane::Classic, "true", Native),
            (DataPlane::Native, "false", Classic),
            (DataPlane::Classic, "yes", Native),
            (DataPlane::Native, "False", Native),
            (DataPlane::Classic, "", Classic),
            (DataPlane::Native, "", Native),
        ] {
            assert_eq!(kind(28, 33, data_plane, Some(annotation)), wanted, "{data_plane:?} {annotation:?}");
        }
    }

    #[test]
    fn the_annotation_does_nothing_before_it_existed() {
        assert_eq!(kind(23, 33, DataPlane::Classic, Some("true")), Classic);
        assert_eq!(kind(24, 33, DataPlane::Classic, Some("true")), Native);
    }

    #[test]
    fn no_native_sidecar_where_kubernetes_has_none_and_nobody_says_otherwise() {
        for (kubernetes, data_plane, annotation, wanted) in [
            (28, DataPlane::Classic, Some("true"), Classic),
            (28, DataPlane::Auto, Some("true"), Classic),
            (29, DataPlane::Classic, Some("true"), Native),
            (28, DataPlane::Native, None, Native),
            (28, DataPlane::Native, Some("true"), Native),
            (28, DataPlane::Native, Some("false"), Classic),
        ] {
            assert_eq!(
                kind(28, kubernetes, data_plane, annotation),
                wanted,
                "1.{kubernetes} {data_plane:?} {annotation:?}"
            );
        }
    }
}
