//! Rates at a threshold, each with its 95 % interval.

use super::Approach;
use crate::interval::{Interval, clopper_pearson, of_dependent};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is independent of each other in a sample: an interval counts each of these as one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Independent {
    /// People: folders or file names tell who is shown in every approach.
    Person,
    /// Folders of pictures, such as videos.
    Folder,
    /// Approaches.
    Approach,
}

/// An error rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Approaches with an error.
    pub errors: usize,
    /// All approaches.
    pub trials: usize,
    /// `errors / trials`; `None` without a trial.
    pub rate: Option<f64>,
    /// The 95 % interval, as if all approaches of one [`Independent`] had the same result.
    #[serde(flatten)]
    pub interval: Interval,
    /// What the interval counts.
    pub by: Independent,
    /// How many of these there are.
    pub independent: usize,
    /// The 95 % interval, as if every approach were independent of all others. It is too narrow if approaches show the
    /// same person.
    pub by_approach: Interval,
}

/// BPCER, and APCER of each instrument.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// A face is accepted if its mean probability is at least this.
    pub threshold: f32,
    /// The share of bona fide approaches that are refused.
    pub bpcer: Rate,
    /// The share of attacks that are accepted, by instrument in the order of their names.
    pub apcer: Vec<(String, Rate)>,
}

impl Rates {
    /// Computes the rates at one threshold.
    pub fn new(approaches: &[Approach], threshold: f32) -> Self {
        Self::judged(approaches, threshold, |approach| approach.live >= threshold)
    }

    /// Computes the rates of approaches that are accepted as the function says.
    pub(super) fn judged(approaches: &[Approach], threshold: f32, is_accepted: impl Fn(&Approach) -> bool) -> Self {
        let of = |instrument: Option<&str>| {
            let trials: Vec<(&Approach, bool)> = approaches
                .iter()
                .filter(|approach| approach.instrument.as_deref() == instrument)
                .map(|approach| (approach, is_accepted(approach) == instrument.is_some()))
                .collect();
            Rate::new(&trials)
        };
        let instruments: BTreeSet<&str> = approaches.iter().filter_map(|a| a.instrument.as_deref()).collect();
        let apcer = instruments.into_iter().map(|name| (name.to_owned(), of(Some(name)))).collect();
        Self { threshold, bpcer: of(None), apcer }
    }

    /// The highest APCER of an instrument; `None` without attacks.
    pub fn worst_apcer(&self) -> Option<f64> {
        self.apcer.iter().filter_map(|(_, rate)| rate.rate).max_by(f64::total_cmp)
    }
}

impl Rate {
    /// The rate of the approaches whose second value is true.
    pub(super) fn new(trials: &[(&Approach, bool)]) -> Self {
        let errors = trials.iter().filter(|(_, is_error)| *is_error).count();
        let (by, independent) = independent(trials);
        Self {
            errors,
            trials: trials.len(),
            rate: (!trials.is_empty()).then(|| errors as f64 / trials.len() as f64),
            interval: of_dependent(errors, trials.len(), independent),
            by,
            independent,
            by_approach: clopper_pearson(errors, trials.len()),
        }
    }
}

fn independent(trials: &[(&Approach, bool)]) -> (Independent, usize) {
    let names = |name: fn(&Approach) -> Option<&str>| {
        let names = trials.iter().map(|(approach, _)| name(approach)).collect::<Option<BTreeSet<&str>>>();
        names.map(|names| names.len()).filter(|_| !trials.is_empty())
    };
    let by_person = names(|approach| approach.person.as_deref()).map(|count| (Independent::Person, count));
    let by_folder = || names(|approach| approach.folder.as_deref()).map(|count| (Independent::Folder, count));
    by_person.or_else(by_folder).unwrap_or((Independent::Approach, trials.len()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An approach with that mean; the instrument is empty for a bona fide one.
    pub(crate) fn approach(instrument: &str, person: &str, live: f32) -> Approach {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        Approach { instrument: named(instrument), person: named(person), folder: None, live, pictures: vec![0] }
    }

    #[test]
    fn rates_by_hand() {
        let approaches = [
            approach("", "a", 0.9),
            approach("", "a", 0.4),
            approach("", "b", 0.5),
            approach("", "b", 1.0),
            approach("screen", "a", 0.6),
            approach("screen", "", 0.1),
            approach("print", "b", 0.0),
        ];
        let rates = Rates::new(&approaches, 0.5);
        let Rate { errors, trials, rate, by, independent, .. } = rates.bpcer;
        assert_eq!((errors, trials, rate, by, independent), (1, 4, Some(0.25), Independent::Person, 2));
        assert_eq!(rates.worst_apcer(), Some(0.5));
        let names: Vec<(&str, usize, usize, Independent)> =
            rates.apcer.iter().map(|(name, rate)| (name.as_str(), rate.errors, rate.trials, rate.by)).collect();
        assert_eq!(names, [("print", 0, 1, Independent::Person), ("screen", 1, 2, Independent::Approach)]);
        let none = Rates::new(&[], 0.5);
        assert_eq!((none.bpcer.rate, none.worst_apcer()), (None, None));
    }
}
