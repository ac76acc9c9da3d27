//! Reasons for a locked door, each with a stable code that the log, the status and the light patterns share.

use core::fmt;
use serde::{Deserialize, Serialize};

/// Why a person in front of the camera was not let in. The codes never change their meaning; new ones may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Nobody enrolled is near enough: no encoding within the threshold.
    NotKnown,
    /// The face is too small in the frame: come closer.
    TooFar,
    /// Too little light on the face.
    TooDark,
    /// Too much light on the face.
    TooBright,
    /// The face is not sharp: hold still.
    Blurred,
    /// The face looks aside: look into the camera.
    TurnedAway,
    /// A person is recognised, but not yet in enough frames.
    Deciding,
    /// Two enrolled people are both within the threshold and too near to each other to tell them apart.
    Ambiguous,
    /// There is more than one face, and the rule for several faces refuses that.
    SeveralFaces,
    /// The person has been let in already, and the view has not been clear since.
    AlreadyGranted,
    /// The person, or everybody at this door, must present a card as well.
    CardNeeded,
    /// Before the person's first or after the last valid day.
    OutsideValidity,
    /// The person's permission depends on the date or time, which the unit does not know.
    ClockUnknown,
    /// The record of the grant could not be written, so the door stays locked.
    NotRecorded,
    /// The card is not in the database.
    CardNotKnown,
    /// The face is not that of the card's holder.
    NotCardHolder,
    /// A card was presented, and its holder's face must be seen as well.
    FaceNeeded,
    /// The networks do not produce the expected encodings, so nobody can be recognised.
    SelfTestFailed,
    /// Too many failed attempts: nobody may try the same for a while.
    LockedOut,
    /// None of the schedules that restrict the person is open.
    OutsideHours,
    /// The person's hours open once somebody of another group has been let in.
    NobodyHereYet,
    /// The person was let in a short while ago, here or at another door.
    PassedAlready,
    /// Turn your head to your left.
    TurnLeft,
    /// Turn your head to your right.
    TurnRight,
    /// The head was not turned as asked, or the picture is static and may be a photo.
    LivenessFailed,
    /// The face is within the threshold of the card's holder, but nearer to somebody else.
    NearerToAnother,
    /// The person's cards are refused until an administrator clears the block or they get a new card.
    CardBlocked,
    /// After very many failed attempts one face is judged every few minutes.
    FacesPaced,
    /// After unknown cards, the reader pauses before it evaluates the next one.
    CardPause,
    /// The face is barely recognisable, or no nearer to anybody than such faces are to each other: face the camera,
    /// uncover the face.
    HardlyAFace,
    /// A required signal has not reported yet whether a live person is there.
    LivenessPending,
    /// The lamp's light does not come back as from a head: a print or a screen.
    NotLitLikeAHead,
    /// The lamp cannot tell, for example because the sun is brighter.
    LampUnsure,
    /// The PAD network takes the face for a picture.
    LooksLikeAPicture,
    /// The PAD network gives no output.
    NetworkUnsure,
    /// The infrared camera does not see this person.
    NotInInfrared,
    /// The infrared camera gives no picture.
    InfraredUnsure,
    /// The unit is locked down, and the person is not one of those who may still enter.
    LockedDown,
    /// This door accepts no visitor passes.
    PassesNotAccepted,
    /// A code was shown that is not a visitor pass.
    NotAPass,
    /// The pass was changed, or made with a key that the database does not name.
    PassNotGenuine,
    /// The pass was revoked.
    PassRevoked,
    /// The pass is for another door.
    PassForOtherDoor,
    /// The pass is not valid yet, or no longer.
    PassOutsideHours,
    /// The pass has let somebody in as often as it may.
    PassUsedUp,
    /// The unit cannot count the uses of this pass: its memory was lost or is full.
    PassUsesUnknown,
    /// The card of the visitor's host must be presented as well.
    HostNeeded,
    /// The visitor's host is not enrolled, or may not enter now.
    HostNotAllowed,
    /// Face recognition is switched off, so nobody is let in by their face.
    FaceRecognitionOff,
}

impl Reason {
    /// Every reason, in declaration order.
    pub const ALL: [Self; 49] = [
        Self::NotKnown,
        Self::TooFar,
        Self::TooDark,
        Self::TooBright,
        Self::Blurred,
        Self::TurnedAway,
        Self::Deciding,
        Self::Ambiguous,
        Self::SeveralFaces,
        Self::AlreadyGranted,
        Self::CardNeeded,
        Self::OutsideValidity,
        Self::ClockUnknown,
        Self::NotRecorded,
        Self::CardNotKnown,
        Self::NotCardHolder,
        Self::FaceNeeded,
        Self::SelfTestFailed,
        Self::LockedOut,
        Self::OutsideHours,
        Self::NobodyHereYet,
        Self::PassedAlready,
        Self::TurnLeft,
        Self::TurnRight,
        Self::LivenessFailed,
        Self::NearerToAnother,
        Self::CardBlocked,
        Self::FacesPaced,
        Self::CardPause,
        Self::HardlyAFace,
        Self::LivenessPending,
        Self::NotLitLikeAHead,
        Self::LampUnsure,
        Self::LooksLikeAPicture,
        Self::NetworkUnsure,
        Self::NotInInfrared,
        Self::InfraredUnsure,
        Self::LockedDown,
        Self::PassesNotAccepted,
        Self::NotAPass,
        Self::PassNotGenuine,
        Self::PassRevoked,
        Self::PassForOtherDoor,
        Self::PassOutsideHours,
        Self::PassUsedUp,
        Self::PassUsesUnknown,
        Self::HostNeeded,
        Self::HostNotAllowed,
        Self::FaceRecognitionOff,
    ];

    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotKnown => "not_known",
            Self::TooFar => "too_far",
            Self::TooDark => "too_dark",
            Self::TooBright => "too_bright",
            Self::Blurred => "blurred",
            Self::TurnedAway => "turned_away",
            Self::Deciding => "deciding",
            Self::Ambiguous => "ambiguous",
            Self::SeveralFaces => "several_faces",
            Self::AlreadyGranted => "already_granted",
            Self::CardNeeded => "card_needed",
            Self::OutsideValidity => "outside_validity",
            Self::ClockUnknown => "clock_unknown",
            Self::NotRecorded => "not_recorded",
            Self::CardNotKnown => "card_not_known",
            Self::NotCardHolder => "not_card_holder",
            Self::FaceNeeded => "face_needed",
            Self::SelfTestFailed => "self_test_failed",
            Self::LockedOut => "locked_out",
            Self::OutsideHours => "outside_hours",
            Self::NobodyHereYet => "nobody_here_yet",
            Self::PassedAlready => "passed_already",
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
            Self::LivenessFailed => "liveness_failed",
            Self::NearerToAnother => "nearer_to_another",
            Self::CardBlocked => "card_blocked",
            Self::FacesPaced => "faces_paced",
            Self::CardPause => "card_pause",
            Self::HardlyAFace => "hardly_a_face",
            Self::LivenessPending => "liveness_pending",
            Self::NotLitLikeAHead => "not_lit_like_a_head",
            Self::LampUnsure => "lamp_unsure",
            Self::LooksLikeAPicture => "looks_like_a_picture",
            Self::NetworkUnsure => "network_unsure",
            Self::NotInInfrared => "not_in_infrared",
            Self::InfraredUnsure => "infrared_unsure",
            Self::LockedDown => "locked_down",
            Self::PassesNotAccepted => "passes_not_accepted",
            Self::NotAPass => "not_a_pass",
            Self::PassNotGenuine => "pass_not_genuine",
            Self::PassRevoked => "pass_revoked",
            Self::PassForOtherDoor => "pass_for_other_door",
            Self::PassOutsideHours => "pass_outside_hours",
            Self::PassUsedUp => "pass_used_up",
            Self::PassUsesUnknown => "pass_uses_unknown",
            Self::HostNeeded => "host_needed",
            Self::HostNotAllowed => "host_not_allowed",
            Self::FaceRecognitionOff => "face_recognition_off",
        }
    }

    /// A readable clause that can follow a colon.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NotKnown => "no enrolled person looks enough like this face",
            Self::TooFar => "the face is too small: come closer",
            Self::TooDark => "there is too little light on the face",
            Self::TooBright => "there is too much light on the face",
            Self::Blurred => "the face is not sharp: hold still",
            Self::TurnedAway => "the face looks aside: look into the camera",
            Self::Deciding => "the same face has not been recognised in enough frames",
            Self::Ambiguous => "two enrolled people look too much like this face",
            Self::SeveralFaces => "there is more than one face",
            Self::AlreadyGranted => "the person was let in already and has been in view since",
            Self::CardNeeded => "a card is needed as well",
            Self::OutsideValidity => "it is before the first or after the last day on which the person may enter",
            Self::ClockUnknown => "the person may enter at certain times only, and the unit does not know the time",
            Self::NotRecorded => "the record could not be written",
            Self::CardNotKnown => "the card is unknown",
            Self::NotCardHolder => "the face is not that of the card's holder",
            Self::FaceNeeded => "the face of the card's holder must be seen as well",
            Self::SelfTestFailed => "the networks failed their self-test",
            Self::LockedOut => "there were too many failed attempts: wait a while",
            Self::OutsideHours => "it is outside the person's hours",
            Self::NobodyHereYet => "the person's hours begin once a member of another group has been let in",
            Self::PassedAlready => "the person was let in a short while ago",
            Self::TurnLeft => "the head must be turned to the left",
            Self::TurnRight => "the head must be turned to the right",
            Self::LivenessFailed => "the head was not turned as asked, or the picture is static",
            Self::NearerToAnother => "the face is nearer to somebody else than to the card's holder",
            Self::CardBlocked => "the person's cards are blocked: an administrator can clear the block",
            Self::FacesPaced => "after many failed attempts one face is judged every few minutes: wait a while",
            Self::CardPause => "the reader pauses after unknown cards: wait a moment",
            Self::HardlyAFace => "the face is hardly recognisable: face the camera, uncover your face",
            Self::LivenessPending => "it is not certain yet that a live person is there: look into the camera",
            Self::NotLitLikeAHead => "the face does not reflect the lamp as a head does: it may be a picture",
            Self::LampUnsure => "the lamp cannot tell whether a live person is there: present a card as well",
            Self::LooksLikeAPicture => "the PAD network takes the face for a print or a screen",
            Self::NetworkUnsure => "the PAD network gives no output: present a card as well",
            Self::NotInInfrared => "the infrared camera does not see this person: it may be a picture",
            Self::InfraredUnsure => "the infrared camera gives no picture: present a card as well",
            Self::LockedDown => "the door is locked down",
            Self::PassesNotAccepted => "this door accepts no visitor passes",
            Self::NotAPass => "the code is not a visitor pass",
            Self::PassNotGenuine => "the pass was changed, or made with a key that the unit does not know",
            Self::PassRevoked => "the pass was revoked",
            Self::PassForOtherDoor => "the pass is for another door",
            Self::PassOutsideHours => "the pass is not valid at this time",
            Self::PassUsedUp => "the pass has no uses left",
            Self::PassUsesUnknown => "the unit cannot count the uses of this pass: get another one",
            Self::HostNeeded => "the card of the visitor's host is needed within half a minute",
            Self::HostNotAllowed => "the visitor's host is not enrolled or may not enter now",
            Self::FaceRecognitionOff => "face recognition is switched off at this door",
        }
    }

    /// The reason with this [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether the picture was not good enough to judge the face; never a failed attempt.
    pub const fn is_about_quality(self) -> bool {
        use Reason::{Blurred, HardlyAFace, TooBright, TooDark, TooFar, TurnedAway};
        matches!(self, TooFar | TooDark | TooBright | Blurred | TurnedAway | HardlyAFace)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn codes_are_distinct_and_equal_those_of_serde() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json.trim_matches('"'), reason.code());
            assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
            assert!(Reason::ALL[..index].iter().all(|other| other.code() != reason.code()), "{reason}");
        }
    }

    /// A regression: a door said "Please go away: not_known".
    #[test]
    fn texts_are_distinct_clauses_without_codes() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            let words = reason.in_words();
            assert!(words.contains(' ') && !words.contains('_') && !words.ends_with('.'), "{words}");
            assert!(Reason::ALL[..index].iter().all(|other| other.in_words() != words), "{words}");
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("no such reason"), None);
    }

    /// The codes come from serde's derive, which knows every variant: a new reason that is not in `ALL` fails here.
    #[test]
    fn every_reason_is_in_all_in_declaration_order() {
        let refused = serde_json::from_str::<Reason>("\"\"").unwrap_err().to_string();
        let codes: Vec<&str> = refused.split('`').skip(3).step_by(2).collect();
        assert_eq!(codes, Reason::ALL.map(Reason::code));
    }
}
