//! What a document may cost before it is refused.

/// Limits of one document. Beyond any of them it is a located problem, and the rest of the file is still read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its text. Default 4 MiB: etcd takes objects of 1.5 MiB, and a `List` may hold several.
    pub max_document_bytes: usize,
    /// Levels of maps and lists inside each other, aliases counted with theirs. Default 100.
    pub max_depth: usize,
    /// Nodes copied for anchors and aliases. Default 50,000.
    pub max_alias_nodes: usize,
    /// Keys and values. Default 400,000.
    pub max_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_document_bytes: 4 << 20, max_depth: 100, max_alias_nodes: 50_000, max_nodes: 400_000 }
    }
}
