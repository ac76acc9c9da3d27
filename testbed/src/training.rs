//! Fits the coefficients with which the judge joins its features of shape into the odds of a head.
//!
//! A logistic regression by Newton's method, with a little ridge. People and instruments have the same weight together. Trials
//! that the tests before the shape refuse are left out.

use crate::campaign::{Campaign, PICTURE};
use crate::experiment::Experiment;
use crate::faces::Face;
use crate::instrument::Instrument;
use liveness::lamp::{FEATURES, Finding, NotLive};
use rayon::prelude::*;

/// What the regression is trained on.
const CLASSES: [(Instrument, bool); 10] = [
    (Instrument::Person, true),
    (Instrument::MattePrint, false),
    (Instrument::GlossyPrint, false),
    (Instrument::BentPrint, false),
    (Instrument::EyesCutOut, false),
    (Instrument::Phone, false),
    (Instrument::Tablet, false),
    (Instrument::Monitor, false),
    (Instrument::DimScreen, false),
    (Instrument::LateScreen, false),
];

/// The pull of each slope towards 0, per trial.
const RIDGE: f64 = 1e-3;

/// One trial: its features, and whether a person stood there.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// See [`liveness::lamp::Shape`].
    pub features: [f32; FEATURES],
    /// Whether it is bona fide.
    pub is_person: bool,
}

/// The result.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// The odds' logarithm where every feature has its mean.
    pub offset: f64,
    /// The mean of each feature, and its slope.
    pub means_and_slopes: [[f64; 2]; FEATURES],
}

/// Runs the trials.
pub fn examples(campaign: &Campaign, faces: &[Face]) -> Vec<Example> {
    let trials = CLASSES.into_iter().flat_map(|(instrument, is_person)| {
        let cells = campaign.conditions(instrument);
        cells
            .into_iter()
            .flat_map(move |conditions| (0..campaign.each()).map(move |index| (conditions, index, is_person)))
    });
    let trials: Vec<_> = trials.collect();
    trials
        .into_par_iter()
        .filter_map(|(conditions, index, is_person)| {
            let chance = campaign.chance(&conditions, index);
            let trial = Experiment::new(conditions, faces, PICTURE, false, chance).run();
            let reaches_shape = matches!(trial.judge().finding, Finding::Live | Finding::NotLive(NotLive::NotAHead));
            let features = trial.shape()?.features;
            reaches_shape.then_some(Example { features, is_person })
        })
        .collect()
}

/// Fits the regression, and moves its offset so that `refused`, a share, of the people have odds below 1. `None` if one
/// of the classes is missing.
pub fn fit(examples: &[Example], refused: f64) -> Option<Coefficients> {
    let count = |person: bool| examples.iter().filter(|example| example.is_person == person).count() as f64;
    let (people, others) = (count(true), count(false));
    if people == 0.0 || others == 0.0 {
        return None;
    }
    let weight = |example: &Example| 0.5 / if example.is_person { people } else { others };
    let sum =
        |value: &dyn Fn(&Example) -> f64| examples.iter().map(|example| weight(example) * value(example)).sum::<f64>();
    let means: [f64; FEATURES] = std::array::from_fn(|at| sum(&|example| f64::from(example.features[at])));
    let spreads: [f64; FEATURES] = std::array::from_fn(|at| {
        sum(&|example| (f64::from(example.features[at]) - means[at]).powi(2)).sqrt().max(1e-6)
    });
    let row = |example: &Example| -> Vec<f64> {
        let scaled = (0..FEATURES).map(|at| (f64::from(example.features[at]) - means[at]) / spreads[at]);
        std::iter::once(1.0).chain(scaled).collect()
    };
    let rows: Vec<Vec<f64>> = examples.iter().map(row).collect();
    let mut slopes = vec![0.0; FEATURES + 1];
    for _ in 0..40 {
        let mut matrix = vec![vec![0.0; FEATURES + 2]; FEATURES + 1];
        for (at, line) in matrix.iter_mut().enumerate().skip(1) {
            line[at] += RIDGE;
            line[FEATURES + 1] -= RIDGE * slopes[at];
        }
        for (row, example) in rows.iter().zip(examples) {
            let odds: f64 = row.iter().zip(&slopes).map(|(a, b)| a * b).sum();
            let likely = 1.0 / (1.0 + (-odds).exp());
            let target = if example.is_person { 1.0 } else { 0.0 };
            for a in 0..=FEATURES {
                for b in 0..=FEATURES {
                    matrix[a][b] += weight(example) * likely * (1.0 - likely) * row[a] * row[b];
                }
                matrix[a][FEATURES + 1] += weight(example) * (target - likely) * row[a];
            }
        }
        let step = eliminate(matrix);
        slopes.iter_mut().zip(step).for_each(|(slope, step)| *slope += step);
    }
    let odds = |row: &Vec<f64>| row.iter().zip(&slopes).map(|(a, b)| a * b).sum::<f64>();
    let mut of_people: Vec<f64> =
        rows.iter().zip(examples).filter(|(_, example)| example.is_person).map(|(row, _)| odds(row)).collect();
    of_people.sort_by(f64::total_cmp);
    // A share of the people, so below their number.
    let threshold = of_people[((refused * people) as usize).min(of_people.len() - 1)];
    Some(Coefficients {
        offset: slopes[0] - threshold,
        means_and_slopes: std::array::from_fn(|at| [means[at], slopes[at + 1] / spreads[at]]),
    })
}

/// Gauss and Jordan's elimination of a square matrix with the right side in the last column.
fn eliminate(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let size = matrix.len();
    for pivot in 0..size {
        let largest = (pivot..size).max_by(|a, b| matrix[*a][pivot].abs().total_cmp(&matrix[*b][pivot].abs()));
        matrix.swap(pivot, largest.unwrap_or(pivot));
        let line = matrix[pivot].clone();
        for (at, other) in matrix.iter_mut().enumerate().filter(|(at, _)| *at != pivot) {
            let factor = other[pivot] / line[pivot];
            debug_assert!(factor.is_finite(), "line {at}");
            other.iter_mut().zip(&line).for_each(|(value, from)| *value -= factor * from);
        }
    }
    (0..size).map(|at| matrix[at][size] / matrix[at][at]).collect()
}

impl Coefficients {
    /// The logarithm of the odds of a head.
    pub fn odds(&self, features: &[f32; FEATURES]) -> f64 {
        let parts = self.means_and_slopes.iter().zip(features);
        parts.fold(self.offset, |sum, ([mean, slope], value)| sum + slope * (f64::from(*value) - mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn the_feature_that_tells_is_found() {
        let mut chance = Chance::new(1);
        let examples: Vec<Example> = (0..600)
            .map(|index| {
                let is_person = index % 3 == 0;
                let mut features: [f32; FEATURES] = std::array::from_fn(|_| chance.normal(1.0));
                features[2] += if is_person { 2.0 } else { -2.0 };
                Example { features, is_person }
            })
            .collect();
        let found = fit(&examples, 0.05).unwrap();
        let slopes = found.means_and_slopes.map(|[_, slope]| slope);
        assert!((0..FEATURES).all(|at| at == 2 || slopes[at].abs() < 0.4 * slopes[2]), "{slopes:?}");
        let below = examples.iter().filter(|example| example.is_person && found.odds(&example.features) < 0.0).count();
        assert!((8..=12).contains(&below), "{below} of 200");
        assert!(fit(&examples[..1], 0.05).is_none());
    }
}
