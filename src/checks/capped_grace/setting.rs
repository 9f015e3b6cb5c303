//! What one part of a policy does to the grace period of an object, and what several parts come to.

use crate::base::Path;
use crate::checks::capped_grace::admitted::GRACE;
use crate::checks::capped_grace::proof::Proof;
use serde_json::Value;

/// A number that a policy sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The field of the policy that holds it.
    pub path: Path,
    /// In seconds.
    pub seconds: i64,
}

/// What a part of a policy does to the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// It sets it, as far as this is proved.
    Sets(Setting, Proof),
    /// It has to do with it, and what comes of that is not known.
    Unclear,
}

impl Effect {
    /// What a part of a policy of which this much is known does: a part without the name of the field does nothing to it.
    pub fn of(part: &Value, setting: Option<(Setting, Proof)>) -> Self {
        match setting {
            Some((setting, proof)) => Self::Sets(setting, proof),
            None if part.to_string().contains(GRACE) => Self::Unclear,
            None => Self::None,
        }
    }

    /// The same under a condition.
    #[must_use]
    pub fn under(self, condition: Proof) -> Self {
        match (self, condition) {
            (_, Proof::No) => Self::None,
            (Self::Sets(setting, proof), condition) => Self::Sets(setting, proof.and(condition)),
            (effect, _) => effect,
        }
    }
}

/// What the parts of a policy do together. Two that set the field are left alone: the second may look at what the first made
/// of it.
pub fn together(effects: impl IntoIterator<Item = Effect>) -> Effect {
    effects.into_iter().fold(Effect::None, |before, effect| match (before, effect) {
        (before, Effect::None | Effect::Sets(_, Proof::No)) => before,
        (Effect::None, Effect::Sets(setting, Proof::Yes)) => Effect::Sets(setting, Proof::Yes),
        _ => Effect::Unclear,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sets(seconds: i64, proof: Proof) -> Effect {
        Effect::Sets(Setting { path: Path::root(), seconds }, proof)
    }

    #[test]
    fn a_part_without_a_known_number_matters_only_where_it_names_the_field() {
        for (part, wanted) in [
            (json!({"spec": {"hostname": "web"}}), Effect::None),
            (json!({"spec": {"terminationGracePeriodSeconds": "{{ it }}"}}), Effect::Unclear),
        ] {
            assert_eq!(Effect::of(&part, None), wanted, "{part}");
        }
    }

    #[test]
    fn one_proven_part_decides() {
        use Proof::{No, Unknown, Yes};
        for (effects, wanted) in [
            (vec![], Effect::None),
            (vec![sets(30, Yes)], sets(30, Yes)),
            (vec![Effect::None, sets(30, Yes), sets(60, No)], sets(30, Yes)),
            (vec![sets(60, No)], Effect::None),
            (vec![sets(30, Yes), sets(60, Yes)], Effect::Unclear),
            (vec![sets(30, Unknown)], Effect::Unclear),
            (vec![Effect::Unclear, sets(30, Yes)], Effect::Unclear),
            (vec![sets(30, Yes), Effect::Unclear.under(No)], sets(30, Yes)),
            (vec![sets(30, Yes).under(Unknown)], Effect::Unclear),
        ] {
            assert_eq!(together(effects.clone()), wanted, "{effects:?}");
        }
    }
}
