//! Many trials, on every core: the same seed gives the same counts.

use crate::chance::Chance;
use crate::experiment::{Conditions, Experiment};
use crate::faces::Face;
use crate::instrument::Instrument;
use crate::tally::Tally;
use liveness::lamp::{Judgement, LampKind};
use rayon::prelude::*;

/// The camera's picture in trials that are rendered directly, pixels.
pub const PICTURE: [f32; 2] = [1280.0, 720.0];

/// Which trials to run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The illuminances, lux.
    pub lux: Vec<f32>,
    /// The distances, metres.
    pub distances: Vec<f32>,
    /// The lamp.
    pub kind: LampKind,
    /// Trials of each instrument, spread evenly over illuminances and distances, and at least one of each.
    pub trials: usize,
    /// Of all chance.
    pub seed: u64,
}

/// The trials of one instrument in one light at one distance.
pub struct Cell {
    /// The conditions.
    pub conditions: Conditions,
    /// What was found.
    pub tally: Tally,
}

impl Campaign {
    /// The conditions of each cell of the table, for one instrument.
    pub fn conditions(&self, instrument: Instrument) -> Vec<Conditions> {
        let kind = self.kind;
        let pairs = self.lux.iter().flat_map(|lux| self.distances.iter().map(move |distance| (*lux, *distance)));
        pairs.map(|(lux, distance)| Conditions { instrument, lux, distance, kind }).collect()
    }

    /// The chance of one trial of one cell.
    pub fn chance(&self, conditions: &Conditions, index: usize) -> Chance {
        let Conditions { instrument, lux, distance, .. } = *conditions;
        // Rounded, to tell conditions apart only.
        let parts = [instrument as u64, lux as u64, (1000.0 * distance) as u64, index as u64];
        let mixed = parts.into_iter().fold(self.seed, |state, part| {
            let mixed = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed ^ (mixed >> 27)
        });
        Chance::new(mixed)
    }

    /// Trials of each cell of the table.
    pub fn each(&self) -> usize {
        self.trials.div_ceil((self.lux.len() * self.distances.len()).max(1))
    }

    /// Runs the trials of one instrument, rendered directly.
    pub fn run(&self, instrument: Instrument, faces: &[Face]) -> Vec<Cell> {
        let cells = self.conditions(instrument).into_iter().map(|conditions| {
            let judged: Vec<Judgement> = (0..self.each())
                .into_par_iter()
                .map(|index| {
                    let chance = self.chance(&conditions, index);
                    Experiment::new(conditions, faces, PICTURE, false, chance).run().judge()
                })
                .collect();
            let mut tally = Tally::default();
            judged.iter().for_each(|judgement| tally.add(judgement));
            Cell { conditions, tally }
        });
        cells.collect()
    }
}
