//! The last known state of the door contacts and the card reader, and the current lockouts.

use crate::door::{Alarm, DoorWatch, ExitButton};
use crate::reader::ReaderState;
use policy::{Kind, Locked, LockoutEnd};
use serde::{Deserialize, Serialize};

/// State of the peripherals and lockouts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PeripheralsReport {
    /// `None` if the unit has no contacts.
    pub(crate) contacts: Option<ContactsReport>,
    /// `None` if the unit has no card reader.
    pub(crate) reader: Option<ReaderReport>,
    /// The current lockouts.
    pub(crate) lockouts: Vec<LockoutReport>,
}

/// State of the door contacts and the exit button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContactsReport {
    /// `open` or `closed`; `None` without a contact on the door.
    pub(crate) door: Option<String>,
    /// `forced`, `held`, or `released` by the fire alarm, until the door is closed.
    pub(crate) alarm: Option<String>,
    /// `free`, `pressed` or `stuck`.
    pub(crate) exit_button: String,
    /// Whether the fire alarm is on; `false` if the unit does not know it.
    #[serde(default)]
    pub(crate) fire_alarm: bool,
}

/// State of the card reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReaderReport {
    /// `there`, `lost` or `case_open`. A Wiegand reader is always `there`, because its wires do not show whether it is connected.
    pub(crate) state: String,
}

/// One kind of attempt that is currently refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockoutReport {
    /// `face`, `card` or `card_of`.
    pub(crate) kind: String,
    /// The person whose card it is, for `card_of`.
    pub(crate) person_id: Option<String>,
    /// Number of failed attempts.
    pub(crate) failures: u32,
    /// Remaining time; `None` if only an administrator can end the lockout.
    pub(crate) ends_in_seconds: Option<u64>,
}

impl PeripheralsReport {
    /// Creates the report from the door, the reader and the lockouts; `None` for parts that the unit does not have.
    pub(crate) fn new(door: Option<&DoorWatch>, reader: Option<ReaderState>, locked_out: &[Locked]) -> Self {
        Self {
            contacts: door.map(ContactsReport::new),
            reader: reader.map(|state| ReaderReport { state: state.code().to_owned() }),
            lockouts: locked_out.iter().map(LockoutReport::new).collect(),
        }
    }

    /// Lines of text for people: label and value.
    pub(super) fn in_words(&self) -> Vec<(&'static str, String)> {
        let contacts = self.contacts.iter().map(|contacts| ("contacts", contacts.in_words()));
        let reader = self.reader.iter().map(|reader| ("card reader", reader.in_words()));
        let lockouts = self.lockouts.iter().map(|lockout| ("lockout", lockout.in_words()));
        contacts.chain(reader).chain(lockouts).collect()
    }
}

impl ReaderReport {
    fn in_words(&self) -> String {
        if self.state == ReaderState::CaseOpen.code() { "ITS CASE IS OPEN".to_owned() } else { self.state.clone() }
    }
}

impl ContactsReport {
    fn new(watch: &DoorWatch) -> Self {
        let alarm = watch.alarm().map(|alarm| match alarm {
            Alarm::Forced => "forced",
            Alarm::Held => "held",
            Alarm::Released => "released",
        });
        let exit_button = match watch.exit() {
            ExitButton::Free => "free",
            ExitButton::Pressed { .. } => "pressed",
            ExitButton::Stuck { .. } => "stuck",
        };
        Self {
            door: watch.has_contact().then(|| if watch.is_open() { "open" } else { "closed" }.to_owned()),
            alarm: alarm.map(str::to_owned),
            exit_button: exit_button.to_owned(),
            fire_alarm: watch.is_fire_alarm_on(),
        }
    }

    fn in_words(&self) -> String {
        let alarm = match self.alarm.as_deref() {
            Some("forced") => ", FORCED",
            Some("released") => ", RELEASED BY THE FIRE ALARM",
            Some(_) => ", OPEN FOR TOO LONG",
            None => "",
        };
        let button = match self.exit_button.as_str() {
            "stuck" => "; THE EXIT BUTTON IS STUCK",
            "pressed" => "; the exit button is pressed",
            _ => "",
        };
        let fire = if self.fire_alarm { "; THE FIRE ALARM IS ON" } else { "" };
        let door = match &self.door {
            Some(door) => format!("the door is {door}"),
            None => "no contact on the door".to_owned(),
        };
        format!("{door}{alarm}{fire}{button}")
    }
}

impl LockoutReport {
    fn new(locked: &Locked) -> Self {
        let (kind, person_id) = kind_of(locked.after.kind);
        let ends_in_seconds = match locked.ends {
            LockoutEnd::InMs(ms) => Some(ms.div_ceil(1000)),
            _ => None,
        };
        Self { kind, person_id, failures: locked.after.failures, ends_in_seconds }
    }

    fn in_words(&self) -> String {
        let Self { kind, person_id, failures, ends_in_seconds } = self;
        let what = match (kind.as_str(), person_id) {
            (_, Some(person)) => format!("the face with the card of {person}"),
            ("card", None) => "unknown cards".to_owned(),
            (kind, None) => format!("entry by {kind}"),
        };
        if (kind.as_str(), ends_in_seconds) == ("face", &None) {
            return format!("{what}: one face every five minutes, after {failures} failed attempts");
        }
        let end = ends_in_seconds
            .map_or("until `edge-agent lockout clear`".to_owned(), |seconds| format!("for {seconds} more seconds"));
        format!("{what}: refused {end}, after {failures} failed attempts")
    }
}

/// The kind as in the report, and the person whose card it is.
fn kind_of(kind: Kind) -> (String, Option<String>) {
    match kind {
        Kind::Face => ("face".to_owned(), None),
        Kind::Card => ("card".to_owned(), None),
        Kind::CardOf(person) => ("card_of".to_owned(), Some(person.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::{Input, WatchRules};
    use policy::Failures;
    use shared::gallery::PersonId;

    #[test]
    fn door_states_are_described() {
        let rules = WatchRules { held_ms: 10_000, leave_ms: 1_000 };
        let opened = [(0, Input::Opened)];
        let held = [(0, Input::LetIn { locks_at_ms: 5_000 }), (1_000, Input::Opened), (20_000, Input::Tick)];
        let stuck = [(0, Input::Closed), (0, Input::ExitPressed), (60_000, Input::Tick)];
        let alarm = [(0, Input::AlarmOn)];
        for (inputs, expected) in [
            (&[][..], "no contact on the door"),
            (&alarm, "no contact on the door; THE FIRE ALARM IS ON"),
            (&stuck[..1], "the door is closed"),
            (&opened, "the door is open, FORCED"),
            (&held, "the door is open, OPEN FOR TOO LONG"),
            (&stuck[..2], "the door is closed; the exit button is pressed"),
            (&stuck, "the door is closed; THE EXIT BUTTON IS STUCK"),
        ] {
            let mut watch = DoorWatch::new(rules);
            inputs.iter().for_each(|&(at_ms, input)| drop(watch.update(input, at_ms)));
            assert_eq!(ContactsReport::new(&watch).in_words(), expected);
        }
    }

    #[test]
    fn lockouts_are_described() {
        let person = PersonId([7; 16]);
        for (kind, expected) in [
            (Kind::Face, "entry by face: refused"),
            (Kind::Card, "unknown cards: refused"),
            (Kind::CardOf(person), "the face with the card of 07070707"),
        ] {
            let failures = Failures { kind, failures: 5 };
            let mut report = LockoutReport {
                kind: String::new(),
                person_id: None,
                failures: failures.failures,
                ends_in_seconds: Some(31),
            };
            (report.kind, report.person_id) = kind_of(failures.kind);
            let said = report.in_words();
            assert!(said.starts_with(expected) && said.contains("for 31 more seconds, after 5"), "{said}");
            let said = LockoutReport { ends_in_seconds: None, ..report }.in_words();
            let end =
                if kind == Kind::Face { "one face every five minutes" } else { "until `edge-agent lockout clear`" };
            assert!(said.contains(end), "{said}");
        }
    }
}
