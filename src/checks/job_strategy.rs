//! Ways to let a Job beside a classic proxy complete, and which of them is the least that works.

use crate::checks::start_strategy::{has_sidecars, versions};
use crate::mesh::{Profile, SidecarKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// A way to let the Job end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobStrategy {
    /// The first of the others that works for the pod: `native`, else `quit`, else `no-sidecar`, but that only if a person looks.
    #[default]
    Auto,
    /// A native sidecar ends with the work.
    Native,
    /// The Job stays outside the mesh.
    NoSidecar,
    /// The work tells the proxy to quit when it is done.
    Quit,
}

impl JobStrategy {
    /// What [`Self::Auto`] tries, from the least to the most that it changes: what the proxy is, what the container runs, whether the
    /// Job is in the mesh at all.
    pub const BY_INVASION: [Self; 3] = [Self::Native, Self::Quit, Self::NoSidecar];
}

impl fmt::Display for JobStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::NoSidecar => "no-sidecar",
            Self::Quit => "quit",
        })
    }
}

/// What is done under a profile for Jobs that say nothing themselves, and why, in sentences without a full stop.
pub fn explained(strategy: JobStrategy, profile: &Profile, has_image: bool) -> Vec<String> {
    if !has_sidecars(profile) {
        return vec!["nothing to do: pods have no sidecar, unless they ask for one".to_owned()];
    }
    let versions = versions(profile);
    if profile.sidecar_kind(None) == SidecarKind::Native {
        return vec![format!("nothing to do: {versions} gives pods native sidecars, which end with the work")];
    }
    let can_be_native = profile.sidecar_kind(Some("true")) == SidecarKind::Native;
    vec![match strategy {
        JobStrategy::Auto if can_be_native => {
            format!(
                "`native`: {versions} gives a native sidecar to a pod that asks for one, and that ends with the work"
            )
        }
        JobStrategy::Auto if has_image => {
            format!(
                "`quit`: {versions} gives no native sidecar, and the Job stays in the mesh where its command is known"
            )
        }
        JobStrategy::Auto => format!(
            "`no-sidecar`, if a person looks: {versions} gives no native sidecar, and without `repairs.image` there is nothing \
             that tells the proxy to quit"
        ),
        JobStrategy::Native if !can_be_native => {
            format!("nothing: `native` is set, and {versions} gives no native sidecar")
        }
        strategy => format!("`{strategy}`, as it is set"),
    }]
}
