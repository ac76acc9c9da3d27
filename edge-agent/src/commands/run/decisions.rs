//! Prints one line for each decision about a person to stdout, for a terminal or the journal.
//!
//! Lines contain ids, no names: the journal may keep lines after `edge-agent forget` has erased a name. `audit show`
//! and `status` add the names when they are run.

use crate::loop_turn::Verdict;
use policy::{Reason, Refusal};
use shared::gallery::PersonId;
use std::time::{Duration, Instant};
use terminal::{Tone, print, print_toned};

/// A repeated refusal is printed again if the last one of its kind is at least this long ago.
const SAME_REFUSAL: Duration = Duration::from_secs(5);

/// The last refusal, to print repetitions only once.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    refused: Option<(Reason, Option<PersonId>, Instant)>,
}

impl Decisions {
    /// Prints a decision that differs from the previous one. Errors of stdout are ignored: they must not keep anybody
    /// out.
    pub(super) fn print(&mut self, verdict: &Verdict, now: Instant) {
        let Some(line) = self.line(verdict, now) else { return };
        match verdict {
            verdict if verdict.lets_in() => print_toned(Tone::Good, &line),
            _ => print(&line),
        }
        .ok();
    }

    fn line(&mut self, verdict: &Verdict, now: Instant) -> Option<String> {
        match verdict {
            Verdict::Granted(granted) => {
                self.refused = None;
                let (person, by) = (granted.person, granted.credential.code().replace('_', " "));
                Some(format!("let in: person {person}, by {by}{}", at(granted.distance)))
            }
            Verdict::Admitted(admitted) => {
                self.refused = None;
                Some(format!("let in: visitor pass {}", admitted.pass))
            }
            Verdict::Refused(Refusal { reason, person, distance, .. }) if *reason != Reason::Deciding => {
                let before = self.refused.replace((*reason, *person, now));
                let is_same = before.is_some_and(|(before, somebody, at)| {
                    (before, somebody) == (*reason, *person) && now.saturating_duration_since(at) < SAME_REFUSAL
                });
                let who = person.map(|person| format!(", person {person}")).unwrap_or_default();
                (!is_same).then(|| format!("refused: {}{who}{}", reason.in_words(), at(*distance)))
            }
            Verdict::Refused(_) | Verdict::Nobody => None,
        }
    }
}

fn at(distance: Option<f32>) -> String {
    distance.map(|distance| format!(", distance {distance:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loop_turn::Granted;
    use policy::Credential;

    #[test]
    fn each_decision_is_one_line() {
        let refused = |reason| Verdict::Refused(Refusal::new(reason));
        let person = PersonId([7; 16]);
        let granted = Granted { person, credential: Credential::CardAndFace, distance: Some(0.5), runner_up: None };
        let let_in = format!("let in: person {person}, by card and face, distance 0.500");
        let not_known = format!("refused: {}", Reason::NotKnown.in_words());
        let too_far = format!("refused: {}", Reason::TooFar.in_words());
        let start = Instant::now();
        let mut decisions = Decisions::default();
        for (ms, verdict, expected) in [
            (0, Verdict::Nobody, None),
            (100, refused(Reason::TooFar), Some(&too_far)),
            (200, refused(Reason::NotKnown), Some(&not_known)),
            (300, refused(Reason::NotKnown), None),
            (400, Verdict::Nobody, None),
            (5_200, refused(Reason::NotKnown), None),
            (10_200, refused(Reason::NotKnown), Some(&not_known)),
            (10_300, refused(Reason::Deciding), None),
            (10_400, Verdict::Granted(granted), Some(&let_in)),
            (10_500, refused(Reason::NotKnown), Some(&not_known)),
        ] {
            let line = decisions.line(&verdict, start + Duration::from_millis(ms));
            assert_eq!(line.as_ref(), expected, "at {ms} ms");
        }
    }
}
