//! How the distances of labelled encodings lie: what a threshold is worked out from. No I/O.

use crate::evaluate::interval::{Interval, clopper_pearson};
use models::bundle::{Mated, NonMated, Quantile};
use rayon::prelude::*;
use shared::encoding::Encoding;

/// Rates that get a row, as parts of a decade.
const PARTS: [f64; 3] = [1.0, 0.5, 0.2];
/// A row stands on at least this many pairs.
const LEAST_PAIRS: usize = 3;
const MATED_SHARES: [f64; 17] =
    [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001];
/// Resamples of people for an interval.
const RESAMPLES: usize = 1000;

/// An encoding and whose it is.
pub(crate) struct Labelled<'a> {
    pub(crate) person: usize,
    pub(crate) encoding: &'a Encoding,
}

struct Pair {
    distance: f32,
    people: [usize; 2],
}

/// Distances of all pairs of two different people; `None` where there are too few to say anything. People are numbered
/// from 0 without a gap.
///
/// Pairs that share a person are not independent. The interval of a rate is the wider of Clopper-Pearson's, which takes
/// them for independent, and a bootstrap over people.
pub(crate) fn non_mated(encodings: &[Labelled<'_>], source: &str) -> Option<NonMated> {
    let mut pairs = pairs(encodings, |a, b| a.person != b.person);
    pairs.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let rows: Vec<usize> = row_counts(pairs.len());
    let intervals = bootstrapped(&pairs, &rows, encodings);
    let mut quantiles: Vec<Quantile> = Vec::new();
    for (&count, bootstrap) in rows.iter().zip(intervals) {
        let (rate, distance) = (count as f64 / pairs.len() as f64, pairs[count - 1].distance);
        let Interval { low, high } = clopper_pearson(count, pairs.len());
        let (low, high) = (low.min(bootstrap.low), high.max(bootstrap.high));
        let row = Quantile { rate: rounded(rate), distance, low: rounded(low), high: rounded(high) };
        if quantiles.last().is_none_or(|last| row.distance < last.distance) {
            quantiles.push(row);
        }
    }
    let people = encodings.iter().map(|labelled| labelled.person + 1).max().unwrap_or(0);
    let pairs = pairs.len() as u64;
    (quantiles.len() >= 2).then(|| NonMated { source: source.to_owned(), people, pairs, quantiles })
}

/// To four digits: what stands in a file is read by people too.
fn rounded(rate: f64) -> f64 {
    format!("{rate:.3e}").parse().unwrap_or(rate)
}

/// Distances of all pairs of one person; `None` where there are too few to say anything.
pub(crate) fn mated(encodings: &[Labelled<'_>]) -> Option<Mated> {
    let mut distances: Vec<f32> =
        pairs(encodings, |a, b| a.person == b.person).into_iter().map(|pair| pair.distance).collect();
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

fn pairs(encodings: &[Labelled<'_>], wanted: impl Fn(&Labelled<'_>, &Labelled<'_>) -> bool + Sync) -> Vec<Pair> {
    let of = |(index, one): (usize, &Labelled<'_>)| {
        let others = encodings[..index].iter().filter(|other| wanted(one, other));
        let pair = |other: &Labelled<'_>| Pair {
            distance: one.encoding.l2_distance(other.encoding),
            people: [one.person, other.person],
        };
        others.map(pair).collect::<Vec<Pair>>()
    };
    encodings.par_iter().enumerate().flat_map_iter(of).collect()
}

/// How many pairs each row stands on, from many to few.
fn row_counts(pairs: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = Vec::new();
    for decade in 1..=12 {
        for part in PARTS {
            let count = (pairs as f64 * part * 10_f64.powi(-decade)).round() as usize;
            if count >= LEAST_PAIRS && counts.last().is_none_or(|last| count < *last) {
                counts.push(count);
            }
        }
    }
    counts
}

/// The middle 95 % of each row's rate over resamples of people.
fn bootstrapped(pairs: &[Pair], rows: &[usize], encodings: &[Labelled<'_>]) -> Vec<Interval> {
    let people = encodings.iter().map(|labelled| labelled.person + 1).max().unwrap_or(0);
    let mut photos = vec![0.0; people];
    encodings.iter().for_each(|labelled| photos[labelled.person] += 1.0);
    let resample = |seed: usize| -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let mut weights = vec![0.0; people];
        (0..people).for_each(|_| weights[random.usize(..people)] += 1.0);
        let all: f64 = weights.iter().zip(&photos).map(|(weight, photos)| weight * photos).sum();
        let own: f64 = weights.iter().zip(&photos).map(|(weight, photos)| (weight * photos).powi(2)).sum();
        let of_all_pairs = ((all * all - own) / 2.0).max(1.0);
        let (mut sum, mut next, mut rates) = (0.0, 0, vec![0.0; rows.len()]);
        // Rows go from many pairs to few, pairs from near to far.
        for (rate, &count) in rates.iter_mut().zip(rows).rev() {
            sum += pairs[next..count].iter().map(|pair| weights[pair.people[0]] * weights[pair.people[1]]).sum::<f64>();
            next = count;
            *rate = sum / of_all_pairs;
        }
        rates
    };
    let resamples: Vec<Vec<f64>> = (0..RESAMPLES).into_par_iter().map(resample).collect();
    let middle = |row: usize| {
        let mut rates: Vec<f64> = resamples.iter().map(|rates| rates[row]).collect();
        rates.sort_by(f64::total_cmp);
        Interval { low: rates[RESAMPLES / 40], high: rates[RESAMPLES - 1 - RESAMPLES / 40] }
    };
    (0..rows.len()).map(middle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People at even angles in the plane, each with two photos a degree apart.
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
    fn rates_are_shares_of_pairs_within_the_distance() {
        let photos = circle(40);
        let encodings = labelled(&photos);
        let found = non_mated(&encodings, "a circle").unwrap();
        assert_eq!((found.people, found.pairs), (40, 40 * 39 / 2 * 4));
        for row in &found.quantiles {
            let within = pairs(&encodings, |a, b| a.person != b.person)
                .iter()
                .filter(|pair| pair.distance <= row.distance)
                .count();
            assert!(within as f64 >= row.rate * found.pairs as f64 * 0.999, "{row:?}: {within}");
            assert!(row.low <= row.rate && row.rate <= row.high, "{row:?}");
        }
        let parsed = toml::from_str::<NonMated>(&toml::to_string(&found).unwrap()).unwrap();
        assert_eq!(parsed, found);
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
    fn too_few_say_nothing() {
        let photos = circle(2);
        assert_eq!(non_mated(&labelled(&photos), ""), None);
        assert_eq!(mated(&labelled(&photos[..1])), None);
        assert_eq!(non_mated(&[], ""), None);
    }
}
