//! The triplet loss of a map over mined triplets, and its gradient.
//!
//! Schroff, Kalenichenko and Philbin (CVPR 2015), section 3.1; `accuracy::triplet_loss` defines the terms. The vectors
//! are mapped and scaled to unit length: `f(x) = W x / |W x|`.

use super::map::{Map, Vectors, add_times, dot};
use accuracy::triplet_loss::{Hardness, MARGIN, loss, squared_distance};
use rayon::prelude::*;

/// Largest number of positives per anchor. Without a limit, people with hundreds of photos would dominate the loss.
const POSITIVES_OF_ANCHOR: usize = 10;

/// Indices of three vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Triplet {
    pub(super) anchor: usize,
    pub(super) positive: usize,
    pub(super) negative: usize,
}

/// Images of vectors, scaled to unit length, and their lengths before scaling.
pub(super) struct Images {
    pub(super) units: Vectors,
    lengths: Vec<f32>,
}

impl Images {
    pub(super) fn new(map: &Map, vectors: &Vectors) -> Self {
        let scaled = |index: usize| {
            let mut image = map.applied(vectors.at(index));
            let length = dot(&image, &image).sqrt().max(f32::MIN_POSITIVE);
            image.iter_mut().for_each(|number| *number /= length);
            (image, length)
        };
        let (images, lengths): (Vec<Vec<f32>>, Vec<f32>) = (0..vectors.count()).into_par_iter().map(scaled).unzip();
        Self { units: Vectors::new(map.outputs, images.iter().map(Vec::as_slice)), lengths }
    }
}

/// Mines semi-hard triplets (section 3.2): for each anchor and positive, the nearest negative that is farther than the
/// positive, but by less than the margin, if there is one. `people` has the person of each vector.
pub(super) fn semi_hard(images: &Vectors, people: &[usize]) -> Vec<Triplet> {
    let of_anchor = |anchor: usize| {
        let to = |other: usize| squared_distance(images.at(anchor), images.at(other));
        let distances: Vec<f64> = (0..images.count()).map(to).collect();
        let is_positive = |other: &usize| *other != anchor && people[*other] == people[anchor];
        let positives = (0..images.count()).filter(is_positive).take(POSITIVES_OF_ANCHOR);
        positives
            .filter_map(|positive| {
                let is_semi_hard = |negative: &usize| {
                    people[*negative] != people[anchor]
                        && Hardness::new(distances[positive], distances[*negative], MARGIN) == Hardness::SemiHard
                };
                let negatives = (0..images.count()).filter(is_semi_hard);
                let negative = negatives.min_by(|&a, &b| distances[a].total_cmp(&distances[b]))?;
                Some(Triplet { anchor, positive, negative })
            })
            .collect::<Vec<Triplet>>()
    };
    (0..images.count()).into_par_iter().flat_map_iter(of_anchor).collect()
}

/// The mean loss of the triplets, and its derivative with respect to each number of the map.
pub(super) fn loss_and_gradient(
    map: &Map,
    vectors: &Vectors,
    images: &Images,
    triplets: &[Triplet],
) -> (f64, Vec<f32>) {
    let share = 1.0 / triplets.len().max(1) as f32;
    let mut sum = 0.0;
    let mut by_unit = vec![0.0f32; images.units.numbers.len()];
    for &Triplet { anchor, positive, negative } in triplets {
        let [a, p, n] = [anchor, positive, negative].map(|index| images.units.at(index));
        let lost = loss(squared_distance(a, p), squared_distance(a, n), MARGIN);
        if lost <= 0.0 {
            continue;
        }
        sum += lost;
        let mut add = |index: usize, plus: &[f32], minus: &[f32]| {
            let place = &mut by_unit[index * map.outputs..][..map.outputs];
            add_times(place, plus, 2.0 * share);
            add_times(place, minus, -2.0 * share);
        };
        add(anchor, n, p);
        add(positive, p, a);
        add(negative, a, n);
    }
    // Derivative of the scaling to unit length.
    for (index, place) in by_unit.chunks_mut(map.outputs).enumerate() {
        let unit = images.units.at(index);
        let along = dot(place, unit);
        add_times(place, unit, -along);
        place.iter_mut().for_each(|number| *number /= images.lengths[index]);
    }
    let mut gradient = vec![0.0f32; map.rows.len()];
    gradient.par_chunks_mut(map.inputs).enumerate().for_each(|(output, row)| {
        for index in 0..vectors.count() {
            match by_unit[index * map.outputs + output] {
                0.0 => {}
                factor => add_times(row, vectors.at(index), factor),
            }
        }
    });
    (sum * f64::from(share), gradient)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random_vectors(count: usize, length: usize, seed: u64) -> Vectors {
        let mut random = fastrand::Rng::with_seed(seed);
        Vectors { length, numbers: (0..count * length).map(|_| random.f32() - 0.5).collect() }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let vectors = random_vectors(6, 5, 1);
        let rows = random_vectors(3, 5, 2).numbers;
        let map = Map { inputs: 5, outputs: 3, rows };
        let all: Vec<Triplet> = [(0, 1, 2), (1, 0, 3), (4, 5, 2), (5, 4, 0), (2, 3, 4)]
            .map(|(anchor, positive, negative)| Triplet { anchor, positive, negative })
            .to_vec();
        let at = |map: &Map| loss_and_gradient(map, &vectors, &Images::new(map, &vectors), &all);
        let (lost, gradient) = at(&map);
        assert!(lost > 0.0);
        for (index, &derivative) in gradient.iter().enumerate() {
            let moved = |by: f32| {
                let mut map = map.clone();
                map.rows[index] += by;
                at(&map).0
            };
            let measured = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((measured - f64::from(derivative)).abs() < 2e-2, "{index}: {measured}, not {derivative}");
        }
        let size = gradient.iter().map(|part| part.abs()).fold(0.0, f32::max);
        assert!(size > 0.2, "large beside the tolerance: {size}");
    }

    #[test]
    fn the_nearest_semi_hard_negative_is_mined() {
        // On a circle. Squared distances from the first: 0.25 (same person), and 0.36, 0.40, 1.0 and 0.1 (hard) for
        // others.
        let at = |squared: f32| {
            let cosine = 1.0 - squared / 2.0;
            [cosine, (1.0 - cosine * cosine).sqrt()]
        };
        let numbers: Vec<f32> = [0.0, 0.25, 0.40, 0.36, 1.0, 0.1].iter().flat_map(|&squared| at(squared)).collect();
        let images = Vectors { length: 2, numbers };
        let mined = semi_hard(&images, &[0, 0, 1, 2, 3, 4]);
        let of_first: Vec<&Triplet> = mined.iter().filter(|triplet| triplet.anchor == 0).collect();
        assert_eq!(of_first, [&Triplet { anchor: 0, positive: 1, negative: 3 }]);
    }
}
