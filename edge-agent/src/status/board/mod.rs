//! The board: the loop writes the state of the unit to it, and the status is read from it.

mod database_report;

use super::access::AccessReport;
use super::histogram::Histogram;
use super::log::ReportedLog;
use super::peripherals::PeripheralsReport;
use super::report::{DatabaseReport, LastDecision, Latencies, Report, SelfTest, Turns};
use super::statement;
use super::temperatures::temperatures;
use crate::camera::Health;
use crate::clock::ClockSource;
use crate::door::Latch;
use crate::drilled::LastDrill;
use crate::loop_turn::{Granted, Turn, Verdict};
use crate::protection::ProtectionReport;
use crate::signed_orders::OrderReport;
use fleet_messages::{Nonce, SignedStatement};
use policy::audit::Head;
use policy::{ClockTrust, Now, Reason, Refusal};
use shared::gallery::{DatabaseDigest, Gallery, PersonId};
use shared::seal::Fingerprint;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// The number of decisions in the report.
const DECISIONS: usize = 20;
const RATE_OVER: Duration = Duration::from_secs(10);

/// The state of a unit. Clones share it.
#[derive(Clone)]
pub(crate) struct Board {
    camera: Health,
    latch: Latch,
    started: Instant,
    notes: Arc<Mutex<Notes>>,
}

#[derive(Default)]
struct Notes {
    unit: Option<Fingerprint>,
    database: DatabaseReport,
    self_test: Option<SelfTest>,
    /// `None` before it is open.
    log: Option<ReportedLog>,
    turns: Turns,
    last_turn: Option<Instant>,
    clock: ClockTrust,
    clock_source: ClockSource,
    protection: ProtectionReport,
    drill: LastDrill,
    peripherals: PeripheralsReport,
    access: AccessReport,
    order: Option<OrderReport>,
    /// `None` if the unit has no infrared camera.
    infrared: Option<Health>,
    /// End times of recent turns, for the rate.
    recent: VecDeque<Instant>,
    decisions: VecDeque<Remembered>,
    detect: Histogram,
    align: Histogram,
    encode: Histogram,
    matching: Histogram,
    frame_to_decision: Histogram,
}

/// A decision about a person. It owns no heap memory, because there is one for each frame.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    utc_ms: i64,
    /// `None` for a grant.
    reason: Option<Reason>,
    person: Option<PersonId>,
    distance: Option<f32>,
    frames: u64,
}

impl Board {
    /// Creates the board. `database` is the path of the current database.
    pub(crate) fn new(
        camera: Health,
        latch: Latch,
        database: &Path,
        gallery: &Gallery,
        digest: DatabaseDigest,
    ) -> Self {
        let board = Self { camera, latch, started: Instant::now(), notes: Arc::default() };
        let path = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        board.notes().database.path = path.shown();
        board.set_database(gallery, digest);
        board
    }

    /// Sets the audit log whose state is reported.
    pub(crate) fn set_audit_log(&self, log: ReportedLog) {
        self.notes().log = Some(log);
    }

    /// The audit log; `None` before it is open.
    pub(super) fn log(&self) -> Option<ReportedLog> {
        self.notes().log.clone()
    }

    /// The current state of the unit, signed.
    ///
    /// # Errors
    /// Why the unit can state nothing, for people.
    pub(super) fn statement(&self, nonce: &Nonce, utc_ms: i64) -> anyhow::Result<SignedStatement> {
        let log = self.log();
        let (mut report, key) = (self.report(), log.as_ref().and_then(|log| log.key.as_deref()));
        let head = log.as_ref().map_or(Head::BEGINNING, |log| log.health.head());
        // Of the same moment as the hash.
        report.audit.sequence = head.sequence;
        statement::signed(&report, head.hash, nonce, utc_ms, key)
    }

    /// Sets the source of the clock's state.
    pub(crate) fn set_clock(&self, source: &ClockSource) {
        self.notes().clock_source = source.clone();
    }

    /// Sets the infrared camera whose state is reported.
    pub(crate) fn set_infrared(&self, health: Health) {
        self.notes().infrared = Some(health);
    }

    /// Sets what opens the door.
    pub(crate) fn set_protection(&self, protection: ProtectionReport) {
        self.notes().protection = protection;
    }

    /// Sets the last drill.
    pub(crate) fn set_drill(&self, drill: LastDrill) {
        self.notes().drill = drill;
    }

    /// Sets the state of the contacts, the card reader and the lockouts.
    pub(crate) fn set_peripherals(&self, peripherals: PeripheralsReport) {
        self.notes().peripherals = peripherals;
    }

    /// Sets what holds for everybody at the door now.
    pub(crate) fn set_access(&self, access: AccessReport) {
        self.notes().access = access;
    }

    /// Sets what became of the last signed order.
    pub(crate) fn set_order(&self, order: Option<OrderReport>) {
        self.notes().order = order;
    }

    /// Notes a finished turn. `frame_at` is the arrival time of its frame, if it had one.
    pub(crate) fn finished(&self, turn: &Turn, frame_at: Option<Instant>, moment: &Now) {
        let now = Instant::now();
        let mut notes = self.notes();
        notes.clock = moment.clock;
        notes.turns.count += 1;
        notes.last_turn = Some(now);
        notes.recent.push_back(now);
        notes.forget_old_turns(now);
        for (histogram, ms) in notes.stages(turn) {
            if let Some(ms) = ms {
                histogram.count(ms);
            }
        }
        if let Some(at) = frame_at {
            notes.frame_to_decision.count(now.saturating_duration_since(at).as_secs_f64() * 1e3);
        }
        match turn.verdict {
            Verdict::Granted(_) | Verdict::Admitted(_) => notes.turns.granted += 1,
            Verdict::Refused(_) => notes.turns.denied += 1,
            Verdict::Nobody => notes.turns.nobody += 1,
        }
        if let Some(decision) = Remembered::from_verdict(&turn.verdict, moment.utc_ms) {
            notes.remember(decision);
        }
    }

    /// Notes a failed turn.
    pub(crate) fn failed(&self, moment: &Now) {
        let mut notes = self.notes();
        notes.clock = moment.clock;
        notes.turns.failed += 1;
    }

    /// The current state of the unit.
    pub(crate) fn report(&self) -> Report {
        let now = Instant::now();
        let mut notes = self.notes();
        notes.forget_old_turns(now);
        let mut turns = notes.turns.clone();
        let since = now.saturating_duration_since(self.started).min(RATE_OVER);
        turns.per_second = notes.recent.len() as f64 / since.as_secs_f64().max(1.0);
        let (database, self_test) = (notes.database.clone(), notes.self_test.clone());
        let (last_turn, decisions) = (notes.last_turn, notes.decisions.iter().map(LastDecision::from).collect());
        let latency_ms = Latencies {
            detect: notes.detect.summary(),
            align: notes.align.summary(),
            encode: notes.encode.summary(),
            r#match: notes.matching.summary(),
            frame_to_decision: notes.frame_to_decision.summary(),
        };
        let audit = notes.log.as_ref().map(|log| log.health.report()).unwrap_or_default();
        let (clock, unit) = (notes.clock, notes.unit);
        let evidence = notes.clock_source.evidence();
        let (protection, drill) = (notes.protection.clone(), notes.drill.clone());
        let (peripherals, infrared) = (notes.peripherals.clone(), notes.infrared.clone());
        let (access, order) = (notes.access.clone(), notes.order.clone());
        // Unlocks early, so that the loop does not wait for the rest.
        drop(notes);
        Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            unit_id: unit.map(|id| id.to_string()),
            uptime_seconds: now.saturating_duration_since(self.started).as_secs_f64(),
            last_turn_seconds_ago: last_turn.map(|at| now.saturating_duration_since(at).as_secs_f64()),
            door: self.latch.state().code().to_owned(),
            clock: if clock == ClockTrust::Trusted { "trusted" } else { "unknown" }.to_owned(),
            clock_evidence: evidence.map(|evidence| evidence.code().to_owned()),
            protection,
            drill,
            access,
            order,
            peripherals,
            camera: self.camera.report(),
            infrared_camera: infrared.map(|health| health.report()),
            database,
            self_test,
            audit,
            turns,
            decisions,
            latency_ms,
            temperatures: temperatures(Path::new("/")),
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    fn forget_old_turns(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|&at| now.saturating_duration_since(at) > RATE_OVER) {
            self.recent.pop_front();
        }
    }

    fn stages(&mut self, turn: &Turn) -> [(&mut Histogram, Option<f64>); 4] {
        let timings = &turn.timings;
        [
            (&mut self.detect, timings.detect_ms),
            (&mut self.align, timings.align_ms),
            (&mut self.encode, timings.encode_ms),
            (&mut self.matching, timings.match_ms),
        ]
    }

    fn remember(&mut self, decision: Remembered) {
        let same = |last: &&mut Remembered| (last.reason, last.person) == (decision.reason, decision.person);
        if let Some(last) = self.decisions.back_mut().filter(same) {
            last.frames += 1;
            last.distance = decision.distance;
            return;
        }
        if self.decisions.len() == DECISIONS {
            self.decisions.pop_front();
        }
        self.decisions.push_back(decision);
    }
}

impl Remembered {
    /// `None` if nobody was there.
    fn from_verdict(verdict: &Verdict, utc_ms: i64) -> Option<Self> {
        let (reason, person, distance) = match *verdict {
            Verdict::Granted(Granted { person, distance, .. }) => (None, Some(person), distance),
            Verdict::Admitted(_) => (None, None, None),
            Verdict::Refused(Refusal { reason, person, distance, .. }) => (Some(reason), person, distance),
            Verdict::Nobody => return None,
        };
        Some(Self { utc_ms, reason, person, distance, frames: 1 })
    }
}

impl From<&Remembered> for LastDecision {
    fn from(remembered: &Remembered) -> Self {
        let &Remembered { utc_ms, reason, person, distance, frames } = remembered;
        Self {
            utc_ms,
            decision: if reason.is_none() { "grant" } else { "deny" }.to_owned(),
            reason: reason.map(|reason| reason.code().to_owned()),
            person_id: person.map(|person| person.to_string()),
            distance,
            frames,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::{DoorState, ScriptedDoor};
    use crate::loop_turn::Timings;
    use crate::unit::testing::PERSON;
    use policy::Credential;

    fn board() -> Board {
        let latch = Latch::close(Box::new(ScriptedDoor::default()), 1000).unwrap();
        Board { camera: Health::default(), latch, started: Instant::now(), notes: Arc::default() }
    }

    fn turn(verdict: Verdict) -> Turn {
        let timings = Timings { detect_ms: Some(20.0), total_ms: 30.0, ..Timings::default() };
        Turn { verdict, door: DoorState::Locked, faces: 1, timings }
    }

    fn refused(reason: Reason, distance: f32) -> Turn {
        let mut refusal = Refusal::new(reason);
        refusal.distance = Some(distance);
        turn(Verdict::Refused(refusal))
    }

    #[test]
    fn turns_are_counted_and_equal_decisions_are_merged() {
        let board = board();
        assert_eq!(board.report().last_turn_seconds_ago, None);
        let granted = Verdict::Granted(Granted {
            credential: Credential::Face,
            person: PERSON,
            distance: Some(0.5),
            runner_up: None,
        });
        let turns = [
            refused(Reason::Deciding, 0.6),
            refused(Reason::Deciding, 0.7),
            turn(granted),
            turn(Verdict::Nobody),
            refused(Reason::NotKnown, 1.3),
        ];
        for (utc_ms, turn) in turns.iter().enumerate() {
            board.finished(turn, Some(Instant::now()), &Now::trusted(utc_ms as i64, 0));
        }
        assert_eq!(board.report().clock, "trusted");
        board.failed(&Now::new(5, 0));
        let report = board.report();
        assert_eq!(report.clock, "unknown", "a turn that fails also tells the time");
        let Turns { count, failed, granted, denied, nobody, .. } = report.turns;
        assert_eq!((count, failed, granted, denied, nobody), (5, 1, 1, 3, 1));
        let told: Vec<_> = report.decisions.iter().map(|told| (told.utc_ms, told.frames, told.distance)).collect();
        assert_eq!(told, [(0, 2, Some(0.7)), (2, 1, Some(0.5)), (4, 1, Some(1.3))]);
        assert_eq!(report.decisions[1].person_id, Some(PERSON.to_string()));
        assert_eq!(report.latency_ms.detect.map(|latency| latency.count), Some(5));
        assert_eq!(report.latency_ms.encode, None);
        assert_eq!(report.latency_ms.frame_to_decision.map(|latency| latency.count), Some(5));
    }

    #[test]
    fn only_the_last_decisions_are_kept() {
        let board = board();
        for number in 0..100 {
            let reason = if number % 2 == 0 { Reason::TooFar } else { Reason::NotKnown };
            board.finished(&refused(reason, 1.0), None, &Now::trusted(number, 0));
        }
        let report = board.report();
        assert_eq!(report.decisions.len(), DECISIONS);
        assert_eq!(report.decisions.last().map(|last| last.utc_ms), Some(99));
    }
}
