//! What a document may cost before it is refused.

/// Limits of one document. Beyond any of them it is a located problem, and the rest of the file is still read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its text. Default 4 MiB: etcd takes objects of 1.5 MiB, and a `List` may hold several.
    pub max_document_bytes: usize,
    /// Levels of maps and lists inside each other, aliases counted with theirs. Default 100.
    pub max_depth: usize,
    /// Nodes copied for anchors and aliases; their text may be as long as a document. Default 100,000.
    pub max_alias_nodes: usize,
    /// Keys and values. Default one for 16 bytes of text: real manifests have one for 20 and more.
    pub max_nodes: usize,
}

const DEFAULT_DOCUMENT_BYTES: usize = 4 << 20;

impl Limits {
    /// The default limits for documents of at most so many bytes.
    pub fn of_document_bytes(max_document_bytes: usize) -> Self {
        Self {
            max_document_bytes,
            max_depth: 100,
            max_alias_nodes: 100_000,
            max_nodes: (max_document_bytes / 16).max(1000),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_document_bytes(DEFAULT_DOCUMENT_BYTES)
    }
}
