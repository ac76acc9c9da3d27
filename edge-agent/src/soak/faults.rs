//! The incidents in a life of the unit: faults and people's actions, chosen at random.

use super::people::{MODEL, database};
use fastrand::Rng;
use shared::gallery::ModelHash;

/// An incident between two frames.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Incident {
    Nothing,
    /// The camera gives no picture for this many frames.
    CameraLost(u32),
    /// The networks fail for this many frames.
    NetworksFail(u32),
    /// The disk is full for this many frames.
    DiskFull(u32),
    /// The lock sticks for this many movements.
    LockSticks(usize),
    /// The wall clock jumps by this many milliseconds.
    ClockJumps(i64),
    /// There is evidence for the time from now on, or not.
    ClockTrusted(bool),
    /// This database file arrives.
    DatabaseArrives(Vec<u8>),
    /// Somebody asks for the previous database.
    Rollback,
    /// This many cards are presented in a row.
    Cards(u32),
    /// Somebody presents the same card repeatedly for this many frames.
    RepeatedCard(u32),
    /// Somebody forces the door, and leaves it open for this many milliseconds.
    DoorForced(u64),
    /// A lockdown is ordered, which admits the wardens or nobody.
    LockedDown {
        admits_wardens: bool,
    },
    /// The lockdown is ended.
    LockdownEnds,
    /// The loop hangs for this many milliseconds.
    Hangs(u64),
    /// Somebody leaves by the exit button.
    Leaves,
    /// A visitor holds up a pass, and the power may be cut at this disk operation.
    PassShown {
        cut_at: Option<usize>,
    },
    /// The power is cut at this disk operation, counted from now.
    PowerCut(usize),
    /// `kill -9`.
    Killed,
    /// SIGTERM.
    Stopped,
}

impl Incident {
    /// Whether it may end a life.
    pub(super) fn may_end_life(&self) -> bool {
        matches!(self, Self::PowerCut(_) | Self::PassShown { cut_at: Some(_) } | Self::Killed | Self::Stopped)
    }
}

/// The incident before the next frame. Incidents are rare enough that an unprotected life lasts for minutes.
pub(super) fn next(random: &mut Rng, sequence: u64) -> Incident {
    match random.u32(..15_000) {
        0..20 => Incident::CameraLost(random.u32(1..100)),
        20..30 => Incident::NetworksFail(random.u32(1..20)),
        30..40 => Incident::DiskFull(random.u32(1..500)),
        40..50 => Incident::LockSticks(random.usize(1..4)),
        50..54 => Incident::ClockJumps(random.i64(-86_400_000..86_400_000)),
        54..70 => Incident::DatabaseArrives(some_database(random, sequence)),
        70..74 => Incident::Rollback,
        74..76 => Incident::Cards(random.u32(5..30)),
        76..80 => Incident::PowerCut(random.usize(..60)),
        80..82 => Incident::Killed,
        82..84 => Incident::Stopped,
        84..88 => Incident::ClockTrusted(random.u8(..3) > 0),
        88..91 => Incident::RepeatedCard(random.u32(50..300)),
        91..95 => Incident::DoorForced(random.u64(500..60_000)),
        95..100 => Incident::Leaves,
        100..250 => Incident::Cards(1),
        250..254 => Incident::LockedDown { admits_wardens: random.bool() },
        254..266 => Incident::LockdownEnds,
        266..270 => Incident::Hangs(random.u64(500..15_000)),
        270..300 => Incident::PassShown { cut_at: None },
        300..303 => Incident::PassShown { cut_at: Some(random.usize(..30)) },
        _ => Incident::Nothing,
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
