//! Distances of all pairs, in several ways of comparison.

use super::cache::Measured;
use super::figures::Compared;
use super::measuring::Outcome;
use super::sample::{Pair, Sample};
use crate::pixel_distance::pixel_distance;
use rayon::prelude::*;

/// A way to compare two measured photos. A smaller distance means more alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// L2 distance of the encodings of aligned crops.
    Aligned,
    /// L2 distance of the encodings of unaligned crops.
    Unaligned,
    /// Root mean square difference of the pixels of aligned crops.
    Pixels,
}

impl Way {
    fn distance(self, a: &Measured, b: &Measured) -> f32 {
        match self {
            Self::Aligned => a.aligned.l2_distance(&b.aligned),
            Self::Unaligned => a.unaligned.l2_distance(&b.unaligned),
            Self::Pixels => pixel_distance(&a.crop, &b.crop),
        }
    }
}

/// Compares all pairs on all cores. The result is in the order of the pairs.
pub fn compare(sample: &Sample, outcomes: &[Outcome], way: Way) -> Vec<Compared> {
    let measured = |index: usize| outcomes[index].as_ref().ok().and_then(Option::as_ref);
    let compare = |&Pair { a, b, mated, fold }: &Pair| {
        let distance = measured(a).zip(measured(b)).map(|(a, b)| way.distance(a, b));
        Compared { distance, mated, fold }
    };
    sample.pairs.par_iter().map(compare).collect()
}

/// Differences between the encodings of two models on the same photos.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Movement {
    /// Mean cosine between the two encodings of a photo; `None` if the models have different dimensions.
    pub mean_cosine: Option<f64>,
    /// The lowest cosine.
    pub least_cosine: Option<f64>,
    /// Number of pairs that are classified differently, each model at its own best threshold.
    pub decisions_changed: usize,
}

/// Compares two models. `pairs` and `thresholds` are those of the first and of the second model.
pub fn movement(outcomes: [&[Outcome]; 2], pairs: [&[Compared]; 2], thresholds: [Option<f32>; 2]) -> Movement {
    let [first, other] = outcomes;
    let both = first.iter().zip(other).filter_map(|pair| match pair {
        (Ok(Some(first)), Ok(Some(other))) => Some((&first.aligned, &other.aligned)),
        _ => None,
    });
    let cosines: Option<Vec<f64>> = both
        .map(|(a, b)| {
            let same = a.dimensions() == b.dimensions();
            same.then(|| a.numbers().iter().zip(b.numbers()).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum())
        })
        .collect();
    let cosines = cosines.filter(|cosines| !cosines.is_empty());
    let accepted = |pair: &Compared, threshold: Option<f32>| pair.distance.zip(threshold).is_some_and(|(d, t)| d <= t);
    let changed =
        pairs[0].iter().zip(pairs[1]).filter(|(a, b)| accepted(a, thresholds[0]) != accepted(b, thresholds[1]));
    Movement {
        mean_cosine: cosines.as_ref().map(|cosines| cosines.iter().sum::<f64>() / cosines.len() as f64),
        least_cosine: cosines.map(|cosines| cosines.into_iter().fold(1.0, f64::min)),
        decisions_changed: changed.count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Photo;
    use models::Crop;
    use shared::encoding::Encoding;

    fn measured(aligned: &[f32], value: u8) -> Outcome {
        let aligned = Encoding::from_network(aligned).unwrap();
        let crop = Crop::from_rgb(2, vec![value; 12]).unwrap();
        Ok(Some(Measured { unaligned: aligned.clone(), aligned, crop, length: 1.0, confidence: 1.0 }))
    }

    fn sample(pairs: &[(usize, usize)]) -> Sample {
        let photo = Photo { person: "a".to_owned(), path: "a".into() };
        let pairs = pairs.iter().map(|&(a, b)| Pair { a, b, mated: true, fold: 0 }).collect();
        Sample { photos: vec![photo; 4], pairs, chosen: String::new() }
    }

    #[test]
    fn each_way_by_hand_and_none_without_a_face() {
        let outcomes = [measured(&[1.0, 0.0], 0), measured(&[-1.0, 0.0], 51), Ok(None), Err("gone".to_owned())];
        let sample = sample(&[(0, 1), (0, 2), (1, 3)]);
        for (way, expected) in [(Way::Aligned, 2.0), (Way::Unaligned, 2.0), (Way::Pixels, 0.2)] {
            let distances: Vec<_> = compare(&sample, &outcomes, way).iter().map(|pair| pair.distance).collect();
            assert!((distances[0].unwrap() - expected).abs() < 1e-6, "{way:?}: {distances:?}");
            assert_eq!(distances[1..], [None, None]);
        }
    }

    #[test]
    fn movement_by_hand() {
        let first = [measured(&[1.0, 0.0], 0), measured(&[0.0, 1.0], 0)];
        let other = [measured(&[1.0, 0.0], 0), measured(&[0.6, 0.8], 0)];
        let pairs = |distance| [Compared { distance: Some(distance), mated: true, fold: 0 }];
        let moved = movement([&first, &other], [&pairs(1.4), &pairs(0.9)], [Some(1.0), Some(1.0)]);
        assert_eq!(moved.decisions_changed, 1);
        assert!((moved.mean_cosine.unwrap() - 0.9).abs() < 1e-6 && (moved.least_cosine.unwrap() - 0.8).abs() < 1e-6);
        let shorter = [measured(&[1.0], 0), measured(&[1.0], 0)];
        let moved = movement([&first, &shorter], [&pairs(0.9), &pairs(0.9)], [Some(1.0), Some(1.0)]);
        assert_eq!(moved, Movement { mean_cosine: None, least_cosine: None, decisions_changed: 0 });
    }
}
