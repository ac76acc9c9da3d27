//! Standard figures of a sample of pairs: accuracy over folds, equal error rate, true accept rates.

use super::interval::{self, Interval, clopper_pearson};
use super::roc::{Roc, balanced};
use serde::Serialize;

/// False accept rates to report if the sample is large enough, with their names.
pub const FALSE_ACCEPT_RATES: [(&str, f64); 4] = [("1e-1", 1e-1), ("1e-2", 1e-2), ("1e-3", 1e-3), ("1e-4", 1e-4)];

/// One pair, compared if both photos have a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// Distance; `None` if a photo has no usable face.
    pub distance: Option<f32>,
    /// True if the photos show the same person.
    pub mated: bool,
    /// Number of the fold, from 0.
    pub fold: usize,
}

/// Figures of a sample. A figure is `None` if the sample is too small for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Number of pairs: all that could be compared, and the others too if they count as errors.
    pub pairs_used: usize,
    /// Accuracy; `None` with fewer than two folds.
    pub accuracy: Option<Accuracy>,
    /// The threshold with the highest balanced accuracy.
    pub threshold: Option<f32>,
    /// Equal error rate, 0 to 1.
    pub eer: Option<f64>,
    /// Its interval, as for a rate counted on the rarer kind of pairs. This is wider than the sample justifies.
    pub eer_interval: Option<Interval>,
    /// True accept rates at the false accept rates.
    pub tar_at_far: Rates,
}

/// Balanced accuracy, 0 to 1: the mean of the share of mated pairs and the share of non-mated pairs that are classified
/// correctly. For each fold, the threshold is the best one for the other folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// Balanced accuracy over the pairs of all folds together.
    pub mean: f64,
    /// Lower end of its 95 % interval, which is the mean of the intervals of both shares.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Population standard deviation over the folds. It does not express how few pairs there are.
    pub std: f64,
    /// Number of folds.
    pub folds: usize,
}

/// One rate for each of [`FALSE_ACCEPT_RATES`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates(pub [Option<Rate>; FALSE_ACCEPT_RATES.len()]);

/// Share of mated pairs that are accepted, with its 95 % interval (Clopper-Pearson). `fnmr` is the complement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// True accept rate, 0 to 1.
    pub tar: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// False non-match rate: 1 minus the true accept rate.
    pub fnmr: f64,
    /// Threshold, an L2 distance.
    pub threshold: f32,
}

impl Serialize for Rates {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(FALSE_ACCEPT_RATES.iter().zip(&self.0).map(|((name, _), rate)| (name, rate)))
    }
}

impl Figures {
    /// Computes the figures of a sample. Pairs that could not be compared are left out, or count as errors.
    pub fn new(pairs: &[Compared], failures_count: bool) -> Self {
        let used: Vec<Compared> =
            pairs.iter().filter(|pair| failures_count || pair.distance.is_some()).copied().collect();
        let roc = roc_of(&used);
        let eer = roc.eer();
        let mated = used.iter().filter(|pair| pair.mated).count();
        let rarer = mated.min(used.len() - mated);
        Self {
            pairs_used: used.len(),
            accuracy: accuracy(&used),
            threshold: roc.best_threshold(),
            eer,
            eer_interval: eer.map(|eer| clopper_pearson((eer * rarer as f64).round() as usize, rarer)),
            tar_at_far: Rates(FALSE_ACCEPT_RATES.map(|(_, far)| {
                let at = roc.at_far(far)?;
                let Interval { low, high } = at.interval;
                Some(Rate { tar: at.tar, low, high, fnmr: 1.0 - at.tar, threshold: at.threshold })
            })),
        }
    }
}

/// The ROC curve of these pairs.
pub fn roc_of(pairs: &[Compared]) -> Roc {
    Roc::new(pairs.iter().map(|pair| (pair.distance, pair.mated)))
}

/// `None` with fewer than two folds, because a threshold chosen on the test pairs would overstate accuracy. `None`
/// without mated or without non-mated pairs.
fn accuracy(pairs: &[Compared]) -> Option<Accuracy> {
    let folds = pairs.iter().map(|pair| pair.fold + 1).max().filter(|&folds| folds > 1)?;
    let mut told: Vec<[(usize, usize); 2]> = Vec::with_capacity(folds);
    for fold in 0..folds {
        let (tried, others): (Vec<Compared>, Vec<Compared>) = pairs.iter().partition(|pair| pair.fold == fold);
        if !tried.is_empty() {
            told.push(roc_of(&tried).classified_correctly(roc_of(&others).best_threshold()?));
        }
    }
    let whole = [0, 1]
        .map(|kind| told.iter().map(|fold| fold[kind]).fold((0, 0), |(right, of), fold| (right + fold.0, of + fold.1)));
    if whole.iter().any(|(_, pairs)| *pairs == 0) {
        return None;
    }
    let Interval { low, high } = interval::of_mean(whole);
    // A fold with only one kind of pairs has no balanced accuracy.
    let of_folds: Vec<f64> =
        told.iter().filter(|kinds| kinds.iter().all(|(_, pairs)| *pairs > 0)).map(|kinds| balanced(*kinds)).collect();
    Some(Accuracy { mean: balanced(whole), low, high, std: standard_deviation(&of_folds), folds: told.len() })
}

/// Population standard deviation; 0 without numbers.
fn standard_deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(mated: &[(f32, usize)], non_mated: &[(f32, usize)]) -> Vec<Compared> {
        let of = |distances: &[(f32, usize)], mated| -> Vec<Compared> {
            let compared = |&(distance, fold): &(f32, usize)| Compared { distance: Some(distance), mated, fold };
            distances.iter().map(compared).collect()
        };
        [of(mated, true), of(non_mated, false)].concat()
    }

    /// Two folds of four pairs. The best threshold is 0.75 for fold 0 (between 0.5 and 1.0) and 1.05 for fold 1
    /// (between 0.9 and 1.2). Fold 0 at 1.05: 0.25 and 0.5 correct, 1.0 wrong, 1.5 correct: 3/4. Fold 1 at 0.75: 0.6
    /// correct, 0.9 wrong, 1.2 and 1.4 correct: 3/4.
    #[test]
    fn a_hand_made_set() {
        let sample = pairs(&[(0.25, 0), (0.5, 0), (0.6, 1), (0.9, 1)], &[(1.0, 0), (1.5, 0), (1.2, 1), (1.4, 1)]);
        let figures = Figures::new(&sample, false);
        assert_eq!(figures.pairs_used, 8);
        let accuracy = figures.accuracy.unwrap();
        assert_eq!((accuracy.mean, accuracy.std, accuracy.folds), (0.75, 0.0, 2));
        assert!((figures.threshold.unwrap() - 0.95).abs() < 1e-6);
        assert_eq!(figures.eer, Some(0.0));
        assert_eq!(figures.tar_at_far, Rates([None; 4]));
    }

    /// Thirty non-mated pairs at 1.00, 1.01 … 1.29. A FAR of 0.1 allows three of them, so distances below 1.03 are
    /// accepted: three of the four mated pairs. Clopper-Pearson of 3 in 4: 0.19412 to 0.99369.
    #[test]
    fn true_accept_rates_by_hand() {
        let non_mated: Vec<(f32, usize)> = (0..30).map(|index| (1.0 + index as f32 / 100.0, index % 2)).collect();
        let sample = pairs(&[(0.3, 0), (0.4, 1), (1.025, 0), (1.5, 1)], &non_mated);
        let Rates([Some(rate), None, None, None]) = Figures::new(&sample, false).tar_at_far else {
            panic!("one rate can be carried");
        };
        assert_eq!((rate.tar, rate.fnmr, rate.threshold), (0.75, 0.25, 1.025));
        assert!((rate.low - 0.194_12).abs() < 5e-5 && (rate.high - 0.993_69).abs() < 5e-5, "{rate:?}");
    }

    #[test]
    fn a_pair_without_a_face_is_skipped_or_an_error() {
        let mut sample = pairs(&[(0.25, 0), (0.5, 1)], &[(1.1, 0), (1.5, 1)]);
        sample.push(Compared { distance: None, mated: true, fold: 0 });
        for (count, used, mean) in [(false, 4, 1.0), (true, 5, 0.5 * (2.0 / 3.0 + 1.0))] {
            let figures = Figures::new(&sample, count);
            assert_eq!(figures.pairs_used, used);
            assert!((figures.accuracy.unwrap().mean - mean).abs() < 1e-12);
        }
    }

    /// Regression test: 36 pairs, all classified correctly, had an accuracy of 1.0000 ± 0.0000.
    #[test]
    fn a_few_correct_pairs_leave_a_wide_interval() {
        let near: Vec<(f32, usize)> = (0..18).map(|index| (0.5, index % 10)).collect();
        let far: Vec<(f32, usize)> = (0..18).map(|index| (1.3, index % 10)).collect();
        let figures = Figures::new(&pairs(&near, &far), false);
        let accuracy = figures.accuracy.unwrap();
        assert_eq!((accuracy.mean, accuracy.std, accuracy.high), (1.0, 0.0, 1.0));
        assert!((accuracy.low - 0.783_94).abs() < 5e-5, "{accuracy:?}");
        let eer = figures.eer_interval.unwrap();
        assert!(figures.eer == Some(0.0) && (eer.high - 0.185_30).abs() < 5e-5, "{eer:?}");
    }

    /// Refusing everybody would be correct for 99 % of 4 mated and 400 non-mated pairs.
    #[test]
    fn many_non_mated_pairs_do_not_inflate_accuracy() {
        let mated: Vec<(f32, usize)> = (0..4).map(|index| (0.5 + index as f32 / 10.0, index)).collect();
        let non_mated: Vec<(f32, usize)> = (0..400).map(|index| (0.5 + index as f32 / 1000.0, index % 4)).collect();
        let accuracy = Figures::new(&pairs(&mated, &non_mated), false).accuracy.unwrap();
        assert!(accuracy.mean < 0.75, "{accuracy:?}");
    }

    #[test]
    fn json_has_null_where_there_is_no_figure() {
        let figures = Figures::new(&pairs(&[(0.5, 0)], &[(1.0, 0)]), false);
        let expected = concat!(
            r#"{"pairs_used":2,"accuracy":null,"threshold":0.75,"eer":0.0,"#,
            r#""eer_interval":{"low":0.0,"high":0.975},"#,
            r#""tar_at_far":{"1e-1":null,"1e-2":null,"1e-3":null,"1e-4":null}}"#
        );
        assert_eq!(serde_json::to_string(&figures).unwrap(), expected);
    }
}
