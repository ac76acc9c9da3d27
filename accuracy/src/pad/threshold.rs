//! Chooses a threshold for a given BPCER.

use super::{Approach, Rates};
use std::collections::BTreeMap;

/// A threshold that was chosen on a sample, and its rates there.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The rates of the sample at the threshold. On other people they are higher.
    pub rates: Rates,
}

/// Chooses the threshold with the lowest APCER of the worst instrument, among those whose BPCER is at most `bpcer`. Of
/// several, the one with the lowest BPCER, in the middle between two probabilities of the sample. `None` without bona
/// fide approaches or without attacks, or if no threshold has that BPCER.
pub fn chosen(approaches: &[Approach], bpcer: f64) -> Option<Chosen> {
    let sorted = Sorted::new(approaches);
    if sorted.bona_fide.is_empty() || sorted.attacks.is_empty() {
        return None;
    }
    let mut best: Option<(f64, f64, f32)> = None;
    for threshold in sorted.between() {
        let (refused, accepted) = (sorted.bpcer(threshold), sorted.worst_apcer(threshold));
        let is_better =
            best.is_none_or(|(other_accepted, other_refused, _)| (accepted, refused) < (other_accepted, other_refused));
        if refused <= bpcer && is_better {
            best = Some((accepted, refused, threshold));
        }
    }
    best.map(|(_, _, threshold)| Chosen { rates: Rates::new(approaches, threshold) })
}

/// Probabilities in ascending order.
struct Sorted {
    bona_fide: Vec<f32>,
    /// Those of each instrument.
    attacks: Vec<Vec<f32>>,
}

impl Sorted {
    fn new(approaches: &[Approach]) -> Self {
        let mut by_instrument: BTreeMap<Option<&str>, Vec<f32>> = BTreeMap::new();
        for approach in approaches {
            by_instrument.entry(approach.instrument.as_deref()).or_default().push(approach.live);
        }
        by_instrument.values_mut().for_each(|live| live.sort_by(f32::total_cmp));
        let bona_fide = by_instrument.remove(&None).unwrap_or_default();
        Self { bona_fide, attacks: by_instrument.into_values().collect() }
    }

    /// The middles between adjacent probabilities, including 0 before the first; above 0 and below 1.
    fn between(&self) -> Vec<f32> {
        let mut all: Vec<f32> = self.attacks.iter().flatten().chain(&self.bona_fide).copied().chain([0.0]).collect();
        all.sort_by(f32::total_cmp);
        all.dedup();
        let middles = all.windows(2).map(|pair| f32::midpoint(pair[0], pair[1]));
        middles.filter(|&middle| middle > 0.0 && middle < 1.0).collect()
    }

    fn bpcer(&self, threshold: f32) -> f64 {
        below(&self.bona_fide, threshold)
    }

    fn worst_apcer(&self, threshold: f32) -> f64 {
        self.attacks.iter().map(|live| 1.0 - below(live, threshold)).fold(0.0, f64::max)
    }
}

/// The share of numbers below the threshold.
fn below(sorted: &[f32], threshold: f32) -> f64 {
    sorted.partition_point(|&live| live < threshold) as f64 / sorted.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::rates::tests::approach;
    use super::*;

    fn sample(bona_fide: &[f32], attacks: &[(&str, f32)]) -> Vec<Approach> {
        let attacks = attacks.iter().map(|&(instrument, live)| approach(instrument, "", live));
        bona_fide.iter().map(|&live| approach("", "", live)).chain(attacks).collect()
    }

    #[test]
    fn thresholds_by_hand() {
        let (bona_fide, print) = (&[0.5, 0.75, 1.0, 1.0][..], &[("print", 0.25)][..]);
        for (what, approaches, bpcer, expected) in [
            ("told apart: in the middle of the gap", sample(bona_fide, print), 0.0, Some(0.375)),
            ("an attack among them, and one may be refused", sample(bona_fide, &[("a", 0.625)]), 0.25, Some(0.6875)),
            ("the same, and none may be refused", sample(bona_fide, &[("a", 0.625)]), 0.0, Some(0.25)),
            (
                "the worst instrument counts",
                sample(&[0.5, 1.0], &[("a", 0.75), ("b", 0.25), ("b", 0.0)]),
                0.5,
                Some(0.875),
            ),
            ("probabilities of exactly 0 and 1", sample(&[1.0], &[("a", 0.0)]), 0.0, Some(0.5)),
            ("all alike", sample(&[0.0], &[("a", 0.0)]), 0.5, None),
            ("no attack", sample(bona_fide, &[]), 0.5, None),
            ("no bona fide approach", sample(&[], print), 0.5, None),
        ] {
            assert_eq!(chosen(&approaches, bpcer).map(|chosen| chosen.rates.threshold), expected, "{what}");
        }
    }
}
