//! What a trial found, with reasons that the log, the status and the messages share.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether a live person answered the lamp.
    pub finding: Finding,
    /// The numbers behind the finding, for the log.
    pub figures: Figures,
}

/// Whether a live person answered the lamp. Only [`Finding::Live`] lets anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The face follows the code at once, reflects like skin and is shaped like a head.
    Live,
    /// Something else than a head answered.
    NotLive(NotLive),
    /// The evidence is too weak to tell.
    CannotTell(CannotTell),
}

/// Why a face is not live. The codes never change their meaning; new ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotLive {
    /// The picture does not follow the code, although the lamp is strong enough.
    DoesNotFollow,
    /// The face follows the code later than light does.
    Late,
    /// The lamp adds a veil to the face, and no picture of it: the face shines by itself, as on a screen.
    ShinesByItself,
    /// The lamp's light falls on the face as on a flat or bent sheet.
    NotAHead,
}

impl NotLive {
    /// Every reason, in declaration order.
    pub const ALL: [Self; 4] = [Self::DoesNotFollow, Self::Late, Self::ShinesByItself, Self::NotAHead];

    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DoesNotFollow => "does_not_follow",
            Self::Late => "late",
            Self::ShinesByItself => "shines_by_itself",
            Self::NotAHead => "not_a_head",
        }
    }

    /// A readable clause that can follow a colon.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::DoesNotFollow => "the face does not follow the lamp",
            Self::Late => "the face follows the lamp too late",
            Self::ShinesByItself => "the face shines by itself, as on a screen",
            Self::NotAHead => "the face is shaded like a sheet, not like a head",
        }
    }
}

impl fmt::Display for NotLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// Why a trial cannot tell. The codes never change their meaning; new ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CannotTell {
    /// Too few frames of the code showed the face.
    TooFewFrames,
    /// The face moved too much during the code.
    Moved,
    /// Too much of the face is saturated or black.
    BadExposure,
    /// The room's light drowns the lamp.
    TooBright,
    /// The answer to the lamp is too uncertain.
    Uncertain,
}

impl CannotTell {
    /// Every reason, in declaration order.
    pub const ALL: [Self; 5] = [Self::TooFewFrames, Self::Moved, Self::BadExposure, Self::TooBright, Self::Uncertain];

    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooFewFrames => "too_few_frames",
            Self::Moved => "moved",
            Self::BadExposure => "bad_exposure",
            Self::TooBright => "too_bright",
            Self::Uncertain => "uncertain",
        }
    }

    /// A readable clause that can follow a colon.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::TooFewFrames => "too few frames showed the face while the lamp played its code",
            Self::Moved => "the face moved too much while the lamp played its code",
            Self::BadExposure => "too much of the face is white or black in the picture",
            Self::TooBright => "the light of the surroundings drowns the lamp",
            Self::Uncertain => "the face's answer to the lamp is too uncertain",
        }
    }
}

impl fmt::Display for CannotTell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The numbers behind a finding. A figure that was not reached is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Figures {
    /// Frames used, without those left out as outliers.
    pub frames: u32,
    /// The lamp's light on the face divided by the deviation that the code leaves unexplained in a frame.
    pub signal_to_noise: f32,
    /// The share of the face's change in brightness that the code explains, 0 to 1.
    pub explained: f32,
    /// The lamp's light divided by the room's, on the face.
    pub lamp_share: f32,
    /// How much later than calibrated the face follows, in frames.
    pub late_by: f32,
    /// The part of the face's texture that answers at once, relative to skin: near 1 for a surface that reflects, near 0
    /// for one that shines by itself.
    pub skin_likeness: f32,
    /// The same, for answers one to four symbols later: near 0 unless something measures the lamp and answers.
    pub late_texture: f32,
    /// How well the shading fits a head, in place of a sheet: the logarithm of the odds. Positive for a head.
    pub head_likeness: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_log() {
        for reason in NotLive::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert!(!reason.in_words().is_empty());
        }
        for reason in CannotTell::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert!(!reason.in_words().is_empty());
        }
    }

    #[test]
    fn a_judgement_is_read_back_as_written() {
        let judgement = Judgement { finding: Finding::NotLive(NotLive::Late), figures: Figures::default() };
        let text = serde_json::to_string(&judgement).unwrap();
        assert_eq!(serde_json::from_str::<Judgement>(&text).unwrap(), judgement);
    }
}
