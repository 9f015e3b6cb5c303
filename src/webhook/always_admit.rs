//! What is let through without being judged: the requests by which a cluster cleans up, scales and heals itself.
//!
//! A pure function of the request. Whatever a user can write into an object is no proof here: that an object is being
//! deleted is read from the stored one, and an owner counts only when who asks can be its controller: that of a kind of
//! Kubernetes is a controller of the cluster, that of another kind has an account.

use crate::manifest::Owner;
use crate::webhook::wire::AdmissionRequest;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Why a request is let through without being judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlwaysAdmit {
    /// Neither CREATE nor UPDATE: nothing new will be stored.
    Operation,
    /// The subresource `scale` or `status`.
    Subresource,
    /// The stored object is being deleted: finalizers must be able to finish.
    BeingDeleted,
    /// Only metadata and status differ, of a kind that has a spec.
    MetadataOnly,
    /// A controller made it from an owner: the finding belongs to the owner.
    Owned,
}

impl AlwaysAdmit {
    /// The word for the audit log.
    pub fn word(self) -> &'static str {
        match self {
            AlwaysAdmit::Operation => "operation",
            AlwaysAdmit::Subresource => "subresource",
            AlwaysAdmit::BeingDeleted => "being-deleted",
            AlwaysAdmit::MetadataOnly => "metadata-only",
            AlwaysAdmit::Owned => "owned",
        }
    }
}

/// Why this request is let through unjudged; none when it is to be judged.
///
/// `is_judged` tells whether the owner is in the inventory with that uid and of a kind that is judged.
///
/// # Errors
/// `object` or `oldObject` is not a Kubernetes object, at the place that the error names.
pub fn reason(
    request: &AdmissionRequest<'_>,
    is_judged: impl Fn(&Owner) -> bool,
) -> Result<Option<AlwaysAdmit>, serde_json::Error> {
    if !matches!(&*request.operation, "CREATE" | "UPDATE") {
        return Ok(Some(AlwaysAdmit::Operation));
    }
    if matches!(&*request.sub_resource, "scale" | "status") {
        return Ok(Some(AlwaysAdmit::Subresource));
    }
    let new = fields(request.object)?;
    if request.operation == "UPDATE" {
        let old = fields(request.old_object)?;
        if metadata(&old)?.deletion_timestamp.is_some() {
            return Ok(Some(AlwaysAdmit::BeingDeleted));
        }
        if only_metadata_differs(&new, &old) {
            return Ok(Some(AlwaysAdmit::MetadataOnly));
        }
    }
    let controller = Owner::controller(metadata(&new)?.owner_references.unwrap_or_default());
    let owned = controller.is_some_and(|owner| is_proven(&owner, request, is_judged));
    Ok(owned.then_some(AlwaysAdmit::Owned))
}

/// Whether the owner that an object names is believed: a controller of the cluster asks, or an account that may be the
/// controller of a kind that is no part of Kubernetes, and that owner is judged itself. That an owner is there proves nothing by
/// itself: whoever may read it knows its uid.
pub fn is_proven(owner: &Owner, request: &AdmissionRequest<'_>, is_judged: impl Fn(&Owner) -> bool) -> bool {
    // Only Kubernetes' own groups do without a dot.
    let is_custom = owner.group().contains('.');
    asked_by_cluster_controller(request) || (is_custom && asked_by_account(request) && is_judged(owner))
}

/// Whether a controller of whatever kind may ask: they run in pods, under a ServiceAccount.
fn asked_by_account(request: &AdmissionRequest<'_>) -> bool {
    request.user_info.username.starts_with("system:serviceaccount:")
}

type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    deletion_timestamp: Option<String>,
    owner_references: Option<Vec<Owner>>,
}

/// The top level of an object, its values unread.
fn fields(object: Option<&RawValue>) -> Result<Fields<'_>, serde_json::Error> {
    object.map_or_else(|| Ok(Fields::new()), |object| serde_json::from_str(object.get()))
}

fn metadata(fields: &Fields<'_>) -> Result<Metadata, serde_json::Error> {
    let read = fields.get("metadata").map(|metadata| serde_json::from_str::<Option<Metadata>>(metadata.get()));
    Ok(read.transpose()?.flatten().unwrap_or_default())
}

/// Compares the texts: the API server writes both with one encoder. Where equal values are written differently, the object
/// is judged, which the ratchet makes harmless.
fn only_metadata_differs(new: &Fields<'_>, old: &Fields<'_>) -> bool {
    fn rest<'a>(fields: &'a Fields<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
        let apart = |key: &str| matches!(key, "metadata" | "status");
        fields.iter().map(|(key, value)| (key.as_ref(), value.get())).filter(move |(key, _)| !apart(key))
    }
    new.get("spec").is_some_and(|spec| spec.get() != "null") && rest(new).eq(rest(old))
}

/// The controllers of kube-controller-manager: with an account each, or all as one.
/// Source: <https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go>.
fn asked_by_cluster_controller(request: &AdmissionRequest<'_>) -> bool {
    let username = &*request.user_info.username;
    let account = username.strip_prefix("system:serviceaccount:kube-system:");
    username == "system:kube-controller-manager" || account.is_some_and(|name| name.ends_with("-controller"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::wire;
    use serde_json::{Value, json};

    const ALICE: &str = "alice";
    const KRUISE: &str = "system:serviceaccount:kruise-system:kruise-manager";
    const REPLICASET_CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";

    fn reason_for(operation: &str, sub: &str, user: &str, object: &Value, old: &Value) -> Option<AlwaysAdmit> {
        let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u", "kind": {"kind": "Deployment"}, "operation": operation, "subResource": sub,
            "userInfo": {"username": user}, "object": object, "oldObject": old,
        }})
        .to_string();
        reason(&wire::read(body.as_bytes()).unwrap(), |owner| owner.uid == "known").unwrap()
    }

    #[test]
    fn what_changes_nothing_that_is_judged_is_let_through() {
        let web = json!({"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1}});
        let with = |path: &str, value: Value| {
            let mut changed = web.clone();
            *changed.pointer_mut(path).unwrap() = value;
            changed
        };
        let labelled = with("/metadata", json!({"name": "web", "labels": {"a": "b"}}));
        let rolled = with("/spec", json!({"replicas": 2}));
        let dying = with("/metadata", json!({"name": "web", "deletionTimestamp": "2026-11-20T10:00:00Z"}));
        let mut reported = web.clone();
        reported["status"] = json!({"replicas": 1});
        let account = json!({"kind": "ServiceAccount", "metadata": {"name": "web"}});
        let annotated = json!({"kind": "ServiceAccount", "metadata": {"name": "web", "annotations": {"a": "b"}}});
        let emptied = with("/spec", Value::Null);
        let cases = [
            ("a new object is judged", "CREATE", "", &web, &Value::Null, None),
            ("so is a change of the spec", "UPDATE", "", &rolled, &web, None),
            ("delete", "DELETE", "", &Value::Null, &web, Some(AlwaysAdmit::Operation)),
            ("connect", "CONNECT", "exec", &web, &Value::Null, Some(AlwaysAdmit::Operation)),
            ("scale", "UPDATE", "scale", &rolled, &web, Some(AlwaysAdmit::Subresource)),
            ("status", "UPDATE", "status", &rolled, &web, Some(AlwaysAdmit::Subresource)),
            ("another subresource is judged", "UPDATE", "resize", &rolled, &web, None),
            ("finalizers of a dying object", "UPDATE", "", &rolled, &dying, Some(AlwaysAdmit::BeingDeleted)),
            (
                "the user's word for dying is nothing",
                "UPDATE",
                "",
                &with("/metadata", dying["metadata"].clone()),
                &rolled,
                None,
            ),
            ("nor at create", "CREATE", "", &dying, &Value::Null, None),
            ("a label", "UPDATE", "", &labelled, &web, Some(AlwaysAdmit::MetadataOnly)),
            ("nothing at all", "UPDATE", "", &web, &web, Some(AlwaysAdmit::MetadataOnly)),
            ("the status beside", "UPDATE", "", &reported, &web, Some(AlwaysAdmit::MetadataOnly)),
            ("a kind whose content is its metadata", "UPDATE", "", &annotated, &account, None),
            ("a spec of null is none", "UPDATE", "", &emptied, &emptied, None),
            ("without the old object", "UPDATE", "", &web, &Value::Null, None),
        ];
        for (name, operation, sub, object, old, wanted) in cases {
            assert_eq!(reason_for(operation, sub, ALICE, object, old), wanted, "{name}");
        }
    }

    #[test]
    fn an_owner_counts_only_when_it_is_proven() {
        let pod = |references: Value| json!({"kind": "Pod", "metadata": {"ownerReferences": references}, "spec": {}});
        let of = |api_version: &str, kind: &str, uid: &str| {
            pod(json!([{"apiVersion": api_version, "kind": kind, "name": "web-1", "uid": uid, "controller": true}]))
        };
        let controlled = |uid: &str| of("apps/v1", "ReplicaSet", uid);
        let cloned = |uid: &str| of("apps.kruise.io/v1alpha1", "CloneSet", uid);
        let plain = pod(json!([{"kind": "ReplicaSet", "name": "web-1", "uid": "known"}]));
        let (made_up, known, orphan) = (controlled("made up"), controlled("known"), pod(Value::Null));
        let owned = Some(AlwaysAdmit::Owned);
        let cases = [
            ("the controller's own pod", REPLICASET_CONTROLLER, &made_up, owned),
            ("controllers under one account", "system:kube-controller-manager", &made_up, owned),
            ("a user names a known owner", ALICE, &known, None),
            ("an account names a known owner of Kubernetes", KRUISE, &known, None),
            ("the controller of another kind", KRUISE, &cloned("known"), owned),
            ("the same of an owner that is made up", KRUISE, &cloned("made up"), None),
            ("a user names a known owner of another kind", ALICE, &cloned("known"), None),
            ("a user makes an owner up", ALICE, &made_up, None),
            ("an owner that does not control", REPLICASET_CONTROLLER, &plain, None),
            ("no owner", REPLICASET_CONTROLLER, &orphan, None),
            ("a controller of another namespace", "system:serviceaccount:shop:replicaset-controller", &made_up, None),
            ("another account of kube-system", "system:serviceaccount:kube-system:default", &made_up, None),
            ("a look-alike", "x-system:kube-controller-manager", &made_up, None),
        ];
        for (name, user, object, wanted) in cases {
            assert_eq!(reason_for("CREATE", "", user, object, &Value::Null), wanted, "{name}");
        }
    }

    #[test]
    fn an_object_that_is_none_is_an_error_not_a_pass() {
        let objects = ["7", "[]", r#"{"metadata": 7}"#, r#"{"metadata": {"ownerReferences": {}}}"#];
        for object in objects {
            let object = RawValue::from_string(object.to_owned()).unwrap();
            let request = AdmissionRequest { operation: "CREATE".into(), object: Some(&object), ..Default::default() };
            assert!(reason(&request, |_| true).is_err(), "{object}");
        }
    }
}
