//! What removes a finding: edits over pointers, said once and printed as a text splice or as a JSON Patch.

use crate::base::{Path, Span};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// What can be done about one finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Remedy {
    /// Edits that remove it.
    Fix(Fix),
    /// None, with the reason for people: one line, no full stop.
    Unfixed(String),
}

/// The edits that remove one finding: all of them belong together, none is done without the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// What it does, one line in the imperative: `wait 30s before stopping`.
    pub title: String,
    /// Whether a person has to look.
    pub safety: Safety,
    /// What is edited, relative to the object; done in this order.
    pub edits: Vec<Edit>,
    /// The same as splices into the file that the object came from; none for objects that came from no file.
    pub texts: Vec<TextEdit>,
    /// Of what rules may speak afterwards that are silent for the sake of the defect.
    pub reveals: Reveals,
}

/// Of what a fix may bring to light what its defect hid. It was there all along, and is no reason to leave the defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reveals {
    /// Nothing: what is found then, the fix has brought.
    #[default]
    Nothing,
    /// Of its own object, which is refused as it is, or of which a part is passed over.
    Object,
    /// Of all objects of its namespace: pods come into the mesh by it, and with them what Services and others do with them.
    Namespace,
}

/// Whether a fix may be done without a person looking at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Safety {
    /// The meaning is kept, or the edit is strictly additive.
    Safe,
    /// A person should look, for this reason: one line, no full stop.
    Unsafe(String),
}

/// Whether the findings of a check can be repaired on a Pod while it is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodRepair {
    /// Never: no fix of them is both safe and one of a Pod.
    #[default]
    Never,
    /// Where a safe fix can be proved right for the very Pod.
    Possible,
    /// The same, with an image that the platform names.
    WithImage,
}

/// One edit of an object. Paths are relative to the object, before the fix.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Gives a field this value; maps on the way are made where they are missing or null.
    Set {
        /// The field.
        path: Path,
        /// Its value after the edit.
        value: Value,
    },
    /// Puts an item into a list before the item of this index; the list is made where it is missing or null.
    Insert {
        /// The list.
        list: Path,
        /// From 0 to the length of the list.
        index: usize,
        /// The item.
        value: Value,
    },
    /// Takes a field or an item away.
    Remove {
        /// What goes.
        path: Path,
    },
    /// Gives a field this value inside the YAML or JSON that a text field holds, such as an annotation; the text is made
    /// where it is missing.
    SetWithin {
        /// The field that holds the text.
        text: Path,
        /// The field inside of the text.
        path: Path,
        /// Its value after the edit.
        value: Value,
    },
}

/// A replacement of bytes in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextEdit {
    /// The name of the file.
    pub file: Arc<str>,
    /// The bytes that go; empty where something is only put in.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
}

impl Fix {
    /// A fix that needs no person to look at it.
    pub fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), safety: Safety::Safe, edits, texts: Vec::new(), reveals: Reveals::Nothing }
    }

    /// A fix that a person should look at, for this reason.
    pub fn risky(title: impl Into<String>, reason: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { safety: Safety::Unsafe(reason.into()), ..Self::safe(title, edits) }
    }

    /// The same, where a person should look at it for this reason too.
    #[must_use]
    pub fn doubted(self, reason: impl Into<String>) -> Self {
        let reason = match &self.safety {
            Safety::Safe => reason.into(),
            Safety::Unsafe(other) => format!("{other}; {}", reason.into()),
        };
        Self { safety: Safety::Unsafe(reason), ..self }
    }

    /// The same, where what its defect hid may come to light.
    #[must_use]
    pub fn revealing(self, reveals: Reveals) -> Self {
        Self { reveals, ..self }
    }
}

impl Remedy {
    /// The fix, if there is one.
    pub fn fix(&self) -> Option<&Fix> {
        match self {
            Self::Fix(fix) => Some(fix),
            Self::Unfixed(_) => None,
        }
    }

    /// The fix, if there is one that needs no person to look at it.
    pub fn safe_fix(&self) -> Option<&Fix> {
        self.fix().filter(|fix| fix.safety == Safety::Safe)
    }
}

impl Edit {
    /// The field of the object that it is about; of an item that comes in, its list.
    pub fn field(&self) -> &Path {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path,
            Self::Insert { list, .. } => list,
            Self::SetWithin { text, .. } => text,
        }
    }

    /// The field whose value goes, if there is one; none for an item that comes in.
    pub fn replaced(&self) -> Option<&Path> {
        (!matches!(self, Self::Insert { .. })).then(|| self.field())
    }

    /// Gives a field a value.
    pub fn set(path: Path, value: impl Into<Value>) -> Self {
        Self::Set { path, value: value.into() }
    }
}

impl fmt::Display for Safety {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::Unsafe(_) => "unsafe",
        })
    }
}
