//! The watches: one task for each kind, which lists, follows, and starts again with growing pauses.
//!
//! Source of the protocol: <https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>

use super::api_object::ApiObject;
use super::causes::with_causes;
use super::discovery::served;
use super::feed::Feed;
use super::live::{Failure, LiveInventory};
use anyhow::anyhow;
use futures_util::StreamExt;
use hyper::Request;
use kube::api::ApiResource;
use kube::client::{Body, Client};
use kube::core::Status;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Error as ClientError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// After this the API server ends a watch and we ask for the next one, so that a dead connection is noticed: by then the
/// client hears nothing for a little longer. Far below the 290 s of the library: those are minutes of old labels.
pub(super) const WATCH_SECONDS: u32 = 60;

/// The running watches; they stop when this is dropped.
#[derive(Debug)]
pub struct Watches {
    tasks: JoinSet<()>,
}

impl Watches {
    /// Runs until a watch ends, which only a mistake of ours can do. Better gone and started again than blind.
    pub async fn died(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Err(error)) => anyhow!(error).context("a watch of the cluster died"),
            _ => anyhow!("a watch of the cluster ended"),
        }
    }
}

/// How long until it is asked again whether the API server has a kind. A CustomResourceDefinition is installed seldom, and who
/// does it does not wait for us.
const ABSENT_PAUSE: Duration = Duration::from_secs(15);

/// Watches all [`watched_kinds`](super::watched_kinds) for an inventory of [`LiveInventory::watched`], in tasks of the
/// current runtime.
pub fn watch(client: &Client, inventory: &Arc<LiveInventory>) -> Watches {
    let mut tasks = JoinSet::new();
    for feed in Feed::all(inventory) {
        tasks.spawn(follow(client.clone(), feed));
    }
    Watches { tasks }
}

/// Never ends. A custom kind comes and goes with its definition.
async fn follow(client: Client, feed: Feed) {
    let client = noting_answers(client, &feed);
    loop {
        let served =
            if feed.kind.is_custom() { served(&client, &feed.kind).await } else { Ok(Some(feed.kind.resource())) };
        match served {
            Ok(Some(resource)) => follow_resource(&client, &feed, &resource).await,
            Ok(None) => feed.absent(),
            // One that answers has no more to say of this kind; that must keep nobody waiting for the others.
            Err(error) => {
                feed.failed(Failure { refused: matches!(error, ClientError::Api(_)), message: with_causes(&error) })
            }
        }
        sleep(ABSENT_PAUSE).await;
    }
}

/// Ends only when a custom kind is gone.
async fn follow_resource(client: &Client, feed: &Feed, resource: &ApiResource) {
    let api: Api<ApiObject> = Api::all_with(client.clone(), resource);
    let config = watcher::Config::default().timeout(WATCH_SECONDS);
    let mut events = pin!(watcher(api, config).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => apply(feed, event),
            Err(error) if feed.kind.is_custom() && status(&error).is_some_and(|status| status.code == 404) => return,
            Err(error) => feed.failed(failure(&error)),
        }
    }
}

/// Objects are written by strangers: one that makes us panic must cost us this object and not the watch.
fn apply(feed: &Feed, event: watcher::Event<ApiObject>) {
    if catch_unwind(AssertUnwindSafe(|| feed.apply(event))).is_err() {
        tracing::error!(kind = feed.kind.name(), "an object was left out: reading it panicked; please report this");
    }
}

/// The client with every good answer noted. The events alone do not show that a watch is up again: where nothing
/// changes there are none.
fn noting_answers(client: Client, feed: &Feed) -> Client {
    let feed = feed.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, feed) = (client.clone(), feed.clone());
        async move {
            let response = client.send(request).await?;
            if response.status().is_success() {
                feed.heard();
            }
            Ok::<_, ClientError>(response)
        }
    });
    Client::new(service, "default")
}

fn failure(error: &watcher::Error) -> Failure {
    match status(error) {
        // 404: the API server has no such kind. A role that is to be made may still come, so it is tried again.
        Some(status) => {
            let refused = matches!(status.code, 403 | 404);
            Failure { refused, message: format!("{} (HTTP {})", status.message.trim_end(), status.code) }
        }
        None => Failure { refused: false, message: with_causes(error) },
    }
}

/// What the API server answered, if it did.
fn status(error: &watcher::Error) -> Option<&Status> {
    match error {
        watcher::Error::InitialListFailed(ClientError::Api(status))
        | watcher::Error::WatchStartFailed(ClientError::Api(status))
        | watcher::Error::WatchFailed(ClientError::Api(status))
        | watcher::Error::WatchError(status) => Some(status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, message: &str) -> Box<Status> {
        Box::new(Status { code, message: message.to_owned(), ..Status::default() })
    }

    #[test]
    fn only_a_clear_no_means_that_a_kind_cannot_be_read() {
        let forbidden = "services is forbidden: User \"x\" cannot list resource \"services\"";
        let cases = [
            (watcher::Error::InitialListFailed(ClientError::Api(answered(403, forbidden))), true, 403),
            (watcher::Error::WatchStartFailed(ClientError::Api(answered(403, forbidden))), true, 403),
            (watcher::Error::InitialListFailed(ClientError::Api(answered(404, "not found"))), true, 404),
            (watcher::Error::InitialListFailed(ClientError::Api(answered(401, "Unauthorized"))), false, 401),
            (watcher::Error::InitialListFailed(ClientError::Api(answered(503, "starting"))), false, 503),
            (watcher::Error::WatchError(answered(410, "too old resource version: 1 (2)")), false, 410),
        ];
        for (error, refused, code) in cases {
            let failure = failure(&error);
            assert_eq!(failure.refused, refused, "{error}");
            assert!(failure.message.ends_with(&format!(" (HTTP {code})")), "{}", failure.message);
        }
        let dead = watcher::Error::InitialListFailed(ClientError::Service("connection refused".into()));
        let told = "failed to perform initial object list: ServiceError: connection refused".to_owned();
        assert_eq!(failure(&dead), Failure { refused: false, message: told });
    }
}
