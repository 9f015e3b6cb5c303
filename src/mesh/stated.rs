//! Which versions somebody has stated, and which are only assumed.

use serde_json::Value;

/// The versions of a profile that stand in a file. What rests on the others may be told, and is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatedVersions {
    /// `istioVersion`.
    pub istio: bool,
    /// `kubernetesVersion`.
    pub kubernetes: bool,
}

impl StatedVersions {
    /// Those of a profile as it is written: the value of the key `profile`.
    pub fn of(profile: &Value) -> Self {
        let says = |key: &str| profile.get(key).is_some_and(|version| !version.is_null());
        Self { istio: says("istioVersion"), kubernetes: says("kubernetesVersion") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_version_is_stated_where_it_is_written() {
        for (profile, wanted) in [
            (json!(null), (false, false)),
            (json!({"dataPlane": "classic"}), (false, false)),
            (json!({"istioVersion": "1.28"}), (true, false)),
            (json!({"kubernetesVersion": "1.33", "istioVersion": null}), (false, true)),
        ] {
            let stated = StatedVersions::of(&profile);
            assert_eq!((stated.istio, stated.kubernetes), wanted, "{profile}");
        }
    }
}
