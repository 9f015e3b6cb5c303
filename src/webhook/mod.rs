//! Layer 5: the admission webhook, from bytes on a port to a judgement and back.
//!
//! Everything that comes in is hostile until proven otherwise, and nothing it does may end the server or let a request
//! through unjudged. The request path reads no file and calls nobody. Knows no rule: see [`judge::Judge`].

pub mod always_admit;
pub mod deadline;
pub mod judge;
pub mod limits;
pub mod metrics;
pub mod tls;
pub mod transport;
pub mod wire;
