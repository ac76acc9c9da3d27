//! The report of a unit's state, shared by the text, JSON and Prometheus formats. It contains no names and no pictures.

use super::access::AccessReport;
use super::histogram::Latency;
use super::peripherals::PeripheralsReport;
use super::temperatures::Temperature;
use crate::audit_log::AuditReport;
use crate::camera::CameraReport;
use crate::drilled::LastDrill;
use crate::protection::ProtectionReport;
use crate::signed_orders::OrderReport;
use serde::{Deserialize, Serialize};
use shared::gallery::DatabaseDigest;

/// State of a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Version of the program.
    pub(crate) version: String,
    /// The unit's id: the fingerprint of its own key; `None` if it has none.
    #[serde(default)]
    pub(crate) unit_id: Option<String>,
    pub(crate) uptime_seconds: f64,
    /// Time since the loop finished its last turn; `None` if it never did.
    pub(crate) last_turn_seconds_ago: Option<f64>,
    /// `locked` or `unlocked`.
    pub(crate) door: String,
    /// `trusted`, or `unknown`: then people with dates or hours are refused.
    pub(crate) clock: String,
    /// `time_server`, `set_file` or `battery_clock`: the evidence for the clock, if there is any.
    pub(crate) clock_evidence: Option<String>,
    /// What opens the door, and which presentation attacks that stops; empty in reports of earlier versions.
    #[serde(default)]
    pub(crate) protection: ProtectionReport,
    /// The last drill.
    #[serde(default)]
    pub(crate) drill: LastDrill,
    /// What holds for everybody at the door now.
    #[serde(default)]
    pub(crate) access: AccessReport,
    /// The last signed order that the unit has judged; `None` before the first.
    #[serde(default)]
    pub(crate) order: Option<OrderReport>,
    /// Contacts, card reader, lockouts.
    #[serde(flatten)]
    pub(crate) peripherals: PeripheralsReport,
    pub(crate) camera: CameraReport,
    /// `None` if the unit has no infrared camera.
    #[serde(default)]
    pub(crate) infrared_camera: Option<CameraReport>,
    pub(crate) database: DatabaseReport,
    /// `None` before the first self-test.
    pub(crate) self_test: Option<SelfTest>,
    pub(crate) audit: AuditReport,
    pub(crate) turns: Turns,
    /// The last decisions about people, newest last. Consecutive equal decisions are one entry.
    pub(crate) decisions: Vec<LastDecision>,
    pub(crate) latency_ms: Latencies,
    pub(crate) temperatures: Vec<Temperature>,
}

/// The people database that is in use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct DatabaseReport {
    /// Path of the current database.
    pub(crate) path: terminal::ShownPath,
    pub(crate) sequence: u64,
    /// SHA-256 of the file.
    pub(crate) digest: Option<DatabaseDigest>,
    pub(crate) people: u32,
    pub(crate) encodings: u32,
    /// The doors that the database is for, as text; `None` if it does not say.
    #[serde(default)]
    pub(crate) audience: Option<String>,
    /// Hash of the model.
    pub(crate) model: String,
    /// Start of its use, such as 2027-01-15T08:00:00Z, by the unit's clock.
    pub(crate) loaded_at: String,
    /// The last database refused since then.
    pub(crate) refused: Option<RefusedDatabase>,
    /// Number of databases refused since the unit started.
    #[serde(default)]
    pub(crate) refusals: u64,
    /// Why the current database cannot be used, if this is the previous one.
    pub(crate) returned: Option<String>,
}

/// A people database that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedDatabase {
    /// SHA-256 of the file; `None` if it could not be read.
    pub(crate) digest: Option<DatabaseDigest>,
    pub(crate) reason: String,
}

/// Whether the networks give the same encodings as on the workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum SelfTest {
    Passed,
    /// The bundle has no crops for the self-test.
    NothingStored,
    /// The self-test failed. Nobody is let in.
    Failed {
        reason: String,
    },
}

/// Counters of the loop since the start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Turns {
    /// With or without a frame.
    pub(crate) count: u64,
    /// Average over the last ten seconds.
    pub(crate) per_second: f64,
    pub(crate) failed: u64,
    /// Frames with a grant.
    pub(crate) granted: u64,
    /// Frames with a refusal.
    pub(crate) denied: u64,
    /// Turns without a person.
    pub(crate) nobody: u64,
}

/// One decision about a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastDecision {
    /// Time of the first frame with this decision, milliseconds since 1970, UTC.
    pub(crate) utc_ms: i64,
    /// `grant` or `deny`.
    pub(crate) decision: String,
    /// Reason code of a refusal, as in the audit log.
    pub(crate) reason: Option<String>,
    pub(crate) person_id: Option<String>,
    /// L2 distance to the nearest person, in the last of these frames.
    pub(crate) distance: Option<f32>,
    /// Number of consecutive frames with this decision.
    pub(crate) frames: u64,
}

/// Times of the stages; `None` if a stage never ran.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Latencies {
    pub(crate) detect: Option<Latency>,
    pub(crate) align: Option<Latency>,
    pub(crate) encode: Option<Latency>,
    pub(crate) r#match: Option<Latency>,
    /// From the frame's last byte to the decision, including the audit record and the lock's movement.
    pub(crate) frame_to_decision: Option<Latency>,
}

impl Latencies {
    /// The stages with their names.
    pub(crate) fn named(&self) -> [(&'static str, Option<&Latency>); 5] {
        [
            ("detect", self.detect.as_ref()),
            ("align", self.align.as_ref()),
            ("encode", self.encode.as_ref()),
            ("match", self.r#match.as_ref()),
            ("frame_to_decision", self.frame_to_decision.as_ref()),
        ]
    }
}

/// A sample report, for tests of the formats.
#[cfg(test)]
pub(crate) fn sample() -> Report {
    use super::histogram::{AtMost, Histogram};
    use super::peripherals::{ContactsReport, LockoutReport, ReaderReport};
    use crate::camera::CameraState;
    use crate::lockdown::LockdownReport;
    let mut detect = Histogram::default();
    [20.0, 20.0].into_iter().for_each(|ms| detect.count(ms));
    let at_most = vec![AtMost { ms: 15.8, count: 0 }, AtMost { ms: 25.1, count: 2 }];
    let detect = detect.summary().map(|latency| Latency { at_most, ..latency });
    Report {
        version: "1.2.3".to_owned(),
        unit_id: Some("5f0c-8a71-0000-1111-2222".to_owned()),
        uptime_seconds: 3_725.4,
        last_turn_seconds_ago: Some(0.1),
        door: "locked".to_owned(),
        clock: "trusted".to_owned(),
        clock_evidence: Some("time_server".to_owned()),
        protection: ProtectionReport { in_words: "a card with its holder's face".to_owned(), ..Default::default() },
        drill: LastDrill::None,
        access: AccessReport {
            asks_for: "card_and_face".to_owned(),
            held_open: Some("reception".to_owned()),
            lockdown: Some(LockdownReport { locked_by: vec!["switch".to_owned()], admitted: 0, not_saved: None }),
            face_recognition_off: true,
            face_recognition_not_saved: None,
        },
        order: Some(OrderReport {
            number: 1_800_000_000_000,
            command: "lockdown_off".to_owned(),
            refused: Some("the order has expired: send a new one".to_owned()),
            outcome: None,
        }),
        peripherals: PeripheralsReport {
            contacts: Some(ContactsReport {
                door: Some("open".to_owned()),
                alarm: Some("held".to_owned()),
                exit_button: "free".to_owned(),
                fire_alarm: true,
            }),
            reader: Some(ReaderReport { state: "lost".to_owned() }),
            lockouts: vec![LockoutReport {
                kind: "face".to_owned(),
                person_id: None,
                failures: 5,
                ends_in_seconds: Some(30),
            }],
        },
        camera: CameraReport {
            state: CameraState::Streaming,
            description: Some("a \"good\" camera".to_owned()),
            captured: 100,
            dropped: 3,
            damaged: 1,
            ..CameraReport::default()
        },
        infrared_camera: Some(CameraReport {
            state: CameraState::Lost,
            reason: Some("the camera was unplugged".to_owned()),
            ..CameraReport::default()
        }),
        database: DatabaseReport {
            sequence: 7,
            people: 2,
            encodings: 5,
            audience: Some("all doors".to_owned()),
            refused: Some(RefusedDatabase { digest: None, reason: "too old".to_owned() }),
            ..DatabaseReport::default()
        },
        self_test: Some(SelfTest::Passed),
        audit: AuditReport { sequence: 12, signed: 9, reserved_records: Some(1000), ..AuditReport::default() },
        turns: Turns { count: 97, per_second: 9.5, failed: 0, granted: 1, denied: 5, nobody: 91 },
        decisions: vec![LastDecision {
            utc_ms: 1_800_000_000_000,
            decision: "deny".to_owned(),
            reason: Some("not_known".to_owned()),
            person_id: None,
            distance: Some(1.25),
            frames: 5,
        }],
        latency_ms: Latencies { detect, ..Latencies::default() },
        temperatures: vec![Temperature { sensor: "cpu-thermal".to_owned(), celsius: 51.5 }],
    }
}
