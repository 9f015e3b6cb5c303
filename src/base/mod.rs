//! Layer 0: the words that all other layers use. Values only: nothing here reads, judges or prints.

mod action;
mod finding;
mod fix;
mod nearest;
mod path;
mod printable;
mod problem;
mod severity;
mod source;

pub use action::{ACTIONS, Action, Cell, Circumstances, Evaluation, MODES_BY_STRICTNESS, action_for};
pub use finding::{Finding, ObjectRef, Related, Suppression};
pub use fix::{Edit, Fix, PodRepair, Remedy, Reveals, Safety, TextEdit};
pub use nearest::nearest;
pub use path::{Path, Segment, field};
pub use printable::{is_unprintable, printable};
pub use problem::Problem;
pub use severity::{Mode, Severity};
pub use source::{Place, Position, Source, Span};
