//! The lapse of a command, as far as its text tells: the time that it surely sleeps, and what comes after it.

/// What is known of a command, or of several one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lapse {
    /// The seconds that are surely slept; none where no sleep is sure.
    pub(super) sleeps: Option<f64>,
    /// Whether it does nothing else, nor has to.
    pub(super) only_sleeps: bool,
    /// What comes after it.
    pub(super) then: Then,
}

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The next one.
    GoesOn,
    /// Its shell ends.
    Exits,
    /// Nobody knows: it may have ended the shell or the whole container, or never end itself.
    Unknown,
}

impl Lapse {
    /// It takes no time and leaves nothing behind.
    pub(super) const INSTANT: Self = Self { sleeps: None, only_sleeps: true, then: Then::GoesOn };
    /// It takes some time and does something.
    pub(super) const ORDINARY: Self = Self { only_sleeps: false, ..Self::INSTANT };
    /// It ends its shell.
    pub(super) const EXIT: Self = Self { then: Then::Exits, ..Self::INSTANT };
    /// What comes after it is not known.
    pub(super) const LOST: Self = Self { then: Then::Unknown, ..Self::ORDINARY };

    pub(super) fn sleeping(seconds: f64) -> Self {
        Self { sleeps: Some(seconds), ..Self::INSTANT }
    }

    /// One after the other.
    pub(super) fn followed_by(self, next: Self) -> Self {
        if self.then != Then::GoesOn {
            return self;
        }
        let sleeps = match (self.sleeps, next.sleeps) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        Self { sleeps, only_sleeps: self.only_sleeps && next.only_sleeps, then: next.then }
    }

    /// The same where it is not sure that the next is run.
    pub(super) fn perhaps_followed_by(self, next: Self) -> Self {
        self.followed_by(Self::INSTANT.or(next))
    }

    /// One or the other: what is sure of both.
    pub(super) fn or(self, other: Self) -> Self {
        let sleeps = self.sleeps.zip(other.sleeps).map(|(one, other)| one.min(other));
        let then = if self.then == other.then { self.then } else { Then::Unknown };
        Self { sleeps, only_sleeps: false, then }
    }

    /// Both at the same time, to the end of the longer one.
    pub(super) fn beside(self, other: Self) -> Self {
        let then = if self.then == Then::Unknown { self.then } else { other.then };
        Self { sleeps: longer(self.sleeps, other.sleeps), only_sleeps: false, then }
    }

    /// In a shell of its own: when that ends, the one around it goes on.
    pub(super) fn in_subshell(self) -> Self {
        let then = if self.then == Then::Exits { Then::GoesOn } else { self.then };
        Self { then, ..self }
    }

    /// The same, with something done besides.
    pub(super) fn doing_more(self) -> Self {
        Self { only_sleeps: false, ..self }
    }

    /// The same, ended from outside after so many seconds if it is not over by then.
    pub(super) fn at_most(self, seconds: f64) -> Self {
        Self { sleeps: self.sleeps.map(|sleeps| sleeps.min(seconds)), ..self.in_subshell() }
    }
}

/// The longer of two sleeps, each of which may not be sure.
pub(super) fn longer(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}
