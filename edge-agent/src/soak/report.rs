//! What the unit says of itself: its status board and its lights, as `run` attaches them, against what the soak knows.

use super::clock::WallClock;
use super::door::WatchedDoor;
use crate::audit_log::AuditHealth;
use crate::camera::Health;
use crate::clock::{Clock, SystemClock};
use crate::door::Latch;
use crate::lights::{Lights, ScriptedLights, Shown};
use crate::status::{Board, Form, PeripheralsReport, Report, Wording, shown};
use crate::turn::{Turn, Verdict};
use crate::unit::Unit;
use policy::ClockTrust;
use shared::gallery::{DatabaseDigest, Gallery};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What a report must say.
#[derive(Debug)]
struct Known {
    turns: u64,
    failed: u64,
    refusals: u64,
    granted: u64,
    /// SHA-256 of the database file that is in use.
    digest: DatabaseDigest,
    /// Decision, reason and person of the last decision about somebody.
    last: Option<(String, Option<String>, Option<String>)>,
}

impl Known {
    fn new(digest: DatabaseDigest) -> Self {
        Self { turns: 0, failed: 0, refusals: 0, granted: 0, digest, last: None }
    }
}

/// The board and the lights of one life.
pub(super) struct Told {
    board: Board,
    lights: ScriptedLights,
    known: Known,
}

impl Told {
    pub(super) fn by(unit: &mut Unit, latch: &Latch, log: AuditHealth, digest: DatabaseDigest) -> Self {
        let board = Board::new(Health::default(), latch.clone(), Path::new("db"), unit.gallery(), digest);
        board.tell_of_audit_log(log);
        let lights = ScriptedLights::default();
        unit.show_with(Lights::start(Box::new(lights.clone()), Arc::new(SystemClock::start())).unwrap());
        Self { board, lights, known: Known::new(digest) }
    }

    pub(super) fn turned(&mut self, turn: &Turn, unit: &Unit, clock: &WallClock) {
        self.board.finished(turn, Some(Instant::now()), &clock.now());
        self.board.set_peripherals(PeripheralsReport::new(
            unit.door_watch(),
            unit.is_reader_lost(),
            &unit.locked_out(),
        ));
        self.known.turns += 1;
        let said = |decision: &str, reason: Option<&str>, person: Option<String>| {
            Some((decision.to_owned(), reason.map(str::to_owned), person))
        };
        match &turn.verdict {
            Verdict::Granted(granted) => {
                self.known.last = said("grant", None, Some(granted.person.to_string()));
                self.known.granted += 1;
                if self.known.granted == 1 {
                    self.lights.wait_for(|shown| shown.green);
                }
            }
            Verdict::Refused(refusal) => {
                let person = refusal.person.map(|person| person.to_string());
                self.known.last = said("deny", Some(refusal.reason.code()), person);
            }
            Verdict::Nobody => {}
        }
    }

    pub(super) fn failed(&mut self) {
        self.board.failed();
        self.known.failed += 1;
    }

    pub(super) fn database(&mut self, gallery: &Gallery, digest: DatabaseDigest) {
        self.known.digest = digest;
        self.board.tell_of_database(gallery, digest);
    }

    pub(super) fn refused_database(&mut self, digest: Option<DatabaseDigest>, why: &str) {
        self.board.tell_of_refused_database(digest, why);
        self.known.refusals += 1;
    }

    /// The report is true, and every form of it can be read. A lock that stuck may be where the unit does not know it to be,
    /// but never open and said to be locked.
    pub(super) fn assert_true(&self, gallery: &Gallery, door: &WatchedDoor, has_stuck: bool, clock: &WallClock) {
        let report = self.board.report();
        let json: Report = serde_json::from_str(&shown(&report, Form::Json).unwrap()).unwrap();
        assert!(!shown(&report, Form::Words(&Wording::default())).unwrap().is_empty());
        assert!(!shown(&report, Form::Prometheus).unwrap().is_empty());

        let last = json.decisions.last();
        let last = last.map(|last| (last.decision.clone(), last.reason.clone(), last.person_id.clone()));
        let Known { turns, failed, refusals, granted, .. } = self.known;
        assert_eq!(last, self.known.last);
        assert_eq!((json.turns.count, json.turns.failed, json.turns.granted), (turns, failed, granted));
        assert_eq!(
            (json.database.sequence, json.database.digest),
            (gallery.header().sequence, Some(self.known.digest))
        );
        assert_eq!(json.database.refusals, refusals);
        assert!(json.door == "unlocked" || !door.is_unlocked(), "open, and said to be locked");
        assert!(json.door == "locked" || door.is_unlocked() || has_stuck, "locked, and said to be open");
        if turns > 0 {
            assert_eq!(json.clock == "trusted", clock.now().clock == ClockTrust::Trusted);
        }
    }

    /// The unit was stopped.
    pub(super) fn assert_dark(&self) {
        assert_eq!(self.lights.last(), Some(Shown::OFF), "a light is on after the unit was stopped");
    }
}
