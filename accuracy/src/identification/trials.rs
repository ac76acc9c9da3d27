//! Identification trials: some people are enrolled with one photo of each held back, and everybody else is a stranger.
//! No I/O.
//!
//! Each draw enrols other people. Every photo is searched in three ways on the same draws, so that they can be
//! compared: with two rules for a person's distance, given the distances to their encodings, and as at a door, where
//! the gate refuses hardly recognisable faces.

use crate::calibration::ENROLLED_PHOTOS;
use models::gate::Standing;
use rayon::prelude::*;
#[cfg(test)]
use shared::encoding::Encoded;
use shared::encoding::Encoding;
use shared::matching::person_distance;

/// A person with at least one photo.
#[derive(Debug)]
pub struct Person<'a> {
    /// The person's folder.
    pub name: &'a str,
    /// One encoding per photo.
    pub encodings: Vec<&'a Encoding>,
    /// Recognisability of the face in each photo.
    pub standings: Vec<Standing>,
    /// The probe of each photo: the photo itself, or the same photo in grey.
    pub probes: Vec<Probe<'a>>,
    /// True for people from the folder of known strangers, who are never enrolled.
    pub only_stranger: bool,
}

/// A face to search for.
#[derive(Clone, Debug)]
pub struct Probe<'a> {
    pub encoding: &'a Encoding,
    pub standing: Standing,
}

/// How a face is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A person's distance is that of their nearest encoding.
    NearestEncoding,
    /// A person's distance is computed as at the door.
    Person,
    /// As at the door, and faces that the gate refuses are neither enrolled nor named.
    Gated,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::NearestEncoding, Self::Person, Self::Gated];
}

/// The result of a search in the gallery, for each of [`Way::ALL`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Searched {
    /// Index of the person in the photo.
    pub person: usize,
    /// L2 distance of the nearest enrolled person. Infinite if the gate refuses to name them, or if the probe is of an
    /// enrolled person and another one is nearest.
    pub distances: [f32; Way::ALL.len()],
}

/// All searches of all draws.
#[derive(Debug, Default)]
pub struct Trials {
    /// Searches with held-back photos, one per enrolled person.
    pub mated: Vec<Searched>,
    /// Searches with the first photo of each stranger.
    pub strangers: Vec<Searched>,
}

/// The enrolled people with their photos, and the held-back photos.
struct Draw {
    enrolled: Vec<Enrolled>,
}

struct Enrolled {
    person: usize,
    photos: Vec<usize>,
    held_back: usize,
}

impl Trials {
    /// Draws `enrolled` people `draws` times. If there are not that many, enrols all who can be enrolled, except one.
    pub fn run(people: &[Person<'_>], enrolled: usize, draws: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut trials = Self::default();
        for _ in 0..draws {
            let draw = Draw::new(people, enrolled, &mut random);
            trials.mated.par_extend(draw.enrolled.par_iter().map(|enrolled| draw.search_mated(people, enrolled)));
            let is_stranger = |person: &usize| draw.enrolled.iter().all(|enrolled| enrolled.person != *person);
            let strangers: Vec<usize> = (0..people.len()).filter(is_stranger).collect();
            trials.strangers.par_extend(strangers.into_par_iter().map(|person| draw.search_stranger(people, person)));
        }
        trials
    }
}

impl Draw {
    fn new(people: &[Person<'_>], enrolled: usize, random: &mut fastrand::Rng) -> Self {
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
        let found = self.search(people, &people[enrolled.person].probes[enrolled.held_back]);
        let own = |(distance, nearest)| if nearest == enrolled.person { distance } else { f32::INFINITY };
        Searched { person: enrolled.person, distances: found.map(own) }
    }

    fn search_stranger(&self, people: &[Person<'_>], person: usize) -> Searched {
        let found = self.search(people, &people[person].probes[0]);
        Searched { person, distances: found.map(|(distance, _)| distance) }
    }

    /// The nearest enrolled person and the distance, for each of [`Way::ALL`].
    fn search(&self, people: &[Person<'_>], probe: &Probe<'_>) -> [(f32, usize); Way::ALL.len()] {
        Way::ALL.map(|way| {
            let distances = self.enrolled.iter().map(|one| (one.distance(&people[one.person], probe, way), one));
            let nearest = distances.min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((distance, nearest)) = nearest else { return (f32::INFINITY, usize::MAX) };
            let is_named = way != Way::Gated || nearest.may_be_named(&people[nearest.person], probe);
            (if is_named { distance } else { f32::INFINITY }, nearest.person)
        })
    }
}

impl Enrolled {
    fn distance(&self, person: &Person<'_>, probe: &Probe<'_>, way: Way) -> f32 {
        let to = |&photo: &usize| person.encodings[photo].l2_distance(probe.encoding);
        match way {
            Way::NearestEncoding => self.photos.iter().map(to).fold(f32::INFINITY, f32::min),
            Way::Person => person_distance(self.photos.iter().map(to)).unwrap_or(f32::INFINITY),
            Way::Gated => person_distance(self.accepted(person).map(to)).unwrap_or(f32::INFINITY),
        }
    }

    /// The photos with which a person is enrolled if there is a gate.
    fn accepted<'s>(&'s self, person: &'s Person<'_>) -> impl Iterator<Item = &'s usize> {
        let is_accepted = |standing: &Standing| standing.is_recognisable() != Some(false) && !standing.is_crowded();
        self.photos.iter().filter(move |photo| is_accepted(&person.standings[**photo]))
    }

    fn may_be_named(&self, person: &Person<'_>, probe: &Probe<'_>) -> bool {
        let is_clear = |photo: &usize| {
            probe.standing.is_clear_beside(person.encodings[*photo], person.standings[*photo].is_plain())
        };
        probe.standing.is_recognisable() != Some(false) && self.accepted(person).any(is_clear)
    }
}

#[cfg(test)]
impl<'a> Person<'a> {
    /// A person without a gate.
    pub(super) fn ungated(
        name: &'a str,
        encodings: &'a [Encoding],
        probes: &'a [Encoding],
        only_stranger: bool,
    ) -> Self {
        let standing = |encoding: &Encoded| Standing::new(None, encoding, 1.0);
        let standing = |encoding: &Encoding| standing(&Encoded { encoding: encoding.clone(), length: 1.0 });
        Self {
            name,
            encodings: encodings.iter().collect(),
            standings: encodings.iter().map(standing).collect(),
            probes: probes.iter().map(|encoding| Probe { encoding, standing: standing(encoding) }).collect(),
            only_stranger,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::gate::{Gate, Learnt, Term};
    use std::sync::Arc;

    fn at(degrees: f32) -> Encoding {
        Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap()
    }

    /// A gate that passes encodings longer than 10 and has no background.
    fn gate_of_length_10() -> Gate {
        let term = |weight| Term { mean: 10.0, spread: 1.0, weight };
        Gate::new(Learnt {
            learnt_with: shared::gallery::ModelHash([0; 32]),
            learnt_from: String::new(),
            mean: vec![0.0, 0.0],
            weights: vec![0.0, 0.0],
            length: term(1.0),
            confidence: term(0.0),
            constant: 0.0,
            clearance: 0.0,
            plain_from: 1.0,
            crowded: 1.0,
            prototypes: Vec::new(),
        })
        .unwrap()
    }

    /// Two people with two neighbouring photos each, a person with one photo, and a stranger.
    #[test]
    fn held_back_photos_are_found_and_strangers_are_everybody_else() {
        let photos: Vec<Encoding> = [0.0, 5.0, 90.0, 95.0, 180.0, 270.0].map(at).into();
        let person = |name, range: std::ops::Range<usize>, only_stranger| {
            Person::ungated(name, &photos[range.clone()], &photos[range], only_stranger)
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
        let of = |name, range: std::ops::Range<usize>, only_stranger| {
            Person::ungated(name, &photos[range.clone()], &probes[range], only_stranger)
        };
        let trials = Trials::run(&[of("a", 0..2, false), of("z", 2..3, true)], 1, 1, 1);
        let [own, strangers] = [10.0_f32, 80.0].map(|degrees| 2.0 * (degrees / 2.0).to_radians().sin());
        assert!((trials.mated[0].distances[1] - own).abs() < 1e-5, "{trials:?}");
        assert!((trials.strangers[0].distances[1] - strangers).abs() < 1e-5, "{trials:?}");
    }

    #[test]
    fn a_probe_nearer_to_another_person_is_not_found() {
        let photos: Vec<Encoding> = [0.0, 80.0, 83.0, 83.5].map(at).into();
        let of =
            |name, range: std::ops::Range<usize>| Person::ungated(name, &photos[range.clone()], &photos[range], false);
        let people = [of("a", 0..2), of("b", 2..4)];
        let trials = Trials::run(&people, 2, 8, 3);
        let misses = trials.mated.iter().filter(|mated| mated.distances[1].is_infinite()).map(|mated| mated.person);
        assert!(misses.clone().count() > 0 && misses.clone().all(|person| person == 0));
    }

    /// The gate passes encodings longer than 10: a short probe is not named, and a short photo is not enrolled.
    #[test]
    fn photos_refused_by_the_gate_are_neither_enrolled_nor_identified() {
        let gate = Arc::new(gate_of_length_10());
        let photos = [at(0.0), at(2.0)];
        for (lengths, named) in [([12.0, 12.0], true), ([8.0, 12.0], false), ([12.0, 8.0], false)] {
            let mut person = Person::ungated("a", &photos, &photos, false);
            let stand = |at: usize| {
                Standing::new(Some(&gate), &Encoded { encoding: photos[at].clone(), length: lengths[at] }, 0.9)
            };
            person.standings = vec![stand(0), stand(1)];
            person.probes.iter_mut().enumerate().for_each(|(at, probe)| probe.standing = stand(at));
            let trials = Trials::run(&[person], 1, 4, 1);
            for Searched { distances: [_, person, gated], .. } in trials.mated {
                assert!(person < 0.1, "{lengths:?}");
                assert_eq!(gated.is_finite(), named, "{lengths:?}");
            }
        }
    }
}
