//! The policy's configuration and its valid ranges.

use super::passages::AntiPassback;
use super::signals::{FaceAlone, LivenessRules};
use shared::gallery::Mode;

/// Largest number of frames in a consensus window.
pub const MAX_CONSENSUS_FRAMES: usize = 32;

/// Largest configurable number of failed attempts before a lockout.
pub const MAX_FREE_ATTEMPTS: u32 = 5;

/// What to do when more than one face is big enough to be at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SeveralFaces {
    /// Judge the nearest (largest) face and ignore the others.
    #[default]
    NearestOnly,
    /// The nearest face is let in only if every other face is within the threshold of somebody enrolled, and not of the
    /// same person.
    AllKnown,
    /// Let nobody in.
    Refuse,
}

/// The rules of a door.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Rules {
    /// Largest L2 distance at which a face matches: above 0 and below √2, the distance of unrelated faces.
    pub threshold: f32,
    /// The threshold for a face in a picture without colour ([`Observation::in_grey`](super::Observation::in_grey)), in
    /// the same range and calibrated for the same false-match rate.
    pub grey_threshold: f32,
    /// How much farther (L2 distance) than the nearest person the next one must be, if that one is also within the
    /// threshold. 0 switches the rule off.
    pub margin: f32,
    /// Frames that must agree on one person, 1 to `consensus_of`.
    pub consensus: usize,
    /// The consensus window: this many last judged frames, 1 to [`MAX_CONSENSUS_FRAMES`].
    pub consensus_of: usize,
    /// The consensus window in milliseconds, at least 1.
    pub consensus_window_ms: u64,
    /// An approach ends when no face that is big enough was seen for this many milliseconds.
    pub approach_gap_ms: u64,
    /// How many milliseconds a card waits for its holder's face, at least 1.
    pub card_window_ms: u64,
    /// Smallest shorter side of the bounds of a face that is near enough, in frame pixels.
    pub minimum_face: f32,
    /// Lowest sharpness, in the unit of [`Quality::sharpness`](super::Quality); `None` switches the check off.
    pub minimum_sharpness: Option<f32>,
    /// Lowest mean luma of the face, 0 to 255; `None` switches the check off.
    pub minimum_brightness: Option<f32>,
    /// Highest mean luma of the face, 0 to 255; `None` switches the check off.
    pub maximum_brightness: Option<f32>,
    /// Largest sideways offset of the nose, in the unit of [`ObservedFace::yaw`](super::ObservedFace::yaw); `None`
    /// switches the check off.
    pub maximum_yaw: Option<f32>,
    /// Largest vertical offset of the nose, in the unit of [`ObservedFace::pitch`](super::ObservedFace::pitch); `None`
    /// switches the check off.
    pub maximum_pitch: Option<f32>,
    /// What to do with more than one face.
    pub several_faces: SeveralFaces,
    /// The credential required of people whose record leaves it to the door. `Default` is `CardAndFace`.
    pub mode: Mode,
    /// Whether people with a look-alike in the database must present their card as well.
    pub look_alikes_need_card: bool,
    /// Number of failed attempts before a lockout, 1 to [`MAX_FREE_ATTEMPTS`].
    pub lockout_after: u32,
    /// Duration of the first lockout in milliseconds, at least 1. It doubles with each further failed attempt.
    pub lockout_ms: u64,
    /// Longest lockout in milliseconds, at least `lockout_ms`.
    pub lockout_ceiling_ms: u64,
    /// The anti-passback rule; `None` switches it off.
    pub anti_passback: Option<AntiPassback>,
    /// Which signals must report a live person before a face lets anybody in.
    pub liveness: LivenessRules,
    /// Whether a face alone opens the door if no signal is required of the person.
    pub face_alone: FaceAlone,
    /// Whether visitor passes let anybody in.
    pub accepts_passes: bool,
    /// For this many milliseconds after a grant, other faces at the door are recorded as possible tailgating.
    pub tailgating_ms: u64,
}

/// Why rules are invalid.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The threshold is not a distance that can distinguish people.
    #[error(
        "threshold {found}: must be an L2 distance above 0 and below 1.414 (the distance of unrelated faces); smaller is stricter"
    )]
    Threshold {
        /// The threshold.
        found: f32,
    },
    /// The margin is negative or not a number.
    #[error("margin is {found}: it must be an L2 distance from 0 (off) to 2")]
    Margin {
        /// The margin.
        found: f32,
    },
    /// The consensus is larger than its window, or either is out of range.
    #[error("consensus of {consensus} of {of} frames: must be 1 <= consensus <= frames <= {MAX_CONSENSUS_FRAMES}")]
    Consensus {
        /// Frames that must agree.
        consensus: usize,
        /// Frames in the window.
        of: usize,
    },
    /// A time is 0.
    #[error("{rule} is 0 ms: it must be at least 1")]
    NoTime {
        /// The rule.
        rule: &'static str,
    },
    /// A limit of the quality gate is negative or not finite.
    #[error("{rule} is {found}: it must be a finite number of at least 0")]
    Limit {
        /// The rule.
        rule: &'static str,
        /// Its value.
        found: f32,
    },
    /// The number of failed attempts before a lockout is out of range.
    #[error("lockout-after is {found}: it must be 1 to {MAX_FREE_ATTEMPTS} failed attempts")]
    LockoutAfter {
        /// Its value.
        found: u32,
    },
    /// The longest lockout is shorter than the first.
    #[error("lockout-ceiling is {ceiling_ms} ms, shorter than the first lockout of {first_ms} ms")]
    LockoutCeiling {
        /// The longest.
        ceiling_ms: u64,
        /// The first.
        first_ms: u64,
    },
    /// The PAD network's threshold is not a probability.
    #[error("the PAD network's threshold is {found}: it must be 0 to 1")]
    BonaFide {
        /// Its value.
        found: f32,
    },
    /// No brightness is both above the lowest and below the highest.
    #[error("minimum-brightness {minimum} is above maximum-brightness {maximum}: no face could pass")]
    Brightness {
        /// Lowest mean luma.
        minimum: f32,
        /// Highest mean luma.
        maximum: f32,
    },
}

impl Rules {
    /// The default rules, with one threshold for colour and grey pictures: a card with the face; 3 of 5 frames within
    /// 2 s, a margin of 0.05, faces of at least 40 pixels, the nearest face only; a card waits 10 s for a face;
    /// look-alikes need their cards; 5 failed attempts cause a lockout of 30 s, then 1 min, up to 15 min.
    pub const fn new(threshold: f32) -> Self {
        Self {
            threshold,
            grey_threshold: threshold,
            margin: 0.05,
            consensus: 3,
            consensus_of: 5,
            consensus_window_ms: 2000,
            approach_gap_ms: 1000,
            card_window_ms: 10_000,
            minimum_face: 40.0,
            minimum_sharpness: None,
            minimum_brightness: None,
            maximum_brightness: None,
            maximum_yaw: None,
            maximum_pitch: None,
            several_faces: SeveralFaces::NearestOnly,
            mode: Mode::CardAndFace,
            look_alikes_need_card: true,
            lockout_after: MAX_FREE_ATTEMPTS,
            lockout_ms: 30_000,
            lockout_ceiling_ms: 15 * 60_000,
            anti_passback: None,
            liveness: LivenessRules::NONE,
            face_alone: FaceAlone::Refused,
            accepts_passes: false,
            tailgating_ms: 5000,
        }
    }

    /// The default rules of a door that a face alone opens, and so a photo of it as well: for a unit that moves no lock.
    pub const fn face_alone(threshold: f32) -> Self {
        Self { mode: Mode::Face, face_alone: FaceAlone::Accepted, ..Self::new(threshold) }
    }

    /// The rules for one frame: a frame without colour uses the grey threshold.
    #[must_use]
    pub(super) const fn for_frame(&self, is_grey: bool) -> Self {
        let threshold = if is_grey { self.grey_threshold } else { self.threshold };
        Self { threshold, ..*self }
    }

    /// Checks every rule's range.
    ///
    /// # Errors
    /// The first rule that is out of range.
    pub fn check(&self) -> Result<(), RulesError> {
        let is_none = |threshold: &f32| !(*threshold > 0.0 && *threshold < core::f32::consts::SQRT_2);
        if let Some(found) = [self.threshold, self.grey_threshold].into_iter().find(is_none) {
            return Err(RulesError::Threshold { found });
        }
        if !(0.0..=2.0).contains(&self.margin) {
            return Err(RulesError::Margin { found: self.margin });
        }
        if self.consensus == 0 || self.consensus > self.consensus_of || self.consensus_of > MAX_CONSENSUS_FRAMES {
            return Err(RulesError::Consensus { consensus: self.consensus, of: self.consensus_of });
        }
        let times = [
            ("consensus-window", self.consensus_window_ms),
            ("approach-gap", self.approach_gap_ms),
            ("card-window", self.card_window_ms),
            ("lockout", self.lockout_ms),
            ("anti-passback", self.anti_passback.map_or(1, |rule| rule.for_ms)),
        ];
        if let Some(&(rule, _)) = times.iter().find(|(_, ms)| *ms == 0) {
            return Err(RulesError::NoTime { rule });
        }
        if !(1..=MAX_FREE_ATTEMPTS).contains(&self.lockout_after) {
            return Err(RulesError::LockoutAfter { found: self.lockout_after });
        }
        if self.lockout_ceiling_ms < self.lockout_ms {
            let (ceiling_ms, first_ms) = (self.lockout_ceiling_ms, self.lockout_ms);
            return Err(RulesError::LockoutCeiling { ceiling_ms, first_ms });
        }
        let limits = [
            ("minimum-face", Some(self.minimum_face)),
            ("minimum-sharpness", self.minimum_sharpness),
            ("minimum-brightness", self.minimum_brightness),
            ("maximum-brightness", self.maximum_brightness),
            ("maximum-turn", self.maximum_yaw),
            ("maximum-nod", self.maximum_pitch),
        ];
        for (rule, found) in limits.into_iter().filter_map(|(rule, limit)| Some((rule, limit?))) {
            if !(found.is_finite() && found >= 0.0) {
                return Err(RulesError::Limit { rule, found });
            }
        }
        if !(0.0..=1.0).contains(&self.liveness.bona_fide_from) {
            return Err(RulesError::BonaFide { found: self.liveness.bona_fide_from });
        }
        match (self.minimum_brightness, self.maximum_brightness) {
            (Some(minimum), Some(maximum)) if minimum > maximum => Err(RulesError::Brightness { minimum, maximum }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction;

    #[test]
    fn invalid_rules_are_refused() {
        type Change = fn(&mut Rules);
        let cases: [(Change, bool); 34] = [
            (|_| (), true),
            (|r| r.threshold = 0.0, false),
            (|r| r.threshold = -1.0, false),
            (|r| r.threshold = f32::NAN, false),
            (|r| r.threshold = 1.414, true),
            (|r| r.threshold = 1.415, false),
            (|r| r.threshold = f32::INFINITY, false),
            (|r| r.grey_threshold = 1.3, true),
            (|r| r.grey_threshold = 1.415, false),
            (|r| r.grey_threshold = f32::NAN, false),
            (|r| r.margin = 0.0, true),
            (|r| r.margin = -0.1, false),
            (|r| r.margin = f32::NAN, false),
            (|r| r.consensus = 0, false),
            (|r| r.consensus = 6, false),
            (|r| r.consensus_of = MAX_CONSENSUS_FRAMES, true),
            (|r| r.consensus_of = MAX_CONSENSUS_FRAMES + 1, false),
            (|r| r.consensus_window_ms = 0, false),
            (|r| r.approach_gap_ms = 0, false),
            (|r| r.card_window_ms = 0, false),
            (|r| r.minimum_face = f32::NAN, false),
            (|r| r.minimum_sharpness = Some(-1.0), false),
            (|r| r.maximum_brightness = Some(f32::INFINITY), false),
            (|r| r.maximum_yaw = Some(0.3), true),
            (|r| r.maximum_pitch = Some(f32::NAN), false),
            (|r| r.liveness.bona_fide_from = f32::NAN, false),
            (|r| r.lockout_after = 0, false),
            (|r| r.lockout_after = 6, false),
            (|r| r.lockout_ms = 0, false),
            (|r| r.lockout_ceiling_ms = r.lockout_ms - 1, false),
            (|r| r.lockout_ceiling_ms = r.lockout_ms, true),
            (|r| r.anti_passback = Some(AntiPassback { direction: Direction::In, for_ms: 0 }), false),
            (|r| (r.minimum_brightness, r.maximum_brightness) = (Some(40.0), Some(40.0)), true),
            (|r| (r.minimum_brightness, r.maximum_brightness) = (Some(41.0), Some(40.0)), false),
        ];
        for (index, (change, sound)) in cases.into_iter().enumerate() {
            let mut rules = Rules::face_alone(1.0);
            change(&mut rules);
            assert_eq!(rules.check().is_ok(), sound, "case {index}: {rules:?}");
        }
    }
}
