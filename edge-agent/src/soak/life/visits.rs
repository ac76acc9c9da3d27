//! Visitors with passes in a life of the unit.

use super::Life;
use crate::clock::Clock;
use crate::loop_turn::{Admitted, Turn, Verdict};
use crate::passes::PassDesk;
use crate::soak::Run;
use crate::soak::environment::UNLOCK_MS;
use crate::soak::pass_oracle::Around;
use crate::soak::phone::Phone;
use crate::soak::visitor_passes::{GROUP, Issued, counted_uses, this_unit};
use policy::{Now, Reason, Refusal};

/// Where visitors show their passes, and the one that is shown.
#[derive(Default)]
pub(super) struct Visits {
    phone: Phone,
    shown: Option<Shown>,
}

struct Shown {
    /// Whether it must open the door; `None` until it is read.
    is_good: Option<bool>,
    has_opened: bool,
}

impl Visits {
    pub(super) fn desk(&self) -> PassDesk {
        PassDesk::new(Box::new(self.phone.clone()), Some(this_unit()), &[GROUP.parse().unwrap()])
    }
}

impl Life<'_> {
    /// A visitor holds up a pass for a while.
    pub(super) fn show_pass(&mut self, run: &mut Run) {
        self.end_showing(run);
        let (sequence, utc_ms) = (self.unit.gallery().header().sequence, self.environment.clock.now().utc_ms);
        let environment = &mut *self.environment;
        let pass = environment.issuer.pass(&mut environment.random, sequence, utc_ms);
        self.visits.phone.hold_up(pass, environment.random.u32(1..60));
        self.visits.shown = Some(Shown { is_good: None, has_opened: false });
        run.passes_shown += 1;
    }

    /// Call it before each turn.
    pub(super) fn hold_up_pass(&mut self, run: &mut Run) {
        if self.visits.phone.is_down() {
            self.end_showing(run);
        }
    }

    fn end_showing(&mut self, run: &mut Run) {
        if let Some(Shown { is_good: Some(true), has_opened }) = self.visits.shown.take() {
            run.good_passes += 1;
            run.good_passes_admitted += u64::from(has_opened);
        }
    }

    /// Checks what the turn did with passes. `turn` is `None` if it failed.
    pub(super) fn note_visits(&mut self, turn: Option<&Turn>, now: &Now, run: &mut Run) {
        let around = Around {
            now: *now,
            sequence: self.unit.gallery().header().sequence,
            is_locked_down: self.environment.lockdown.now.is_some(),
            is_held_open: self.unit.policy().held_open_by().is_some(),
        };
        let read = self.visits.phone.take_read();
        self.environment.pass_oracle.note_turn(read.as_ref(), &around);
        if let Some(read) = &read {
            self.expect(read, turn.is_some(), &around);
        }
        let moves = self.environment.door.take_visits();
        match turn.map(|turn| turn.verdict) {
            Some(Verdict::Admitted(Admitted { pass })) => {
                let objection = self.environment.pass_oracle.admitted(pass, &around);
                assert!(objection.is_none(), "{objection:?}");
                let used = self.environment.pass_oracle.used(pass);
                let [(moved, on_disk)] = moves[..] else { panic!("{pass} was let in with {moves:?}") };
                // A use that was saved is spent, even if the lock then sticks or nothing can be recorded.
                let is_counted = counted_uses(pass).is_none_or(|most| on_disk >= Some(used) && on_disk <= Some(most));
                assert!(moved == pass && is_counted, "{pass}: {on_disk:?} uses on the disk at use {used}");
                self.visitor_comes(now, run);
            }
            Some(Verdict::Refused(refusal)) => {
                assert_eq!(moves, []);
                self.note_refused_pass(&refusal, run);
            }
            _ => assert_eq!(moves, []),
        }
        if turn.is_none() || self.environment.disk.power.is_off() {
            self.environment.pass_oracle.note_fault();
        }
    }

    /// Notes at the first reading of a pass whether it must open the door.
    fn expect(&mut self, read: &Issued, has_worked: bool, around: &Around) {
        let is_faultless = has_worked && self.disk_full_frames == 0 && !self.environment.disk.power.is_off();
        let must_open = self.environment.pass_oracle.must_open(read, around);
        if let Some(shown) = &mut self.visits.shown {
            shown.is_good.get_or_insert(is_faultless && must_open);
        }
    }

    fn visitor_comes(&mut self, now: &Now, run: &mut Run) {
        run.visitors += 1;
        if let Some(shown) = &mut self.visits.shown {
            shown.has_opened = true;
        }
        self.oracle.note_visit();
        self.environment.attempts.note_visit();
        self.visitors.ask(None);
        self.last_reason = None;
        self.unlocked_until_ms = self.unlocked_until_ms.max(now.monotonic_ms + UNLOCK_MS);
        self.environment.leaf.let_in(self.unlocked_until_ms, now.monotonic_ms, 3_000);
    }

    fn note_refused_pass(&mut self, refusal: &Refusal, run: &mut Run) {
        assert_ne!(refusal.reason, Reason::PassUsesUnknown, "no fault of this test loses the uses of passes");
        if let Some(pass) = refusal.pass {
            self.environment.pass_oracle.note_refusal(pass);
        }
        let is_of_pass = refusal.pass.is_some() || refusal.reason == Reason::PassNotGenuine;
        if is_of_pass && self.last_reason != Some(refusal.reason) {
            *run.refused_passes.entry(refusal.reason.code()).or_default() += 1;
        }
    }
}
