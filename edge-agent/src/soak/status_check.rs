//! Checks the status board and the lights, attached as `run` does, against what the soak test expects.

use super::clock::WallClock;
use super::door::WatchedDoor;
use crate::audit_log::AuditHealth;
use crate::camera::Health;
use crate::clock::{Clock, SystemClock};
use crate::door::Latch;
use crate::lights::{LightState, Lights, ScriptedLights};
use crate::loop_turn::{Turn, Verdict};
use crate::status::{Board, Form, PeripheralsReport, Report, ReportedLog, Wording, shown};
use crate::unit::Unit;
use policy::ClockTrust;
use shared::gallery::{DatabaseDigest, Gallery};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What the status report must say.
#[derive(Debug)]
struct Expected {
    turns: u64,
    failed: u64,
    refusals: u64,
    granted: u64,
    /// SHA-256 of the current database file.
    digest: DatabaseDigest,
    /// Decision, reason and person of the last decision about somebody.
    last: Option<(String, Option<String>, Option<String>)>,
}

impl Expected {
    fn new(digest: DatabaseDigest) -> Self {
        Self { turns: 0, failed: 0, refusals: 0, granted: 0, digest, last: None }
    }
}

/// The board and the lights of one life.
pub(super) struct Indicators {
    board: Board,
    lights: ScriptedLights,
    expected: Expected,
}

impl Indicators {
    pub(super) fn attach(unit: &mut Unit, latch: &Latch, log: AuditHealth, digest: DatabaseDigest) -> Self {
        let board = Board::new(Health::default(), latch.clone(), Path::new("db"), unit.gallery(), digest);
        board.set_audit_log(ReportedLog::new(log, Path::new("log"), None, false));
        let lights = ScriptedLights::default();
        unit.set_lights(Lights::start(Box::new(lights.clone()), Arc::new(SystemClock::start())).unwrap());
        Self { board, lights, expected: Expected::new(digest) }
    }

    pub(super) fn note_turn(&mut self, turn: &Turn, unit: &Unit, clock: &WallClock) {
        self.board.finished(turn, Some(Instant::now()), &clock.now());
        self.board.set_peripherals(PeripheralsReport::new(unit.door_watch(), unit.reader_state(), &unit.locked_out()));
        self.expected.turns += 1;
        let decided = |decision: &str, reason: Option<&str>, person: Option<String>| {
            Some((decision.to_owned(), reason.map(str::to_owned), person))
        };
        match &turn.verdict {
            Verdict::Granted(granted) => {
                self.expected.last = decided("grant", None, Some(granted.person.to_string()));
                self.expected.granted += 1;
                if self.expected.granted == 1 {
                    self.lights.wait_for(|shown| shown.green);
                }
            }
            Verdict::Admitted(_) => {
                self.expected.last = decided("grant", None, None);
                self.expected.granted += 1;
            }
            Verdict::Refused(refusal) => {
                let person = refusal.person.map(|person| person.to_string());
                self.expected.last = decided("deny", Some(refusal.reason.code()), person);
            }
            Verdict::Nobody => {}
        }
    }

    pub(super) fn note_failure(&mut self, clock: &WallClock) {
        self.board.failed(&clock.now());
        self.expected.failed += 1;
    }

    pub(super) fn note_database(&mut self, gallery: &Gallery, digest: DatabaseDigest) {
        self.expected.digest = digest;
        self.board.set_database(gallery, digest);
    }

    pub(super) fn note_refused_database(&mut self, digest: Option<DatabaseDigest>, why: &str) {
        self.board.report_refused_database(digest, why);
        self.expected.refusals += 1;
    }

    /// Asserts that the report is true, and that every form of it can be read. After a lock has stuck, its position may
    /// differ from the report, but never unlocked and reported as locked.
    pub(super) fn assert_true(&self, gallery: &Gallery, door: &WatchedDoor, has_stuck: bool, clock: &WallClock) {
        let report = self.board.report();
        let json: Report = serde_json::from_str(&shown(&report, Form::Json).unwrap()).unwrap();
        assert!(!shown(&report, Form::Words(&Wording::default())).unwrap().is_empty());
        assert!(!shown(&report, Form::Prometheus).unwrap().is_empty());

        let last = json.decisions.last();
        let last = last.map(|last| (last.decision.clone(), last.reason.clone(), last.person_id.clone()));
        let Expected { turns, failed, refusals, granted, .. } = self.expected;
        assert_eq!(last, self.expected.last);
        assert_eq!((json.turns.count, json.turns.failed, json.turns.granted), (turns, failed, granted));
        assert_eq!(
            (json.database.sequence, json.database.digest),
            (gallery.header().sequence, Some(self.expected.digest))
        );
        assert_eq!(json.database.refusals, refusals);
        assert!(json.door == "unlocked" || !door.is_unlocked(), "unlocked, and reported as locked");
        assert!(json.door == "locked" || door.is_unlocked() || has_stuck, "locked, and reported as unlocked");
        if turns > 0 {
            assert_eq!(json.clock == "trusted", clock.now().clock == ClockTrust::Trusted);
        }
    }

    /// Asserts that all lights are off after a stop.
    pub(super) fn assert_dark(&self) {
        assert_eq!(self.lights.last(), Some(LightState::OFF), "a light is on after the unit was stopped");
    }
}
