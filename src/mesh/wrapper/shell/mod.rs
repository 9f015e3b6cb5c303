//! Shell scripts as far as they are read here: their words, their commands, which of them run, and what their variables hold. Nothing
//! is ever expanded or run.

pub(in crate::mesh::wrapper) mod course;
pub(in crate::mesh::wrapper) mod reached;
pub(in crate::mesh::wrapper) mod reading;
pub(in crate::mesh::wrapper) mod script;
pub(in crate::mesh) mod tokens;
pub(in crate::mesh::wrapper) mod variables;
