//! Reads a body, and gives up on a server that is too slow.

use super::error::FetchError;
use super::limits::Limits;
use hyper::body::{Body, Bytes};
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How fast a body arrives.
pub(super) struct Pace {
    limits: Limits,
    window_ends: Instant,
    in_window: u64,
    whole_ends: Instant,
    announced: u64,
}

impl Pace {
    /// Of a file with this announced length, all of which must have arrived by `whole_ends`.
    pub(super) fn new(limits: Limits, whole_ends: Instant, announced: u64) -> Self {
        Self { limits, window_ends: Instant::now() + limits.window, in_window: 0, whole_ends, announced }
    }

    /// The next bytes; `None` at the end. `arrived` is what has arrived of the file before. Loses nothing if it is dropped
    /// before it is ready.
    pub(super) async fn next<B>(&mut self, body: &mut B, arrived: u64) -> Result<Option<Bytes>, FetchError>
    where
        B: Body<Data = Bytes> + Unpin,
        FetchError: From<B::Error>,
    {
        loop {
            let now = Instant::now();
            if now >= self.whole_ends {
                let seconds = self.limits.whole.as_secs();
                return Err(FetchError::TooLong { seconds, arrived, announced: self.announced });
            }
            if now >= self.window_ends {
                self.end_window(now)?;
            }
            match timeout_at(self.window_ends.min(self.whole_ends), data(body)).await {
                Ok(Some(Ok(bytes))) => {
                    self.in_window += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                Ok(Some(Err(error))) => return Err(error.into()),
                Ok(None) => return Ok(None),
                Err(_) => {}
            }
        }
    }

    /// Time that the server is not to blame for.
    pub(super) fn wait_for_the_disk(&mut self, waited: Duration) {
        self.window_ends += waited;
    }

    fn end_window(&mut self, now: Instant) -> Result<(), FetchError> {
        let arrived = std::mem::take(&mut self.in_window);
        self.window_ends = now + self.limits.window;
        match arrived < self.limits.least_per_window {
            true => Err(FetchError::TooSlow { arrived, seconds: self.limits.window.as_secs() }),
            false => Ok(()),
        }
    }
}

async fn data<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Option<Result<Bytes, B::Error>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Err(error) => return Some(Err(error)),
            // Anything else is not part of the file.
            Ok(frame) => {
                if let Ok(bytes) = frame.into_data() {
                    return Some(Ok(bytes));
                }
            }
        }
    }
}
