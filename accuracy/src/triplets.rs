//! Mines triplets of a labelled folder, to find people that the network confuses.
//!
//! For every pair of photos of one person (anchor and positive, in both orders), all photos of other people are
//! negatives. Hard and semi-hard are defined as in FaceNet's section 3.2; see `triplet_loss`.

use super::measuring::Outcome;
use super::sample::Photo;
use crate::triplet_loss::{Hardness, MARGIN, loss, squared_distance};
use rayon::prelude::*;
use serde::Serialize;

/// Number of triplets to keep for display, each of a different pair of people.
const WORST: usize = 24;

/// Indices of three photos, with their squared L2 distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triplet {
    /// Index of the photo that both others are compared with.
    pub anchor: usize,
    /// Index of a photo of the same person.
    pub positive: usize,
    /// Index of a photo of another person.
    pub negative: usize,
    /// Squared L2 distance between anchor and positive.
    pub anchor_positive: f64,
    /// Squared L2 distance between anchor and negative.
    pub anchor_negative: f64,
}

/// Figures over all triplets.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TripletFigures {
    /// Number of triplets.
    pub triplets: u64,
    /// The margin of the loss, a squared L2 distance.
    pub margin: f64,
    /// Mean loss of a triplet; `None` without triplets.
    pub mean_loss: Option<f64>,
    /// Share of triplets with a loss above 0.
    pub violating_share: Option<f64>,
    /// Number of triplets whose negative is no farther than the positive.
    pub hard: u64,
    /// Number of triplets whose negative is farther than the positive, but by less than the margin.
    pub semi_hard: u64,
}

/// The figures, and the worst triplets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mined {
    /// Figures over all triplets.
    pub figures: TripletFigures,
    /// The worst triplets, the worst first, each of a different pair of people.
    pub worst: Vec<Triplet>,
}

/// Evaluates every triplet of the photos that have a face.
pub fn mine(photos: &[Photo], outcomes: &[Outcome]) -> Mined {
    let faces: Vec<(usize, &str, &[f32])> = photos
        .iter()
        .zip(outcomes)
        .enumerate()
        .filter_map(|(index, (photo, outcome))| {
            let measured = outcome.as_ref().ok()?.as_ref()?;
            Some((index, photo.person.as_str(), measured.aligned.numbers()))
        })
        .collect();
    let of_anchors: Vec<AnchorFigures> =
        faces.par_iter().map(|&(anchor, person, numbers)| of_anchor(anchor, person, numbers, &faces)).collect();
    let triplets: u64 = of_anchors.iter().map(|of| of.triplets).sum();
    let sum = |part: fn(&AnchorFigures) -> f64| of_anchors.iter().map(part).sum::<f64>();
    let (hard, semi_hard) = (of_anchors.iter().map(|of| of.hard).sum(), of_anchors.iter().map(|of| of.semi_hard).sum());
    let mean_loss = (triplets > 0).then(|| sum(|of| of.loss) / triplets as f64);
    let violating_share = (triplets > 0).then(|| (hard + semi_hard) as f64 / triplets as f64);
    let figures = TripletFigures { triplets, margin: MARGIN, mean_loss, violating_share, hard, semi_hard };
    Mined { figures, worst: worst(of_anchors.into_iter().filter_map(|of| of.worst).collect(), photos) }
}

#[derive(Default)]
struct AnchorFigures {
    triplets: u64,
    loss: f64,
    hard: u64,
    semi_hard: u64,
    worst: Option<Triplet>,
}

fn of_anchor(anchor: usize, person: &str, numbers: &[f32], faces: &[(usize, &str, &[f32])]) -> AnchorFigures {
    let mut of = AnchorFigures::default();
    let distance = |&(index, _, other): &(usize, &str, &[f32])| (index, squared_distance(numbers, other));
    let mated = |face: &&(usize, &str, &[f32])| face.1 == person && face.0 != anchor;
    let positives: Vec<(usize, f64)> = faces.iter().filter(mated).map(distance).collect();
    if positives.is_empty() {
        return of;
    }
    for negative in faces.iter().filter(|face| face.1 != person) {
        let (negative, anchor_negative) = distance(negative);
        for &(positive, anchor_positive) in &positives {
            let lost = loss(anchor_positive, anchor_negative, MARGIN);
            of.triplets += 1;
            of.loss += lost;
            match Hardness::new(anchor_positive, anchor_negative, MARGIN) {
                Hardness::Hard => of.hard += 1,
                Hardness::SemiHard => of.semi_hard += 1,
                Hardness::Easy => continue,
            }
            let worse = |worst: &Triplet| lost > worst.anchor_positive - worst.anchor_negative + MARGIN;
            if of.worst.as_ref().is_none_or(worse) {
                of.worst = Some(Triplet { anchor, positive, negative, anchor_positive, anchor_negative });
            }
        }
    }
    of
}

/// Sorts triplets, the worst first, and keeps only the worst of each pair of people.
fn worst(mut triplets: Vec<Triplet>, photos: &[Photo]) -> Vec<Triplet> {
    let excess = |triplet: &Triplet| triplet.anchor_positive - triplet.anchor_negative;
    triplets.sort_by(|a, b| excess(b).total_cmp(&excess(a)).then(a.anchor.cmp(&b.anchor)));
    let mut shown: Vec<[&str; 2]> = Vec::new();
    triplets.retain(|triplet| {
        let mut people = [photos[triplet.anchor].person.as_str(), photos[triplet.negative].person.as_str()];
        people.sort_unstable();
        let new = shown.len() < WORST && !shown.contains(&people);
        if new {
            shown.push(people);
        }
        new
    });
    triplets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Measured;
    use models::Crop;
    use shared::encoding::Encoding;

    fn sample(faces: &[(&str, [f32; 2])]) -> (Vec<Photo>, Vec<Outcome>) {
        let photo = |(person, _): &(&str, [f32; 2])| Photo { person: (*person).to_owned(), path: "p".into() };
        let outcome = |(_, numbers): &(&str, [f32; 2])| {
            let aligned = Encoding::from_network(numbers).unwrap();
            Ok(Some(Measured {
                unaligned: aligned.clone(),
                aligned,
                crop: Crop::from_rgb(1, vec![0; 3]).unwrap(),
                length: 1.0,
                confidence: 1.0,
            }))
        };
        (faces.iter().map(photo).collect(), faces.iter().map(outcome).collect())
    }

    /// Unit vectors: two of person a at right angles (squared distance 2), b along the first, c opposite to it.
    #[test]
    fn a_handful_by_hand() {
        let (photos, outcomes) = sample(&[("a", [1.0, 0.0]), ("a", [0.0, 1.0]), ("b", [1.0, 0.0]), ("c", [-1.0, 0.0])]);
        let mined = mine(&photos, &outcomes);
        // Anchor 0, positive 1: b at 0 has a loss of 2.2 (hard), c at 4 of 0. Anchor 1, positive 0: b at 2 and c at 2
        // have 0.2 each (hard, because they are no farther than the positive).
        assert_eq!((mined.figures.triplets, mined.figures.hard, mined.figures.semi_hard), (4, 3, 0));
        assert!((mined.figures.mean_loss.unwrap() - 2.6 / 4.0).abs() < 1e-6);
        assert_eq!(mined.figures.violating_share, Some(0.75));
        let worst: Vec<_> = mined.worst.iter().map(|t| (t.anchor, t.positive, t.negative)).collect();
        assert_eq!(worst[0], (0, 1, 2));
    }

    #[test]
    fn without_two_photos_of_one_person_there_are_none() {
        let (photos, outcomes) = sample(&[("a", [1.0, 0.0]), ("b", [0.0, 1.0])]);
        let mined = mine(&photos, &outcomes);
        assert_eq!((mined.figures.triplets, mined.figures.mean_loss), (0, None));
    }
}
