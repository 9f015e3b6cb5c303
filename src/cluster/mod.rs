//! Layer 5: what stands around the objects under review, from a cluster that is watched or from a folder of manifests.
//!
//! It only lists and watches, never writes, and keeps projections, never whole objects. What was known once is kept
//! while a watch is lost; what may not be read is unknown, and both can be seen (log, metrics). Knows no rule.

mod api_object;
mod causes;
mod connect;
mod discovery;
mod feed;
mod folder;
mod kinds;
mod live;
mod metrics;
mod names;
mod watch;

pub use connect::connect;
pub use folder::{Folder, read_folder};
pub use kinds::{WatchedKind, watched_kinds};
pub use live::{LiveInventory, Phase, WatchStatus};
pub use metrics::WatchMetrics;
pub use watch::{Watches, watch};

#[cfg(test)]
mod tests;

use crate::manifest::WorkloadKinds;
use std::path::Path;
use std::sync::Arc;

/// The surroundings as `serve` uses them.
#[derive(Debug)]
pub struct Surroundings {
    /// What is known; ready when all kinds were listed once.
    pub inventory: Arc<LiveInventory>,
    /// What keeps it up to date, and stops when dropped; none for a folder.
    watches: Option<Watches>,
}

impl Surroundings {
    /// Runs until a watch dies, which only a mistake of ours can do; for ever where nothing is watched.
    pub async fn died(&mut self) -> anyhow::Error {
        match &mut self.watches {
            Some(watches) => watches.died().await,
            None => std::future::pending().await,
        }
    }
}

/// Opens the surroundings: those of `--inventory FOLDER` where there is one, else those of a cluster, `--kubeconfig
/// FILE` or the one this runs in. The cluster need not answer yet: see [`LiveInventory::ready`].
///
/// # Errors
/// What was asked for cannot be used; all of them are mistakes of usage or configuration (exit code 2).
pub async fn open(
    kubeconfig: Option<&Path>,
    folder: Option<&Path>,
    kinds: &WorkloadKinds,
) -> anyhow::Result<Surroundings> {
    if let Some(folder) = folder {
        let read = read_folder(folder, kinds)?;
        read.log(folder);
        return Ok(Surroundings { inventory: Arc::new(LiveInventory::fixed(read.inventory)), watches: None });
    }
    let client = connect(kubeconfig).await?;
    let inventory = Arc::new(LiveInventory::watched(kinds));
    Ok(Surroundings { watches: Some(watch(&client, &inventory)), inventory })
}
