//! Rates from searches: FNIR at an FPIR, with bootstrap intervals over people, and the DET curve. No I/O.
//!
//! Terms of ISO/IEC 19795-1: FPIR is the share of searches by strangers that name somebody, FNIR the share of searches
//! by enrolled people that do not name them. The same threshold applies to all draws.

use super::trials::{Searched, Trials, Way};
use crate::interval::Interval;
use rayon::prelude::*;
use serde::Serialize;

/// The FPIRs at which FNIR is reported.
pub(super) const FPIRS: [f64; 2] = [0.001, 0.01];
/// Indices into [`Way::ALL`].
const WAYS: [usize; 3] = [Way::NearestEncoding as usize, Way::Person as usize, Way::Gated as usize];
/// Number of resamples of people for an interval.
const RESAMPLES: usize = 400;

/// A measured rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// 0 to 1.
    pub rate: f64,
    /// 95 % interval, by a bootstrap over people.
    #[serde(flatten)]
    pub interval: Interval,
}

/// FNIR at one FPIR.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtFpir {
    /// False positive identification rate, 0 to 1.
    pub fpir: f64,
    /// FNIR with only the nearest encoding of each person.
    pub nearest: Measured,
    /// FNIR with the distance as computed at the door.
    pub person: Measured,
    /// The L2 distance for the FNIR at the door.
    pub threshold: f32,
    /// Relative reduction of the misses by the distance at the door.
    pub fewer_misses: Measured,
    /// FNIR at the door with the gate: refused faces are missed, and never named.
    pub gated: Measured,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// False positive identification rate, 0 to 1.
    pub fpir: f64,
    /// FNIR with the nearest encoding of each person.
    pub fnir_nearest: f64,
    /// FNIR with the distance that decides at the door.
    pub fnir_person: f64,
    /// The L2 distance for the FNIR at the door.
    #[serde(flatten)]
    pub interval: Interval,
}

/// FNIR at an FPIR of 0.001 and of 0.01.
pub fn at_fpirs(trials: &Trials, people: usize) -> Vec<AtFpir> {
    let resamples = resampled(trials, people, &FPIRS);
    let sorted = Sorted::new(trials);
    let whole = vec![1.0; people];
    FPIRS
        .iter()
        .enumerate()
        .map(|(at, &fpir)| {
            let [nearest, person, gated] = WAYS.map(|way| {
                let (rate, threshold) = sorted.fnir(way, fpir, &whole);
                let rates = resamples.iter().map(|rates| rates[at][way]);
                (Measured { rate, interval: middle(rates.collect()) }, threshold)
            });
            let fewer =
                |[nearest, person, _]: [f64; WAYS.len()]| if nearest > 0.0 { 1.0 - person / nearest } else { 0.0 };
            let rates = resamples.iter().map(|rates| fewer(rates[at]));
            let fewer_misses = Measured {
                rate: fewer([nearest, person, gated].map(|way| way.0.rate)),
                interval: middle(rates.collect()),
            };
            AtFpir { fpir, nearest: nearest.0, person: person.0, threshold: person.1, fewer_misses, gated: gated.0 }
        })
        .collect()
}

/// The curve, with three points per decade from 1e-4 to 1.
pub fn det(trials: &Trials, people: usize) -> Vec<Point> {
    let fpirs: Vec<f64> =
        (0..=12).map(|third| 10_f64.powf(-4.0 + f64::from(third) / 3.0)).filter(|fpir| *fpir < 0.9).collect();
    let resamples = resampled(trials, people, &fpirs);
    let (sorted, whole) = (Sorted::new(trials), vec![1.0; people]);
    let point = |(at, &fpir): (usize, &f64)| {
        let [fnir_nearest, fnir_person, _] = WAYS.map(|way| sorted.fnir(way, fpir, &whole).0);
        let interval = middle(resamples.iter().map(|rates| rates[at][1]).collect());
        Point { fpir, fnir_nearest, fnir_person, interval }
    };
    fpirs.iter().enumerate().map(point).collect()
}

/// The share of searches by strangers within a threshold, with the distance at the door and without a gate.
pub(super) fn fpir_at(threshold: f32, strangers: &[Searched]) -> f64 {
    let named = strangers.iter().filter(|searched| searched.distances[Way::Person as usize] <= threshold).count();
    named as f64 / strangers.len().max(1) as f64
}

/// The share of searches by enrolled people that the door does not name at a threshold.
pub(super) fn fnir_at(threshold: f32, mated: &[Searched]) -> f64 {
    let missed = mated.iter().filter(|searched| searched.distances[Way::Gated as usize] > threshold).count();
    missed as f64 / mated.len().max(1) as f64
}

/// The FNIR in each way, for each resample of people and each FPIR.
fn resampled(trials: &Trials, people: usize, fpirs: &[f64]) -> Vec<Vec<[f64; WAYS.len()]>> {
    let sorted = Sorted::new(trials);
    let resample = |seed: usize| {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let mut weights = vec![0.0; people];
        (0..people).for_each(|_| weights[random.usize(..people)] += 1.0);
        fpirs.iter().map(|&fpir| WAYS.map(|way| sorted.fnir(way, fpir, &weights).0)).collect()
    };
    (0..RESAMPLES).into_par_iter().map(resample).collect()
}

/// Searches in each way, the nearest first.
struct Sorted {
    strangers: [Vec<(f32, usize)>; WAYS.len()],
    mated: [Vec<(f32, usize)>; WAYS.len()],
}

impl Sorted {
    fn new(trials: &Trials) -> Self {
        let sorted = |searched: &[Searched]| {
            WAYS.map(|way| {
                let mut found: Vec<(f32, usize)> =
                    searched.iter().map(|searched| (searched.distances[way], searched.person)).collect();
                found.sort_by(|a, b| a.0.total_cmp(&b.0));
                found
            })
        };
        Self { strangers: sorted(&trials.strangers), mated: sorted(&trials.mated) }
    }

    /// The loosest threshold with at most this FPIR, and its FNIR.
    fn fnir(&self, way: usize, fpir: f64, weights: &[f64]) -> (f64, f32) {
        let total = |found: &[(f32, usize)]| found.iter().fold(0.0, |sum, &(_, person)| sum + weights[person]);
        // A small tolerance, because 0.001 of 1000 is not 1 in floating point.
        let allowed = fpir * total(&self.strangers[way]) + 1e-9;
        let mut named = 0.0;
        let first_refused = self.strangers[way].iter().find(|&&(_, person)| {
            named += weights[person];
            named > allowed
        });
        let limit = first_refused.map_or(f32::INFINITY, |found| found.0);
        let mated = &self.mated[way];
        let found = mated.partition_point(|&(distance, _)| distance < limit);
        let all = total(mated);
        let fnir = if all > 0.0 { total(&mated[found..]) / all } else { 0.0 };
        (fnir, limit)
    }
}

/// The interval of the middle 95 %.
fn middle(mut rates: Vec<f64>) -> Interval {
    rates.sort_by(f64::total_cmp);
    let outside = rates.len() / 40;
    match rates.as_slice() {
        [] => Interval { low: 0.0, high: 1.0 },
        rates => Interval { low: rates[outside], high: rates[rates.len() - 1 - outside] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand strangers at 1.001, 1.002 ... 2.000. A hundred people at 0.01, 0.02 ... 1.00, the last of them at
    /// 1.5.
    fn trials() -> Trials {
        let strangers =
            (0..1000).map(|index| Searched { person: index, distances: [1.001 + index as f32 / 1000.0; 3] });
        let mated = (0..100).map(|index| {
            let own = if index == 99 { 1.5 } else { 0.01 * (index + 1) as f32 };
            Searched {
                person: 1000 + index,
                distances: [if index < 90 { own } else { 1.9 }, own, if index < 95 { own } else { f32::INFINITY }],
            }
        });
        Trials { strangers: strangers.collect(), mated: mated.collect() }
    }

    #[test]
    fn rates_by_hand() {
        let found = at_fpirs(&trials(), 1100);
        for (at, threshold) in found.iter().zip([1.002, 1.011]) {
            assert!((at.threshold - threshold).abs() < 1e-4, "{at:?}");
            assert_eq!((at.nearest.rate, at.person.rate, at.gated.rate), (0.1, 0.01, 0.05));
            assert!((at.fewer_misses.rate - 0.9).abs() < 1e-12);
            for Measured { rate, interval } in [at.nearest, at.person, at.fewer_misses] {
                assert!(interval.low <= rate && rate <= interval.high && interval.low < interval.high, "{at:?}");
            }
        }
        assert!((fpir_at(1.0105, &trials().strangers) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn the_curve_falls_as_more_strangers_are_named() {
        let curve = det(&trials(), 1100);
        assert!(curve.len() > 10 && curve.windows(2).all(|pair| pair[0].fnir_person >= pair[1].fnir_person));
        assert_eq!(curve.last().map(|point| point.fnir_person), Some(0.01));
    }

    #[test]
    fn empty_trials_do_not_panic() {
        assert!(at_fpirs(&Trials::default(), 1).iter().all(|at| at.person.rate == 0.0));
    }
}
