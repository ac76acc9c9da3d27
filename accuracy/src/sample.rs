//! Selects the pairs of photos to compare: those of a pair file, or those of a folder tree.

use super::pair_file::{NamedPair, PhotoName};
use std::collections::HashMap;
use std::path::PathBuf;
use terminal::counted;

/// Number of folds if no pair file defines them.
const FOLDS: usize = 10;

/// Photos and pairs of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The photos, each once.
    pub photos: Vec<Photo>,
    /// The pairs to compare.
    pub pairs: Vec<Pair>,
    /// Description of how the pairs were chosen.
    pub chosen: String,
}

/// A photo of a known person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// The person's folder.
    pub person: String,
    /// Path of the file.
    pub path: PathBuf,
}

/// Indices of two photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Index of one photo.
    pub a: usize,
    /// Index of the other.
    pub b: usize,
    /// True if they show the same person.
    pub mated: bool,
    /// Number of the fold, from 0.
    pub fold: usize,
}

impl Sample {
    /// The pairs of a pair file. `find` returns the path of a photo.
    ///
    /// # Errors
    /// The first error of `find`.
    pub fn from_pairs<'n, E>(
        named: &'n [NamedPair],
        mut find: impl FnMut(&PhotoName) -> Result<PathBuf, E>,
    ) -> Result<Self, E> {
        let mut sample = Self::default();
        let mut known: HashMap<&PhotoName, usize> = HashMap::new();
        for NamedPair { a, b, mated, fold } in named {
            let mut index_of = |name: &'n PhotoName| -> Result<usize, E> {
                if let Some(&index) = known.get(name) {
                    return Ok(index);
                }
                sample.photos.push(Photo { person: name.person.clone(), path: find(name)? });
                known.insert(name, sample.photos.len() - 1);
                Ok(sample.photos.len() - 1)
            };
            let (a, b) = (index_of(a)?, index_of(b)?);
            sample.pairs.push(Pair { a, b, mated: *mated, fold: *fold });
        }
        sample.chosen = format!("the {} of the pair file", counted(sample.pairs.len(), "pair"));
        Ok(sample)
    }

    /// All mated and all non-mated pairs of the photos. If there are more than `most` of a kind, a random sample of
    /// `most` of them. Pairs are assigned to ten folds in turn.
    pub fn from_photos(photos: Vec<Photo>, most: usize, seed: u64) -> Self {
        let mut mated = Vec::new();
        let mut by_person: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, photo) in photos.iter().enumerate() {
            let others = by_person.entry(&photo.person).or_default();
            mated.extend(others.iter().map(|&other| (other, index)));
            others.push(index);
        }
        let all_mated = mated.len();
        let all_pairs = photos.len() * photos.len().saturating_sub(1) / 2;
        let all_non_mated = all_pairs - all_mated;
        let mut random = fastrand::Rng::with_seed(seed);
        let mated = drawn(mated, most, &mut random);
        let non_mated = if all_non_mated <= most {
            let pairs = (0..photos.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
            pairs.filter(|&(a, b)| photos[a].person != photos[b].person).collect()
        } else {
            random_non_mated(&photos, most, &mut random)
        };
        let chosen = format!(
            "{} of all {} and {} of all {}{}",
            mated.len(),
            counted(all_mated, "mated pair"),
            non_mated.len(),
            counted(all_non_mated, "non-mated pair"),
            if mated.len() + non_mated.len() < all_pairs {
                format!(", drawn at random with seed {seed}")
            } else {
                String::new()
            },
        );
        let deal = |pairs: Vec<(usize, usize)>, mated| {
            pairs.into_iter().enumerate().map(move |(index, (a, b))| Pair { a, b, mated, fold: index % FOLDS })
        };
        let pairs = deal(mated, true).chain(deal(non_mated, false)).collect();
        Self { photos, pairs, chosen }
    }
}

fn drawn(mut pairs: Vec<(usize, usize)>, most: usize, random: &mut fastrand::Rng) -> Vec<(usize, usize)> {
    if pairs.len() > most {
        random.shuffle(&mut pairs);
        pairs.truncate(most);
        pairs.sort_unstable();
    }
    pairs
}

/// Selects `count` different pairs. There must be more than that.
fn random_non_mated(photos: &[Photo], count: usize, random: &mut fastrand::Rng) -> Vec<(usize, usize)> {
    let mut pairs = std::collections::BTreeSet::new();
    while pairs.len() < count {
        let (a, b) = (random.usize(..photos.len()), random.usize(..photos.len()));
        if photos[a].person != photos[b].person {
            pairs.insert((a.min(b), a.max(b)));
        }
    }
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photos(people: &[&str]) -> Vec<Photo> {
        let photo = |(index, person): (usize, &&str)| Photo {
            person: (*person).to_owned(),
            path: PathBuf::from(format!("{person}/{index}.jpg")),
        };
        people.iter().enumerate().map(photo).collect()
    }

    fn count(sample: &Sample) -> (usize, usize) {
        let mated = sample.pairs.iter().filter(|pair| pair.mated).count();
        (mated, sample.pairs.len() - mated)
    }

    #[test]
    fn all_pairs_of_a_small_tree() {
        for (people, mated, non_mated) in
            [(&["a", "a", "b"][..], 1, 2), (&["a", "b", "a", "a"], 3, 3), (&["a"], 0, 0), (&[], 0, 0)]
        {
            let sample = Sample::from_photos(photos(people), 100, 1);
            assert_eq!(count(&sample), (mated, non_mated), "{people:?}");
            for pair in sample.pairs {
                assert!(pair.a < pair.b);
                assert_eq!(people[pair.a] == people[pair.b], pair.mated, "{people:?}");
            }
        }
    }

    #[test]
    fn a_sample_of_a_large_tree_is_deterministic_and_has_distinct_pairs() {
        let people: Vec<&str> = (0..300).map(|index| ["a", "b", "c"][index % 3]).collect();
        let sample = Sample::from_photos(photos(&people), 1000, 7);
        assert_eq!(count(&sample), (1000, 1000));
        let mut pairs: Vec<(usize, usize)> = sample.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), 2000);
        assert!(sample.chosen.contains("seed 7"), "{}", sample.chosen);
        assert_eq!(Sample::from_photos(photos(&people), 1000, 7), sample);
        assert_ne!(Sample::from_photos(photos(&people), 1000, 8), sample);
    }

    #[test]
    fn a_photo_in_several_pairs_is_listed_once() {
        let named = super::super::pair_file::parse("1\nBo\t1\t2\nBo\t1\tCy\t1\n").unwrap();
        let find = |name: &PhotoName| Ok::<_, ()>(PathBuf::from(format!("{}_{}", name.person, name.number)));
        let sample = Sample::from_pairs(&named, find).unwrap();
        assert_eq!(sample.photos.len(), 3);
        let ends: Vec<_> = sample.pairs.iter().map(|pair| (pair.a, pair.b, pair.mated)).collect();
        assert_eq!(ends, [(0, 1, true), (0, 2, false)]);
        assert_eq!(Sample::from_pairs(&named, |_| Err("gone")), Err("gone"));
    }
}
