//! `identity-annotation`: GKE reads the Google service account of a pod from its ServiceAccount, and from nowhere else.
//!
//! Source: <https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity#kubernetes-sa-to-iam>.

use crate::base::{Edit, Fix, Path, PodRepair, Reveals};
use crate::checks::workload_identity::{ACCOUNT_ANNOTATION, is_exempt};
use crate::checks::{Check, NoParams, Observation, RelatedPlace, bind, schema_of, shortened_to, with_name};
use crate::inventory::{Entry, ServiceAccountFacts, Subject, WorkloadFacts};
use crate::manifest::{Labels, PodTemplate};
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "identity-annotation",
    summary: "whether the Google service account of a pod is named where GKE reads it",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// The ServiceAccount of pods that name none.
const DEFAULT: &str = "default";

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let places = [pod.path().key("metadata")].into_iter().chain(pod.metadata_of_makers());
    let annotations = places.map(|metadata| metadata.key("annotations"));
    let mut observations: Vec<Observation> =
        annotations.filter_map(|it| observe_annotation(subject, &pod, it)).collect();
    if observations.is_empty() {
        observations.extend(observe_account(subject, &pod));
    }
    observations
}

/// The annotation at a place where nothing reads it. One that the ServiceAccount has too is a copy of it for people.
fn observe_annotation(subject: &Subject<'_>, pod: &PodTemplate<'_>, annotations: Path) -> Option<Observation> {
    let map = annotations.find(subject.object.value());
    let account = Labels::of(map).get(ACCOUNT_ANNOTATION).filter(|account| !account.is_empty())?;
    let name = pod.service_account();
    let of_account = google_account(subject.service_account());
    if of_account == Some(account) {
        return None;
    }
    let path = annotations.clone().key(ACCOUNT_ANNOTATION);
    let message = with_name(40, name, |name| {
        format!("GKE reads this of a ServiceAccount only: want it on ServiceAccount {name}, and none at {path}")
    });
    let help = format!("write `{ACCOUNT_ANNOTATION}: {account}` into metadata.annotations of ServiceAccount {name}");
    let only_one = map.and_then(Value::as_object).is_some_and(|map| map.len() == 1);
    let edit = Edit::Remove { path: if only_one { annotations } else { path.clone() } };
    let name = shortened_to(40, name);
    let reason = match of_account {
        None => format!("ServiceAccount {name} is to have it first, if that is what was meant"),
        Some(_) => format!("ServiceAccount {name} names another one, which counts: perhaps this one was meant"),
    };
    let fix = Fix::risky("take away the annotation that nothing reads here", reason, vec![edit]);
    Some(Observation::new(path, message).help(help).fixed_by(fix))
}

/// There is a ServiceAccount of the workload's name with a Google service account, and the pods run under the one of nobody.
fn observe_account(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Observation> {
    let name = &subject.object.reference().name;
    if pod.service_account() != DEFAULT {
        return None;
    }
    if google_account(subject.service_account()).is_some() {
        return None;
    }
    let account = subject.inventory.service_account(subject.namespace(), name, subject.object.file());
    google_account(account)?;
    if is_in_use(subject, name, account) || is_exempt(subject, pod) {
        return None;
    }
    let path = pod.spec_path().key("serviceAccountName");
    let message = with_name(40, name, |name| {
        format!(
            "the pods run as `{DEFAULT}`, and ServiceAccount {name} has a Google service account: want {name} at {path}"
        )
    });
    let reason = "the pods get the rights of another ServiceAccount, in the cluster too";
    let fix = Fix::risky(
        "run the pods under the ServiceAccount of their name",
        reason,
        vec![Edit::set(path.clone(), name.as_str())],
    )
    .revealing(Reveals::Object);
    let observation = Observation::new(path, message).fixed_by(fix);
    let related = account.map(|account| {
        let path = Path::keys("metadata.annotations").key(ACCOUNT_ANNOTATION);
        let place = account.object.as_ref().and_then(|object| object.point_at(&path));
        RelatedPlace { message: format!("{} is here", shortened_to(40, name)), path, place }
    });
    Some(match related {
        Some(related) => observation.related(related),
        None => observation,
    })
}

/// Whether another workload runs its pods under this copy of a ServiceAccount: then it has its pods, and a name alone says nothing.
fn is_in_use(subject: &Subject<'_>, name: &str, account: Option<&Entry<ServiceAccountFacts>>) -> bool {
    let (namespace, me) = (subject.namespace(), subject.object.reference());
    let meant = |other: &Entry<WorkloadFacts>| subject.inventory.service_account(namespace, name, other.file());
    let means_it = |other: &Entry<WorkloadFacts>| meant(other).map(Entry::file) == account.map(Entry::file);
    let is_other =
        |other: &Entry<WorkloadFacts>| (&other.reference.kind, &other.reference.name) != (&me.kind, &me.name);
    subject.inventory.copies_running_under(namespace, name).any(|other| is_other(other) && means_it(other))
}

/// The Google service account of a ServiceAccount; an emptied annotation is how templates say "none".
fn google_account(account: Option<&Entry<ServiceAccountFacts>>) -> Option<&str> {
    let account = account?.facts.annotations.get(ACCOUNT_ANNOTATION)?;
    Some(account.as_str()).filter(|account| !account.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Remedy;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::manifest::edit::applied;
    use crate::mesh::Profile;
    use serde_json::json;
    use std::sync::Arc;

    /// Markers of fixtures are comments, for which the annotation could not go: so what goes is shown here.
    #[test]
    fn the_annotation_goes_and_with_the_last_one_the_map() {
        let both = json!({ACCOUNT_ANNOTATION: "orders@example-shop.iam.gserviceaccount.com", "team": "shop"});
        let one = json!({ACCOUNT_ANNOTATION: "orders@example-shop.iam.gserviceaccount.com"});
        for (annotations, wanted) in [(both, json!({"annotations": {"team": "shop"}})), (one, json!({}))] {
            let template = json!({"metadata": {"annotations": annotations}, "spec": {"containers": []}});
            let value = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": template}});
            let (object, mut inventory, profile) =
                (Object::from_json(value).unwrap(), Inventory::default(), Profile::default());
            let other = json!({ACCOUNT_ANNOTATION: "thumbs@example-shop.iam.gserviceaccount.com"});
            let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "annotations": other}});
            inventory.add(&Arc::new(Object::from_json(account).unwrap()));
            let mut observations = run(&NoParams {}, &Subject::new(&object, &inventory, &profile));
            let Some(Remedy::Fix(fix)) = observations.pop().map(|it| it.remedy) else { panic!("{annotations}") };
            assert!(fix.title.contains("take away") && observations.is_empty());
            let after = applied(&fix.edits, object.value()).unwrap();
            assert_eq!(after.pointer("/spec/template/metadata"), Some(&wanted));
        }
    }
}
