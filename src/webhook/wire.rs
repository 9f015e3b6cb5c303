//! The AdmissionReview as it is on the wire, `admission.k8s.io/v1` only.
//!
//! The request borrows from the body and leaves `object` and `oldObject` as text: whoever judges reads what it needs.
//! It is read as the API server writes it and forgiving beyond that: unknown fields are skipped, `null` is the same as
//! absent. The answer holds to what the API server checks: the uid of the request, the exact version and kind, and a patch only
//! where one was asked for.
//! Source: <https://github.com/kubernetes/api/blob/master/admission/v1/types.go>,
//! <https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook/request/admissionreview.go>.

mod response;

pub use response::AdmissionResponse;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// What the API server asks. Texts that are absent are empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdmissionRequest<'a> {
    /// Names this call; comes back in the answer. The same for the repetitions of one call.
    #[serde(borrow, deserialize_with = "text")]
    pub uid: Cow<'a, str>,
    /// The kind of `object`, as this webhook is registered for.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub kind: GroupVersionKind<'a>,
    /// The kind as the user sent it; differs from `kind` when the API server converted.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub request_kind: GroupVersionKind<'a>,
    /// The resource, such as `apps/v1 deployments`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub resource: GroupVersionResource<'a>,
    /// `scale`, `status`, ...; empty for the object itself.
    #[serde(borrow, deserialize_with = "text")]
    pub sub_resource: Cow<'a, str>,
    /// Empty while the API server has yet to make it up from `generateName`.
    #[serde(borrow, deserialize_with = "text")]
    pub name: Cow<'a, str>,
    /// The namespace; the one inside the object may be absent. Empty for kinds without one.
    #[serde(borrow, deserialize_with = "text")]
    pub namespace: Cow<'a, str>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    #[serde(borrow, deserialize_with = "text")]
    pub operation: Cow<'a, str>,
    /// Who asks.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub user_info: UserInfo<'a>,
    /// The object as it would be stored; none at DELETE.
    #[serde(borrow)]
    pub object: Option<&'a RawValue>,
    /// The object as it is stored; at UPDATE and DELETE.
    #[serde(borrow)]
    pub old_object: Option<&'a RawValue>,
    /// Whether nothing will be stored.
    #[serde(deserialize_with = "null_as_default")]
    pub dry_run: bool,
}

/// Names a kind; the group of the core kinds is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupVersionKind<'a> {
    /// `apps`, `batch`, ...
    #[serde(borrow, deserialize_with = "text")]
    pub group: Cow<'a, str>,
    /// `v1`, ...
    #[serde(borrow, deserialize_with = "text")]
    pub version: Cow<'a, str>,
    /// `Deployment`, ...
    #[serde(borrow, deserialize_with = "text")]
    pub kind: Cow<'a, str>,
}

/// Names a resource; the group of the core resources is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupVersionResource<'a> {
    /// `apps`, `batch`, ...
    #[serde(borrow, deserialize_with = "text")]
    pub group: Cow<'a, str>,
    /// `v1`, ...
    #[serde(borrow, deserialize_with = "text")]
    pub version: Cow<'a, str>,
    /// `deployments`, ...
    #[serde(borrow, deserialize_with = "text")]
    pub resource: Cow<'a, str>,
}

/// Who asks, as the API server has authenticated it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UserInfo<'a> {
    /// `system:serviceaccount:<namespace>:<name>` for a ServiceAccount.
    #[serde(borrow, deserialize_with = "text")]
    pub username: Cow<'a, str>,
    /// Empty for most users.
    #[serde(borrow, deserialize_with = "text")]
    pub uid: Cow<'a, str>,
    /// `system:masters`, ...
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub groups: Vec<Text<'a>>,
}

/// A text that borrows where it holds no escapes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow, deserialize_with = "text")] pub Cow<'a, str>);

/// Why a body is no review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Not UTF-8.
    #[error("the body is not UTF-8 at byte {0}: send JSON")]
    Encoding(usize),
    /// Not JSON, or not of the form of a review.
    #[error("the body is not an AdmissionReview: {0}")]
    Json(#[from] serde_json::Error),
    /// Another kind or version.
    #[error(
        "the body is `{api_version}` `{kind}`, wanted `{API_VERSION}` `{KIND}`: set `admissionReviewVersions: [v1]` in the webhook configuration"
    )]
    Version {
        /// As seen.
        api_version: String,
        /// As seen.
        kind: String,
    },
    /// Without a request, or a request without what every request has.
    #[error("the review has no `{0}`")]
    Missing(&'static str),
}

/// Reads the body of a review.
///
/// # Errors
/// What is wrong with it, in words for the log of the API server.
pub fn read(body: &[u8]) -> Result<AdmissionRequest<'_>, ReviewError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    #[derive(Default)]
    struct Review<'a> {
        #[serde(borrow, deserialize_with = "text")]
        api_version: Cow<'a, str>,
        #[serde(borrow, deserialize_with = "text")]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        request: Option<AdmissionRequest<'a>>,
    }
    let text = std::str::from_utf8(body).map_err(|error| ReviewError::Encoding(error.valid_up_to()))?;
    let review: Review<'_> = serde_json::from_str(text)?;
    if review.api_version != API_VERSION || review.kind != KIND {
        return Err(ReviewError::Version { api_version: review.api_version.into(), kind: review.kind.into() });
    }
    let request = review.request.ok_or(ReviewError::Missing("request"))?;
    match () {
        () if request.uid.is_empty() => Err(ReviewError::Missing("request.uid")),
        () if request.operation.is_empty() => Err(ReviewError::Missing("request.operation")),
        () if request.kind.kind.is_empty() => Err(ReviewError::Missing("request.kind.kind")),
        () => Ok(request),
    }
}

/// A text, borrowed where it can be; `null` is an empty one. (serde's own `Cow` does not take `null`.)
fn text<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'a, str>, D::Error> {
    struct OfText;
    impl<'de> Visitor<'de> for OfText {
        type Value = Cow<'de, str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
    }
    deserializer.deserialize_any(OfText)
}

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
