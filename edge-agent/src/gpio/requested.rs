//! A pin that this program has requested: what it can do, however it was requested.

use super::{GpioError, Level};
use std::time::Duration;

/// An output pin.
pub(crate) trait Output: Send {
    /// Drives the pin to a level.
    ///
    /// # Errors
    /// If the operating system refuses.
    fn drive(&mut self, level: Level) -> Result<(), GpioError>;
}

/// An input pin, whose edges are reported for as long as this lives.
pub(crate) trait Input: Send {
    /// The current level.
    ///
    /// # Errors
    /// If the pin cannot be read.
    fn level(&self) -> Result<Level, GpioError>;
}

/// Which edges of a pin are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    /// From high to low.
    Falling,
    /// Falling and rising.
    Both,
}

/// Called by another thread at each edge, with the new level and the time by the kernel's monotonic clock.
pub(crate) type OnEdge = Box<dyn FnMut(Level, Duration) + Send>;
