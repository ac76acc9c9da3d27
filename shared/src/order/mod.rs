//! Signed orders: what a workstation orders its doors to do, its text, and who has signed it.
//!
//! The text is one line of JSON, so that anybody can read it on the way. It holds the order, again as text, and the
//! signature over a label and exactly that text:
//!
//! ```text
//! {"schema":1,"order":"{\"schema\":1,\"number\":…}","signature":"…"}
//! ```
//!
//! A unit carries out each number once, and only larger ones after that. This module says whether an order is genuine;
//! the unit decides whether it is for this door, new, and not too late.

mod error;
mod signed;
mod text;

pub use error::OrderError;

use crate::gallery::Audience;
use crate::person_id::PersonId;
use crate::schedule::MAX_GROUP_BYTES;
use alloc::string::String;

/// The largest length of an order as text, in bytes. An order for [`MAX_UNITS`] units is shorter.
pub const MAX_ORDER_BYTES: usize = 4096;

/// The largest number of units that an order can name.
pub const MAX_UNITS: usize = 64;

/// An order to doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    number: u64,
    doors: Audience,
    expires_utc_ms: i64,
    command: Command,
}

/// What doors are ordered to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Lock down.
    LockdownOn {
        /// The group of people whose members may still enter, 1 to [`MAX_GROUP_BYTES`] bytes without control characters;
        /// nobody if `None`.
        admits: Option<String>,
    },
    /// End the lockdown that was ordered.
    LockdownOff,
    /// Let in nobody by their face.
    FaceRecognitionOff,
    /// Recognise faces again.
    FaceRecognitionOn,
    /// Erase the name of this person beside the audit log.
    Forget {
        /// The person.
        person: PersonId,
    },
    /// Clear all failed attempts.
    ClearLockouts,
}

impl Order {
    /// Makes an order. `number` is larger than that of every earlier order to these doors: the time of the order in
    /// milliseconds since 1970, UTC, or one more than the last number. `expires_utc_ms` is when doors begin to refuse it,
    /// milliseconds since 1970, UTC.
    ///
    /// # Errors
    /// If it would expire before it is made, names too many units, or its group of people is invalid.
    pub fn new(number: u64, doors: Audience, expires_utc_ms: i64, command: Command) -> Result<Self, OrderError> {
        if number == 0 || i64::try_from(number).map_or(true, |made_utc_ms| made_utc_ms >= expires_utc_ms) {
            return Err(OrderError::Expiry { number, expires_utc_ms });
        }
        if let Audience::Units(units) = &doors
            && units.ids().len() > MAX_UNITS
        {
            return Err(OrderError::Units(units.ids().len()));
        }
        if let Command::LockdownOn { admits: Some(group) } = &command
            && !is_group(group)
        {
            return Err(OrderError::Group(group.clone()));
        }
        Ok(Self { number, doors, expires_utc_ms, command })
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The doors that it is for.
    pub fn doors(&self) -> &Audience {
        &self.doors
    }

    /// When doors begin to refuse it, milliseconds since 1970, UTC.
    pub fn expires_utc_ms(&self) -> i64 {
        self.expires_utc_ms
    }

    /// What it orders.
    pub fn command(&self) -> &Command {
        &self.command
    }
}

impl Command {
    /// The stable code, in snake_case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LockdownOn { .. } => "lockdown_on",
            Self::LockdownOff => "lockdown_off",
            Self::FaceRecognitionOff => "face_recognition_off",
            Self::FaceRecognitionOn => "face_recognition_on",
            Self::Forget { .. } => "forget",
            Self::ClearLockouts => "clear_lockouts",
        }
    }
}

fn is_group(group: &str) -> bool {
    (1..=MAX_GROUP_BYTES).contains(&group.len()) && !group.chars().any(char::is_control)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::seal::Fingerprint;
    use alloc::borrow::ToOwned;
    use std::vec::Vec;

    pub(crate) const NUMBER: u64 = 1_800_000_000_000;
    pub(crate) const EXPIRES_UTC_MS: i64 = 1_800_003_600_000;

    pub(crate) fn commands() -> Vec<Command> {
        [
            Command::LockdownOn { admits: None },
            Command::LockdownOn { admits: Some("wardens \"1\"".to_owned()) },
            Command::LockdownOff,
            Command::FaceRecognitionOff,
            Command::FaceRecognitionOn,
            Command::Forget { person: PersonId([0xad; 16]) },
            Command::ClearLockouts,
        ]
        .to_vec()
    }

    pub(crate) fn audiences() -> Vec<Audience> {
        let unit = |number| Fingerprint::from_bytes([number; 10]);
        [
            Audience::AllDoors,
            Audience::Group("office".parse().unwrap()),
            Audience::units([unit(1)]).unwrap(),
            Audience::units((0..64).map(unit)).unwrap(),
        ]
        .to_vec()
    }

    #[test]
    fn impossible_orders_are_named() {
        let made = |number, expires, command: &Command| {
            Order::new(number, Audience::AllDoors, expires, command.clone()).map(drop)
        };
        let of_group = |group: &str| Command::LockdownOn { admits: Some(group.to_owned()) };
        let refused = |number, expires_utc_ms| Err(OrderError::Expiry { number, expires_utc_ms });
        for (number, expires, command, expected) in [
            (1, 2, Command::LockdownOff, Ok(())),
            (0, 2, Command::LockdownOff, refused(0, 2)),
            (2, 2, Command::LockdownOff, refused(2, 2)),
            (1, -1, Command::LockdownOff, refused(1, -1)),
            (u64::MAX, i64::MAX, Command::LockdownOff, refused(u64::MAX, i64::MAX)),
            (1, 2, of_group(&"a".repeat(32)), Ok(())),
            (1, 2, of_group(&"a".repeat(33)), Err(OrderError::Group("a".repeat(33)))),
            (1, 2, of_group(""), Err(OrderError::Group(String::new()))),
            (1, 2, of_group("a\nb"), Err(OrderError::Group("a\nb".to_owned()))),
        ] {
            assert_eq!(made(number, expires, &command), expected, "{number} {expires} {command:?}");
        }
        let units = Audience::units((0..65).map(|number| Fingerprint::from_bytes([number; 10]))).unwrap();
        assert_eq!(Order::new(1, units, 2, Command::LockdownOff), Err(OrderError::Units(65)));
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<&str> = commands().iter().map(Command::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 6);
    }
}
