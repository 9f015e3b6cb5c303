//! Whether the API server has a custom kind, and under which version.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>. Every account may ask.

use super::kinds::WatchedKind;
use hyper::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, GroupVersionForDiscovery};
use kube::Error;
use kube::api::{ApiResource, GroupVersionKind};
use kube::client::Client;

/// The resource of a custom kind as the API server has it now; none where it has no such kind.
///
/// # Errors
/// The API server did not answer, or refused to.
pub(super) async fn served(client: &Client, kind: &WatchedKind) -> Result<Option<ApiResource>, Error> {
    let request = Request::get(format!("/apis/{}", kind.group)).body(Vec::new()).map_err(Error::HttpError)?;
    let Some(group) = found(client.request::<APIGroup>(request).await)? else { return Ok(None) };
    for version in by_preference(group) {
        // A version that has gone in the meantime is none.
        let Some(list) = found(client.list_api_group_resources(&version.group_version).await)? else { continue };
        if let Some(resource) = list.resources.iter().find(|it| it.kind == kind.kind && !it.name.contains('/')) {
            let kind = GroupVersionKind::gvk(&kind.group, &version.version, &kind.kind);
            return Ok(Some(ApiResource::from_gvk_with_plural(&kind, &resource.name)));
        }
    }
    Ok(None)
}

/// The versions of a group, the preferred one first; a kind need not be in that.
fn by_preference(group: APIGroup) -> impl Iterator<Item = GroupVersionForDiscovery> {
    let preferred = group.preferred_version;
    let is_other = |it: &GroupVersionForDiscovery| preferred.as_ref() != Some(it);
    let others: Vec<_> = group.versions.into_iter().filter(is_other).collect();
    preferred.into_iter().chain(others)
}

/// What was asked for, or none where the API server has none.
fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(error),
    }
}
