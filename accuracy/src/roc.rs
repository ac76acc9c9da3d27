//! Effect of every threshold on mated and non-mated pairs: the ROC curve.
//!
//! A pair is accepted if its L2 distance is at most the threshold.

use super::interval::{Interval, clopper_pearson};

/// Distances of a sample of pairs. A pair that could not be compared has no distance and is never accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Roc {
    /// Distances of mated pairs, ascending.
    mated: Vec<f32>,
    /// Distances of non-mated pairs, ascending.
    non_mated: Vec<f32>,
    mated_pairs: usize,
    non_mated_pairs: usize,
}

/// Rates at one threshold, each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The threshold: the largest accepted L2 distance.
    pub threshold: f32,
    /// Share of non-mated pairs that are accepted.
    pub far: f64,
    /// Share of mated pairs that are accepted.
    pub tar: f64,
}

/// The best operating point at a false accept rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operating {
    /// The threshold: the largest accepted distance.
    pub threshold: f32,
    /// Share of mated pairs that are accepted.
    pub tar: f64,
    pub interval: Interval,
}

/// Fewest expected false accepts for which a false accept rate is reported.
const LEAST_FALSE_ACCEPTS: f64 = 3.0;

impl Roc {
    /// Builds the curve from `(distance, mated)` of each pair; the distance is `None` if the pair could not be
    /// compared.
    pub fn new(pairs: impl IntoIterator<Item = (Option<f32>, bool)>) -> Self {
        let mut roc = Self { mated: Vec::new(), non_mated: Vec::new(), mated_pairs: 0, non_mated_pairs: 0 };
        for (distance, is_mated) in pairs {
            let (distances, pairs) = match is_mated {
                true => (&mut roc.mated, &mut roc.mated_pairs),
                false => (&mut roc.non_mated, &mut roc.non_mated_pairs),
            };
            *pairs += 1;
            distances.extend(distance.filter(|distance| !distance.is_nan()));
        }
        roc.mated.sort_by(f32::total_cmp);
        roc.non_mated.sort_by(f32::total_cmp);
        roc
    }

    /// Distances of mated pairs, ascending.
    pub fn mated(&self) -> &[f32] {
        &self.mated
    }

    /// Distances of non-mated pairs, ascending.
    pub fn non_mated(&self) -> &[f32] {
        &self.non_mated
    }

    /// The curve from accepting nothing to accepting everything, with one point per distinct distance.
    pub fn points(&self) -> Vec<Point> {
        let mut points = vec![Point { threshold: f32::NEG_INFINITY, far: 0.0, tar: 0.0 }];
        let (mut mated, mut non_mated) = (0, 0);
        while mated < self.mated.len() || non_mated < self.non_mated.len() {
            let next = |distances: &[f32], at: usize| distances.get(at).copied().unwrap_or(f32::INFINITY);
            let threshold = next(&self.mated, mated).min(next(&self.non_mated, non_mated));
            mated += self.mated[mated..].iter().take_while(|distance| **distance <= threshold).count();
            non_mated += self.non_mated[non_mated..].iter().take_while(|distance| **distance <= threshold).count();
            points.push(Point { threshold, far: self.far_of(non_mated), tar: self.tar_of(mated) });
        }
        points
    }

    /// Equal error rate: the share of refused mated pairs where it equals the share of accepted non-mated pairs. The
    /// curve is interpolated linearly. `None` without mated or without non-mated pairs, or if the curve ends before
    /// that point because too many pairs could not be compared.
    pub fn eer(&self) -> Option<f64> {
        if self.mated_pairs == 0 || self.non_mated_pairs == 0 {
            return None;
        }
        let excess = |point: &Point| (1.0 - point.tar) - point.far;
        let points = self.points();
        let pair = points.windows(2).find(|pair| excess(&pair[1]) <= 0.0)?;
        let (before, after) = (excess(&pair[0]), excess(&pair[1]));
        Some(pair[0].far + before / (before - after) * (pair[1].far - pair[0].far))
    }

    /// The operating point with the highest share of accepted mated pairs, at a false accept rate of at most `far`.
    /// `None` if the sample is too small, with fewer than three expected false accepts.
    pub fn at_far(&self, far: f64) -> Option<Operating> {
        // A small tolerance, because 0.01 of 300 is 2.9999… in floating point.
        let expected = far * self.non_mated_pairs as f64 + 1e-9;
        if self.mated_pairs == 0 || expected < LEAST_FALSE_ACCEPTS {
            return None;
        }
        let first_refused = self.non_mated.get(expected as usize).copied().unwrap_or(f32::INFINITY);
        let accepted = self.mated.partition_point(|distance| *distance < first_refused);
        let non_mated = self.non_mated.partition_point(|distance| *distance < first_refused);
        let last = |distances: &[f32], count: usize| count.checked_sub(1).map_or(f32::NEG_INFINITY, |at| distances[at]);
        Some(Operating {
            threshold: last(&self.mated, accepted).max(last(&self.non_mated, non_mated)),
            tar: self.tar_of(accepted),
            interval: clopper_pearson(accepted, self.mated_pairs),
        })
    }

    /// How many mated and how many non-mated pairs are classified correctly at this threshold, each with its total. A
    /// pair that could not be compared is classified wrongly.
    pub fn classified_correctly(&self, threshold: f32) -> [(usize, usize); 2] {
        let accepted = |distances: &[f32]| distances.partition_point(|distance| *distance <= threshold);
        let refused = self.non_mated.len() - accepted(&self.non_mated);
        [(accepted(&self.mated), self.mated_pairs), (refused, self.non_mated_pairs)]
    }

    /// The threshold with the highest balanced accuracy, in the middle between two adjacent distances. The strictest
    /// one if several are equally good. `None` without distances.
    pub fn best_threshold(&self) -> Option<f32> {
        let points = self.points();
        let mut best: Option<(f32, f64)> = None;
        for (index, point) in points.iter().enumerate().skip(1) {
            let next = points.get(index + 1).map_or(point.threshold, |next| next.threshold);
            let threshold = point.threshold + (next - point.threshold) / 2.0;
            let accuracy = balanced(self.classified_correctly(point.threshold));
            if best.is_none_or(|(_, other)| accuracy > other) {
                best = Some((threshold, accuracy));
            }
        }
        best.map(|(threshold, _)| threshold)
    }

    fn tar_of(&self, accepted: usize) -> f64 {
        share(accepted, self.mated_pairs)
    }

    fn far_of(&self, accepted: usize) -> f64 {
        share(accepted, self.non_mated_pairs)
    }
}

/// Balanced accuracy, 0 to 1: the mean of the share of mated pairs and the share of non-mated pairs that are classified
/// correctly. With equally many of both it is the share of all pairs. If one kind is rare, assigning every pair to the
/// other kind still gives only 0.5.
pub(crate) fn balanced([mated, non_mated]: [(usize, usize); 2]) -> f64 {
    f64::midpoint(share(mated.0, mated.1), share(non_mated.0, non_mated.1))
}

/// The ratio; 0 if `whole` is 0.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roc(mated: &[f32], non_mated: &[f32]) -> Roc {
        let mated = mated.iter().map(|&distance| (Some(distance), true));
        Roc::new(mated.chain(non_mated.iter().map(|&distance| (Some(distance), false))))
    }

    #[test]
    fn the_curve_of_a_handful_of_pairs() {
        let points = roc(&[0.5, 0.2, 0.9], &[0.9, 1.2]).points();
        let third = 1.0 / 3.0;
        let expected = [
            (f32::NEG_INFINITY, 0.0, 0.0),
            (0.2, 0.0, third),
            (0.5, 0.0, 2.0 * third),
            (0.9, 0.5, 1.0),
            (1.2, 1.0, 1.0),
        ];
        let found: Vec<_> = points.iter().map(|point| (point.threshold, point.far, point.tar)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn equal_error_rates_by_hand() {
        for (mated, non_mated, expected) in [
            (&[0.1, 0.2][..], &[0.3, 0.4][..], Some(0.0)),
            (&[0.3, 0.4], &[0.1, 0.2], Some(1.0)),
            // At 0.2, half of the mated pairs and none of the others are accepted; at 0.3, the same half and half of
            // the others.
            (&[0.2, 0.4], &[0.3, 0.5], Some(0.5)),
            // At 0.3: 2 of 3 accepted, no false accept; at 0.4: half false accepts. A third lies on the way there.
            (&[0.2, 0.3, 0.5], &[0.4, 0.6], Some(1.0 / 3.0)),
            (&[], &[0.1], None),
            (&[0.1], &[], None),
        ] {
            let found = roc(mated, non_mated).eer();
            let near = found.zip(expected).is_none_or(|(found, expected)| (found - expected).abs() < 1e-12);
            assert!(found.is_some() == expected.is_some() && near, "{mated:?} {non_mated:?}: {found:?}");
        }
    }

    #[test]
    fn no_figure_if_the_sample_is_too_small() {
        let non_mated: Vec<f32> = (0..300).map(|index| 1.0 + index as f32 / 1000.0).collect();
        let sample = roc(&[0.5, 1.0015, 1.5], &non_mated);
        for (far, expected) in [(1e-1, Some((1.029, 2.0 / 3.0))), (1e-2, Some((1.002, 2.0 / 3.0))), (1e-3, None)] {
            let found = sample.at_far(far).map(|at| (at.threshold, at.tar));
            assert_eq!(found, expected, "{far}");
        }
        assert_eq!(roc(&[], &non_mated).at_far(1e-1), None);
    }

    #[test]
    fn distances_that_are_equal_are_accepted_together() {
        let sample = roc(&[0.4, 0.5, 0.6], &[0.5; 40]);
        let found = sample.at_far(0.1).unwrap();
        assert_eq!((found.threshold, found.tar), (0.4, 1.0 / 3.0));
    }

    #[test]
    fn thresholds_and_accuracy_by_hand() {
        for (mated, non_mated, threshold, accuracy) in [
            (&[0.25, 0.5][..], &[1.0, 1.5][..], Some(0.75), 1.0),
            (&[0.25, 1.25], &[1.0, 1.5], Some(0.625), 0.75),
            (&[1.0], &[0.5], Some(1.0), 0.5),
            (&[], &[], None, 0.0),
        ] {
            let sample = roc(mated, non_mated);
            let found = sample.best_threshold();
            assert_eq!(found, threshold, "{mated:?} {non_mated:?}");
            let told = sample.classified_correctly(found.unwrap_or(0.0));
            assert_eq!(balanced(told), accuracy, "{mated:?} {non_mated:?}");
        }
    }

    /// Regression test: refusing everybody was correct for 98 % of 2 mated and 98 non-mated pairs.
    #[test]
    fn refusing_everybody_gives_no_accuracy() {
        let non_mated: Vec<f32> = (0..98).map(|index| 0.5 + index as f32 / 1000.0).collect();
        let told = roc(&[0.9, 0.95], &non_mated).classified_correctly(0.1);
        assert_eq!((told, balanced(told)), ([(0, 2), (98, 98)], 0.5));
    }

    #[test]
    fn a_pair_that_could_not_be_compared_is_never_accepted() {
        let sample = Roc::new([(Some(0.2), true), (None, true), (Some(1.0), false), (None, false)]);
        assert_eq!(balanced(sample.classified_correctly(0.5)), 0.5);
        let last = sample.points().pop().unwrap();
        assert_eq!((last.far, last.tar), (0.5, 0.5));
    }
}
