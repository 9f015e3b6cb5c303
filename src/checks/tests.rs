use super::*;
use crate::base::Remedy;
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::mesh::Profile;
use serde_json::json;

/// What a check without parameters has for each observation on a Service that stands alone: the title of the fix, or
/// why there is none.
pub(super) fn remedies_of_service(check: &Check, spec: &Value) -> Vec<String> {
    let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
    let (service, inventory, profile) = (Object::from_json(value).unwrap(), Inventory::default(), Profile::default());
    let observations = (check.bind)(&json!({})).unwrap()(&Subject::new(&service, &inventory, &profile));
    let said = |remedy| match remedy {
        Remedy::Fix(fix) => fix.title,
        Remedy::Unfixed(reason) => reason,
    };
    observations.into_iter().map(|observation| said(observation.remedy)).collect()
}

#[test]
fn a_name_makes_room_for_the_rest_of_its_message() {
    let message = |rest: usize, name: &str| with_name(20, name, |name| format!("{name} {}", "r".repeat(rest)));
    assert_eq!(message(10, "web"), format!("`web` {}", "r".repeat(10)));
    assert_eq!(message(177, &"n".repeat(20)).chars().count(), 200);
    for rest in 177..=191 {
        let text = message(rest, &"n".repeat(63));
        assert!(text.chars().count() <= 200 && text.starts_with("`nnn"), "{rest}: {text}");
    }
    assert!(message(500, &"n".repeat(63)).starts_with("`nnn...` r"));
}

#[test]
fn names_are_quoted_cut_and_clean() {
    for (longest, name, shown) in [
        (6, "web", "`web`"),
        (6, "checks", "`checks`"),
        (6, "payment", "`pay...`"),
        (6, "w\n\u{202e}", "`w\u{fffd}\u{fffd}`"),
        (6, "äöüäöü", "`äöüäöü`"),
        (6, "äöüäöüä", "`äöü...`"),
    ] {
        assert_eq!(shortened_to(longest, name), shown);
    }
    assert_eq!(shortened(&"x".repeat(41)).chars().count(), 42);
}
