//! Ways to start a proxy and its application in the right order, and which of them is the least that works.

use crate::mesh::{DataPlane, Profile, ProxySettings, SidecarKind, proxy_is_ready_first};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// A way to start in the right order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartStrategy {
    /// The first of the others that works for the pod: `native`, but only where `istioVersion` is stated, else `hold`, else `wrapper`.
    #[default]
    Auto,
    /// Istio starts the proxy first and waits for it.
    Hold,
    /// A native sidecar is ready before the application starts.
    Native,
    /// The command waits for the proxy and then becomes the application.
    Wrapper,
}

impl StartStrategy {
    /// What [`Self::Auto`] tries, from the least to the most that it changes of a pod: what its proxy is, when it starts, what the
    /// application's containers run.
    pub const BY_INVASION: [Self; 3] = [Self::Native, Self::Hold, Self::Wrapper];
}

impl fmt::Display for StartStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Hold => "hold",
            Self::Native => "native",
            Self::Wrapper => "wrapper",
        })
    }
}

/// What is done under a profile for pods that say nothing themselves, and why, in sentences without a full stop.
pub fn explained(strategy: StartStrategy, profile: &Profile, has_image: bool) -> Vec<String> {
    let said = needs_nothing(profile).unwrap_or_else(|| match strategy {
        StartStrategy::Auto => least(profile, has_image),
        strategy => format!("`{strategy}`, as it is set"),
    });
    let injected = (strategy == StartStrategy::Auto && has_sidecars(profile)).then(|| {
        let image = if has_image { "" } else { ", once `repairs.image` names the image of seaworthy-wait" };
        format!(
            "`wrapper` on Pods that Istio has given a classic proxy already: it reads their annotations no more{image}"
        )
    });
    [said].into_iter().chain(injected).collect()
}

/// Whether pods have sidecars, where they do not say otherwise.
pub fn has_sidecars(profile: &Profile) -> bool {
    !matches!(profile.data_plane, DataPlane::Ambient | DataPlane::Outside)
}

/// Why pods start in the right order anyway.
fn needs_nothing(profile: &Profile) -> Option<String> {
    let istio = profile.istio_version;
    if !has_sidecars(profile) {
        return Some("nothing to do: pods have no sidecar, unless they ask for one".to_owned());
    }
    if profile.sidecar_kind(None) == SidecarKind::Native {
        let pods = versions(profile);
        return Some(format!("nothing to do: {pods} gives pods native sidecars, which are ready first"));
    }
    let is_held = proxy_is_ready_first(SidecarKind::Classic, &profile.proxy, istio);
    is_held.then(|| "nothing to do: the mesh holds applications back until their proxy is ready".to_owned())
}

/// What [`StartStrategy::Auto`] comes to.
fn least(profile: &Profile, has_image: bool) -> String {
    let (versions, istio) = (versions(profile), profile.istio_version);
    let can_be_native = profile.sidecar_kind(Some("true")) == SidecarKind::Native;
    let is_assumed = profile.assumed_to_read_annotation().is_some();
    if can_be_native && !is_assumed {
        return format!(
            "`native`: {versions} gives a native sidecar to a pod that asks for one; it is ready first and ends last, for init \
             containers and Jobs too"
        );
    }
    if can_hold(profile) && can_be_native {
        return "`hold`: an Istio before 1.24 gives no native sidecar to a pod that asks for one, and `profile` does not state \
                `istioVersion`; no command is changed"
            .to_owned();
    }
    if can_hold(profile) {
        return format!(
            "`hold`: {versions} gives no native sidecar to a pod that asks for one, and Istio {istio} can hold the application \
             back; no command is changed"
        );
    }
    let image = if has_image { "" } else { "; set `repairs.image` to the image of seaworthy-wait" };
    format!("`wrapper`: {versions} gives no native sidecar, and Istio {istio} cannot hold the application back{image}")
}

/// Whether this Istio can hold an application back.
pub fn can_hold(profile: &Profile) -> bool {
    let held = ProxySettings { hold_application_until_proxy_starts: true, ..ProxySettings::default() };
    proxy_is_ready_first(SidecarKind::Classic, &held, profile.istio_version)
}

/// The versions in words.
pub fn versions(profile: &Profile) -> String {
    format!("Istio {} with Kubernetes {}", profile.istio_version, profile.kubernetes_version)
}
