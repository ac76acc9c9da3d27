//! Judges how well unit vectors tell people apart: by the loss over all triplets, and by an identification trial.

use super::map::Vectors;
use accuracy::triplet_loss::{MARGIN, loss, squared_distance};
use rayon::prelude::*;
use serde::Serialize;
use terminal::percent;

/// The FPIR at which FNIR is reported.
pub(super) const FPIR: f64 = 0.01;

/// The result of judging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Judged {
    /// Mean loss over all triplets.
    pub(super) mean_loss: f64,
    /// Share of triplets with a loss above 0.
    pub(super) violating_share: f64,
    /// FNIR at an FPIR of [`FPIR`]. Each photo is a probe against all others, and once more without its person
    /// enrolled.
    pub(super) fnir: f64,
}

impl Judged {
    /// True if both loss figures are lower and FNIR is not higher.
    pub(super) fn is_better_than(&self, before: &Self) -> bool {
        self.mean_loss < before.mean_loss && self.violating_share < before.violating_share && self.fnir <= before.fnir
    }

    pub(super) fn in_words(&self) -> String {
        let Self { mean_loss, violating_share, fnir } = self;
        format!("{mean_loss:>12.6} {:>12} {:>22}", percent(*violating_share), percent(*fnir))
    }
}

#[derive(Clone, Copy, Default)]
struct AnchorFigures {
    triplets: u64,
    violating: u64,
    loss: f64,
    /// Squared distances to the nearest other photo of the same person, and to the nearest photo of another person.
    own: Option<f64>,
    other: Option<f64>,
}

/// Judges all vectors; `people` has the person of each.
pub(super) fn judged(units: &Vectors, people: &[usize]) -> Judged {
    let of_anchor = |anchor: usize| {
        let (mut mated, mut non_mated) = (Vec::new(), Vec::new());
        for other in (0..units.count()).filter(|&other| other != anchor) {
            let distances = if people[other] == people[anchor] { &mut mated } else { &mut non_mated };
            distances.push(squared_distance(units.at(anchor), units.at(other)));
        }
        let mut of = AnchorFigures { own: least(&mated), other: least(&non_mated), ..AnchorFigures::default() };
        for positive in &mated {
            for negative in &non_mated {
                let lost = loss(*positive, *negative, MARGIN);
                of.triplets += 1;
                of.violating += u64::from(lost > 0.0);
                of.loss += lost;
            }
        }
        of
    };
    let of_anchors: Vec<AnchorFigures> = (0..units.count()).into_par_iter().map(of_anchor).collect();
    let triplets = of_anchors.iter().map(|of| of.triplets).sum::<u64>().max(1) as f64;
    Judged {
        mean_loss: of_anchors.iter().map(|of| of.loss).sum::<f64>() / triplets,
        violating_share: of_anchors.iter().map(|of| of.violating).sum::<u64>() as f64 / triplets,
        fnir: fnir(&of_anchors),
    }
}

fn least(distances: &[f64]) -> Option<f64> {
    distances.iter().copied().min_by(f64::total_cmp)
}

/// A photo is not recognised if its person is beyond the threshold or another person is nearer.
fn fnir(of_anchors: &[AnchorFigures]) -> f64 {
    let mut others: Vec<f64> = of_anchors.iter().filter_map(|of| of.other).collect();
    others.sort_by(f64::total_cmp);
    // At most the share FPIR of strangers is nearer than the threshold.
    let threshold = others.get((FPIR * others.len() as f64) as usize).copied().unwrap_or(f64::INFINITY);
    let mated: Vec<(f64, f64)> = of_anchors.iter().filter_map(|of| of.own.zip(of.other)).collect();
    let missed = mated.iter().filter(|(own, other)| *own >= threshold || own >= other).count();
    missed as f64 / mated.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handful_by_hand() {
        // Unit vectors: two of person a at right angles (squared distance 2), b along the first, c opposite to it.
        let numbers = vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0, -1.0, 0.0];
        let found = judged(&Vectors { length: 2, numbers }, &[0, 0, 1, 2]);
        assert!((found.mean_loss - 2.6 / 4.0).abs() < 1e-6, "{found:?}");
        assert_eq!(found.violating_share, 0.75);
        assert_eq!(found.fnir, 1.0, "b is nearer to the first, and no farther from the second");
    }

    #[test]
    fn strangers_set_the_threshold() {
        let of =
            |own: f64, other: f64| AnchorFigures { own: Some(own), other: Some(other), ..AnchorFigures::default() };
        // A hundred strangers at 1 and one at 0.3: at an FPIR of 0.01 that one may be named.
        let mut all = vec![of(0.5, 1.0); 100];
        all.push(of(0.2, 0.3));
        assert_eq!(fnir(&all), 0.0);
        all.push(of(0.2, 0.25));
        all.push(of(0.2, 0.25));
        assert!(fnir(&all) > 0.9, "now the threshold is 0.3");
    }

    #[test]
    fn better_requires_lower_losses_and_no_higher_fnir() {
        let before = Judged { mean_loss: 0.2, violating_share: 0.1, fnir: 0.05 };
        for (after, better) in [
            (Judged { mean_loss: 0.1, violating_share: 0.09, fnir: 0.05 }, true),
            (Judged { mean_loss: 0.1, violating_share: 0.09, fnir: 0.06 }, false),
            (Judged { mean_loss: 0.2, violating_share: 0.09, fnir: 0.04 }, false),
            (Judged { mean_loss: 0.1, violating_share: 0.1, fnir: 0.04 }, false),
        ] {
            assert_eq!(after.is_better_than(&before), better, "{after:?}");
        }
    }
}
