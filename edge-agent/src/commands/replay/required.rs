//! Repeats the grants as if a liveness signal had been required. A grant without a report of the signal is not decided:
//! the signal was not measured then.

use policy::audit::Event;
use policy::{Credential, Finding, IfUnsure, Signal};
use serde::Serialize;
use terminal::counted;

/// The grants, if this signal had been required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Required {
    /// The signal's code.
    signal: Signal,
    #[serde(skip)]
    if_unsure: IfUnsure,
    /// Grants by a face, with or without a card.
    grants: u64,
    /// Grants that would have been refused because the signal reported an attack.
    refused_as_attacks: u64,
    /// Grants that would have been refused because the signal could not tell.
    refused_as_unsure: u64,
    /// Grants before which the signal was not measured.
    not_measured: u64,
}

impl Required {
    pub(super) fn new(signal: Signal, if_unsure: IfUnsure) -> Self {
        Self { signal, if_unsure, grants: 0, refused_as_attacks: 0, refused_as_unsure: 0, not_measured: 0 }
    }

    pub(super) fn take(&mut self, event: &Event) {
        let Event::Granted { credential, signals, .. } = event else { return };
        if *credential == Credential::Card {
            return;
        }
        self.grants += 1;
        let card_is_enough = self.if_unsure == IfUnsure::Card && *credential == Credential::CardAndFace;
        match signals.iter().find(|report| report.signal == self.signal).map(|report| report.finding) {
            None => self.not_measured += 1,
            Some(Finding::NotLive) => self.refused_as_attacks += 1,
            Some(Finding::CannotTell) if !card_is_enough => self.refused_as_unsure += 1,
            Some(Finding::CannotTell | Finding::Live) => {}
        }
    }

    /// The number of grants that could be repeated.
    pub(super) const fn decided(&self) -> u64 {
        self.grants - self.not_measured
    }

    pub(super) fn in_words(&self) -> String {
        let Self { signal, grants, refused_as_attacks: attacks, refused_as_unsure: unsure, .. } = self;
        let label = signal.code().replace('_', " ");
        let mut line = format!(
            "{label:<14} {} of {grants} would have been refused: {attacks} as attacks, {unsure} because the signal could \
             not tell",
            counted(attacks + unsure, "grant")
        );
        if self.not_measured > 0 {
            line +=
                &format!("; not decided: {}, before which it was not measured", counted(self.not_measured, "grant"));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::sample_records::Grant;
    use policy::Report;
    use shared::gallery::PersonId;

    fn granted(credential: Credential, report: Option<Report>) -> Event {
        let signals = report.into_iter().collect();
        Grant { signals, ..Grant::new(PersonId([1; 16]), credential, &[0.5]) }.event()
    }

    #[test]
    fn each_grant_is_repeated_with_the_signal() {
        use Credential::{Card, CardAndFace, Face};
        let (live, attack) = (Report::live(Signal::Lamp), Report::not_live(Signal::Lamp, "late"));
        let (unsure, other) = (Report::cannot_tell(Signal::Lamp, "drowned"), Report::live(Signal::Network));
        let log = [
            granted(Face, Some(live.clone())),
            granted(Face, Some(attack.clone())),
            granted(CardAndFace, Some(attack)),
            granted(Face, Some(unsure.clone())),
            granted(CardAndFace, Some(unsure)),
            granted(Face, Some(other)),
            granted(Face, None),
            granted(Card, None),
            Event::Stopped,
        ];
        for (if_unsure, unsure) in [(IfUnsure::Card, 1), (IfUnsure::Refuse, 2)] {
            let mut required = Required::new(Signal::Lamp, if_unsure);
            log.iter().for_each(|event| required.take(event));
            let Required { grants, refused_as_attacks, refused_as_unsure, not_measured, .. } = required;
            assert_eq!((grants, refused_as_attacks, refused_as_unsure, not_measured), (7, 2, unsure, 2));
            assert_eq!(required.decided(), 5);
            assert!(required.in_words().starts_with("lamp           "), "{}", required.in_words());
        }
    }
}
