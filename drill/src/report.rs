//! The counts of a drill, and the rates that follow from them, in the terms of ISO/IEC 30107-3.

use super::basis::Basis;
use super::rate::Rate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text in a report.
const MAX_TEXT_BYTES: usize = 256;

/// How one presentation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The door would have opened, this many milliseconds after the unit saw a face.
    LetIn {
        /// Milliseconds.
        after_ms: u32,
    },
    /// A liveness signal took the presentation for an attack.
    Detected,
    /// A liveness signal could not tell.
    Unsure,
    /// Refused for another reason, by its code, such as `not_known`.
    Refused(String),
    /// No face was judged.
    NoResponse,
}

/// The presentations of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presentations {
    /// How many would have been let in.
    pub let_in: u32,
    /// How many a liveness signal took for attacks.
    pub detected: u32,
    /// How many a liveness signal could not tell.
    pub unsure: u32,
    /// How many were refused for other reasons, by code.
    pub refused: BTreeMap<String, u32>,
    /// In how many no face was judged.
    pub no_response: u32,
    /// Milliseconds from the first frame with a face to the grant, in ascending order.
    pub entry_ms: Vec<u32>,
}

/// A drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillReport {
    /// When it began, milliseconds since 1970, UTC.
    pub began_utc_ms: i64,
    /// When it ended, milliseconds since 1970, UTC.
    pub ended_utc_ms: i64,
    /// The unit's id; `None` if it has none.
    pub unit_id: Option<String>,
    /// What the result depends on.
    pub basis: Basis,
    /// What opens the door, in words.
    pub opens_to: String,
    /// Codes of the liveness signals that were required. Without any, nothing was judged as live or not.
    pub required: Vec<String>,
    /// Whether it was ended before everything planned was tried.
    pub ended_early: bool,
    /// Presentations of people.
    pub people: Presentations,
    /// Presentations of each instrument, such as `print` or `phone`.
    pub attacks: BTreeMap<String, Presentations>,
}

impl Presentations {
    /// Counts one.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::LetIn { after_ms } => {
                self.let_in += 1;
                let at = self.entry_ms.partition_point(|ms| ms < after_ms);
                self.entry_ms.insert(at, *after_ms);
            }
            Outcome::Detected => self.detected += 1,
            Outcome::Unsure => self.unsure += 1,
            Outcome::Refused(reason) => *self.refused.entry(reason.clone()).or_default() += 1,
            Outcome::NoResponse => self.no_response += 1,
        }
    }

    /// All presentations.
    pub fn all(&self) -> u32 {
        self.let_in + self.detected + self.unsure + self.refused.values().sum::<u32>() + self.no_response
    }

    /// The share that was let in. For attacks, this is the impostor attack presentation accept rate (IAPAR); for people,
    /// the complement is the share that the door turned away.
    pub fn let_in(&self) -> Rate {
        Rate::new(self.let_in, self.all())
    }

    /// For attacks, the attack presentation classification error rate (APCER): of those that the signals judged, the
    /// share that they took for a live person.
    pub fn apcer(&self) -> Rate {
        Rate::new(self.let_in, self.let_in + self.detected)
    }

    /// For people, the bona fide presentation classification error rate (BPCER): of those that the signals judged, the
    /// share that they took for attacks.
    pub fn bpcer(&self) -> Rate {
        Rate::new(self.detected, self.let_in + self.detected)
    }

    /// The share to which no signal gave an answer: no face was judged, or a signal could not tell.
    pub fn non_response(&self) -> Rate {
        Rate::new(self.no_response + self.unsure, self.all())
    }

    /// The median time to entry, milliseconds; `None` if nobody was let in.
    pub fn median_entry_ms(&self) -> Option<u32> {
        self.entry_ms.get(self.entry_ms.len() / 2).copied()
    }

    /// The longest time to entry, milliseconds.
    pub fn longest_entry_ms(&self) -> Option<u32> {
        self.entry_ms.last().copied()
    }
}

impl DrillReport {
    /// Whether a unit can have written this: the error says what is wrong with a report that comes from elsewhere.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let kinds = || [&self.people].into_iter().chain(self.attacks.values());
        let counts = kinds().flat_map(|kind| {
            [kind.let_in, kind.detected, kind.unsure, kind.no_response]
                .into_iter()
                .chain(kind.refused.values().copied())
        });
        if counts.map(u64::from).sum::<u64>() > u64::from(u32::MAX) {
            return Err("counts are too large");
        }
        if kinds().any(|kind| kind.entry_ms.len() != kind.let_in as usize || !kind.entry_ms.is_sorted()) {
            return Err("times to entry are not one for each that was let in, in ascending order");
        }
        let Basis { version, configuration, model, pad_network, threshold: _ } = &self.basis;
        let texts = [version, configuration, model, &self.opens_to].into_iter().chain(pad_network).chain(&self.unit_id);
        let codes = kinds().flat_map(|kind| kind.refused.keys()).chain(self.attacks.keys()).chain(&self.required);
        if texts.chain(codes).any(|text| text.len() > MAX_TEXT_BYTES || text.contains(char::is_control)) {
            return Err("text is too long, or has control characters");
        }
        Ok(())
    }

    /// All attacks together.
    pub fn attacks_let_in(&self) -> Rate {
        let sum = |count: fn(&Presentations) -> u32| self.attacks.values().map(count).sum();
        Rate::new(sum(|attack| attack.let_in), sum(Presentations::all))
    }

    /// An error rate of the signals, or that none was required.
    pub fn if_judged(&self, rate: Rate) -> String {
        if self.required.is_empty() { "no signal is required".to_owned() } else { rate.to_string() }
    }

    /// The report as text.
    pub fn in_words(&self) -> String {
        let Self { people, attacks, .. } = self;
        let seconds = |ms: Option<u32>| ms.map_or("-".to_owned(), |ms| format!("{:.1} s", f64::from(ms) / 1e3));
        let mut lines = vec![
            format!("opens to       {}", self.opens_to),
            format!("people         let in: {}", people.let_in()),
            format!("  BPCER        {}", self.if_judged(people.bpcer())),
            format!("  no response  {}", people.non_response()),
            format!(
                "  to entry     median {}, longest {}",
                seconds(people.median_entry_ms()),
                seconds(people.longest_entry_ms())
            ),
        ];
        lines.extend(people.refused.iter().map(|(reason, count)| format!("  refused      {count}: {reason}")));
        for (instrument, counts) in attacks {
            lines.push(format!("{instrument:<14} let in (IAPAR): {}", counts.let_in()));
            lines.push(format!("  APCER        {}", self.if_judged(counts.apcer())));
            lines.push(format!("  no response  {}", counts.non_response()));
            lines.extend(counts.refused.iter().map(|(reason, count)| format!("  refused      {count}: {reason}")));
        }
        if self.ended_early {
            lines.push("ended early    not everything planned was tried".to_owned());
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_place_in_the_rates() {
        let mut presentations = Presentations::default();
        for outcome in [
            Outcome::LetIn { after_ms: 900 },
            Outcome::LetIn { after_ms: 700 },
            Outcome::LetIn { after_ms: 2000 },
            Outcome::Detected,
            Outcome::Unsure,
            Outcome::Refused("not_known".to_owned()),
            Outcome::Refused("not_known".to_owned()),
            Outcome::NoResponse,
        ] {
            presentations.add(&outcome);
        }
        assert_eq!(presentations.all(), 8);
        let counts = |rate: Rate| (rate.count, rate.of);
        assert_eq!(counts(presentations.let_in()), (3, 8));
        assert_eq!(counts(presentations.apcer()), (3, 4));
        assert_eq!(counts(presentations.bpcer()), (1, 4));
        assert_eq!(counts(presentations.non_response()), (2, 8));
        assert_eq!((presentations.median_entry_ms(), presentations.longest_entry_ms()), (Some(900), Some(2000)));
    }
}
