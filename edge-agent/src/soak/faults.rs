//! What goes wrong in a life of the unit, and when.

use super::people::{MODEL, database};
use fastrand::Rng;
use shared::gallery::ModelHash;

/// Something that happens between two frames.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Happening {
    Nothing,
    /// The camera gives no pictures for this many frames.
    CameraLost(u32),
    /// The networks fail for this many frames.
    NetworksFail(u32),
    /// The disk is full for this many frames.
    DiskFull(u32),
    /// The lock sticks, this many movements long.
    LockSticks(usize),
    /// The clock on the wall jumps by this many milliseconds.
    ClockJumps(i64),
    /// From now on something speaks for the clock, or nothing does.
    ClockTrusted(bool),
    /// Somebody brings this file.
    DatabaseComes(Vec<u8>),
    /// Somebody asks for the database before.
    Rollback,
    /// This many cards are presented one after the other.
    Cards(u32),
    /// Somebody presents the same card again and again for this many frames.
    CardAgain(u32),
    /// Somebody opens the door from outside without being let in, for this many milliseconds.
    DoorForced(u64),
    /// Somebody leaves by the exit button.
    Leaves,
    /// The power is cut at this operation of the disk, counted from now on.
    PowerCut(usize),
    /// `kill -9`.
    Killed,
    /// SIGTERM.
    Stopped,
}

impl Happening {
    /// Whether a life may end by it.
    pub(super) fn may_end_life(&self) -> bool {
        matches!(self, Self::PowerCut(_) | Self::Killed | Self::Stopped)
    }
}

/// Rare for each frame, so that a life that nothing protects lasts for minutes.
pub(super) fn next(random: &mut Rng, sequence: u64) -> Happening {
    match random.u32(..15_000) {
        0..20 => Happening::CameraLost(random.u32(1..100)),
        20..30 => Happening::NetworksFail(random.u32(1..20)),
        30..40 => Happening::DiskFull(random.u32(1..500)),
        40..50 => Happening::LockSticks(random.usize(1..4)),
        50..54 => Happening::ClockJumps(random.i64(-86_400_000..86_400_000)),
        54..70 => Happening::DatabaseComes(some_database(random, sequence)),
        70..74 => Happening::Rollback,
        74..76 => Happening::Cards(random.u32(5..30)),
        76..80 => Happening::PowerCut(random.usize(..60)),
        80..82 => Happening::Killed,
        82..84 => Happening::Stopped,
        84..88 => Happening::ClockTrusted(random.u8(..3) > 0),
        88..91 => Happening::CardAgain(random.u32(50..300)),
        91..95 => Happening::DoorForced(random.u64(500..60_000)),
        95..100 => Happening::Leaves,
        100..250 => Happening::Cards(1),
        _ => Happening::Nothing,
    }
}

fn some_database(random: &mut Rng, sequence: u64) -> Vec<u8> {
    match random.u8(..6) {
        0 => database(sequence + 1, ModelHash([9; 32])),
        1 => database(sequence.saturating_sub(1 + random.u64(..3)), MODEL),
        2 => {
            let mut damaged = database(sequence + 1, MODEL);
            let at = random.usize(..damaged.len());
            damaged[at] ^= 1 << random.u8(..8);
            damaged
        }
        3 => {
            let whole = database(sequence + 1, MODEL);
            whole[..random.usize(..whole.len())].to_vec()
        }
        _ => database(sequence + 1 + random.u64(..3), MODEL),
    }
}
