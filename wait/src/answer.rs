//! Why a wait is not over yet, in words for the log. None of it is an error: it is asked again.

use std::fmt;

/// What was seen instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotYet {
    /// Nobody listens.
    Refused,
    /// No answer, or no whole one, within the time of one attempt.
    Silent,
    /// The time was over before it could be asked.
    TooLate,
    /// The connection ended before anything was answered.
    Closed,
    /// It ended within the answer: before this did.
    Cut(&'static str),
    /// The network failed in some other way.
    Broken(String),
    /// The name has no address, or nobody tells it.
    Name(String),
    /// An answer, and not the one that is waited for.
    Status(u16),
    /// No HTTP, or more of it than any honest server sends.
    NotHttp(&'static str),
    /// The answer of somebody else than the server that was asked for.
    Stranger(&'static str),
}

impl NotYet {
    /// How much it tells, where one address says this and another that: the answer of the one that is there counts.
    pub fn weight(&self) -> u8 {
        match self {
            Self::Status(_) | Self::NotHttp(_) | Self::Stranger(_) => 3,
            Self::Silent | Self::Closed | Self::Cut(_) => 2,
            Self::Refused => 1,
            // IPv6 that is off, for one.
            Self::TooLate | Self::Broken(_) | Self::Name(_) => 0,
        }
    }
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Silent => f.write_str("no answer in time"),
            Self::TooLate => f.write_str("no time was left to ask"),
            Self::Closed => f.write_str("closed without an answer"),
            Self::Cut(what) => write!(f, "closed before {what}"),
            Self::Broken(why) | Self::Name(why) => f.write_str(why),
            Self::Status(code @ 300..400) => write!(f, "answered {code}; redirects are not followed"),
            Self::Status(code) => write!(f, "answered {code}"),
            Self::NotHttp(why) | Self::Stranger(why) => f.write_str(why),
        }
    }
}
