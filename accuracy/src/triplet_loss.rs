//! FaceNet's triplet loss, and the hardness of triplets. No I/O.
//!
//! Schroff, Kalenichenko and Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering" (CVPR 2015),
//! section 3.1 (the loss) and section 3.2 (hard triplets).

/// The margin of the paper, section 3.1: a squared L2 distance.
pub const MARGIN: f64 = 0.2;

/// Squared L2 distance of two vectors of equal length.
pub fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

/// The loss of a triplet from its squared L2 distances: how far the negative is inside the margin.
pub fn loss(anchor_positive: f64, anchor_negative: f64, margin: f64) -> f64 {
    (anchor_positive - anchor_negative + margin).max(0.0)
}

/// Position of a negative relative to the anchor and its positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardness {
    /// At least the margin farther than the positive: the loss is 0.
    Easy,
    /// Farther than the positive, but by less than the margin.
    SemiHard,
    /// No farther than the positive: the network confuses the two people.
    Hard,
}

impl Hardness {
    /// The hardness of a triplet with these squared L2 distances.
    pub fn new(anchor_positive: f64, anchor_negative: f64, margin: f64) -> Self {
        if anchor_negative <= anchor_positive {
            Self::Hard
        } else if anchor_negative < anchor_positive + margin {
            Self::SemiHard
        } else {
            Self::Easy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_and_hardness_by_hand() {
        for (positive, negative, expected, hardness) in [
            (0.5, 1.0, 0.0, Hardness::Easy),
            (0.5, 0.7, 0.0, Hardness::Easy),
            (0.5, 0.6, 0.1, Hardness::SemiHard),
            (0.5, 0.5, 0.2, Hardness::Hard),
            (1.0, 0.25, 0.95, Hardness::Hard),
        ] {
            assert!((loss(positive, negative, MARGIN) - expected).abs() < 1e-12, "{positive} {negative}");
            assert_eq!(Hardness::new(positive, negative, MARGIN), hardness, "{positive} {negative}");
        }
    }

    /// The exercise's own example: TensorFlow's random encodings, which are not of unit length.
    #[test]
    fn the_loss_of_the_exercise() {
        let text = include_str!("../../tests/fixtures/triplet_loss.json");
        let example: serde_json::Value = serde_json::from_str(text).unwrap();
        let encodings = |name: &str| -> Vec<Vec<f32>> { serde_json::from_value(example[name].clone()).unwrap() };
        let (anchors, positives, negatives) = (encodings("anchor"), encodings("positive"), encodings("negative"));
        let sum: f64 = (anchors.iter().zip(&positives).zip(&negatives))
            .map(|((anchor, positive), negative)| {
                loss(squared_distance(anchor, positive), squared_distance(anchor, negative), MARGIN)
            })
            .sum();
        let expected = example["expected_loss"].as_f64().unwrap();
        assert!((sum - expected).abs() < 1e-3, "{sum}, not {expected}");
    }
}
