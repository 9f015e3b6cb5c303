//! Ignores that the owner of a manifest writes: a comment beside the finding, or an annotation on the object.
//!
//! `# seaworthy: ignore[<id>] reason [until YYYY-MM-DD]` on the finding's line, or alone on the line above it; before
//! or beside the first key of a document it covers the whole document. `seaworthy.dev/ignore-<id>: "reason [until
//! YYYY-MM-DD]"` on the object or on its pod template. A reason is required, a blanket ignore is refused, an expired one
//! counts no more. An ignore that does nothing is told as well: nobody should rely on it.

mod annotations;
mod comments;
mod reason;

pub use annotations::{IGNORE_ANNOTATION, annotated_reason, annotation_problems};
pub use comments::Ignores;
pub use reason::Reason;
