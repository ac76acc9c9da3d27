//! Tests whether the thresholds that `build-db` would store keep their promised rates. No I/O.

use super::rates::{fnir_at, fpir_at};
use super::trials::{Person, Trials};
use crate::calibration::{Risk, risk_at};
use models::Recogniser;
use serde::Serialize;

/// Gallery sizes to test, and promised rates.
const ENROLLED: [usize; 3] = [50, 100, 200];
const FPIRS: [f64; 2] = [0.001, 0.01];

/// A promised rate and the measured one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Promise {
    /// The requested FPIR.
    pub asked: f64,
    /// True for the threshold for images without colour.
    pub grey: bool,
    /// The promise of the calibration.
    #[serde(flatten)]
    pub risk: Risk,
    /// The share of searches by strangers that named an enrolled person.
    pub measured: f64,
    /// The share of searches by enrolled people that did not name them.
    pub missed: f64,
    /// Number of searches by strangers, over all draws.
    pub searches: usize,
    /// True if `measured` is within the promised interval.
    pub kept: bool,
}

/// Parameters of the test.
#[derive(Debug, Clone, Copy)]
pub struct Trying {
    /// Number of draws of people.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// True if probes are grey: then the threshold for grey is tested as well.
    pub grey: bool,
    /// True to search only for people who are never enrolled. The calibration may have been measured on the others.
    pub only_strangers: bool,
}

/// Tests the thresholds of the encoder's own calibration. Empty without a calibration.
pub fn tried(recogniser: &Recogniser, people: &[Person<'_>], trying: Trying) -> Vec<Promise> {
    let calibration = recogniser.calibration();
    let grey = calibration.non_mated_grey.as_ref().filter(|_| trying.grey);
    let known = [(false, calibration.non_mated.as_ref()), (true, grey)];
    let enough = |enrolled: &&usize| people.iter().filter(|person| person.encodings.len() > 1).count() >= **enrolled;
    let mut promises = Vec::new();
    for &enrolled in ENROLLED.iter().filter(enough) {
        let mut trials = Trials::run(people, enrolled, trying.draws, trying.seed);
        if trying.only_strangers {
            trials.strangers.retain(|searched| people[searched.person].only_stranger);
        }
        let of_known = known.iter().filter_map(|(grey, non_mated)| Some((*grey, (*non_mated)?)));
        for (asked, (grey, non_mated)) in of_known.flat_map(|known| FPIRS.map(|asked| (asked, known))) {
            let risk = risk_at(asked, enrolled, non_mated, calibration.mated.as_ref().filter(|_| !grey));
            let measured = fpir_at(risk.threshold, &trials.strangers);
            let missed = fnir_at(risk.threshold, &trials.mated);
            let kept = (risk.fpir_low..=risk.fpir_high).contains(&measured);
            promises.push(Promise { asked, grey, risk, measured, missed, searches: trials.strangers.len(), kept });
        }
    }
    promises
}
