//! An order as JSON, before its signature.

use super::{Command, Order, OrderError};
use crate::gallery::{Audience, DoorGroup};
use crate::person_id::PersonId;
use crate::seal::Fingerprint;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The format version of a signed order and of the order in it.
pub(super) const SCHEMA: u32 = 1;

/// The version of a JSON object with other keys.
#[derive(Deserialize)]
pub(super) struct Format {
    pub(super) schema: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderText {
    schema: u32,
    number: u64,
    expires_utc_ms: i64,
    doors: DoorsText,
    command: CommandText,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum DoorsText {
    All {},
    Group(String),
    Units(Vec<String>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum CommandText {
    LockdownOn { admits: Option<String> },
    LockdownOff {},
    FaceRecognitionOff {},
    FaceRecognitionOn {},
    Forget { person: PersonId },
    ClearLockouts {},
}

impl Order {
    pub(super) fn to_json(&self) -> String {
        let Self { number, doors, expires_utc_ms, command } = self;
        let text = OrderText {
            schema: SCHEMA,
            number: *number,
            expires_utc_ms: *expires_utc_ms,
            doors: doors.into(),
            command: command.into(),
        };
        // Numbers and texts can always be written.
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// Reads what [`Order::to_json`] writes.
    ///
    /// # Errors
    /// [`OrderError`]
    pub(super) fn from_json(text: &str) -> Result<Self, OrderError> {
        let unknown = |error: serde_json::Error| OrderError::Unknown(error.to_string());
        let Format { schema } = serde_json::from_str(text).map_err(unknown)?;
        if schema != SCHEMA {
            return Err(OrderError::Schema(schema));
        }
        let OrderText { number, expires_utc_ms, doors, command, .. } = serde_json::from_str(text).map_err(unknown)?;
        Self::new(number, doors.try_into()?, expires_utc_ms, command.into())
    }
}

impl From<&Audience> for DoorsText {
    fn from(doors: &Audience) -> Self {
        match doors {
            Audience::AllDoors => Self::All {},
            Audience::Group(group) => Self::Group(group.as_str().to_owned()),
            Audience::Units(units) => Self::Units(units.ids().iter().map(Fingerprint::to_string).collect()),
        }
    }
}

impl TryFrom<DoorsText> for Audience {
    type Error = OrderError;

    fn try_from(doors: DoorsText) -> Result<Self, OrderError> {
        let unknown = |doors: &dyn core::fmt::Display| OrderError::Unknown(format!("doors: {doors}"));
        match doors {
            DoorsText::All {} => Ok(Self::AllDoors),
            DoorsText::Group(name) => name.parse::<DoorGroup>().map(Self::Group).map_err(|error| unknown(&error)),
            DoorsText::Units(ids) => {
                let ids: Result<Vec<Fingerprint>, _> = ids.iter().map(|id| id.parse()).collect();
                Self::units(ids.map_err(|error| unknown(&error))?).map_err(|error| unknown(&error))
            }
        }
    }
}

impl From<&Command> for CommandText {
    fn from(command: &Command) -> Self {
        match command {
            Command::LockdownOn { admits } => Self::LockdownOn { admits: admits.clone() },
            Command::LockdownOff => Self::LockdownOff {},
            Command::FaceRecognitionOff => Self::FaceRecognitionOff {},
            Command::FaceRecognitionOn => Self::FaceRecognitionOn {},
            Command::Forget { person } => Self::Forget { person: *person },
            Command::ClearLockouts => Self::ClearLockouts {},
        }
    }
}

impl From<CommandText> for Command {
    fn from(command: CommandText) -> Self {
        match command {
            CommandText::LockdownOn { admits } => Self::LockdownOn { admits },
            CommandText::LockdownOff {} => Self::LockdownOff,
            CommandText::FaceRecognitionOff {} => Self::FaceRecognitionOff,
            CommandText::FaceRecognitionOn {} => Self::FaceRecognitionOn,
            CommandText::Forget { person } => Self::Forget { person },
            CommandText::ClearLockouts {} => Self::ClearLockouts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{EXPIRES_UTC_MS, NUMBER, audiences, commands};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for doors in audiences() {
            for command in commands() {
                let order = Order::new(NUMBER, doors.clone(), EXPIRES_UTC_MS, command).unwrap();
                assert_eq!(Order::from_json(&order.to_json()), Ok(order));
            }
        }
    }

    #[test]
    fn the_text_is_that_of_the_format() {
        let beginning = r#"{"schema":1,"number":1800000000000,"expires_utc_ms":1800003600000,"doors":"#;
        let unit = "0101-0101-0101-0101-0101";
        for (doors, command, expected) in [
            (0, 0, r#"{"all":{}},"command":{"lockdown_on":{"admits":null}}}"#.to_owned()),
            (1, 2, r#"{"group":"office"},"command":{"lockdown_off":{}}}"#.to_owned()),
            (2, 6, format!(r#"{{"units":["{unit}"]}},"command":{{"clear_lockouts":{{}}}}}}"#)),
            (0, 5, format!(r#"{{"all":{{}}}},"command":{{"forget":{{"person":"{}"}}}}}}"#, "ad".repeat(16))),
        ] {
            let command = commands()[command].clone();
            let order = Order::new(NUMBER, audiences()[doors].clone(), EXPIRES_UTC_MS, command).unwrap();
            assert_eq!(order.to_json(), format!("{beginning}{expected}"));
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_explanation() {
        let good = r#"{"schema":1,"number":5,"expires_utc_ms":9,"doors":{"all":{}},"command":{"lockdown_off":{}}}"#;
        assert!(Order::from_json(good).is_ok());
        for (from, to, expected) in [
            (good, "", "EOF"),
            (good, "5", "invalid type"),
            (r#""schema":1,"#, "", "schema"),
            (r#""schema":1"#, r#""schema":2"#, "schema 2"),
            (r#""number":5"#, r#""number":-5"#, "invalid value"),
            (r#""number":5"#, r#""number":9"#, "cannot expire"),
            (r#""number":5"#, r#""number":5,"later":1"#, "later"),
            (r#"{"all":{}}"#, r#"{"all":{"but":1}}"#, "but"),
            (r#"{"all":{}}"#, r#"{"group":"all"}"#, "group of doors"),
            (r#"{"all":{}}"#, r#"{"units":[]}"#, "not for 0"),
            (r#"{"all":{}}"#, r#"{"units":["1"]}"#, "five groups"),
            (r#"{"lockdown_off":{}}"#, r#"{"unlock":{}}"#, "unlock"),
            (r#"{"lockdown_off":{}}"#, r#"{"lockdown_on":{"admits":""}}"#, "no group of people"),
            (r#"{"lockdown_off":{}}"#, r#"{"forget":{"person":"ad"}}"#, "instead of 32"),
        ] {
            let refused = Order::from_json(&good.replace(from, to)).unwrap_err().to_string();
            assert!(refused.contains(expected), "{to}: {refused}");
        }
    }
}
