//! `[policy]`: the rules of the door in the configuration.

use super::ConfigError;
use policy::{Rules, Signal, Signals};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::gallery::Gallery;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 22] = [
    "threshold",
    "margin",
    "consensus",
    "consensus-of",
    "consensus-window-ms",
    "approach-gap-ms",
    "card-window-ms",
    "minimum-face",
    "minimum-sharpness",
    "minimum-brightness",
    "maximum-brightness",
    "maximum-turn",
    "maximum-nod",
    "several-faces",
    "mode",
    "face-alone",
    "look-alikes",
    "lockout-after",
    "lockout-ms",
    "lockout-ceiling-ms",
    "tailgating-ms",
    "liveness-challenge",
];

/// The section `[policy]`; keys that are not set have the defaults of [`Rules::new`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PolicyRules {
    /// L2 distance up to which a face is a known person, in colour and in grey frames. If not set: the threshold of the
    /// database, which may have a separate one for grey frames; else the threshold of the encoder.
    pub threshold: Option<f32>,
    /// See [`Rules::margin`].
    pub margin: Option<f32>,
    /// See [`Rules::consensus`].
    pub consensus: Option<usize>,
    /// See [`Rules::consensus_of`].
    pub consensus_of: Option<usize>,
    /// See [`Rules::consensus_window_ms`].
    pub consensus_window_ms: Option<u64>,
    /// See [`Rules::approach_gap_ms`].
    pub approach_gap_ms: Option<u64>,
    /// See [`Rules::card_window_ms`].
    pub card_window_ms: Option<u64>,
    /// See [`Rules::minimum_face`].
    pub minimum_face: Option<f32>,
    /// See [`Rules::minimum_sharpness`].
    pub minimum_sharpness: Option<f32>,
    /// See [`Rules::minimum_brightness`].
    pub minimum_brightness: Option<f32>,
    /// See [`Rules::maximum_brightness`].
    pub maximum_brightness: Option<f32>,
    /// See [`Rules::maximum_yaw`].
    pub maximum_turn: Option<f32>,
    /// See [`Rules::maximum_pitch`].
    pub maximum_nod: Option<f32>,
    /// See [`Rules::several_faces`].
    pub several_faces: Option<SeveralFaces>,
    /// See [`Rules::mode`].
    pub mode: Option<Mode>,
    /// Whether a face alone opens the lock without any liveness signal. Like
    /// [`Database::unsigned`](super::Database::unsigned), it must be stated.
    pub face_alone: Option<FaceAlone>,
    /// See [`Rules::look_alikes_need_card`].
    pub look_alikes: Option<LookAlikes>,
    /// No longer supported.
    #[serde(rename = "attempt-ms")]
    removed_attempt_ms: Option<IgnoredAny>,
    /// See [`Rules::lockout_after`].
    pub lockout_after: Option<u32>,
    /// See [`Rules::lockout_ms`].
    pub lockout_ms: Option<u64>,
    /// See [`Rules::lockout_ceiling_ms`].
    pub lockout_ceiling_ms: Option<u64>,
    /// See [`Rules::tailgating_ms`].
    pub tailgating_ms: Option<u64>,
    /// An earlier way to require a head turn in [`Liveness`](super::Liveness).
    pub liveness_challenge: Option<LivenessChallenge>,
}

/// The installer's statement about faces without evidence that they are live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceAlone {
    /// A photo of an enrolled person may open the door.
    Accepted,
}

/// The people who must turn their head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LivenessChallenge {
    /// Nobody.
    Off,
    /// People in the group `challenge`.
    Marked,
    /// Everybody.
    All,
}

/// What a person must show who looks like another enrolled person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookAlikes {
    /// The face and the card.
    Card,
    /// The same as everybody else.
    AsOthers,
}

/// How to treat several faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeveralFaces {
    /// Judge the largest face and ignore the others.
    NearestOnly,
    /// Grant the largest face only if all others are enrolled.
    AllKnown,
    /// Refuse everybody.
    Refuse,
}

/// What people must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The face is enough.
    Face,
    /// A card and the card holder's face.
    #[serde(alias = "card_and_face")]
    CardAndFace,
    /// Either a card or the face is enough.
    #[serde(alias = "card_or_face")]
    CardOrFace,
    /// The card alone.
    Card,
}

impl PolicyRules {
    /// The rules for this gallery and an encoder with this threshold, as far as this section sets them. A unit uses
    /// [`Config::rules_for`](super::Config::rules_for).
    pub fn rules_for(&self, gallery: &Gallery, encoder_threshold: f32) -> Rules {
        let mut rules = self.with_threshold(gallery.header().threshold.unwrap_or(encoder_threshold));
        if let (None, Some(grey)) = (self.threshold, gallery.grey_threshold()) {
            rules.grey_threshold = grey.threshold;
        }
        rules
    }

    /// The rules with this threshold for colour and grey frames, unless one is configured. Pass the threshold of the
    /// database or of the encoder.
    pub fn with_threshold(&self, otherwise: f32) -> Rules {
        let mut rules = Rules::new(self.threshold.unwrap_or(otherwise));
        let set = |rule: &mut f32, configured: Option<f32>| *rule = configured.unwrap_or(*rule);
        set(&mut rules.margin, self.margin);
        set(&mut rules.minimum_face, self.minimum_face);
        rules.consensus = self.consensus.unwrap_or(rules.consensus);
        rules.consensus_of = self.consensus_of.unwrap_or(rules.consensus_of);
        rules.consensus_window_ms = self.consensus_window_ms.unwrap_or(rules.consensus_window_ms);
        rules.approach_gap_ms = self.approach_gap_ms.unwrap_or(rules.approach_gap_ms);
        rules.card_window_ms = self.card_window_ms.unwrap_or(rules.card_window_ms);
        rules.minimum_sharpness = self.minimum_sharpness.or(rules.minimum_sharpness);
        rules.minimum_brightness = self.minimum_brightness.or(rules.minimum_brightness);
        rules.maximum_brightness = self.maximum_brightness.or(rules.maximum_brightness);
        rules.maximum_yaw = self.maximum_turn.or(rules.maximum_yaw);
        rules.maximum_pitch = self.maximum_nod.or(rules.maximum_pitch);
        rules.several_faces = self.several_faces.map_or(rules.several_faces, Into::into);
        rules.mode = self.mode.map_or(rules.mode, Into::into);
        rules.look_alikes_need_card = self.look_alikes != Some(LookAlikes::AsOthers);
        rules.lockout_after = self.lockout_after.unwrap_or(rules.lockout_after);
        rules.lockout_ms = self.lockout_ms.unwrap_or(rules.lockout_ms);
        rules.lockout_ceiling_ms = self.lockout_ceiling_ms.unwrap_or(rules.lockout_ceiling_ms);
        rules.tailgating_ms = self.tailgating_ms.unwrap_or(rules.tailgating_ms);
        match self.liveness_challenge {
            Some(LivenessChallenge::All) => rules.liveness.required = Signals::only(Signal::HeadTurn),
            Some(LivenessChallenge::Marked) => rules.liveness.required_of_marked = Signals::only(Signal::HeadTurn),
            Some(LivenessChallenge::Off) | None => {}
        }
        if self.face_alone == Some(FaceAlone::Accepted) {
            rules.face_alone = policy::FaceAlone::Accepted;
        }
        rules
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.removed_attempt_ms.is_some() {
            return Err(ConfigError::Removed {
                key: "policy.attempt-ms",
                instead: "remove the line; failed attempts are counted by compared frames, not by time",
            });
        }
        Ok(self.with_threshold(1.0).check()?)
    }

    /// The reason why no grant is possible at this frame rate; `None` if grants are possible.
    pub fn objection_to_rate(&self, frames_per_second: f64) -> Option<String> {
        let rules = self.with_threshold(1.0);
        let frame_ms = 1000.0 / frames_per_second;
        let needed_ms = frame_ms * rules.consensus.saturating_sub(1) as f64;
        let (window_ms, gap_ms) = (rules.consensus_window_ms, rules.approach_gap_ms);
        if frame_ms >= gap_ms as f64 {
            Some(format!(
                "frames are {gap_ms} ms apart or more, after which a person counts as gone (policy.approach-gap-ms)"
            ))
        } else if needed_ms >= window_ms as f64 {
            let frames = rules.consensus;
            Some(format!(
                "{frames} frames take {needed_ms:.0} ms, but must agree within {window_ms} ms (policy.consensus-window-ms)"
            ))
        } else {
            None
        }
    }
}

impl From<SeveralFaces> for policy::SeveralFaces {
    fn from(configured: SeveralFaces) -> Self {
        match configured {
            SeveralFaces::NearestOnly => Self::NearestOnly,
            SeveralFaces::AllKnown => Self::AllKnown,
            SeveralFaces::Refuse => Self::Refuse,
        }
    }
}

impl From<Mode> for shared::gallery::Mode {
    fn from(configured: Mode) -> Self {
        match configured {
            Mode::Face => Self::Face,
            Mode::CardAndFace => Self::CardAndFace,
            Mode::CardOrFace => Self::CardOrFace,
            Mode::Card => Self::Card,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::{Calibration, GalleryBuilder, GreyThreshold, ModelHash};

    #[test]
    fn frame_rates_too_low_for_a_grant_are_reported() {
        for (rules, frames_per_second, expected) in [
            ("", 15.0, None),
            ("", 1.5, None),
            ("", 1.0, Some("approach-gap-ms")),
            ("approach-gap-ms = 3000", 1.0, Some("consensus-window-ms")),
            ("consensus-window-ms = 200", 10.0, Some("consensus-window-ms")),
            ("consensus = 1\nconsensus-of = 1\nconsensus-window-ms = 200", 2.0, None),
        ] {
            let configured: PolicyRules = toml::from_str(rules).unwrap();
            let objection = configured.objection_to_rate(frames_per_second);
            assert_eq!(objection.is_some(), expected.is_some(), "{rules} {frames_per_second}: {objection:?}");
            assert!(objection.is_none_or(|objection| objection.contains(expected.unwrap())));
        }
    }

    #[test]
    fn configured_rules_hold_and_the_rest_is_the_default() {
        let configured: PolicyRules = toml::from_str(
            "threshold = 0.9\nmargin = 0.1\nconsensus = 2\nconsensus-of = 4\nconsensus-window-ms = 1500\n\
             approach-gap-ms = 700\ncard-window-ms = 8000\nminimum-face = 64.0\nminimum-sharpness = 20.0\nminimum-brightness = 40.0\n\
             maximum-brightness = 220.0\nmaximum-turn = 0.3\nmaximum-nod = 0.2\nseveral-faces = \"all-known\"\nmode = \"card-or-face\"\n\
             look-alikes = \"as-others\"\nlockout-after = 3\nlockout-ms = 10000\n\
             lockout-ceiling-ms = 80000\ntailgating-ms = 3000\nliveness-challenge = \"marked\"\nface-alone = \"accepted\"",
        )
        .unwrap();
        let rules = configured.with_threshold(1.02);
        let mut expected = Rules::new(0.9);
        expected.margin = 0.1;
        (expected.consensus, expected.consensus_of) = (2, 4);
        (expected.consensus_window_ms, expected.approach_gap_ms) = (1500, 700);
        expected.card_window_ms = 8000;
        (expected.minimum_face, expected.minimum_sharpness) = (64.0, Some(20.0));
        (expected.minimum_brightness, expected.maximum_brightness) = (Some(40.0), Some(220.0));
        (expected.maximum_yaw, expected.maximum_pitch) = (Some(0.3), Some(0.2));
        expected.look_alikes_need_card = false;
        expected.lockout_after = 3;
        (expected.lockout_ms, expected.lockout_ceiling_ms) = (10_000, 80_000);
        expected.tailgating_ms = 3000;
        expected.liveness.required_of_marked = Signals::only(Signal::HeadTurn);
        expected.face_alone = policy::FaceAlone::Accepted;
        expected.several_faces = policy::SeveralFaces::AllKnown;
        expected.mode = shared::gallery::Mode::CardOrFace;
        assert_eq!(rules, expected);
        assert_eq!(PolicyRules::default().with_threshold(1.02), Rules::new(1.02));
    }

    #[test]
    fn a_configured_threshold_holds_for_colour_and_greyscale() {
        let gallery = |thresholds: Option<(f32, Option<f32>)>| {
            let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
            if let Some((threshold, grey)) = thresholds {
                builder.set_threshold(threshold, None).unwrap();
                let calibration = Calibration { fpir: 0.01, people: 1 };
                let grey = grey.map(|threshold| GreyThreshold { threshold, calibration });
                grey.into_iter().for_each(|grey| builder.set_grey_threshold(grey).unwrap());
            }
            builder.build()
        };
        for (configured, of_database, expected) in [
            (None, None, (1.05, 1.05)),
            (None, Some((1.0, None)), (1.0, 1.0)),
            (None, Some((1.0, Some(1.01))), (1.0, 1.01)),
            (Some(0.9), Some((1.0, Some(1.01))), (0.9, 0.9)),
        ] {
            let rules = PolicyRules { threshold: configured, ..PolicyRules::default() };
            let rules = rules.rules_for(&gallery(of_database), 1.05);
            assert_eq!((rules.threshold, rules.grey_threshold), expected, "{configured:?} {of_database:?}");
        }
    }

    #[test]
    fn a_mode_may_be_spelled_as_in_json() {
        for name in ["card-or-face", "card_or_face"] {
            let configured: PolicyRules = toml::from_str(&format!("mode = \"{name}\"")).unwrap();
            assert_eq!(configured.with_threshold(1.0).mode, shared::gallery::Mode::CardOrFace);
        }
    }
}
