//! Distances between strangers and enrolled people: each person of a sample is enrolled in turn, and everybody else is
//! a stranger to them. No I/O.

use super::mated::Labelled;
use super::pareto::Tail;
use crate::interval::Interval;
use models::bundle::{NonMated, Quantile};
use rayon::prelude::*;
use shared::encoding::Encoding;
use shared::matching::person_distance;

/// Largest number of photos with which a person is enrolled.
pub(crate) const ENROLLED_PHOTOS: usize = 4;
/// Rates with a row of counted values.
const COUNTED: [f64; 4] = [1e-1, 5e-2, 2e-2, 1e-2];
/// The rate of the last counted row. Lower rates come from the fitted tail.
const TAIL_FROM: f64 = 1e-2;
/// Rows of the fitted tail within each decade.
const PARTS: [f64; 3] = [0.5, 0.2, 0.1];
/// Number of decades of the fitted tail.
const DECADES: i32 = 6;
/// Smallest number of comparisons for a measurement.
const LEAST_COMPARISONS: usize = 1000;
/// Number of resamples of people for an interval.
const RESAMPLES: usize = 1000;

/// A stranger compared with an enrolled person.
struct Comparison {
    cosine: f64,
    people: [u32; 2],
}

/// Compares each person with all others. `None` if there are too few. People must be numbered from 0 without gaps.
///
/// A stranger is represented by their first photo. A person with several photos is enrolled with at most four of the
/// others, because people who return have one photo more than are enrolled. A person with one photo is enrolled with
/// that.
///
/// Comparisons that share a person are not independent. Therefore the intervals come from a bootstrap over people, with
/// a tail fitted to each resample.
pub fn non_mated(encodings: &[Labelled<'_>], source: &str) -> Option<NonMated> {
    let people = by_person(encodings);
    let probes: Vec<&Encoding> = people.iter().map(|photos| photos[0]).collect();
    non_mated_of(&people, &probes, source)
}

/// Like [`non_mated`], with these probes of the strangers, one per person, instead of their first photos.
pub fn non_mated_of_probes(encodings: &[Labelled<'_>], probes: &[&Encoding], source: &str) -> Option<NonMated> {
    non_mated_of(&by_person(encodings), probes, source)
}

fn non_mated_of(people: &[Vec<&Encoding>], probes: &[&Encoding], source: &str) -> Option<NonMated> {
    let mut comparisons = comparisons(people, probes);
    comparisons.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    if comparisons.len() < LEAST_COMPARISONS {
        return None;
    }
    let pairs = comparisons.len();
    let counted = COUNTED.map(|rate| (rate, comparisons[((pairs as f64 * rate) as usize).max(1) - 1].cosine));
    comparisons.truncate((pairs as f64 * COUNTED[0]) as usize);
    let level = counted[COUNTED.len() - 1].1;
    let everybody = Resample { weights: vec![1.0; people.len()], level };
    let tail = everybody.tail(&comparisons)?;
    let fitted = (0..DECADES).flat_map(|decade| PARTS.map(|part| TAIL_FROM * part * 10_f64.powi(-decade)));
    let rows: Vec<(f64, f64)> = counted.into_iter().chain(fitted.map(|rate| (rate, tail.value_at(rate)))).collect();
    let intervals = bootstrapped(&comparisons, &rows, level, people.len());
    let mut quantiles: Vec<Quantile> = Vec::new();
    for (&(rate, cosine), interval) in rows.iter().zip(intervals) {
        let distance = (2.0 - 2.0 * cosine.clamp(-1.0, 1.0)).sqrt() as f32;
        let (low, high) = (interval.low.min(rate), interval.high.max(rate));
        if quantiles.last().is_none_or(|last| distance < last.distance) {
            quantiles.push(Quantile { rate: rounded(rate), distance, low: rounded(low), high: rounded(high) });
        }
    }
    (quantiles.len() >= 2).then(|| NonMated {
        format: NonMated::FORMAT,
        source: source.to_owned(),
        people: people.len(),
        pairs: pairs as u64,
        quantiles,
    })
}

/// Rounds to four digits, because people also read the file.
fn rounded(rate: f64) -> f64 {
    format!("{rate:.3e}").parse().unwrap_or(rate)
}

fn by_person<'a>(encodings: &[Labelled<'a>]) -> Vec<Vec<&'a Encoding>> {
    let mut people: Vec<Vec<&Encoding>> = Vec::new();
    for Labelled { person, encoding } in encodings {
        if people.len() <= *person {
            people.resize(person + 1, Vec::new());
        }
        people[*person].push(encoding);
    }
    people
}

fn comparisons(people: &[Vec<&Encoding>], probes: &[&Encoding]) -> Vec<Comparison> {
    let with_everybody_else = |(person, photos): (usize, &Vec<&Encoding>)| {
        let first_enrolled = usize::from(photos.len() > 1);
        let enrolled: Vec<&Encoding> = photos.iter().copied().skip(first_enrolled).take(ENROLLED_PHOTOS).collect();
        let others = probes.iter().enumerate().filter(move |(other, _)| *other != person);
        let compared = move |(other, probe): (usize, &&Encoding)| {
            let distance = person_distance(enrolled.iter().map(|encoding| encoding.l2_distance(probe)))?;
            let cosine = 1.0 - f64::from(distance).powi(2) / 2.0;
            Some(Comparison { cosine, people: [person as u32, other as u32] })
        };
        others.filter_map(compared).collect::<Vec<_>>()
    };
    people.par_iter().enumerate().flat_map_iter(with_everybody_else).collect()
}

/// A resample: how often each person was drawn.
struct Resample {
    weights: Vec<f64>,
    level: f64,
}

impl Resample {
    fn drawn(people: usize, level: f64, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut weights = vec![0.0; people];
        (0..people).for_each(|_| weights[random.usize(..people)] += 1.0);
        Self { weights, level }
    }

    fn weight(&self, comparison: &Comparison) -> f64 {
        comparison.people.iter().map(|&person| self.weights[person as usize]).product()
    }

    /// Weight of all comparisons, including those that are not near.
    fn whole(&self) -> f64 {
        let all: f64 = self.weights.iter().sum();
        all * all - self.weights.iter().map(|weight| weight * weight).sum::<f64>()
    }

    fn tail(&self, comparisons: &[Comparison]) -> Option<Tail> {
        let above = comparisons.iter().take_while(|comparison| comparison.cosine > self.level);
        let excesses: Vec<(f64, f64)> = above
            .map(|comparison| (comparison.cosine - self.level, self.weight(comparison)))
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        Tail::fitted_to(self.level, &excesses, self.whole())
    }

    /// The rate at which a cosine is reached, for each of the rows.
    fn rates(&self, comparisons: &[Comparison], rows: &[(f64, f64)]) -> Vec<f64> {
        let tail = self.tail(comparisons);
        let counted = |cosine: f64| {
            let near = comparisons.iter().take_while(|comparison| comparison.cosine >= cosine);
            near.map(|comparison| self.weight(comparison)).sum::<f64>() / self.whole().max(1.0)
        };
        let rate = |&(_, cosine): &(f64, f64)| match tail {
            Some(tail) if cosine > self.level => tail.rate_at(cosine),
            _ => counted(cosine),
        };
        rows.iter().map(rate).collect()
    }
}

/// The middle 95 % of each row's rate over resamples of people.
fn bootstrapped(comparisons: &[Comparison], rows: &[(f64, f64)], level: f64, people: usize) -> Vec<Interval> {
    let rates = |seed: usize| Resample::drawn(people, level, seed as u64).rates(comparisons, rows);
    let resamples: Vec<Vec<f64>> = (0..RESAMPLES).into_par_iter().map(rates).collect();
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

    /// Fixed pseudo-random directions; each person has one to three photos around their own direction.
    fn sample(people: usize) -> Vec<(usize, Encoding)> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut number = move || (0..6).map(|_| random.f32()).sum::<f32>() - 3.0;
        let mut photos = Vec::new();
        for person in 0..people {
            let own: Vec<f32> = (0..24).map(|_| number()).collect();
            for _ in 0..=person % 3 {
                let photo: Vec<f32> = own.iter().map(|own| own + 0.3 * number()).collect();
                photos.push((person, Encoding::from_network(&photo).unwrap()));
            }
        }
        photos
    }

    fn labelled(photos: &[(usize, Encoding)]) -> Vec<Labelled<'_>> {
        photos.iter().map(|(person, encoding)| Labelled { person: *person, encoding }).collect()
    }

    fn first<'a>(people: &[Vec<&'a Encoding>]) -> Vec<&'a Encoding> {
        people.iter().map(|photos| photos[0]).collect()
    }

    /// The tail fitted on 150 people predicts the rate counted on 600 others of the same kind, within the interval.
    #[test]
    fn rates_beyond_the_sample_are_found_in_a_larger_one() {
        let (few, many) = (sample(150), sample(750).split_off(300));
        let found = non_mated(&labelled(&few), "some").unwrap();
        assert_eq!((found.people, found.pairs), (150, 150 * 149));
        let shifted: Vec<(usize, Encoding)> = {
            let first = many[0].0;
            many.into_iter().map(|(person, encoding)| (person - first, encoding)).collect()
        };
        let shifted = labelled(&shifted);
        let people = by_person(&shifted);
        let comparisons = comparisons(&people, &first(&people));
        for row in found.quantiles.iter().filter(|row| row.rate >= 1e-4) {
            let within = |comparison: &&Comparison| 2.0 - 2.0 * comparison.cosine <= f64::from(row.distance).powi(2);
            let counted = comparisons.iter().filter(within).count() as f64 / comparisons.len() as f64;
            assert!(row.low <= row.rate && row.rate <= row.high);
            assert!((row.low / 1.5..=row.high * 1.5).contains(&counted), "{row:?}: {counted}");
        }
        let parsed = toml::from_str::<NonMated>(&toml::to_string(&found).unwrap()).unwrap();
        assert_eq!(parsed, found);
    }

    /// A person with one photo is enrolled with it, a person with several with all except the first.
    #[test]
    fn nobody_is_compared_with_themselves() {
        let photos = sample(3);
        let people = by_person(&labelled(&photos));
        assert_eq!(people.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 3]);
        let found = comparisons(&people, &first(&people));
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|comparison| comparison.people[0] != comparison.people[1]));
        let of_second = found.iter().find(|comparison| comparison.people == [1, 0]).unwrap();
        let distance = people[1][1].l2_distance(people[0][0]);
        assert!((of_second.cosine - (1.0 - f64::from(distance).powi(2) / 2.0)).abs() < 1e-6);
    }

    #[test]
    fn strangers_show_the_probes_and_people_are_enrolled_as_before() {
        let photos = sample(40);
        let labelled = labelled(&photos);
        let people = by_person(&labelled);
        let shown = first(&people);
        assert_eq!(non_mated_of_probes(&labelled, &shown, "some"), non_mated(&labelled, "some"));
        let one: Vec<&Encoding> = vec![people[0][0]; people.len()];
        let found = comparisons(&people, &one);
        let of_last = found.iter().find(|comparison| comparison.people == [39, 7]).unwrap();
        let distance = people[39][0].l2_distance(people[0][0]);
        assert!((of_last.cosine - (1.0 - f64::from(distance).powi(2) / 2.0)).abs() < 1e-6);
    }

    #[test]
    fn too_few_give_no_result() {
        assert_eq!(non_mated(&labelled(&sample(10)), ""), None);
        assert_eq!(non_mated(&[], ""), None);
    }
}
