//! What can be proved of a condition that is evaluated in a cluster.

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// What is here does not tell.
    Unknown,
}

impl Proof {
    /// A condition that is known.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Whether both hold.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// Whether it does not hold.
    pub fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Whether all hold; so it is with none.
    pub fn all(proofs: impl IntoIterator<Item = Self>) -> Self {
        proofs.into_iter().fold(Self::Yes, Self::and)
    }

    /// Whether one holds; with none it is not so.
    pub fn any(proofs: impl IntoIterator<Item = Self>) -> Self {
        Self::all(proofs.into_iter().map(Self::negated)).negated()
    }
}

#[cfg(test)]
mod tests {
    use super::Proof::{self, No, Unknown, Yes};

    #[test]
    fn what_is_unknown_matters_only_where_nothing_else_decides() {
        for (proofs, all, any) in [
            (vec![], Yes, No),
            (vec![Yes, Unknown], Unknown, Yes),
            (vec![No, Unknown], No, Unknown),
            (vec![Yes, No], No, Yes),
            (vec![Unknown], Unknown, Unknown),
        ] {
            assert_eq!((Proof::all(proofs.clone()), Proof::any(proofs.clone())), (all, any), "{proofs:?}");
        }
    }
}
