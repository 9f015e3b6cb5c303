//! The way into the inventory for one watch: its events, its signs of life, its failures.

use super::api_object::{ApiObject, reference};
use super::kinds::WatchedKind;
use super::live::{Failure, Known, LiveInventory, Progress};
use super::names::{Name, Names};
use crate::inventory::Inventory;
use kube::runtime::watcher::Event;
use std::sync::Arc;
use tokio::time::Instant;

/// One watch as the inventory sees it.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// What it watches.
    pub(super) kind: Arc<WatchedKind>,
    inventory: Arc<LiveInventory>,
    /// Its place among the watches.
    place: usize,
}

impl Feed {
    /// The feeds of all watches of an inventory, in the order of [`watched_kinds`](super::watched_kinds).
    pub(super) fn all(inventory: &Arc<LiveInventory>) -> Vec<Self> {
        let kinds: Vec<_> = inventory.change(|known| known.watches.iter().map(|watch| watch.kind.clone()).collect());
        let feed = |(place, kind)| Self { kind, inventory: inventory.clone(), place };
        kinds.into_iter().enumerate().map(feed).collect()
    }

    /// Something happened in the cluster. What a list does not hold any more goes when the list is complete, not
    /// before: a list that breaks off drops nothing.
    pub(super) fn apply(&self, event: Event<ApiObject>) {
        match event {
            // Said before the API server was asked: no sign of life.
            Event::Init => return self.note(|watch| watch.names.begin_list()),
            Event::InitApply(object) => self.put(object, Names::list),
            Event::Apply(object) => self.put(object, Names::insert),
            Event::Delete(object) => self.change(|inventory, watch| {
                watch.names.remove(&object.name());
                inventory.remove(&reference(&self.kind, &object.name()));
            }),
            Event::InitDone => {
                let objects = self.change(end_list);
                tracing::info!(kind = self.kind.name(), objects, "listed");
            }
        }
        self.heard();
        self.wake();
    }

    /// The API server has no such kind, so there is no object of it.
    pub(super) fn absent(&self) {
        let was_known = self.change(|inventory, watch| {
            let was_known = watch.listed && watch.names.len() == 0;
            watch.names.begin_list();
            end_list(inventory, watch);
            was_known
        });
        if !was_known {
            tracing::debug!(kind = self.kind.name(), "the API server has no such kind");
        }
        self.heard();
    }

    /// The API server answered.
    pub(super) fn heard(&self) {
        let back = self.note(|watch| {
            let lost_for = watch.failure.take().map(|_| watch.heard.elapsed());
            watch.heard = Instant::now();
            lost_for
        });
        if let Some(lost_for) = back {
            tracing::info!(kind = self.kind.name(), after_seconds = lost_for.as_secs(), "the API server answers again");
        }
    }

    /// The watch failed. That is said once until the API server answers again.
    pub(super) fn failed(&self, failure: Failure) {
        let (kind, resource) = (self.kind.name(), self.kind.resource_name());
        let Failure { refused, message: reason } = failure.clone();
        let (listed, before) = self.note(|watch| {
            watch.settled |= refused;
            (watch.listed, watch.failure.replace(failure))
        });
        self.wake();
        if before.is_some_and(|before| before.refused == refused) {
            tracing::debug!(kind, reason, "still not");
        } else if refused && !listed {
            tracing::warn!(
                kind,
                reason,
                "nothing is known of this kind, because it may not be read: grant list and watch of {resource} in a \
                 ClusterRole that is bound to this identity, as the chart does"
            );
        } else if listed {
            tracing::warn!(kind, reason, "the watch is lost and tried again; what is known is kept");
        } else {
            tracing::warn!(kind, reason, "not listed yet; tried again");
        }
    }

    fn put(&self, object: ApiObject, note: fn(&mut Names, Name)) {
        let name = object.name();
        let object = object.into_object(&self.kind).map(|object| Arc::new(object.with_kinds(self.inventory.kinds())));
        self.change(|inventory, watch| {
            note(&mut watch.names, name);
            if let Some(object) = object {
                inventory.set(&object);
            }
        });
    }

    /// Who waits for a namespace looks again.
    fn wake(&self) {
        if self.kind.kind == "Namespace" {
            self.inventory.namespaces_changed();
        }
    }

    fn change<T: Default>(&self, change: impl FnOnce(&mut Inventory, &mut Progress) -> T) -> T {
        self.inventory.change(|Known { inventory, watches }| {
            let inventory = Arc::make_mut(inventory);
            watches.get_mut(self.place).map(|watch| change(inventory, watch)).unwrap_or_default()
        })
    }

    /// Notes how the watch is doing; what is known of objects stays.
    fn note<T: Default>(&self, note: impl FnOnce(&mut Progress) -> T) -> T {
        self.inventory.change(|known| known.watches.get_mut(self.place).map(note).unwrap_or_default())
    }
}

/// How many objects there are now.
fn end_list(inventory: &mut Inventory, watch: &mut Progress) -> usize {
    for gone in watch.names.end_list() {
        inventory.remove(&reference(&watch.kind, &gone));
    }
    inventory.set_listed(&watch.kind.name(), true);
    (watch.listed, watch.settled) = (true, true);
    watch.names.len()
}
