//! Which signed order a unit carries out: one for this door, with a larger number than any before, that has not expired.
//! Says what became of the last one.
//!
//! Whether an order is genuine is found out before, in `shared::order`; what it does is in `unit`. The number is on the
//! disk before an order is carried out that could let in more people, so that nobody can send it a second time.

mod file;
mod refused;
mod report;

pub(crate) use file::LastOrderFile;
pub(crate) use refused::Refused;
pub(crate) use report::OrderReport;

use file::Kept;
use policy::{ClockTrust, Now};
use shared::gallery::DoorGroup;
use shared::order::Order;
use shared::seal::Fingerprint;
use std::io;

/// How far the clock of a workstation may be ahead of the unit's, in milliseconds. An order from later would refuse all
/// orders until then.
const MOST_AHEAD_MS: i64 = 24 * 3600 * 1000;

/// What the report says of an order until it is known what became of it.
const UNFINISHED: &str = "the unit stopped while it carried out this order: check what it has done, and send a new one";

/// The doors of a unit, and the last order.
pub(crate) struct SignedOrders {
    file: LastOrderFile,
    /// The unit's id; `None` if it has no key of its own.
    unit: Option<Fingerprint>,
    groups: Vec<DoorGroup>,
    last: Last,
    report: Option<OrderReport>,
}

/// The largest number so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    number: u64,
    /// Whether the file with it was damaged, so that it may have been larger.
    may_be_larger: bool,
}

impl SignedOrders {
    /// Reads the last order from before the restart.
    pub(crate) fn restored(mut file: LastOrderFile, unit: Option<Fingerprint>, groups: Vec<DoorGroup>) -> Self {
        let (last, report) = match file.read() {
            Kept::Nothing => (Last { number: 0, may_be_larger: false }, None),
            Kept::Order(report) => (Last { number: report.number, may_be_larger: false }, Some(report)),
            Kept::Damaged(why) => {
                tracing::error!(
                    "the file with the last signed order {why}; orders that were signed before now, and could let in more \
                     people, are refused"
                );
                (Last { number: 0, may_be_larger: true }, None)
            }
        };
        Self { file, unit, groups, last, report }
    }

    /// Whether an order may be carried out now. `loosens` if it could let in more people.
    ///
    /// # Errors
    /// [`Refused`]
    pub(crate) fn judge(&mut self, order: &Order, loosens: bool, now: &Now) -> Result<(), Refused> {
        if !order.doors().includes(self.unit, &self.groups) {
            return Err(Refused::OtherDoors(order.doors().clone()));
        }
        if order.number() <= self.last.number {
            return Err(Refused::Old { number: order.number(), last: self.last.number });
        }
        match now.clock {
            ClockTrust::Trusted => {
                if order.expires_utc_ms() <= now.utc_ms {
                    return Err(Refused::Expired);
                }
                // An order keeps its number below its expiry, which is an `i64`.
                if order.number().cast_signed().saturating_sub(now.utc_ms) > MOST_AHEAD_MS {
                    return Err(Refused::TooEarly);
                }
            }
            _ if loosens => return Err(Refused::ClockUnknown),
            _ => {}
        }
        if self.last.may_be_larger && loosens {
            // From now on, only orders that are signed later than this can be new.
            let number = u64::try_from(now.utc_ms).unwrap_or_default().max(self.last.number);
            self.last = Last { number, may_be_larger: false };
            if order.number() <= number {
                return Err(Refused::MayBeOld);
            }
        }
        Ok(())
    }

    /// Uses up the number of an order that is about to be carried out, or has been.
    ///
    /// # Errors
    /// If it cannot be saved: after a restart, the order could be sent again.
    pub(crate) fn use_up(&mut self, order: &Order) -> io::Result<()> {
        self.last.number = self.last.number.max(order.number());
        self.save(order, Some(UNFINISHED.to_owned()), None)
    }

    /// Notes what became of an order whose number is used up: the outcome, or why it was refused.
    ///
    /// # Errors
    /// If it cannot be saved: a restart forgets it.
    pub(crate) fn finish(&mut self, order: &Order, outcome: Result<String, String>) -> io::Result<()> {
        let (refused, outcome) = match outcome {
            Ok(outcome) => (None, Some(outcome)),
            Err(refused) => (Some(refused), None),
        };
        self.save(order, refused, outcome)
    }

    /// Notes an order that was refused and whose number is not used up. An old one changes nothing: what became of it
    /// when it was new stays known.
    pub(crate) fn note_refused(&mut self, order: &Order, why: &str) {
        if order.number() > self.last.number {
            self.report = Some(OrderReport::new(order, Some(why.to_owned()), None));
        }
    }

    /// The last order that was judged.
    pub(crate) fn report(&self) -> Option<&OrderReport> {
        self.report.as_ref()
    }

    fn save(&mut self, order: &Order, refused: Option<String>, outcome: Option<String>) -> io::Result<()> {
        let report = self.report.insert(OrderReport::new(order, refused, outcome));
        // A file that may have held a larger number is kept as it is: it is damaged after a restart as well.
        if self.last.may_be_larger { Ok(()) } else { self.file.save(report) }
    }
}

/// Whether this is the content of the file with the last order, for fuzzing.
pub(crate) fn is_last_order(text: &[u8]) -> bool {
    !matches!(file::parse(text), Kept::Damaged(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::{Memory, Operation, Storage};
    use shared::gallery::Audience;
    use shared::order::Command;

    const HOUR_MS: u64 = 3_600_000;
    /// When the orders of the tests are signed.
    const SIGNED_MS: u64 = 1_800_000_000_000;

    fn unit(id: &str) -> Fingerprint {
        id.parse().unwrap()
    }

    fn own() -> Fingerprint {
        unit("5f0c-8a71-0000-1111-2222")
    }

    fn order_for(number: u64, doors: Audience) -> Order {
        Order::new(number, doors, (number + HOUR_MS).cast_signed(), Command::LockdownOff).unwrap()
    }

    fn order(number: u64) -> Order {
        order_for(number, Audience::AllDoors)
    }

    fn at(ms: u64) -> Now {
        Now::trusted(ms.cast_signed(), 0)
    }

    fn restored(files: &Memory) -> SignedOrders {
        let groups = vec!["office".parse().unwrap()];
        SignedOrders::restored(LastOrderFile::new(Box::new(files.clone()), "o"), Some(own()), groups)
    }

    fn word(judged: Result<(), Refused>) -> &'static str {
        match judged {
            Ok(()) => "",
            Err(Refused::OtherDoors(_)) => "other doors",
            Err(Refused::Old { .. }) => "old",
            Err(Refused::MayBeOld) => "may be old",
            Err(Refused::Expired) => "expired",
            Err(Refused::TooEarly) => "too early",
            Err(Refused::ClockUnknown) => "clock",
        }
    }

    #[test]
    fn an_order_is_for_this_door_new_and_in_time() {
        let group = |name: &str| Audience::Group(name.parse().unwrap());
        let other = Audience::units([unit("0000-0000-0000-0000-0000")]).unwrap();
        let unknown = Now::new(0, 0);
        let n = SIGNED_MS;
        for (what, order, loosens, now, expected) in [
            ("for all", order(n), true, at(n), ""),
            ("for this unit", order_for(n, Audience::units([own()]).unwrap()), true, at(n), ""),
            ("for its group", order_for(n, group("office")), true, at(n), ""),
            ("for another group", order_for(n, group("lab")), true, at(n), "other doors"),
            ("for another unit", order_for(n, other.clone()), false, at(n), "other doors"),
            ("the last one again", order(n - 1), false, at(n), "old"),
            ("an older one", order(n - 2), false, at(n), "old"),
            ("just in time", order(n), true, at(n + HOUR_MS - 1), ""),
            ("expired", order(n), true, at(n + HOUR_MS), "expired"),
            ("expired, for other doors", order_for(n, other), true, at(n + HOUR_MS), "other doors"),
            ("a day ahead", order(n), true, at(n - 24 * HOUR_MS), ""),
            ("more than a day ahead", order(n), false, at(n - 24 * HOUR_MS - 1), "too early"),
            ("without a clock", order(n), true, unknown, "clock"),
            ("without a clock, tighter", order(n), false, unknown, ""),
        ] {
            let mut orders = restored(&Memory::default());
            orders.use_up(&super::tests::order(n - 1)).unwrap();
            assert_eq!(word(orders.judge(&order, loosens, &now)), expected, "{what}");
        }
    }

    #[test]
    fn a_number_is_used_up_for_ever() {
        let files = Memory::default();
        let mut orders = restored(&files);
        orders.use_up(&order(SIGNED_MS)).unwrap();
        let unfinished = OrderReport::new(&order(SIGNED_MS), Some(UNFINISHED.to_owned()), None);
        assert_eq!(restored(&files).report(), Some(&unfinished), "after a power cut");
        orders.finish(&order(SIGNED_MS), Ok("done".to_owned())).unwrap();
        let done = OrderReport::new(&order(SIGNED_MS), None, Some("done".to_owned()));
        for mut orders in [orders, restored(&files)] {
            assert_eq!(word(orders.judge(&order(SIGNED_MS), true, &at(SIGNED_MS))), "old");
            orders.note_refused(&order(SIGNED_MS), "old");
            assert_eq!(orders.report(), Some(&done), "what became of it stays known");
            orders.note_refused(&order(SIGNED_MS + 1), "expired");
            assert_eq!(orders.report().unwrap().refused.as_deref(), Some("expired"));
            assert_eq!(
                word(orders.judge(&order(SIGNED_MS + 1), true, &at(SIGNED_MS))),
                "",
                "its number is not used up"
            );
        }
    }

    #[test]
    fn a_number_that_cannot_be_saved_is_used_up_until_a_restart() {
        let files = Memory::default();
        let mut orders = restored(&files);
        files.fail_at(Some(Operation::Rename));
        assert!(orders.use_up(&order(SIGNED_MS)).is_err());
        assert_eq!(word(orders.judge(&order(SIGNED_MS), true, &at(SIGNED_MS))), "old");
    }

    /// Nobody knows which numbers were used up: what was signed before is refused, even after another restart, but for
    /// orders that only keep people out.
    #[test]
    fn after_damage_only_orders_that_are_signed_later_can_let_in_more_people() {
        let mut files = Memory::default();
        Storage::replace(&mut files, "o", b"?").unwrap();
        let (mut orders, repaired) = (restored(&files), at(SIGNED_MS + 5));
        assert_eq!(word(orders.judge(&order(SIGNED_MS), false, &repaired)), "");
        orders.use_up(&order(SIGNED_MS)).unwrap();
        for mut orders in [orders, restored(&files)] {
            assert_eq!(word(orders.judge(&order(SIGNED_MS + 1), true, &Now::new(0, 0))), "clock");
            assert_eq!(word(orders.judge(&order(SIGNED_MS + 1), true, &repaired)), "may be old");
            assert_eq!(word(orders.judge(&order(SIGNED_MS + 1), true, &repaired)), "old");
            assert_eq!(word(orders.judge(&order(SIGNED_MS + 6), true, &repaired)), "");
        }
        let mut orders = restored(&files);
        assert_eq!(word(orders.judge(&order(SIGNED_MS + 1), true, &repaired)), "may be old");
        orders.use_up(&order(SIGNED_MS + 6)).unwrap();
        assert_eq!(
            word(restored(&files).judge(&order(SIGNED_MS + 6), true, &repaired)),
            "old",
            "the file is whole again"
        );
    }
}
