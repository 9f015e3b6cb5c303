//! The bytes of a connection under two clocks.
//!
//! hyper's own time-out for heads runs while a kept-alive connection is idle, so it can be either a defence against heads
//! that drip in, or longer than the 90 s for which an API server keeps a connection. This wrapper starts its clock at the
//! first byte of a head; a second clock is for peers that do not take their answer.

use crate::webhook::transport::activity::Activity;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream that fails with [`io::ErrorKind::TimedOut`] when a clock runs out.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    head_limit: Option<Duration>,
    write_limit: Duration,
    stuck_since: Option<Instant>,
    head_alarm: Alarm,
    write_alarm: Alarm,
}

impl<S> Watched<S> {
    /// Watches a stream. Without a head limit arriving bytes start no clock: those of HTTP/2 need not belong to a request.
    pub fn new(stream: S, activity: Arc<Activity>, head_limit: Option<Duration>, write_limit: Duration) -> Self {
        let (head_alarm, write_alarm) = (Alarm::default(), Alarm::default());
        Self { stream, activity, head_limit, write_limit, stuck_since: None, head_alarm, write_alarm }
    }

    fn check_written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck_since = None;
            return written;
        }
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        ready!(self.write_alarm.poll(since + self.write_limit, cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not take its answer")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let Some(limit) = this.head_limit else { return read };
        if read.is_ready() {
            if buffer.filled().len() > before {
                this.activity.bytes_arrived();
            }
            return read;
        }
        let Some(since) = this.activity.head_since() else { return Poll::Pending };
        ready!(this.head_alarm.poll(since + limit, cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head of the request takes too long")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.check_written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.check_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.check_written(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.check_written(cx, shut)
    }
}

/// A timer that is made when it is first needed.
#[derive(Debug, Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    fn poll(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}
