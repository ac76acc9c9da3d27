//! Counts findings, as ISO/IEC 30107-3 does: APCER for each instrument, BPCER for people, and non-responses, each with its
//! 95 % interval.

use accuracy::{Interval, clopper_pearson};
use liveness::lamp::{Finding, Judgement};
use serde::Serialize;
use std::collections::BTreeMap;

/// The findings of some trials.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// All trials.
    pub trials: usize,
    /// Found live.
    pub live: usize,
    /// Found not live.
    pub not_live: usize,
    /// Cannot tell.
    pub cannot_tell: usize,
    /// How often each reason was given, by its code.
    pub reasons: BTreeMap<String, usize>,
}

/// A rate: hits of trials, and its 95 % interval (Clopper and Pearson).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rate {
    /// Trials that count.
    pub hits: usize,
    /// All trials.
    pub trials: usize,
    /// The 95 % interval.
    pub interval: Interval,
}

impl Rate {
    fn new(hits: usize, trials: usize) -> Self {
        Self { hits, trials, interval: clopper_pearson(hits, trials) }
    }

    /// The share, 0 to 1; 0 without trials.
    pub fn share(&self) -> f64 {
        self.hits as f64 / self.trials.max(1) as f64
    }

    /// In per cent, with the interval.
    pub fn in_words(&self) -> String {
        let Interval { low, high } = self.interval;
        format!("{:.2} % [{:.2}, {:.2}]", 100.0 * self.share(), 100.0 * low, 100.0 * high)
    }
}

impl Tally {
    /// Counts one finding.
    pub fn add(&mut self, judgement: &Judgement) {
        self.trials += 1;
        let reason = match judgement.finding {
            Finding::Live => {
                self.live += 1;
                return;
            }
            Finding::NotLive(reason) => {
                self.not_live += 1;
                reason.code()
            }
            Finding::CannotTell(reason) => {
                self.cannot_tell += 1;
                reason.code()
            }
        };
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
    }

    /// Adds the counts of another.
    pub fn join(&mut self, other: &Self) {
        self.trials += other.trials;
        self.live += other.live;
        self.not_live += other.not_live;
        self.cannot_tell += other.cannot_tell;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
    }

    /// The share found live: of an instrument, APCER.
    pub fn let_in(&self) -> Rate {
        Rate::new(self.live, self.trials)
    }

    /// The share found not live: of people, BPCER.
    pub fn refused(&self) -> Rate {
        Rate::new(self.not_live, self.trials)
    }

    /// The share for which the lamp cannot tell: non-response.
    pub fn unanswered(&self) -> Rate {
        Rate::new(self.cannot_tell, self.trials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::lamp::{CannotTell, Figures, NotLive};

    #[test]
    fn findings_are_counted() {
        let mut tally = Tally::default();
        let findings = [
            Finding::Live,
            Finding::NotLive(NotLive::Late),
            Finding::NotLive(NotLive::Late),
            Finding::CannotTell(CannotTell::TooBright),
        ];
        for finding in findings {
            tally.add(&Judgement { finding, figures: Figures::default() });
        }
        let both = {
            let mut both = tally.clone();
            both.join(&tally);
            both
        };
        assert_eq!((both.trials, both.live, both.not_live, both.cannot_tell), (8, 2, 4, 2));
        assert_eq!(both.reasons["late"], 4);
        assert_eq!((tally.let_in().hits, tally.refused().hits, tally.unanswered().hits), (1, 2, 1));
        assert!(tally.let_in().in_words().starts_with("25.00 % [0.63, 80.59]"), "{}", tally.let_in().in_words());
    }
}
