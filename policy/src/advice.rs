//! Instructions for a person at the door: one for each reason, few enough for lights to distinguish them.

use super::reason::Reason;

/// An instruction for a person who is not let in (yet). Every reason maps to one. The code that displays them must
/// handle each variant: a new one does not compile otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Stay where you are: the decision is in progress.
    Wait,
    /// Look into the camera, hold still, and let the whole face be seen.
    LookHere,
    /// Come closer.
    ComeCloser,
    /// There is too little light on the face, or too much.
    MindTheLight,
    /// You are not known here.
    NotKnown,
    /// One at a time, please.
    OneAtATime,
    /// Present your card.
    PresentCard,
    /// This card is unknown, or belongs to somebody else; or this pass opens nothing here.
    WrongCard,
    /// Not at this time.
    OutsideHours,
    /// Not again so soon.
    TryLater,
    /// Turn your head to your left, and look ahead again.
    TurnLeft,
    /// Turn your head to your right, and look ahead again.
    TurnRight,
    /// Only one face is judged every few minutes: present your card with your face, or ask for help.
    OneFaceAtATime,
    /// Your card is blocked: ask the person who runs this door.
    CardBlocked,
    /// Something is wrong with the door: tell somebody.
    Fault,
}

impl Advice {
    /// All variants, in declaration order.
    pub const ALL: [Self; 15] = [
        Self::Wait,
        Self::LookHere,
        Self::ComeCloser,
        Self::MindTheLight,
        Self::NotKnown,
        Self::OneAtATime,
        Self::PresentCard,
        Self::WrongCard,
        Self::OutsideHours,
        Self::TryLater,
        Self::TurnLeft,
        Self::TurnRight,
        Self::OneFaceAtATime,
        Self::CardBlocked,
        Self::Fault,
    ];
}

impl Reason {
    /// The instruction for a person who is refused for this reason.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Deciding | Self::AlreadyGranted | Self::CardPause | Self::LivenessPending => Advice::Wait,
            Self::Blurred | Self::TurnedAway | Self::FaceNeeded | Self::HardlyAFace => Advice::LookHere,
            Self::TooFar => Advice::ComeCloser,
            Self::TooDark | Self::TooBright => Advice::MindTheLight,
            Self::NotKnown
            | Self::Ambiguous
            | Self::LivenessFailed
            | Self::NotLitLikeAHead
            | Self::LooksLikeAPicture
            | Self::NotInInfrared => Advice::NotKnown,
            Self::SeveralFaces => Advice::OneAtATime,
            Self::CardNeeded | Self::LampUnsure | Self::NetworkUnsure | Self::InfraredUnsure => Advice::PresentCard,
            Self::TurnLeft => Advice::TurnLeft,
            Self::TurnRight => Advice::TurnRight,
            Self::HostNeeded => Advice::PresentCard,
            Self::CardNotKnown
            | Self::NotCardHolder
            | Self::NearerToAnother
            | Self::PassesNotAccepted
            | Self::NotAPass
            | Self::PassNotGenuine
            | Self::PassRevoked
            | Self::PassForOtherDoor
            | Self::PassUsedUp
            | Self::PassUsesUnknown => Advice::WrongCard,
            Self::OutsideValidity
            | Self::OutsideHours
            | Self::NobodyHereYet
            | Self::LockedDown
            | Self::PassOutsideHours
            | Self::HostNotAllowed
            | Self::FaceRecognitionOff => Advice::OutsideHours,
            Self::LockedOut | Self::PassedAlready => Advice::TryLater,
            Self::FacesPaced => Advice::OneFaceAtATime,
            Self::CardBlocked => Advice::CardBlocked,
            Self::ClockUnknown | Self::NotRecorded | Self::SelfTestFailed => Advice::Fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_advice_is_given_for_some_reason() {
        for advice in Advice::ALL {
            assert!(Reason::ALL.iter().any(|reason| reason.advice() == advice), "{advice:?}");
        }
    }

    #[test]
    fn the_advice_of_every_reason_is_in_all() {
        for reason in Reason::ALL {
            assert!(Advice::ALL.contains(&reason.advice()), "{reason}");
        }
    }
}
