//! A liveness challenge: somebody is asked to turn their head to a side that chance has chosen, and their nose must move
//! across the plane of eyes and mouth, as one that stands out of it does. It is no presentation attack detection: it
//! makes a sheet of paper and a still picture on a screen useless, and a video, a mask or a sheet with a nose of its own
//! are not told from a person. `docs/liveness.md` has its figures.

mod challenge;
mod parallax;
#[cfg(test)]
pub(super) mod simulation;

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
    /// People in the group [`CHALLENGED_GROUP`].
    Marked,
    /// Everybody whose face is looked at.
    Everybody,
}

/// Everybody in this group is asked where only marked people are.
pub const CHALLENGED_GROUP: &str = "challenge";
