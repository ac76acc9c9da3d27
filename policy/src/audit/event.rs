//! The recorded events. They alone must show who was let in, who was not, and why. An [`Event::Granted`] is written
//! before the door is unlocked: if it is the last record, the power may have failed before that.

use super::line_hash::LineHash;
use super::part::Part;
use super::signature::HeadSignature;
use crate::{
    Approach, Credential, Entry, Failures, HeldOpen, HoldEnd, Kind, Locked, LockoutEnd, MAX_CONSENSUS_FRAMES,
    Neighbour, Reason, Reports, Tailgating, Visit,
};
use alloc::string::ToString;
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};
use shared::gallery::{DatabaseDigest, MAX_GROUP_BYTES, ModelHash, PersonId};
use shared::pass::PassId;
use shared::schedule::MAX_SCHEDULE_NAME_BYTES;
use shared::seal::Fingerprint;

/// Largest length of a reason code such as `other_model`, in bytes.
pub const MAX_CODE_BYTES: usize = 32;

/// Largest length of a USB port's name, in bytes.
pub const MAX_USB_PORT_BYTES: usize = 32;

/// Largest length of a program's version, in bytes.
pub const MAX_VERSION_BYTES: usize = 32;

/// A recorded event. All distances are finite L2 distances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The program started and has locked the door.
    Started {
        /// The program's version.
        version: String<MAX_VERSION_BYTES>,
    },
    /// The program stops, and has locked the door.
    Stopped,
    /// A people database was taken into use.
    DatabaseLoaded {
        /// The sequence number in its header.
        database_sequence: u64,
        /// The model that its encodings were made with.
        model: ModelHash,
        /// The threshold that applies from now on, an L2 distance.
        threshold: f32,
        /// The threshold for pictures without colour, if different.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threshold_grey: Option<f32>,
    },
    /// A person will be let in. Written before the door is unlocked.
    Granted {
        /// The person.
        person: PersonId,
        /// The credential; a record without this key is for a face.
        #[serde(default)]
        credential: Credential,
        /// Distance in the deciding frame; `None` if no face was judged.
        distance: Option<f32>,
        /// Distances in the frames that agreed, oldest first.
        distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
        /// The nearest other person in the deciding frame.
        runner_up: Option<Neighbour>,
        /// Whether the deciding frame had no colour, so that the grey threshold applied.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        grey: bool,
        /// What the signals reported about the face; empty if none was measured.
        #[serde(default, skip_serializing_if = "Reports::is_empty")]
        signals: Reports,
    },
    /// A visitor will be let in with a pass. Written before the door is unlocked.
    PassGranted {
        /// The pass.
        pass: PassId,
        /// The host whose card was presented, if one was needed.
        host: Option<PersonId>,
    },
    /// An approach ended, and after its last grant somebody was not let in.
    Refused {
        /// The reason.
        reason: Reason,
        /// The person within the threshold, or the holder of the presented card.
        person: Option<PersonId>,
        /// Distance to the nearest person in the frame of the reason, or to the card's holder; `None` if no face was
        /// compared.
        distance: Option<f32>,
        /// Distances to the nearest person in the last judged frames, oldest first.
        distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
        /// The nearest other person in the frame of the reason.
        runner_up: Option<Neighbour>,
        /// When the approach began, milliseconds since 1970, UTC.
        began_utc_ms: i64,
        /// When somebody was last seen, milliseconds since 1970, UTC.
        ended_utc_ms: i64,
        /// Number of people let in before.
        grants: usize,
        /// What the signals had reported about the face by then; empty if none was asked.
        #[serde(default, skip_serializing_if = "Reports::is_empty")]
        signals: Reports,
        /// The visitor pass that was shown, if that is the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pass: Option<PassId>,
    },
    /// The door is open, but nobody was let in and nobody pressed the exit button.
    DoorForced,
    /// The fire alarm has released the lock, by its own wires.
    FireAlarmOn,
    /// The fire alarm is over.
    FireAlarmOff {
        /// For how many milliseconds it was on.
        alarm_ms: u64,
    },
    /// The door was opened while the fire alarm had released it.
    DoorReleased,
    /// The door has been open for too long.
    DoorHeld {
        /// For how many milliseconds it has been open.
        open_ms: u64,
    },
    /// A door that was forced or held open is closed again.
    DoorClosed {
        /// For how many milliseconds it was open.
        open_ms: u64,
    },
    /// The exit button has been pressed for too long: it is stuck, or held down on purpose.
    ExitStuck {
        /// For how many milliseconds it has been pressed.
        pressed_ms: u64,
    },
    /// An exit button that was stuck is free again.
    ExitFree {
        /// For how many milliseconds it was pressed.
        pressed_ms: u64,
    },
    /// The door could not be switched; whether it is locked is not known.
    DoorFailed,
    /// The log ended in an incomplete line, which was removed: the power failed while it was written.
    TornLineCut {
        /// Number of bytes removed.
        bytes: u64,
    },
    /// The device signed the previous record, and with it all records before that.
    HeadSigned {
        /// Signature over [`Head::signed_bytes`](super::Head::signed_bytes) of the previous record.
        signature: HeadSignature,
    },
    /// The oldest files of the log are removed. Written before the removal.
    Pruned {
        /// The number of the last record in them.
        pruned_through: u64,
        /// The hash of its line, which the first line that is kept names.
        pruned_hash: LineHash,
    },
    /// The log lacks a record that the device had signed: its tail was cut off, or it was rewritten.
    TailMissing {
        /// The number of that record.
        signed_sequence: u64,
        /// The hash of its line.
        signed_hash: LineHash,
    },
    /// A people database was refused; the previous one stays in use.
    DatabaseRefused {
        /// SHA-256 of the file; `None` if it could not be read.
        refused_digest: Option<DatabaseDigest>,
        /// The reason code, such as `other_model`.
        refused_because: String<MAX_CODE_BYTES>,
    },
    /// The previous database is in use again.
    DatabaseReturned {
        /// Its sequence number.
        returned_to: u64,
        /// `asked_for`, or the code why the current one cannot be used.
        returned_because: String<MAX_CODE_BYTES>,
    },
    /// A local user made a request on the control socket or the socket of the link. Written before it is carried out, unless
    /// it can only keep people out.
    Requested {
        /// The code of the request, such as `rollback`.
        request: String<MAX_CODE_BYTES>,
        /// The user id of the requester, 0 for root.
        by_uid: u32,
    },
    /// The networks do not produce the expected encodings; nobody is let in.
    SelfTestFailed,
    /// A lockout began after too many failed attempts.
    LockedOut {
        /// What is refused: faces, cards, or faces with one card.
        tried: Credential,
        /// The card's holder, in the last case.
        person: Option<PersonId>,
        /// Number of consecutive failures.
        failures: u32,
        /// Duration in milliseconds.
        for_ms: u64,
    },
    /// Faces are paced after very many failed attempts by face: one face is judged per interval.
    FacesPaced {
        /// Number of failed attempts without a grant.
        failures: u32,
        /// The interval in milliseconds.
        each_ms: u64,
    },
    /// A person's cards are blocked after very many failed attempts, until an administrator clears the block or the
    /// person has a new card.
    CardBlocked {
        /// The cards' holder.
        person: Option<PersonId>,
        /// Number of failed attempts without a grant.
        failures: u32,
    },
    /// An administrator cleared failed attempts.
    LockoutCleared {
        /// What was counted: faces, cards, or faces with one card.
        tried: Credential,
        /// The card's holder, in the last case.
        person: Option<PersonId>,
        /// Number of failed attempts.
        failures: u32,
    },
    /// A part of the unit fails and is being retried. Recorded when the failure begins and when its reason changes.
    PartFailed {
        /// The part.
        part: Part,
        /// The reason code, such as `unplugged`.
        failed_because: String<MAX_CODE_BYTES>,
        /// Where a device was plugged in, such as `1-1.3`; `None` if it is not on USB, or was not there.
        usb_port: Option<String<MAX_USB_PORT_BYTES>>,
        /// Number of earlier changes that were not recorded because there were too many.
        unreported: u64,
    },
    /// A part of the unit works: for the first time, or again.
    PartWorks {
        /// The part.
        part: Part,
        /// Where a device is plugged in; `None` if it is not on USB.
        usb_port: Option<String<MAX_USB_PORT_BYTES>>,
        /// How long it failed, in milliseconds; 0 if it did not.
        failed_ms: u64,
        /// Number of retries in this time.
        tries: u64,
        /// Number of earlier changes that were not recorded because there were too many.
        unreported: u64,
    },
    /// From now on the door is held open for everybody. Written before the door is unlocked.
    HeldOpen {
        /// The name of the hours in `schedules.toml`.
        hours: String<MAX_SCHEDULE_NAME_BYTES>,
        /// Whose entry opened the door for everybody.
        person: PersonId,
    },
    /// The door is no longer held open, and has been locked unless somebody was just let in.
    HoldEnded {
        /// The name of the hours.
        hours: String<MAX_SCHEDULE_NAME_BYTES>,
        /// The code why.
        ended_because: String<MAX_CODE_BYTES>,
    },
    /// The installer tries the lock, which unlocks for a few seconds. Written before it moves.
    LockTested {
        /// The user id of the requester, 0 for root.
        by_uid: u32,
    },
    /// Somebody watches the camera's pictures, to aim it. Written before the first picture.
    AimBegan {
        /// The user id of the requester, 0 for root.
        by_uid: u32,
        /// For how many seconds at most.
        for_seconds: u16,
    },
    /// Nobody watches the camera's pictures any more.
    AimEnded {
        /// The code why, such as `time_over`.
        ended_because: String<MAX_CODE_BYTES>,
        /// Number of pictures sent.
        pictures: u64,
    },
    /// The unit is locked down from now on.
    LockdownBegan {
        /// The code of what locks it down, such as `command`.
        locked_by: String<MAX_CODE_BYTES>,
        /// The group that may still enter; nobody if `None`.
        admits: Option<String<MAX_GROUP_BYTES>>,
    },
    /// Something no longer locks the unit down. Something else may.
    LockdownEnded {
        /// The code of what locked it down.
        locked_by: String<MAX_CODE_BYTES>,
    },
    /// Nobody is let in by their face from now on.
    FaceRecognitionOff {
        /// The code of what switched it off, such as `command`.
        switched_by: String<MAX_CODE_BYTES>,
    },
    /// Faces are recognised again.
    FaceRecognitionOn {
        /// The code of what had switched it off.
        switched_by: String<MAX_CODE_BYTES>,
    },
    /// A workstation's signed order is carried out. Written before that, unless it can only keep people out.
    SignedOrder {
        /// Its number.
        order_number: u64,
        /// The code of its command, such as `lockdown_off`.
        request: String<MAX_CODE_BYTES>,
        /// The person that it is about, if any.
        person: Option<PersonId>,
        /// The fingerprint of the key that signed it.
        signed_by: String<MAX_CODE_BYTES>,
        /// The user id of who handed it over, 0 for root.
        by_uid: u32,
    },
    /// An approach ended in which somebody may have tailgated.
    Tailgating {
        /// The last person let in before more faces were seen than people let in.
        person: PersonId,
        /// Number of additional faces.
        others: usize,
    },
}

impl Event {
    /// The program started. A version is truncated to [`MAX_VERSION_BYTES`].
    pub fn started(version: &str) -> Self {
        Self::Started { version: kept(version) }
    }

    /// A people database was not taken into use, for the reason of this code.
    pub fn database_refused(refused_digest: Option<DatabaseDigest>, code: &str) -> Self {
        Self::DatabaseRefused { refused_digest, refused_because: kept(code) }
    }

    /// The database of this sequence number is used again, for the reason of this code.
    pub fn database_returned(returned_to: u64, code: &str) -> Self {
        Self::DatabaseReturned { returned_to, returned_because: kept(code) }
    }

    /// A user of the unit's system asks for what this code says.
    pub fn requested(code: &str, by_uid: u32) -> Self {
        Self::Requested { request: kept(code), by_uid }
    }

    /// A part fails, for the reason of this code.
    pub fn part_failed(part: Part, code: &str, usb_port: Option<&str>, unreported: u64) -> Self {
        Self::PartFailed { part, failed_because: kept(code), usb_port: usb_port.map(kept), unreported }
    }

    /// A part works, after failing for so long.
    pub fn part_works(part: Part, usb_port: Option<&str>, failed_ms: u64, tries: u64, unreported: u64) -> Self {
        Self::PartWorks { part, usb_port: usb_port.map(kept), failed_ms, tries, unreported }
    }

    /// The door is no longer held open.
    pub fn hold_ended(hours: &str, because: HoldEnd) -> Self {
        Self::HoldEnded { hours: kept(hours), ended_because: kept(because.code()) }
    }

    /// Nobody watches the camera's pictures any more, for the reason of this code.
    pub fn aim_ended(code: &str, pictures: u64) -> Self {
        Self::AimEnded { ended_because: kept(code), pictures }
    }

    /// The unit is locked down by what has this code.
    pub fn lockdown_began(code: &str, admits: Option<&str>) -> Self {
        Self::LockdownBegan { locked_by: kept(code), admits: admits.map(kept) }
    }

    /// What has this code no longer locks the unit down.
    pub fn lockdown_ended(code: &str) -> Self {
        Self::LockdownEnded { locked_by: kept(code) }
    }

    /// What has this code switched face recognition off.
    pub fn face_recognition_off(code: &str) -> Self {
        Self::FaceRecognitionOff { switched_by: kept(code) }
    }

    /// What has this code no longer switches face recognition off.
    pub fn face_recognition_on(code: &str) -> Self {
        Self::FaceRecognitionOn { switched_by: kept(code) }
    }

    /// The order with this number, command and signer, handed over by this user.
    pub fn signed_order(
        order_number: u64,
        command: &str,
        person: Option<PersonId>,
        signed_by: Fingerprint,
        by_uid: u32,
    ) -> Self {
        let signed_by = kept(&signed_by.to_string());
        Self::SignedOrder { order_number, request: kept(command), person, signed_by, by_uid }
    }

    /// A lockout began.
    pub fn locked_out(locked: &Locked) -> Self {
        let Locked { after: Failures { kind, failures }, ends } = *locked;
        let (tried, person) = tried(kind);
        match ends {
            LockoutEnd::InMs(for_ms) => Self::LockedOut { tried, person, failures, for_ms },
            LockoutEnd::OneFaceEach(each_ms) => Self::FacesPaced { failures, each_ms },
            LockoutEnd::WhenCleared => Self::CardBlocked { person, failures },
        }
    }

    /// An administrator cleared these failed attempts.
    pub fn lockout_cleared(cleared: &Failures) -> Self {
        let Failures { kind, failures } = *cleared;
        let (tried, person) = tried(kind);
        Self::LockoutCleared { tried, person, failures }
    }

    /// `None` if no tailgating was seen.
    pub fn tailgating(approach: &Approach) -> Option<Self> {
        approach.tailgating.map(|Tailgating { person, others }| Self::Tailgating { person, others })
    }

    /// The record of an approach's refusal; grants have their own records. `None` if nobody was refused.
    pub fn refused(approach: &Approach) -> Option<Self> {
        Some(Self::Refused {
            reason: approach.reason?,
            person: approach.person,
            distance: approach.distance,
            distances: approach.distances.clone(),
            runner_up: approach.runner_up,
            began_utc_ms: approach.began_utc_ms,
            ended_utc_ms: approach.ended_utc_ms,
            grants: approach.grants,
            signals: approach.signals.clone(),
            pass: approach.pass,
        })
    }
}

fn tried(kind: Kind) -> (Credential, Option<PersonId>) {
    match kind {
        Kind::Face => (Credential::Face, None),
        Kind::Card => (Credential::Card, None),
        Kind::CardOf(person) => (Credential::CardAndFace, Some(person)),
    }
}

/// Truncates a text to the available room.
fn kept<const N: usize>(text: &str) -> String<N> {
    let mut kept = String::new();
    let _cut_off = text.chars().try_for_each(|character| kept.push(character));
    kept
}

impl From<&HeldOpen> for Event {
    fn from(held: &HeldOpen) -> Self {
        Self::HeldOpen { hours: kept(held.hours()), person: held.opened_by() }
    }
}

impl From<&Entry> for Event {
    fn from(grant: &Entry) -> Self {
        Self::Granted {
            person: grant.person(),
            credential: grant.credential(),
            distance: grant.distance(),
            distances: grant.distances().iter().copied().collect(),
            runner_up: grant.runner_up(),
            grey: grant.is_grey(),
            signals: grant.signals().to_vec(),
        }
    }
}

impl From<&Visit> for Event {
    fn from(visit: &Visit) -> Self {
        Self::PassGranted { pass: visit.pass(), host: visit.host() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decision, Enrolled, Now, Observation, ObservedFace, Policy, PresentedCard, Resemblance, Rules};
    use shared::face::FaceBox;
    use shared::gallery::Mode;

    #[test]
    fn a_grant_and_what_followed_become_events() {
        let (ada, ben) = (PersonId([1; 16]), PersonId([2; 16]));
        let mut policy = Policy::new(Rules { consensus: 1, consensus_of: 1, ..Rules::face_alone(1.0) }).unwrap();
        let mut decide = |distance, ms| {
            let mut face = ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: 50.0, height: 50.0 });
            face.resembles = Some(Resemblance::new(Enrolled::new(ada), distance).beside(ben, 1.5));
            let decision = policy.decide(&Observation::new(&[face]), &Now::new(1000 + ms as i64, ms));
            (decision, policy.take_ended_approach())
        };
        let runner_up = Some(Neighbour { person: ben, distance: 1.5 });

        let (Decision::Grant(grant), None) = decide(0.5, 0) else { panic!("not granted") };
        let distances = Vec::from_iter([0.5]);
        assert_eq!(Event::from(&grant), {
            let (credential, distance) = (Credential::Face, Some(0.5));
            Event::Granted {
                person: ada,
                credential,
                distance,
                distances,
                runner_up,
                grey: false,
                signals: Default::default(),
            }
        });

        let (Decision::Refuse(_), None) = decide(1.25, 100) else { panic!("not refused") };
        let (_, Some(approach)) = decide(0.5, 5000) else { panic!("not ended") };
        let expected = Event::Refused {
            reason: Reason::NotKnown,
            person: None,
            distance: Some(1.25),
            distances: Vec::from_iter([1.25]),
            runner_up,
            began_utc_ms: 1000,
            ended_utc_ms: 1100,
            grants: 1,
            signals: Default::default(),
            pass: None,
        };
        assert_eq!(Event::refused(&approach), Some(expected));

        let (_, Some(only_granted)) = decide(0.5, 10_000) else { panic!("not ended") };
        assert_eq!(Event::refused(&only_granted), None);
    }

    #[test]
    fn a_grant_by_card_is_recorded_with_its_credential() {
        let holder = Enrolled { mode: Mode::CardOrFace, ..Enrolled::new(PersonId([1; 16])) };
        let mut policy = Policy::new(Rules::face_alone(1.0)).unwrap();
        policy.present_card(&PresentedCard::Of(holder), &Now::new(0, 0));
        let Decision::Grant(grant) = policy.decide(&Observation::new(&[]), &Now::new(0, 0)) else {
            panic!("not granted")
        };
        let json = serde_json::to_string(&Event::from(&grant)).unwrap();
        assert!(json.contains(r#""credential":"card","distance":null,"distances":[]"#), "{json}");
    }

    #[test]
    fn a_long_version_is_cut() {
        let version = |text: &str| match Event::started(text) {
            Event::Started { version } => version,
            other => panic!("{other:?}"),
        };
        assert_eq!(version("1.2.3"), "1.2.3");
        assert_eq!(version(&"é".repeat(20)).as_str(), "é".repeat(16));
        assert_eq!(version(&std::format!("x{}", "é".repeat(20))).len(), 31);
    }
}
