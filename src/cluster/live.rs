//! The inventory that judging reads while watches write it.

use super::kinds::{WatchedKind, watched_kinds};
use super::names::Names;
use crate::inventory::{Inventory, Origin};
use crate::manifest::WorkloadKinds;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// What is known of the surroundings, and how well.
#[derive(Debug)]
pub struct LiveInventory {
    known: RwLock<Known>,
    /// Sent whenever waiting for a namespace may have come to an end.
    namespaces: watch::Sender<()>,
    /// The kinds by which its objects are read.
    kinds: WorkloadKinds,
}

#[derive(Debug)]
pub(super) struct Known {
    /// Whoever judges keeps this one while he does; a change is made in a copy then.
    pub(super) inventory: Arc<Inventory>,
    /// One for each watched kind; none for a folder.
    pub(super) watches: Vec<Progress>,
}

/// How far one watch is.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) kind: Arc<WatchedKind>,
    pub(super) names: Names,
    /// Whether a list was complete once: from then on something is known.
    pub(super) listed: bool,
    /// Whether it was listed, or it was learnt that it may not be. Stays true, so that a ready server stays ready.
    pub(super) settled: bool,
    /// The last sign of life of the API server.
    pub(super) heard: Instant,
    /// What went wrong since then.
    pub(super) failure: Option<Failure>,
}

/// Why a watch does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Whether the API server answered that this may not be read, or that it has no such kind.
    pub(super) refused: bool,
    /// What it said, one line.
    pub(super) message: String,
}

/// Where a watch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is known yet.
    Listing,
    /// All is known.
    Current,
    /// What was known when it was lost is kept.
    Lost,
    /// It may not be read: nothing is known of the kind, and its absence proves nothing.
    Unreadable,
}

/// What is known of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchStatus {
    /// The kind, with its group where that is no part of Kubernetes.
    pub kind: String,
    /// Where its watch is.
    pub phase: Phase,
    /// How many objects are known.
    pub objects: usize,
    /// For how long what is known may be out of date; zero unless the watch is lost.
    pub stale: Duration,
}

impl LiveInventory {
    /// One that nothing changes any more.
    pub fn fixed(inventory: Inventory) -> Self {
        Self::of(inventory, Vec::new(), WorkloadKinds::default())
    }

    /// One of a cluster with these kinds of workloads, in which no kind was listed yet: see [`watch`](super::watch()).
    pub fn watched(kinds: &WorkloadKinds) -> Self {
        let mut inventory = Inventory::new(Origin::Cluster);
        let watched = watched_kinds(kinds);
        for kind in &watched {
            inventory.set_listed(&kind.name(), false);
        }
        Self::of(inventory, watched.into_iter().map(Progress::new).collect(), kinds.clone())
    }

    fn of(inventory: Inventory, watches: Vec<Progress>, kinds: WorkloadKinds) -> Self {
        Self {
            known: RwLock::new(Known { inventory: Arc::new(inventory), watches }),
            namespaces: watch::Sender::new(()),
            kinds,
        }
    }

    /// The kinds by which its objects are read.
    pub(super) fn kinds(&self) -> &WorkloadKinds {
        &self.kinds
    }

    /// Looks at what is known now, for as long as that takes: nobody waits meanwhile, and what changes is not seen. It may panic.
    pub fn read<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        let inventory = self.lock().inventory.clone();
        look(&inventory)
    }

    /// Whether each kind was listed once, or may not be read. Once true it stays true: what is known is kept.
    pub fn is_synced(&self) -> bool {
        self.lock().watches.iter().all(|watch| watch.settled)
    }

    /// [`Self::is_synced`] with what is missing.
    ///
    /// # Errors
    /// The kinds that were never listed and why not, one line.
    pub fn ready(&self) -> Result<(), String> {
        let known = self.lock();
        let missing: Vec<&Progress> = known.watches.iter().filter(|watch| !watch.settled).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let kinds: Vec<String> = missing.iter().map(|watch| watch.kind.name()).collect();
        let why = missing.iter().find_map(|watch| watch.failure.as_ref());
        let why = why.map_or_else(String::new, |failure| format!(": {}", failure.message));
        Err(format!("the cluster has not been listed yet ({}){why}", kinds.join(", ")))
    }

    /// Whether a namespace is known, or becomes known within this time. It answers at once where no watch could still
    /// tell of it.
    pub async fn namespace_known(&self, name: &str, within: Duration) -> bool {
        let mut changed = self.namespaces.subscribe();
        let known = async {
            loop {
                if self.read(|inventory| inventory.namespace_labels(name, "").is_some()) {
                    return true;
                }
                if !self.namespaces_may_come() || changed.changed().await.is_err() {
                    return false;
                }
            }
        };
        timeout(within, known).await.unwrap_or(false)
    }

    /// How each watch is doing, in the order of [`watched_kinds`]; empty for a folder.
    pub fn watches(&self) -> Vec<WatchStatus> {
        let now = Instant::now();
        self.lock().watches.iter().map(|watch| watch.status(now)).collect()
    }

    /// Changes what is known. All others wait meanwhile, so it must be brief.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.lock_for_change())
    }

    pub(super) fn namespaces_changed(&self) {
        self.namespaces.send_replace(());
    }

    fn namespaces_may_come(&self) -> bool {
        let known = self.lock();
        let mut watches = known.watches.iter();
        watches.any(|watch| watch.kind.kind == "Namespace" && watch.phase() != Phase::Unreadable)
    }

    /// A change that panicked leaves one object out at worst; that must not end all judging.
    fn lock(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_for_change(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn new(kind: WatchedKind) -> Self {
        let (kind, names) = (Arc::new(kind), Names::default());
        Self { kind, names, listed: false, settled: false, heard: Instant::now(), failure: None }
    }

    pub(super) fn phase(&self) -> Phase {
        match &self.failure {
            Some(_) if self.listed => Phase::Lost,
            Some(failure) if failure.refused => Phase::Unreadable,
            None if self.listed => Phase::Current,
            _ => Phase::Listing,
        }
    }

    fn status(&self, now: Instant) -> WatchStatus {
        let phase = self.phase();
        let stale = if phase == Phase::Lost { now.duration_since(self.heard) } else { Duration::ZERO };
        WatchStatus { kind: self.kind.name(), phase, objects: self.names.len(), stale }
    }
}
