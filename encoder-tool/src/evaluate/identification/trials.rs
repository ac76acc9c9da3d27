//! Identification trials: some people are enrolled, one photo of each is held back, and everybody else is a stranger. No I/O.
//!
//! Each draw enrols other people. Every photo is searched by two ways of making a person's distance of those of their
//! encodings, so that they are compared on the same draws.

use rayon::prelude::*;
use shared::encoding::Encoding;
use shared::matching::person_distance;

/// At most this many photos of a person are enrolled.
pub(crate) const ENROLLED_PHOTOS: usize = 4;

/// Somebody with at least one photo.
#[derive(Debug)]
pub(crate) struct Person<'a> {
    pub(crate) name: &'a str,
    pub(crate) encodings: Vec<&'a Encoding>,
    /// What is searched of each photo: its encoding, or that of the same photo in grey.
    pub(crate) probes: Vec<&'a Encoding>,
    /// Known from another folder, never enrolled.
    pub(crate) only_stranger: bool,
}

/// How the distance of a person follows from those of their encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scoring {
    /// The nearest one alone.
    NearestEncoding,
    /// What decides at the door.
    Person,
}

impl Scoring {
    pub(crate) const BOTH: [Self; 2] = [Self::NearestEncoding, Self::Person];

    fn distance(self, distances: &[f32]) -> f32 {
        match self {
            Self::NearestEncoding => distances.iter().copied().fold(f32::INFINITY, f32::min),
            Self::Person => person_distance(distances.iter().copied()).unwrap_or(f32::INFINITY),
        }
    }
}

/// What a search in the gallery found, for each of [`Scoring::BOTH`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Searched {
    /// Whose photo it was, by index.
    pub(crate) person: usize,
    /// L2 distance of the nearest enrolled person; infinite where, of somebody enrolled, it is another.
    pub(crate) distances: [f32; 2],
}

/// All searches of all draws.
#[derive(Debug, Default)]
pub(crate) struct Trials {
    /// Of photos held back, one for each person enrolled.
    pub(crate) mated: Vec<Searched>,
    /// Of the first photo of each stranger.
    pub(crate) strangers: Vec<Searched>,
}

/// Who is enrolled with which photos, and whose photo is held back.
struct Draw {
    enrolled: Vec<Enrolled>,
}

struct Enrolled {
    person: usize,
    photos: Vec<usize>,
    held_back: usize,
}

impl Trials {
    /// Draws `enrolled` people `draws` times; all of those who can be enrolled, less one, if there are not more.
    pub(crate) fn run(people: &[Person<'_>], enrolled: usize, draws: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut trials = Self::default();
        for _ in 0..draws {
            let draw = Draw::of(people, enrolled, &mut random);
            trials.mated.par_extend(draw.enrolled.par_iter().map(|enrolled| draw.search_mated(people, enrolled)));
            let is_stranger = |person: &usize| draw.enrolled.iter().all(|enrolled| enrolled.person != *person);
            let strangers: Vec<usize> = (0..people.len()).filter(is_stranger).collect();
            trials.strangers.par_extend(strangers.into_par_iter().map(|person| draw.search_stranger(people, person)));
        }
        trials
    }
}

impl Draw {
    fn of(people: &[Person<'_>], enrolled: usize, random: &mut fastrand::Rng) -> Self {
        let can = |person: &Person<'_>| !person.only_stranger && person.encodings.len() > 1;
        let mut with_two: Vec<usize> = (0..people.len()).filter(|&index| can(&people[index])).collect();
        random.shuffle(&mut with_two);
        with_two.truncate(enrolled);
        let enrol = |person: usize| {
            let mut photos: Vec<usize> = (0..people[person].encodings.len()).collect();
            random.shuffle(&mut photos);
            let held_back = photos.swap_remove(0);
            photos.truncate(ENROLLED_PHOTOS);
            Enrolled { person, photos, held_back }
        };
        Self { enrolled: with_two.into_iter().map(enrol).collect() }
    }

    fn search_mated(&self, people: &[Person<'_>], enrolled: &Enrolled) -> Searched {
        let found = self.search(people, people[enrolled.person].probes[enrolled.held_back]);
        let own = |(distance, nearest)| if nearest == enrolled.person { distance } else { f32::INFINITY };
        Searched { person: enrolled.person, distances: found.map(own) }
    }

    fn search_stranger(&self, people: &[Person<'_>], person: usize) -> Searched {
        let found = self.search(people, people[person].probes[0]);
        Searched { person, distances: found.map(|(distance, _)| distance) }
    }

    /// The nearest enrolled person and how near, for each of [`Scoring::BOTH`].
    fn search(&self, people: &[Person<'_>], probe: &Encoding) -> [(f32, usize); 2] {
        let mut nearest = [(f32::INFINITY, usize::MAX); 2];
        let mut distances = Vec::with_capacity(ENROLLED_PHOTOS);
        for enrolled in &self.enrolled {
            let encodings = &people[enrolled.person].encodings;
            distances.clear();
            distances.extend(enrolled.photos.iter().map(|&photo| encodings[photo].l2_distance(probe)));
            for (nearest, scoring) in nearest.iter_mut().zip(Scoring::BOTH) {
                let distance = scoring.distance(&distances);
                if distance < nearest.0 {
                    *nearest = (distance, enrolled.person);
                }
            }
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(degrees: f32) -> Encoding {
        Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap()
    }

    /// Two people whose photos lie together, one who is nobody's neighbour, and a stranger.
    #[test]
    fn held_back_photos_are_found_and_strangers_are_everybody_else() {
        let photos: Vec<Encoding> = [0.0, 5.0, 90.0, 95.0, 180.0, 270.0].map(at).into();
        let person = |name, range: std::ops::Range<usize>, only_stranger| Person {
            name,
            encodings: photos[range.clone()].iter().collect(),
            probes: photos[range].iter().collect(),
            only_stranger,
        };
        let people =
            [person("a", 0..2, false), person("b", 2..4, false), person("c", 4..5, false), person("z", 5..6, true)];
        let trials = Trials::run(&people, 2, 3, 1);
        assert_eq!((trials.mated.len(), trials.strangers.len()), (6, 6));
        let near = 2.0 * 2.5_f32.to_radians().sin();
        assert!(trials.mated.iter().all(|mated| (mated.distances[1] - near).abs() < 1e-5), "{trials:?}");
        assert!(trials.strangers.iter().all(|stranger| stranger.person >= 2 && stranger.distances[1] > 1.3));
        let one = Trials::run(&people, 1, 4, 1);
        assert_eq!((one.mated.len(), one.strangers.len()), (4, 12));
    }

    #[test]
    fn probes_are_searched_and_encodings_enrolled() {
        let [photos, probes] = [[0.0, 0.0, 90.0], [10.0, 10.0, 80.0]].map(|degrees| degrees.map(at));
        let of = |name, range: std::ops::Range<usize>, only_stranger| Person {
            name,
            encodings: photos[range.clone()].iter().collect(),
            probes: probes[range].iter().collect(),
            only_stranger,
        };
        let trials = Trials::run(&[of("a", 0..2, false), of("z", 2..3, true)], 1, 1, 1);
        let [own, strangers] = [10.0_f32, 80.0].map(|degrees| 2.0 * (degrees / 2.0).to_radians().sin());
        assert!((trials.mated[0].distances[1] - own).abs() < 1e-5, "{trials:?}");
        assert!((trials.strangers[0].distances[1] - strangers).abs() < 1e-5, "{trials:?}");
    }

    #[test]
    fn somebody_who_is_nearer_to_another_is_not_found() {
        let photos: Vec<Encoding> = [0.0, 80.0, 83.0, 83.5].map(at).into();
        let of = |name, range: std::ops::Range<usize>| Person {
            name,
            encodings: photos[range.clone()].iter().collect(),
            probes: photos[range].iter().collect(),
            only_stranger: false,
        };
        let people = [of("a", 0..2), of("b", 2..4)];
        let trials = Trials::run(&people, 2, 8, 3);
        let misses = trials.mated.iter().filter(|mated| mated.distances[1].is_infinite()).map(|mated| mated.person);
        assert!(misses.clone().count() > 0 && misses.clone().all(|person| person == 0));
    }
}
