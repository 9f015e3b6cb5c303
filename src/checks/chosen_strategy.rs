//! Which of its strategies a check takes under a profile, for people.

use crate::checks::job_strategy::{self, JobStrategy};
use crate::checks::start_strategy::{self, StartStrategy};
use crate::checks::{Check, job_completion, proxy_start};
use crate::mesh::Profile;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a check with these parameters does under a profile, for pods that say nothing themselves, and why: sentences without a full
/// stop; none for a check that has no choice.
pub fn chosen_strategy(check: &Check, params: &Value, profile: &Profile) -> Vec<String> {
    let has_image = params.get("image").is_some();
    match check.id {
        id if id == proxy_start::CHECK.id => {
            start_strategy::explained(strategy::<StartStrategy>(params), profile, has_image)
        }
        id if id == job_completion::CHECK.id => {
            job_strategy::explained(strategy::<JobStrategy>(params), profile, has_image)
        }
        _ => Vec::new(),
    }
}

fn strategy<S: DeserializeOwned + Default>(params: &Value) -> S {
    params.get("strategy").and_then(|word| serde_json::from_value(word.clone()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::StatedVersions;
    use serde_json::json;

    /// Up to the colon: the strategy, or that there is nothing to do.
    fn chosen(check: &Check, params: Value, profile: Value) -> Vec<String> {
        let stated = StatedVersions::of(&profile);
        let profile = Profile { stated, ..serde_json::from_value(profile).unwrap() };
        let said = chosen_strategy(check, &params, &profile);
        said.iter().map(|sentence| sentence.split([':', ',']).next().unwrap().to_owned()).collect()
    }

    const INJECTED: &str = "`wrapper` on Pods that Istio has given a classic proxy already";

    #[test]
    fn the_start_is_put_right_by_the_least_that_works() {
        let nothing = "nothing to do";
        for (params, profile, wanted) in [
            (json!({}), json!({}), vec![nothing, INJECTED]),
            (json!({}), json!({"dataPlane": "classic"}), vec!["`hold`", INJECTED]),
            (json!({}), json!({"dataPlane": "classic", "istioVersion": "1.28"}), vec!["`native`", INJECTED]),
            (json!({}), json!({"istioVersion": "1.26"}), vec!["`native`", INJECTED]),
            (json!({}), json!({"istioVersion": "1.23"}), vec!["`hold`", INJECTED]),
            (json!({}), json!({"kubernetesVersion": "1.28"}), vec!["`hold`", INJECTED]),
            (json!({}), json!({"istioVersion": "1.6"}), vec!["`wrapper`", INJECTED]),
            (
                json!({}),
                json!({"istioVersion": "1.20", "proxy": {"holdApplicationUntilProxyStarts": true}}),
                vec![nothing, INJECTED],
            ),
            (json!({"strategy": "hold"}), json!({"dataPlane": "classic"}), vec!["`hold`"]),
            (json!({"strategy": "wrapper"}), json!({}), vec![nothing]),
            (json!({}), json!({"dataPlane": "ambient"}), vec![nothing]),
            (json!({}), json!({"dataPlane": "outside"}), vec![nothing]),
        ] {
            assert_eq!(chosen(&proxy_start::CHECK, params.clone(), profile.clone()), wanted, "{params} {profile}");
        }
    }

    #[test]
    fn a_job_is_let_end_by_the_least_that_works() {
        let image = json!({"image": "wait:1"});
        for (params, profile, wanted) in [
            (json!({}), json!({}), "nothing to do"),
            (json!({}), json!({"dataPlane": "ambient"}), "nothing to do"),
            (json!({}), json!({"dataPlane": "classic"}), "`native`"),
            (image, json!({"istioVersion": "1.20"}), "`quit`"),
            (json!({}), json!({"istioVersion": "1.20"}), "`no-sidecar`"),
            (json!({"strategy": "native"}), json!({"istioVersion": "1.20"}), "nothing"),
            (json!({"strategy": "native"}), json!({"dataPlane": "classic"}), "`native`"),
            (json!({"strategy": "quit"}), json!({"dataPlane": "classic"}), "`quit`"),
        ] {
            assert_eq!(chosen(&job_completion::CHECK, params.clone(), profile.clone()), [wanted], "{params} {profile}");
        }
    }

    #[test]
    fn it_is_said_what_an_image_is_needed_for() {
        let said = |params, profile| {
            let profile: Profile = serde_json::from_value(profile).unwrap();
            chosen_strategy(&proxy_start::CHECK, &params, &profile).join("\n").matches("repairs.image").count()
        };
        assert_eq!(said(json!({}), json!({"istioVersion": "1.6"})), 2);
        assert_eq!(said(json!({"image": "wait:1"}), json!({"istioVersion": "1.6"})), 0);
    }

    #[test]
    fn the_versions_that_decide_are_said() {
        let profile = serde_json::from_value(json!({"istioVersion": "1.29", "kubernetesVersion": "1.33"})).unwrap();
        let said = chosen_strategy(&job_completion::CHECK, &json!({}), &profile);
        assert!(said[0].contains("Istio 1.29 with Kubernetes 1.33"), "{said:?}");
    }

    #[test]
    fn other_checks_have_no_choice_to_explain() {
        let drain = crate::checks::check("grpc-web-prefix").unwrap();
        assert_eq!(chosen_strategy(drain, &json!({}), &Profile::default()), Vec::<String>::new());
    }
}
