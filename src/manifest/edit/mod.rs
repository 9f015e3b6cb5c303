//! Editing an object: what the edits of a fix make of its JSON, and the two ways to print that.
//!
//! Edits are applied to a copy of the JSON. What differs then, as [`Change`]s, is the one thing that both printers
//! print: `json_patch` for an admission response, `splice` for the text of a file. So a fix in a file and a repair
//! of a Pod cannot drift apart, and edits of several fixes compose before anything is printed.

mod align;
mod apply;
mod change;
mod json_patch;
mod local;
mod splice;
mod within;

pub use apply::{CannotEdit, applied};
pub use change::{Change, Difference, changes};
pub use json_patch::{Operation, json_patch, pointer};
pub use local::changes_by;
pub(super) use splice::Facts;
pub use splice::{Refusal, splice, spliced};
pub use within::{with_field, without_field};
