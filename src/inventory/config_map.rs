//! ConfigMaps as far as others may ask: which variables they hold, and whether a script in them speaks of the proxy.

use crate::inventory::shard::{Indexed, Pair};
use crate::manifest::Object;
use crate::mesh::{mentions_readiness, quits_proxy};
use serde_json::Value;

/// What is kept of a ConfigMap. What its texts say is a sign: good for being silent only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigMapFacts {
    /// The keys that have a value: variables, for a container that takes it whole.
    pub variables: Vec<String>,
    /// Whether one of its texts may end the proxy.
    pub may_quit_proxy: bool,
    /// Whether one of its texts speaks of the proxy being ready.
    pub speaks_of_readiness: bool,
}

/// Bytes of a text that is looked through: a script, and no dashboard.
const LONGEST: usize = 64 * 1024;

impl ConfigMapFacts {
    /// The facts of an object, if it is a ConfigMap.
    pub fn of(object: &Object) -> Option<Self> {
        if !object.is("", "ConfigMap") {
            return None;
        }
        let data = object.value().get("data").and_then(Value::as_object).into_iter().flatten();
        let texts = data.filter_map(|(key, value)| Some((key, value.as_str()?)));
        let mut facts = Self::default();
        for (key, text) in texts.filter(|(_, text)| !text.is_empty()) {
            facts.variables.push(key.clone());
            if text.len() <= LONGEST {
                facts.may_quit_proxy |= quits_proxy(text);
                facts.speaks_of_readiness |= mentions_readiness(text);
            }
        }
        Some(facts)
    }
}

impl Indexed for ConfigMapFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// They are found by name.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_sign_in_a_text_is_seen() {
        let facts = |text: &str| {
            let value =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"run.sh": text}});
            let facts = ConfigMapFacts::of(&Object::from_json(value).unwrap()).unwrap();
            (facts.may_quit_proxy, facts.speaks_of_readiness)
        };
        for (text, wanted) in [
            ("curl -X POST localhost:15020/quitquitquit", (true, false)),
            ("pkill -TERM envoy", (true, false)),
            ("until curl -fs localhost:15021/healthz/ready; do sleep 1; done", (false, true)),
            ("nc -z $HOST 15001", (false, true)),
            ("curl $ADMIN:15000/server_info", (false, true)),
            ("/scripts/WAIT_for_Envoy.sh", (false, true)),
            ("/scripts/wAiT-for-istio", (false, true)),
            ("migrate --all && echo done", (false, false)),
        ] {
            assert_eq!(facts(text), wanted, "{text}");
        }
    }
}
