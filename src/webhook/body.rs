//! Reading a body under limits: its size, and the bytes that all requests hold together.

use axum::body::{Body, HttpBody};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// Counts the bytes of all bodies that are held at the same time.
///
/// Bytes count when they are here, not when a header promises them: a promise costs a stranger nothing.
#[derive(Debug, Clone)]
pub struct ByteGate(Arc<Semaphore>);

/// A whole body; its bytes count until it is dropped.
#[derive(Debug)]
pub struct HeldBody {
    bytes: Vec<u8>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Larger than one body may be.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// All requests together hold too much.
    #[error("too many bytes in flight")]
    Overloaded,
    /// The peer stopped in the middle.
    #[error("the body broke off: {0}")]
    Broken(axum::Error),
}

impl ByteGate {
    /// Lets so many bytes through at the same time, at most `u32::MAX`.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// A limit is passed, at once when the header already says so, or the peer goes away. The rest of the body is then
    /// still to come: see [`discard`].
    pub async fn read(&self, body: &mut Body, limit: usize) -> Result<HeldBody, BodyError> {
        let promised = body.size_hint().lower();
        if usize::try_from(promised).map_or(true, |promised| promised > limit) {
            return Err(BodyError::TooLarge(limit));
        }
        let mut bytes = Vec::new();
        let mut permit: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            let Ok(chunk) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
            if bytes.len() + chunk.len() > limit {
                return Err(BodyError::TooLarge(limit));
            }
            let more = self.admit(chunk.len())?;
            match &mut permit {
                Some(permit) => permit.merge(more),
                None => permit = Some(more),
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(HeldBody { bytes, _permit: permit })
    }

    fn admit(&self, bytes: usize) -> Result<OwnedSemaphorePermit, BodyError> {
        let bytes = u32::try_from(bytes).map_err(|_| BodyError::Overloaded)?;
        let refused = |_: TryAcquireError| BodyError::Overloaded;
        self.0.clone().try_acquire_many_owned(bytes).map_err(refused)
    }
}

impl HeldBody {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads the rest of a body and forgets it, so that a peer that is still writing gets to read our answer. With the
/// connection closed under its hands it would see a reset instead.
pub async fn discard(body: &mut Body) {
    while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {}
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(gate: &ByteGate, bytes: usize, limit: usize) -> Result<HeldBody, BodyError> {
        gate.read(&mut Body::from(vec![b'x'; bytes]), limit).await
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_is_read() {
        let gate = ByteGate::new(100);
        assert_eq!(read(&gate, 10, 10).await.unwrap().bytes(), [b'x'; 10]);
        assert!(matches!(read(&gate, 11, 10).await, Err(BodyError::TooLarge(10))));
        assert_eq!(read(&gate, 0, 10).await.unwrap().bytes(), b"");
    }

    #[tokio::test]
    async fn held_bytes_count_until_they_are_dropped() {
        let gate = ByteGate::new(100);
        let held = read(&gate, 60, 100).await.unwrap();
        assert!(matches!(read(&gate, 41, 100).await, Err(BodyError::Overloaded)));
        drop(held);
        assert!(read(&gate, 100, 100).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_refused_counts_no_more() {
        let gate = ByteGate::new(100);
        assert!(matches!(read(&gate, 101, 200).await, Err(BodyError::Overloaded)));
        assert!(matches!(read(&gate, 90, 80).await, Err(BodyError::TooLarge(80))));
        assert!(read(&gate, 100, 100).await.is_ok());
    }
}
