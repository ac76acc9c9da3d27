//! The visitor passes of the soak test, and what its databases say about them.

use fastrand::Rng;
use shared::pass::{AcceptedPasses, DoorTag, Pass, PassHours, PassId, RevokedPass};
use shared::seal::{Fingerprint, PassKey};
use std::collections::VecDeque;

const MINUTE_MS: i64 = 60_000;
/// The group of doors of this unit.
pub(super) const GROUP: &str = "office";
/// Passes for any number of uses, which are valid for a year.
const REGULARS: u8 = 16;
/// How many of the other passes may be shown again.
const KEPT: usize = 20;

/// A pass that somebody holds.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub(super) id: PassId,
    pub(super) from_utc_ms: i64,
    pub(super) until_utc_ms: i64,
    pub(super) uses: Option<u8>,
    pub(super) is_for_this_door: bool,
    /// Whether it is signed with the key of the databases.
    pub(super) is_genuine: bool,
    /// The text of its code.
    pub(super) text: String,
}

/// Issues passes, and keeps the last ones.
#[derive(Debug, Default)]
pub(super) struct Issuer {
    issued: u32,
    kept: VecDeque<Issued>,
}

pub(super) fn this_unit() -> Fingerprint {
    "5f0c-8a71-0000-1111-2222".parse().unwrap()
}

fn key() -> PassKey {
    PassKey::from_random(&[3; 32])
}

/// Whether the database with this sequence number names the pass key.
pub(super) fn names_key(sequence: u64) -> bool {
    sequence % 7 != 3
}

/// Whether the database with this sequence number says that the pass is revoked. Another one may say otherwise.
pub(super) fn is_revoked(id: PassId, sequence: u64) -> bool {
    (0..REGULARS).any(|number| revokes(sequence, number) && regular_id(number) == id)
}

fn revokes(sequence: u64, number: u8) -> bool {
    u64::from(number) % 4 == sequence % 4
}

/// What the database with this sequence number says about passes.
pub(super) fn accepted(sequence: u64) -> AcceptedPasses {
    let issuers = if names_key(sequence) { vec![key().issuer()] } else { Vec::new() };
    let revoked = (0..REGULARS).filter(|number| revokes(sequence, *number));
    let revoked = revoked.map(|number| RevokedPass { id: regular_id(number), until_minute: 40_000_000 });
    AcceptedPasses::new(issuers, revoked.collect()).unwrap()
}

/// The number of uses that are counted, which the id of each pass begins with.
pub(super) fn counted_uses(id: PassId) -> Option<u8> {
    Some(id.0[0]).filter(|uses| *uses > 0)
}

fn regular_id(number: u8) -> PassId {
    PassId([0, 1, 0, 0, 0, number])
}

/// Half of these are for the group of doors.
fn regular(number: u8) -> Issued {
    let door = if number < REGULARS / 2 { DoorTag::of_unit(this_unit()) } else { DoorTag::of_group(GROUP) };
    let hours = PassHours { from_minute: 29_900_000, minutes: 366 * 24 * 60 };
    signed(regular_id(number), hours, door, true, &key())
}

fn signed(id: PassId, hours: PassHours, door: DoorTag, is_for_this_door: bool, by: &PassKey) -> Issued {
    let uses = counted_uses(id);
    Issued {
        id,
        from_utc_ms: i64::from(hours.from_minute) * MINUTE_MS,
        until_utc_ms: (i64::from(hours.from_minute) + i64::from(hours.minutes)) * MINUTE_MS,
        uses,
        is_for_this_door,
        is_genuine: by.issuer() == key().issuer(),
        text: Pass::new(id, hours, uses, &[door], None).unwrap().sign(by),
    }
}

impl Issuer {
    /// The pass that is shown next. `sequence` is that of the database in use.
    pub(super) fn pass(&mut self, random: &mut Rng, sequence: u64, utc_ms: i64) -> Issued {
        let this = DoorTag::of_unit(this_unit());
        let numbers = |is_revoked| (0..REGULARS).filter(move |number| revokes(sequence, *number) == is_revoked);
        let regular_of = |numbers: Vec<u8>, random: &mut Rng| regular(numbers[random.usize(..numbers.len())]);
        let minute = utc_ms / MINUTE_MS;
        match random.u8(..18) {
            0..4 => self.issue(1 + random.u8(..3), minute - 60, 600, (this, true), &key()),
            4..6 => regular_of(numbers(false).collect(), random),
            6 => regular_of(numbers(true).collect(), random),
            7 => {
                let others = [DoorTag::of_unit("0000-0000-0000-0000-0001".parse().unwrap()), DoorTag::of_group(GROUP)];
                self.issue(2, minute - 60, 600, (others[random.usize(..2)], false), &key())
            }
            8 => self.issue(2, minute + 1 + random.i64(0..600), 600, (this, true), &key()),
            9 => self.issue(2, minute - 600 - random.i64(0..3000), 600, (this, true), &key()),
            10 => self.forge(random, minute),
            _ if self.kept.is_empty() => regular_of(numbers(false).collect(), random),
            11..14 => self.kept[random.usize(..self.kept.len())].clone(),
            // Often somebody who has just come in with it.
            _ => self.kept[self.kept.len() - 1].clone(),
        }
    }

    fn issue(&mut self, uses: u8, from: i64, minutes: u32, door: (DoorTag, bool), by: &PassKey) -> Issued {
        self.issued += 1;
        let [a, b, c, d] = self.issued.to_be_bytes();
        let hours = PassHours { from_minute: u32::try_from(from).unwrap(), minutes };
        let issued = signed(PassId([uses, 0, a, b, c, d]), hours, door.0, door.1, by);
        self.keep(issued.clone());
        issued
    }

    /// A pass by another key, with the id of one that was issued or with a new id.
    fn forge(&mut self, random: &mut Rng, minute: i64) -> Issued {
        let (other, this) = (PassKey::from_random(&[4; 32]), DoorTag::of_unit(this_unit()));
        if self.kept.is_empty() || random.bool() {
            return self.issue(2, minute - 60, 600, (this, true), &other);
        }
        let id = self.kept[random.usize(..self.kept.len())].id;
        let hours = PassHours { from_minute: u32::try_from(minute - 60).unwrap(), minutes: 600 };
        signed(id, hours, this, true, &other)
    }

    fn keep(&mut self, issued: Issued) {
        self.kept.push_back(issued);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}
