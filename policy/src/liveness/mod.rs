//! A liveness challenge: a person is asked to turn their head to a random side, and their nose must move across the
//! plane of eyes and mouth, which only a protruding nose does. It is not presentation attack detection in the sense of
//! ISO/IEC 30107-3. It defeats a sheet of paper and a still picture on a screen, but cannot distinguish a video, a mask
//! or a sheet with an attached nose from a live person. `docs/liveness.md` has the measurements.

mod challenge;
mod parallax;
#[cfg(test)]
pub(super) mod simulation_tests;

pub(super) use challenge::Challenge;
pub use challenge::{CHALLENGE_MS, Side, TURN, TURNED_FRAMES};
pub use parallax::nose_across;

/// Who is asked to turn their head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Liveness {
    /// Nobody.
    #[default]
    Off,
    /// People in the group [`CHALLENGED_GROUP`](crate::CHALLENGED_GROUP).
    Marked,
    /// Everybody whose face is judged.
    Everybody,
}
