//! Simulates how many faces somebody can try in an hour, and how a queue of enrolled people fares. Produces the figures
//! of `docs/attempts.md`.

use super::liveness::simulation_tests::Chance;
use super::*;
use shared::face::FaceBox;
use shared::gallery::PersonId;
use std::collections::VecDeque;

const FRAME_MS: u64 = 100;
const HOUR_MS: u64 = 3_600_000;

struct Door {
    policy: Policy,
    now_ms: u64,
}

impl Door {
    fn new() -> Self {
        Self { policy: Policy::new(Rules::face_alone(1.0)).unwrap(), now_ms: 0 }
    }

    /// Decides on a frame with a face at one of two places, or without a face. Returns the reason, `None` for a grant.
    fn show(&mut self, face: Option<(u8, bool)>, side: u64) -> Option<Reason> {
        self.now_ms += FRAME_MS;
        let observed = face.map(|(person, matches)| {
            let best = Enrolled::new(PersonId([person; 16]));
            let resembles = Resemblance::new(best, if matches { 0.5 } else { 1.2 });
            let bounds = FaceBox { x: 300.0 * (side % 2) as f32, y: 0.0, width: 100.0, height: 100.0 };
            ObservedFace { resembles: Some(resembles), ..ObservedFace::new(bounds) }
        });
        match self.policy.decide(&Observation::new(observed.as_slice()), &Now::trusted(0, self.now_ms)) {
            Decision::Grant(_) => None,
            Decision::Refuse(refusal) => Some(refusal.reason),
            Decision::Nobody | Decision::Admit(_) => Some(Reason::FaceNeeded),
        }
    }
}

/// Number of different faces compared per hour, with these times for each face and the gap after it: in the first hour,
/// in the third, and in the hour after a day.
fn faces_in_an_hour(shown_ms: u64, gap_ms: u64) -> [u32; 3] {
    let mut door = Door::new();
    let mut compared = [0; 25];
    for face in 0.. {
        let hour = (door.now_ms / HOUR_MS) as usize;
        let Some(count) = compared.get_mut(hour) else { break };
        let said: std::vec::Vec<_> = (0..shown_ms / FRAME_MS).map(|_| door.show(Some((1, false)), face)).collect();
        *count += u32::from(said.contains(&Some(Reason::NotKnown)));
        for _ in 0..gap_ms / FRAME_MS {
            let _nobody = door.show(None, face);
        }
    }
    [compared[0], compared[2], compared[24]]
}

/// The result for forty people in a row.
struct Queue {
    let_in_at_once: usize,
    longest_wait_ms: u64,
    lockouts: usize,
}

/// Frames are missed with one probability, whole tries of three seconds with another. A person who is not let in goes
/// to the end of the queue.
fn queue(seed: u64, missed_frames: f32, missed_tries: f32) -> Queue {
    let mut door = Door::new();
    let mut chance = Chance(seed);
    let mut waiting: VecDeque<(u8, u64)> = (1..=40).map(|person| (person, 0)).collect();
    let mut result = Queue { let_in_at_once: 0, longest_wait_ms: 0, lockouts: 0 };
    let mut side = 0;
    while let Some((person, tries)) = waiting.pop_front() {
        side += 1;
        let began_ms = door.now_ms;
        let mut is_missed = chance.between(0.0, 1.0) < missed_tries;
        let (mut tried_ms, mut is_in) = (0, false);
        while tried_ms < 3000 && !is_in {
            let matches = !is_missed && chance.between(0.0, 1.0) >= missed_frames;
            match door.show(Some((person, matches)), side) {
                None => is_in = true,
                // Waits and tries again.
                Some(Reason::LockedOut) => {
                    is_missed = chance.between(0.0, 1.0) < missed_tries;
                    tried_ms = 0;
                }
                Some(_) => tried_ms += FRAME_MS,
            }
        }
        result.lockouts += usize::from(door.policy.take_begun_lockout().is_some());
        result.longest_wait_ms = result.longest_wait_ms.max(door.now_ms - began_ms);
        match is_in {
            true => result.let_in_at_once += usize::from(tries == 0),
            false => waiting.push_back((person, tries + 1)),
        }
        // The next person.
        for _ in 0..10 {
            let _nobody = door.show(None, side);
        }
    }
    result
}

#[test]
fn attackers_get_few_comparisons_and_a_queue_is_let_in() {
    for (what, shown_ms, gap_ms, most) in [
        ("a face for 1.9 s, nobody for 1.1 s", 1900, 1100, [13, 5, 13]),
        ("another face every 0.3 s", 300, 0, [13, 5, 13]),
        ("another face in every frame", 100, 0, [13, 5, 13]),
    ] {
        let compared = faces_in_an_hour(shown_ms, gap_ms);
        std::println!("{what}: {compared:?} faces in the first, third and twenty-fifth hour");
        assert!(compared.iter().zip(most).all(|(compared, most)| *compared <= most), "{what}: {compared:?}");
    }
    for (what, missed_frames, missed_tries, most_lockouts, most_ms) in
        [("each frame misses with 4 %", 0.04, 0.0, 0, 2000), ("each try misses with 4 %", 0.0, 0.04, 60, 300_000)]
    {
        let queues: std::vec::Vec<Queue> = (0..500).map(|seed| queue(seed, missed_frames, missed_tries)).collect();
        let at_once: usize = queues.iter().map(|queue| queue.let_in_at_once).sum();
        let with_lockout = queues.iter().filter(|queue| queue.lockouts > 0).count();
        let longest_ms = queues.iter().map(|queue| queue.longest_wait_ms).max().unwrap();
        let share = at_once as f64 / (40.0 * queues.len() as f64);
        std::println!(
            "{what}: {:.1} % are let in at once, {with_lockout} of 500 queues have a lockout, longest {longest_ms} ms",
            100.0 * share
        );
        assert!(share > 0.95 && with_lockout <= most_lockouts && longest_ms <= most_ms, "{what}");
    }
}
