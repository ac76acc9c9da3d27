//! An answer on its way to the browser.

use crate::answer::Content;
use crate::presence::Here;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// A comment, which the browser skips.
const BEAT: Bytes = Bytes::from_static(b":\n\n");

/// The content of an answer. As long as it is sent, somebody is there.
pub(crate) struct Sent {
    content: Content,
    /// For events only.
    beat: Option<Interval>,
    _here: Option<Here>,
}

impl Sent {
    /// Between events, sends something every `beat`: without it, nobody would notice a browser that has gone.
    pub(crate) fn new(content: Content, beat: Duration, here: Option<Here>) -> Self {
        let beat = content.length().is_none().then(|| {
            let mut beat = interval(beat);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beat
        });
        Self { content, beat, _here: here }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match (self.content.poll_next(context), &mut self.beat) {
            (Poll::Pending, Some(beat)) => beat.poll_tick(context).map(|_| Some(BEAT)),
            (next, _) => next,
        };
        next.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.length() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.content.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
