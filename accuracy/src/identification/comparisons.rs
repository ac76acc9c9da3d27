//! Comparisons of two photos: FMR and FNMR over all people, within groups, and for pairs of people who look alike. No
//! I/O.

use super::trials::Person;
use crate::AccuracyError;
use crate::interval::{Interval, clopper_pearson};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The FMRs at which thresholds are set.
const FMRS: [f64; 2] = [1e-4, 1e-3];
/// The overall FMR at which groups are compared. At lower rates, most sets have too few false matches.
const FMR_OF_GROUPS: f64 = 1e-3;
/// Groups with fewer people than this are marked as small.
const SMALL: usize = 30;

struct Pair {
    distance: f32,
    people: [usize; 2],
}

/// All pairs of photos, the nearest first.
pub struct Comparisons {
    mated: Vec<Pair>,
    non_mated: Vec<Pair>,
}

/// A count and the rate that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Counted {
    /// Number of hits.
    pub count: usize,
    /// Number of trials.
    pub of: usize,
    /// The rate; `null` without trials.
    pub rate: Option<f64>,
    /// 95 % interval (Clopper-Pearson), which ignores that pairs share people.
    #[serde(flatten)]
    pub interval: Interval,
}

impl Counted {
    fn new(count: usize, of: usize) -> Self {
        let rate = (of > 0).then(|| count as f64 / of as f64);
        Self { count, of, rate, interval: clopper_pearson(count, of) }
    }
}

/// FNMR at a given FMR.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtFmr {
    /// False match rate, 0 to 1.
    pub fmr: f64,
    /// Threshold, an L2 distance. Pairs that are nearer match.
    pub threshold: f32,
    /// False non-match rate at that threshold.
    pub fnmr: Counted,
}

/// FMR and FNMR within groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Groups {
    /// Name of the column with the groups.
    pub column: String,
    /// Threshold at which all groups are compared, an L2 distance.
    pub threshold: f32,
    /// FMR over all pairs at that threshold.
    pub fmr_of_all: f64,
    /// The groups, in the order of their names.
    pub groups: Vec<Group>,
    /// The largest FMR of a group divided by the smallest that is not 0. `null` if only one group has false matches.
    pub worst_fmr_ratio: Option<f64>,
    /// Groups without a false match.
    pub without_false_match: usize,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Value of the column.
    pub name: String,
    /// Number of people in the group.
    pub people: usize,
    /// True if the group is too small for reliable rates.
    pub small: bool,
    /// False matches among pairs of two people of the group.
    pub fmr: Counted,
    /// False non-matches among pairs of photos of one person of the group.
    pub fnmr: Counted,
}

/// False matches among given pairs of people who look alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hard {
    /// Number of given pairs.
    pub pairs_of_people: usize,
    /// Results at an FMR of 0.0001 and of 0.001.
    pub at: Vec<HardAt>,
}

/// FMR of the given pairs at a given overall FMR.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HardAt {
    /// FMR over all pairs of two people.
    pub fmr_of_strangers: f64,
    /// Threshold, an L2 distance.
    pub threshold: f32,
    /// FMR of the given pairs at that threshold.
    pub fmr: Counted,
}

impl Comparisons {
    /// Compares every photo with every other one.
    pub fn new(people: &[Person<'_>]) -> Self {
        let photos: Vec<(usize, &_)> = people
            .iter()
            .enumerate()
            .flat_map(|(index, person)| person.encodings.iter().map(move |encoding| (index, *encoding)))
            .collect();
        let with_earlier = |(at, &(person, encoding)): (usize, &(usize, &shared::encoding::Encoding))| {
            let pair = |&(other, enrolled): &(usize, &shared::encoding::Encoding)| Pair {
                distance: encoding.l2_distance(enrolled),
                people: [other, person],
            };
            photos[..at].iter().map(pair).collect::<Vec<_>>()
        };
        let pairs: Vec<Pair> = photos.par_iter().enumerate().flat_map_iter(with_earlier).collect();
        let (mut mated, mut non_mated): (Vec<Pair>, Vec<Pair>) =
            pairs.into_iter().partition(|pair| pair.people[0] == pair.people[1]);
        let nearer = |a: &Pair, b: &Pair| a.distance.total_cmp(&b.distance);
        mated.sort_by(nearer);
        non_mated.par_sort_by(nearer);
        Self { mated, non_mated }
    }

    /// FNMR at an FMR of 0.0001 and of 0.001, if the sample is large enough.
    pub fn at_rates(&self) -> Vec<AtFmr> {
        let at = |&fmr: &f64| {
            let threshold = self.threshold(fmr)?;
            let missed = self.mated.iter().filter(|pair| pair.distance >= threshold).count();
            Some(AtFmr { fmr, threshold, fnmr: Counted::new(missed, self.mated.len()) })
        };
        FMRS.iter().filter_map(at).collect()
    }

    /// The threshold with at most this FMR; `None` if it would match no pair.
    fn threshold(&self, fmr: f64) -> Option<f32> {
        let allowed = (fmr * self.non_mated.len() as f64 + 1e-9) as usize;
        self.non_mated.get(allowed).filter(|_| allowed > 0).map(|pair| pair.distance)
    }

    /// Rates by the group of each person. People without a group are left out.
    pub fn by(&self, people: &[Person<'_>], groups: &BTreeMap<String, String>, column: &str) -> Groups {
        let threshold = self.threshold(FMR_OF_GROUPS).unwrap_or(0.0);
        let of: Vec<Option<&str>> = people.iter().map(|person| groups.get(person.name).map(String::as_str)).collect();
        let names: BTreeSet<&str> = of.iter().copied().flatten().collect();
        let group = |name: &&str| {
            let is_within = |pair: &&Pair| pair.people.iter().all(|&person| of[person] == Some(*name));
            let counted = |pairs: &[Pair], counts: &dyn Fn(&Pair) -> bool| {
                let (count, of) = pairs
                    .iter()
                    .filter(is_within)
                    .fold((0, 0), |(count, of), pair| (count + usize::from(counts(pair)), of + 1));
                Counted::new(count, of)
            };
            let people = of.iter().filter(|of| **of == Some(*name)).count();
            Group {
                name: (*name).to_owned(),
                people,
                small: people < SMALL,
                fmr: counted(&self.non_mated, &|pair| pair.distance < threshold),
                fnmr: counted(&self.mated, &|pair| pair.distance >= threshold),
            }
        };
        let groups: Vec<Group> = names.iter().map(group).collect();
        let with_false_match: Vec<f64> =
            groups.iter().filter_map(|group| group.fmr.rate).filter(|rate| *rate > 0.0).collect();
        let largest = with_false_match.iter().copied().fold(0.0, f64::max);
        let smallest = with_false_match.iter().copied().fold(f64::INFINITY, f64::min);
        Groups {
            column: column.to_owned(),
            threshold,
            fmr_of_all: FMR_OF_GROUPS,
            without_false_match: groups.iter().filter(|group| group.fmr.of > 0 && group.fmr.count == 0).count(),
            worst_fmr_ratio: (with_false_match.len() > 1).then(|| largest / smallest),
            groups,
        }
    }

    /// False matches among all photos of these pairs of people.
    ///
    /// # Errors
    /// If one of the people has no photo with a face.
    pub fn of_pairs(&self, people: &[Person<'_>], pairs: &[[String; 2]]) -> Result<Hard, AccuracyError> {
        let index = |name: &String| {
            let found = people.iter().position(|person| person.name == name);
            found.ok_or_else(|| AccuracyError::NoFaceOf { name: name.clone() })
        };
        let mut wanted: BTreeSet<[usize; 2]> = BTreeSet::new();
        for [one, other] in pairs {
            let (one, other) = (index(one)?, index(other)?);
            wanted.insert([one.min(other), one.max(other)]);
        }
        let distances: Vec<f32> =
            self.non_mated.iter().filter(|pair| wanted.contains(&pair.people)).map(|pair| pair.distance).collect();
        let at = |&fmr_of_strangers: &f64| {
            let threshold = self.threshold(fmr_of_strangers)?;
            let count = distances.iter().filter(|distance| **distance < threshold).count();
            Some(HardAt { fmr_of_strangers, threshold, fmr: Counted::new(count, distances.len()) })
        };
        Ok(Hard { pairs_of_people: wanted.len(), at: FMRS.iter().filter_map(at).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::encoding::Encoding;

    /// A hundred people at equal angles, each with two photos a tenth of a degree apart. The groups are halves of the
    /// circle. In the second one, two people are close together.
    #[test]
    fn groups_and_pairs_by_hand() {
        let at =
            |degrees: f32| Encoding::from_network(&[degrees.to_radians().cos(), degrees.to_radians().sin()]).unwrap();
        let angle = |person: usize| if person == 99 { 98.0 * 3.6 + 0.2 } else { person as f32 * 3.6 };
        let photos: Vec<Encoding> = (0..100).flat_map(|person| [at(angle(person)), at(angle(person) + 0.1)]).collect();
        let names: Vec<String> = (0..100).map(|person| format!("{person:02}")).collect();
        let person = |(index, name): (usize, &'static str)| {
            let photos = &photos[2 * index..2 * index + 2];
            Person::ungated(name, photos, photos, false)
        };
        let leaked: Vec<&'static str> = names.iter().map(|name| &*name.clone().leak()).collect();
        let people: Vec<Person<'_>> = leaked.into_iter().enumerate().map(person).collect();
        let comparisons = Comparisons::new(&people);
        assert_eq!((comparisons.mated.len(), comparisons.non_mated.len()), (100, 4 * 4950));
        let half = |name: &String| if name.as_str() < "50" { "first" } else { "second" }.to_owned();
        let of: BTreeMap<String, String> = names.iter().map(|name| (name.clone(), half(name))).collect();
        let groups = comparisons.by(&people, &of, "half");
        let counts: Vec<(usize, usize)> = groups.groups.iter().map(|group| (group.fmr.count, group.fmr.of)).collect();
        assert_eq!(counts.iter().map(|count| count.1).collect::<Vec<_>>(), [4 * 1225, 4 * 1225]);
        assert!(counts[1].0 >= 4 && groups.groups.iter().all(|group| !group.small && group.fnmr.count == 0));
        let hard = comparisons.of_pairs(&people, &[["98".to_owned(), "99".to_owned()]]).unwrap();
        assert!(hard.at.iter().any(|at| at.fmr.count == 4 && at.fmr.of == 4), "{hard:?}");
        assert!(comparisons.of_pairs(&people, &[["98".to_owned(), "Eve".to_owned()]]).is_err());
    }
}
