//! What the lamp is asked to do, and what it answers.

use super::report::Report;

/// A trial of the lamp: one random code, played for one face. Reports name their trial, so that none counts for another
/// face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trial(u32);

impl Trial {
    /// Another trial than all before.
    #[must_use]
    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// What the lamp must do until the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LampUse {
    /// It is off.
    #[default]
    Off,
    /// It lights the face steadily, so that the camera's exposure settles.
    Light,
    /// It plays the code of this trial, and the unit reports the finding.
    Play(Trial),
}

/// The finding of a trial of the lamp.
#[derive(Debug, Clone, PartialEq)]
pub struct LampReport {
    /// The trial.
    pub trial: Trial,
    /// The finding.
    pub report: Report,
}
