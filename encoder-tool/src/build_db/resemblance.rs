//! Finds suspect encodings: photos that do not resemble most others of their person, and people who resemble each other.
//! No I/O.

use rayon::prelude::*;
use shared::encoding::Encoding;
use shared::matching::person_distance;

/// A photo's encoding with its person.
pub(crate) struct OfPerson<'a> {
    /// The person; photos of one person are adjacent.
    pub(crate) person: usize,
    pub(crate) encoding: &'a Encoding,
}

/// The findings. Photos and people are given by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resemblance {
    pub(crate) odd_photos: Vec<OddPhoto>,
    /// The nearest first.
    pub(crate) look_alikes: Vec<LookAlike>,
}

/// A photo that resembles at most half of its person's photos: probably of somebody else. Photos resemble each other
/// within the threshold, or through others of the person, so that two photos of a stranger do not support each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OddPhoto {
    pub(crate) photo: usize,
    /// The nearest of the person's photos that it does not resemble, and its L2 distance.
    pub(crate) own: (usize, f32),
    /// The nearest photo of anybody else, if it is nearer than the threshold.
    pub(crate) other: Option<(usize, f32)>,
}

/// Two people with photos within the threshold of each other: look-alikes, or one person under two names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LookAlike {
    /// The two nearest photos; the first belongs to the person with the lower index.
    pub(crate) photos: [usize; 2],
    /// The smallest L2 distance from a photo of either to the other.
    pub(crate) distance: f32,
}

/// Compares every photo with every other.
pub(crate) fn find(photos: &[OfPerson<'_>], threshold: f32) -> Resemblance {
    let neighbours: Vec<Neighbours> =
        (0..photos.len()).into_par_iter().map(|photo| Neighbours::new(photo, photos, threshold)).collect();
    let kin = kin(&neighbours);
    let mut size = vec![0; photos.len()];
    kin.iter().for_each(|first| size[*first] += 1);
    let odd = |(photo, neighbours): (usize, &Neighbours)| {
        let of_own = |index: &usize| *index != photo && photos[*index].person == photos[photo].person;
        let unlike = (0..photos.len()).filter(of_own).filter(|index| kin[*index] != kin[photo]);
        let distance = |index: usize| (index, photos[photo].encoding.l2_distance(photos[index].encoding));
        let own = unlike.clone().map(distance).min_by(nearer)?;
        // Of two groups of the same size, either may be wrong.
        let is_minority = unlike.map(|index| size[kin[index]]).max()? >= size[kin[photo]];
        is_minority.then(|| OddPhoto { photo, own, other: neighbours.others.iter().copied().min_by(nearer) })
    };
    let odd_photos = neighbours.iter().enumerate().filter_map(odd).collect();
    let mut look_alikes: Vec<LookAlike> = Vec::new();
    for (photo, neighbours) in neighbours.iter().enumerate() {
        for &(other, distance) in neighbours.others.iter().filter(|(other, _)| *other > photo) {
            let people = |pair: &LookAlike| pair.photos.map(|photo| photos[photo].person);
            let new = LookAlike { photos: [photo, other], distance };
            match look_alikes.iter_mut().find(|known| people(known) == people(&new)) {
                Some(known) if known.distance <= distance => {}
                Some(known) => *known = new,
                None => look_alikes.push(new),
            }
        }
    }
    // The distance to a person is never less than to the nearest photo of that person, so no look-alikes are missed
    // above.
    look_alikes
        .iter_mut()
        .for_each(|pair| pair.distance = between(pair.photos.map(|photo| photos[photo].person), photos));
    look_alikes.retain(|pair| pair.distance <= threshold);
    look_alikes.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    Resemblance { odd_photos, look_alikes }
}

/// The smallest distance from a photo of either person to the other.
fn between(people: [usize; 2], photos: &[OfPerson<'_>]) -> f32 {
    let [one, other] = people.map(|person| photos.iter().filter(move |photo| photo.person == person));
    let to = |photo: &OfPerson<'_>, person: &mut dyn Iterator<Item = &OfPerson<'_>>| {
        person_distance(person.map(|enrolled| photo.encoding.l2_distance(enrolled.encoding)))
    };
    let from_one = one.clone().filter_map(|photo| to(photo, &mut other.clone()));
    let from_other = other.clone().filter_map(|photo| to(photo, &mut one.clone()));
    from_one.chain(from_other).fold(f32::INFINITY, f32::min)
}

/// For each photo, the first of those that it resembles, itself or through others of its person.
fn kin(neighbours: &[Neighbours]) -> Vec<usize> {
    let mut first: Vec<Option<usize>> = vec![None; neighbours.len()];
    for photo in 0..neighbours.len() {
        let mut reached = vec![photo];
        while let Some(next) = reached.pop() {
            if first[next].is_none() {
                first[next] = Some(photo);
                reached.extend(&neighbours[next].own);
            }
        }
    }
    first.into_iter().flatten().collect()
}

/// The neighbours of one photo within the threshold: those of its own person, and those of other people.
struct Neighbours {
    own: Vec<usize>,
    others: Vec<(usize, f32)>,
}

impl Neighbours {
    fn new(photo: usize, photos: &[OfPerson<'_>], threshold: f32) -> Self {
        let OfPerson { person, encoding } = photos[photo];
        let mut neighbours = Self { own: Vec::new(), others: Vec::new() };
        for (index, other) in photos.iter().enumerate().filter(|(index, _)| *index != photo) {
            let distance = encoding.l2_distance(other.encoding);
            match (distance <= threshold, other.person == person) {
                (true, true) => neighbours.own.push(index),
                (true, false) => neighbours.others.push((index, distance)),
                (false, _) => {}
            }
        }
        neighbours
    }
}

fn nearer(a: &(usize, f32), b: &(usize, f32)) -> std::cmp::Ordering {
    a.1.total_cmp(&b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit vectors in the plane at these angles, in degrees; two are `2 sin(difference / 2)` apart.
    fn found(photos: &[(usize, f32)], threshold: f32) -> Resemblance {
        let at =
            |degrees: f32| Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap();
        let encodings: Vec<Encoding> = photos.iter().map(|&(_, degrees)| at(degrees)).collect();
        let photos: Vec<OfPerson<'_>> =
            (photos.iter().zip(&encodings)).map(|(&(person, _), encoding)| OfPerson { person, encoding }).collect();
        find(&photos, threshold)
    }

    #[test]
    fn photos_and_people_that_make_sense() {
        assert_eq!(found(&[(0, 0.0), (0, 20.0), (1, 120.0), (2, 240.0)], 1.0), Resemblance::default());
        assert_eq!(found(&[], 1.0), Resemblance::default());
        assert_eq!(found(&[(0, 0.0)], 1.0), Resemblance::default());
    }

    #[test]
    fn a_wrong_photo_among_right_ones_is_the_only_odd_one() {
        let odd = found(&[(0, 0.0), (0, 10.0), (0, 150.0), (1, 250.0)], 1.0).odd_photos;
        assert_eq!(odd.len(), 1);
        assert_eq!((odd[0].photo, odd[0].own.0, odd[0].other), (2, 1, None));
    }

    #[test]
    fn a_photo_of_another_enrolled_person_names_that_person() {
        let found = found(&[(0, 0.0), (0, 10.0), (0, 180.0), (1, 185.0), (1, 190.0)], 1.0);
        assert_eq!(found.odd_photos.iter().map(|odd| odd.photo).collect::<Vec<_>>(), [2]);
        assert_eq!(found.odd_photos[0].other.map(|(photo, _)| photo), Some(3));
        assert_eq!(found.look_alikes.iter().map(|pair| pair.photos).collect::<Vec<_>>(), [[2, 3]]);
    }

    /// Regression test: two photos of the same stranger supported each other.
    #[test]
    fn a_minority_of_photos_that_resemble_each_other_is_odd() {
        for (photos, expected) in [
            (&[(0, 0.0), (0, 10.0), (0, 20.0), (0, 150.0), (0, 160.0)][..], &[3, 4][..]),
            // Through the photo between them, the outer two belong together.
            (&[(0, 0.0), (0, 50.0), (0, 100.0), (0, 200.0)], &[3]),
            (&[(0, 0.0), (0, 10.0), (0, 150.0), (0, 160.0)], &[0, 1, 2, 3]),
            (&[(0, 0.0), (0, 10.0), (0, 120.0), (0, 240.0)], &[2, 3]),
        ] {
            let odd = found(photos, 1.0).odd_photos;
            assert_eq!(odd.iter().map(|odd| odd.photo).collect::<Vec<_>>(), expected, "{photos:?}");
        }
    }

    #[test]
    fn of_two_photos_that_differ_either_may_be_wrong() {
        let odd = found(&[(0, 0.0), (0, 150.0)], 1.0).odd_photos;
        assert_eq!(odd.iter().map(|odd| odd.photo).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn one_person_under_two_names_is_found_once_at_the_nearest_photos() {
        let pairs = found(&[(0, 0.0), (0, 20.0), (1, 15.0), (1, 40.0), (2, 180.0)], 1.0).look_alikes;
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].photos, [1, 2]);
        // From 15 degrees to the first person's 0 and 20.
        let expected = person_distance([7.5_f32, 2.5].map(|half| 2.0 * half.to_radians().sin())).unwrap();
        assert!((pairs[0].distance - expected).abs() < 1e-6);
    }

    /// One photo of each is near, but neither would be taken for the other.
    #[test]
    fn one_near_pair_of_photos_makes_no_look_alikes() {
        assert_eq!(found(&[(0, 0.0), (0, 80.0), (1, -50.0), (1, -130.0)], 1.0).look_alikes, []);
    }
}
