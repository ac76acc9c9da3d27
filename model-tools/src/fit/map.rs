//! A linear map to fewer dimensions with its images scaled to unit length, and its starting point: the principal axes.

use rayon::prelude::*;

/// Rounds of the iteration. The axes need not converge fully, because learning changes them anyway.
const ROUNDS: usize = 60;

/// A matrix of `outputs` rows with `inputs` numbers each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Map {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) rows: Vec<f32>,
}

/// Vectors of equal length, stored one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vectors {
    pub(super) length: usize,
    pub(super) numbers: Vec<f32>,
}

impl Vectors {
    pub(super) fn new<'v>(length: usize, vectors: impl IntoIterator<Item = &'v [f32]>) -> Self {
        Self { length, numbers: vectors.into_iter().flatten().copied().collect() }
    }

    pub(super) fn count(&self) -> usize {
        self.numbers.len() / self.length.max(1)
    }

    pub(super) fn at(&self, index: usize) -> &[f32] {
        &self.numbers[index * self.length..][..self.length]
    }
}

impl Map {
    /// The axes along which these vectors extend most, as seen from the origin. The mean is not subtracted, so the map
    /// is purely linear and can follow a network whose output has any length. The same `seed` gives the same axes.
    pub(super) fn principal_axes(vectors: &Vectors, outputs: usize, seed: u64) -> Self {
        let inputs = vectors.length;
        let mut random = fastrand::Rng::with_seed(seed);
        let rows = (0..outputs * inputs).map(|_| random.f32() - 0.5).collect();
        let mut map = Self { inputs, outputs, rows };
        map.make_orthonormal();
        for _ in 0..ROUNDS {
            let shares: Vec<Vec<f32>> =
                (0..vectors.count()).into_par_iter().map(|index| map.applied(vectors.at(index))).collect();
            map.rows.par_chunks_mut(inputs).enumerate().for_each(|(output, row)| {
                row.fill(0.0);
                for (index, share) in shares.iter().enumerate() {
                    add_times(row, vectors.at(index), share[output]);
                }
            });
            map.make_orthonormal();
        }
        map
    }

    /// The image of a vector.
    pub(super) fn applied(&self, vector: &[f32]) -> Vec<f32> {
        self.rows.chunks(self.inputs).map(|row| dot(row, vector)).collect()
    }

    /// Gram-Schmidt orthonormalisation, applied twice against rounding errors.
    fn make_orthonormal(&mut self) {
        for _ in 0..2 {
            for at in 0..self.outputs {
                let (before, rest) = self.rows.split_at_mut(at * self.inputs);
                let row = &mut rest[..self.inputs];
                for other in before.chunks(self.inputs) {
                    let share = dot(other, row);
                    add_times(row, other, -share);
                }
                let length = dot(row, row).sqrt().max(f32::MIN_POSITIVE);
                row.iter_mut().for_each(|number| *number /= length);
            }
        }
    }
}

/// Dot product, in eight lanes.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// `to += from * factor`
pub(super) fn add_times(to: &mut [f32], from: &[f32], factor: f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from * factor);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_along_which_vectors_extend() {
        let mut random = fastrand::Rng::with_seed(7);
        let scales = [0.1f32, 5.0, 0.2, 3.0, 0.1, 1.0];
        let numbers: Vec<f32> =
            (0..200).flat_map(|_| scales.map(|scale| scale * (random.f32() + random.f32() - 1.0))).collect();
        let map = Map::principal_axes(&Vectors { length: 6, numbers }, 3, 1);
        for (axis, along) in [(0, 1), (1, 3), (2, 5)] {
            let row = &map.rows[axis * 6..][..6];
            assert!(row[along].abs() > 0.98, "axis {axis}: {row:?}");
            assert!((dot(row, row) - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn dot_products() {
        let ramp = |count: usize| (0..count).map(|at| at as f32).collect::<Vec<f32>>();
        for count in [0, 1, 7, 8, 9, 100] {
            let expected: usize = (0..count).map(|at| at * at).sum();
            assert_eq!(dot(&ramp(count), &ramp(count)), expected as f32, "{count}");
        }
    }
}
