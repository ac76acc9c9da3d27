//! What a unit reports about itself, as far as a link and a workstation use it: a part of `edge-agent status --json`.
//!
//! A key that is missing has its default, so reports of earlier and later versions are read.

use serde::Deserialize;
use shared::gallery::DatabaseDigest;

/// The report of a unit.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct UnitReport {
    /// Version of the program.
    pub version: String,
    /// The unit's id; `None` if it has no key of its own.
    pub unit_id: Option<String>,
    /// Since the unit started.
    pub uptime_seconds: f64,
    /// Time since the loop finished its last turn; `None` if it never did.
    pub last_turn_seconds_ago: Option<f64>,
    /// `locked` or `unlocked`.
    pub door: String,
    /// `trusted` or `unknown`.
    pub clock: String,
    /// What holds for everybody at the door now.
    pub access: AccessReport,
    /// The door contacts; `None` without them.
    pub contacts: Option<ContactsReport>,
    /// The current lockouts.
    pub lockouts: Vec<LockoutReport>,
    /// The state of the camera.
    pub camera: CameraReport,
    /// The people database in use.
    pub database: DatabaseReport,
    /// Whether the networks give the expected encodings; `None` before the first self-test.
    pub self_test: Option<SelfTestReport>,
    /// The audit log.
    pub audit: AuditReport,
    /// The last drill, as the unit reports it.
    pub drill: serde_json::Value,
    /// The last decisions, newest last.
    pub decisions: Vec<DecisionReport>,
    /// The sensors of the computer.
    pub temperatures: Vec<TemperatureReport>,
    /// The last signed order that the unit has judged; `None` before the first.
    pub order: Option<OrderReport>,
}

/// What holds for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct AccessReport {
    /// `face`, `card`, `card_or_face` or `card_and_face`.
    pub asks_for: String,
    /// The hours in which the door is held open now.
    pub held_open: Option<String>,
    /// The lockdown in force.
    pub lockdown: Option<LockdownReport>,
    /// Whether face recognition is switched off.
    pub face_recognition_off: bool,
}

/// A lockdown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct LockdownReport {
    /// What locks the unit down.
    pub locked_by: Vec<String>,
    /// The number of people who may still enter.
    pub admitted: usize,
}

/// The door contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct ContactsReport {
    /// `open` or `closed`; `None` without a contact on the door.
    pub door: Option<String>,
    /// `forced`, `held` or `released`.
    pub alarm: Option<String>,
    /// Whether the fire alarm is on.
    pub fire_alarm: bool,
}

/// Attempts of one kind that are refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct LockoutReport {
    /// `face`, `card` or `card_of`.
    pub kind: String,
    /// The person whose card it is, for `card_of`.
    pub person_id: Option<String>,
    /// The number of failed attempts.
    pub failures: u32,
}

/// The camera.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct CameraReport {
    /// `streaming` if all is well.
    pub state: String,
    /// Why it is not.
    pub reason: Option<String>,
}

/// The people database in use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct DatabaseReport {
    /// Its sequence number; Unix seconds when it was made, or one more than that of the database before.
    pub sequence: u64,
    /// SHA-256 of the file.
    pub digest: Option<DatabaseDigest>,
    /// The number of people in it.
    pub people: u32,
    /// When its use began, such as 2027-01-15T08:00:00Z, by the unit's clock.
    pub loaded_at: String,
    /// The last database that was refused since then.
    pub refused: Option<RefusedDatabase>,
    /// Why this is the previous database.
    pub returned: Option<String>,
}

/// A people database that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RefusedDatabase {
    /// SHA-256 of the file; `None` if it could not be read.
    pub digest: Option<DatabaseDigest>,
    /// Why.
    pub reason: String,
}

/// The self-test of the networks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct SelfTestReport {
    /// `passed`, `nothing_stored` or `failed`.
    pub state: String,
    /// Why it failed.
    pub reason: Option<String>,
}

/// The audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct AuditReport {
    /// Sequence number of the last record; 0 before the first.
    pub sequence: u64,
    /// Sequence number of the last signed record.
    pub signed: u64,
    /// Why the last record could not be written.
    pub failing: Option<String>,
    /// Why other work on the log fails.
    pub trouble: Option<String>,
}

/// A decision about a person.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct DecisionReport {
    /// Milliseconds since 1970, UTC.
    pub utc_ms: i64,
    /// `grant` or `deny`.
    pub decision: String,
    /// The code of a refusal.
    pub reason: Option<String>,
    /// The person.
    pub person_id: Option<String>,
}

/// A sensor of the computer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct TemperatureReport {
    /// Its name.
    pub sensor: String,
    /// Its reading.
    pub celsius: f64,
}

/// A signed order that a unit has judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct OrderReport {
    /// Its number.
    pub number: u64,
    /// The code of the command, such as `lockdown_on`.
    pub command: String,
    /// Why the unit refused it; `None` if it carried it out.
    pub refused: Option<String>,
    /// What the unit did, for people.
    pub outcome: Option<String>,
}
