//! Layer 1: manifests. From the text of a file to located documents, as kubectl reads them.
//!
//! Never opens a file, never judges: what cannot be read is a [`Problem`](crate::base::Problem) beside what can.

mod compose;
mod cursor;
mod decode;
mod document;
mod fault;
mod json;
mod limits;
mod number;
mod read;
mod scalar;
mod split;
mod spot;
mod template;
mod timestamp;
mod tree;
mod yaml;

pub use decode::decode;
pub use document::{Comment, Document};
pub use limits::Limits;
pub use read::{Reading, read_documents};
pub use spot::{Kind, Spot, Style};
