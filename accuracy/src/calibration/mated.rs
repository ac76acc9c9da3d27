//! Statistics of the distances between photos of the same person. No I/O.

use models::bundle::Mated;
use rayon::prelude::*;
use shared::encoding::Encoding;

const MATED_SHARES: [f64; 17] =
    [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001];

/// An encoding with its person.
pub struct Labelled<'a> {
    /// Number of the person, from 0.
    pub person: usize,
    /// The encoding of one photo.
    pub encoding: &'a Encoding,
}

/// Distances of all mated pairs; `None` if there are too few.
pub fn mated(encodings: &[Labelled<'_>]) -> Option<Mated> {
    let mut distances = pairs(encodings);
    distances.sort_by(f32::total_cmp);
    let last = *distances.last()?;
    let mut farther: Vec<(f64, f32)> = vec![(1.0, 0.0)];
    for share in MATED_SHARES {
        let nearer = ((1.0 - share) * distances.len() as f64).round() as usize;
        let Some(distance) = nearer.checked_sub(1).map(|at| distances[at]) else { continue };
        let share = 1.0 - nearer as f64 / distances.len() as f64;
        if farther.last().is_some_and(|row| share < row.0 && distance > row.1) && distance < last {
            farther.push((share, distance));
        }
    }
    farther.push((0.0, last));
    (last > 0.0).then_some(Mated { pairs: distances.len() as u64, farther })
}

/// The distances of all mated pairs.
fn pairs(encodings: &[Labelled<'_>]) -> Vec<f32> {
    let of = |(index, one): (usize, &Labelled<'_>)| {
        let others = encodings[..index].iter().filter(|other| other.person == one.person);
        others.map(|other| one.encoding.l2_distance(other.encoding)).collect::<Vec<f32>>()
    };
    encodings.par_iter().enumerate().flat_map_iter(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People at equal angles in the plane, each with two photos a degree apart.
    fn circle(people: usize) -> Vec<(usize, Encoding)> {
        let at = |degrees: f64| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            Encoding::from_network(&[cos as f32, sin as f32]).unwrap()
        };
        let photo = |index: usize| (index / 2, at((index / 2) as f64 * 360.0 / people as f64 + (index % 2) as f64));
        (0..2 * people).map(photo).collect()
    }

    fn labelled(photos: &[(usize, Encoding)]) -> Vec<Labelled<'_>> {
        photos.iter().map(|(person, encoding)| Labelled { person: *person, encoding }).collect()
    }

    #[test]
    fn mated_distances_by_hand() {
        let photos = circle(10);
        let found = mated(&labelled(&photos)).unwrap();
        let degree = 2.0 * 0.5_f32.to_radians().sin();
        assert_eq!(found.pairs, 10);
        assert_eq!(found.farther.first(), Some(&(1.0, 0.0)));
        assert!(found.farther.last().is_some_and(|row| row.0 == 0.0 && (row.1 - degree).abs() < 1e-4), "{found:?}");
    }

    #[test]
    fn too_few_give_no_result() {
        let photos = circle(2);
        assert_eq!(mated(&labelled(&photos[..1])), None);
        assert_eq!(mated(&[]), None);
    }
}
