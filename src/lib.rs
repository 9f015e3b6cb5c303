//! seaworthy: is this manifest fit to join an Istio mesh?
//!
//! Six layers, arrows only down (`tests/architecture.rs` keeps them):
//! 0 [`base`]; 1 `manifest`, `mesh`; 2 `inventory`; 3 `checks`, `policy`; 4 `engine`, `report`;
//! 5 the entry points `cli`, `webhook`, `cluster`. Layers 0 to 4 do no I/O and read no clock and no environment.

pub mod base;
pub mod checks;
pub mod cli;
pub mod cluster;
pub mod engine;
pub mod inventory;
pub mod manifest;
pub mod mesh;
pub mod policy;
pub mod report;
pub mod webhook;
