//! Typical directions of a set of unit vectors, by k-means. No I/O, and deterministic.

use fastrand::Rng;

const ROUNDS: usize = 30;

/// At most `count` directions: each is the mean of the `vectors` that are nearer to it than to the others.
pub(super) fn prototypes(vectors: &[Vec<f32>], count: usize, random: &mut Rng) -> Vec<Vec<f32>> {
    if vectors.len() <= count {
        return vectors.to_vec();
    }
    let mut centres = first_centres(vectors, count, random);
    let mut before = Vec::new();
    for _ in 0..ROUNDS {
        let nearest: Vec<usize> = vectors.iter().map(|vector| nearest(vector, &centres)).collect();
        if nearest == before {
            break;
        }
        for (index, centre) in centres.iter_mut().enumerate() {
            let mut sum = vec![0.0; centre.len()];
            for (vector, _) in vectors.iter().zip(&nearest).filter(|&(_, &of)| of == index) {
                sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
            }
            let length = dot(&sum, &sum).sqrt();
            if length > 0.0 {
                *centre = sum.iter().map(|number| number / length).collect();
            }
        }
        before = nearest;
    }
    centres
}

/// k-means++ initialisation: vectors that are far from all chosen centres are more likely to be the next centre.
fn first_centres(vectors: &[Vec<f32>], count: usize, random: &mut Rng) -> Vec<Vec<f32>> {
    let mut centres: Vec<Vec<f32>> = Vec::with_capacity(count);
    let mut apart = vec![1.0_f64; vectors.len()];
    while centres.len() < count {
        let mut left = random.f64() * apart.iter().sum::<f64>();
        let chosen = apart.iter().position(|apart| {
            left -= apart;
            left < 0.0
        });
        let centre = vectors[chosen.unwrap_or(0)].clone();
        for (apart, vector) in apart.iter_mut().zip(vectors) {
            *apart = apart.min(f64::from(1.0 - dot(vector, &centre)).max(0.0));
        }
        centres.push(centre);
    }
    centres
}

fn nearest(vector: &[f32], centres: &[Vec<f32>]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, centre) in centres.iter().enumerate() {
        let cosine = dot(vector, centre);
        if cosine > best.1 {
            best = (index, cosine);
        }
    }
    best.0
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The vector as signed bytes. Only its direction is kept.
pub(super) fn in_bytes(vector: &[f32]) -> impl Iterator<Item = i8> + '_ {
    let largest = vector.iter().fold(f32::MIN_POSITIVE, |largest, number| largest.max(number.abs()));
    vector.iter().map(move |number| (number / largest * 127.0).round() as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_has_its_prototype() {
        let around = |angle: f32| [-0.1, 0.0, 0.1].map(|by| vec![(angle + by).cos(), (angle + by).sin()]);
        let vectors: Vec<Vec<f32>> = [0.0, 2.0, 4.0].into_iter().flat_map(around).collect();
        for seed in 0..5 {
            let found = prototypes(&vectors, 3, &mut Rng::with_seed(seed));
            for angle in [0.0_f32, 2.0, 4.0] {
                let middle = vec![angle.cos(), angle.sin()];
                assert!(found.iter().any(|centre| dot(centre, &middle) > 0.9999), "{seed}: {found:?}");
            }
        }
        assert_eq!(prototypes(&vectors[..2], 3, &mut Rng::with_seed(1)), vectors[..2]);
        assert_eq!(in_bytes(&[0.5, -0.25, 0.0]).collect::<Vec<_>>(), [127, -64, 0]);
    }
}
