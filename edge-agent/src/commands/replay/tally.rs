//! Repeats the decision of each record with another threshold.
//!
//! A grant stands if all of its frames that agreed are within the threshold and the runner-up is not within both the
//! threshold and the margin. A refusal of an unknown or undecided person is lifted if enough of its last frames for a
//! consensus are within the threshold. The log does not say whether these frames would have shown the same person.

use crate::audit_log::names::Names;
use policy::audit::Event;
use policy::{Neighbour, Reason};
use serde::Serialize;
use std::collections::BTreeMap;
use terminal::counted;

/// Repeats the decisions of records, one by one.
pub(super) struct Tally {
    threshold: f32,
    consensus: usize,
    margin: f32,
    replayed: Replayed,
}

/// The decisions with another threshold.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct Replayed {
    /// The thresholds in use at the time, for colour and for grey frames, in order of their last use.
    thresholds_then: Vec<f32>,
    grants: u64,
    /// Grants that would have been refused at that moment because a frame's distance is above the threshold.
    grants_too_far: u64,
    /// Grants that would have been refused because another person is too near.
    grants_ambiguous: u64,
    /// Grants by a card alone, which depend on no distance.
    grants_without_distance: u64,
    /// Approaches that were refused as unknown, or undecided when they ended.
    refusals: u64,
    /// Refusals that would have been grants, if their frames show the same person.
    refusals_lifted: u64,
    /// Refusals that do not depend on the threshold, by reason.
    not_replayed: BTreeMap<&'static str, u64>,
    /// Lines that are not records.
    unreadable: u64,
    /// People who would have been let in less often, by id.
    people: BTreeMap<String, OfPerson>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
struct OfPerson {
    name: Option<String>,
    grants: u64,
    refused_now: u64,
    /// The greatest distance of a frame with which the person was let in.
    farthest: f32,
}

impl Tally {
    pub(super) fn new(threshold: f32, consensus: usize, margin: f32) -> Self {
        Self { threshold, consensus, margin, replayed: Replayed::default() }
    }

    /// Notes the thresholds of a database that was taken into use. Called also for records that are not selected.
    pub(super) fn note_threshold(&mut self, event: &Event) {
        if let Event::DatabaseLoaded { threshold, threshold_grey, .. } = event {
            let then = &mut self.replayed.thresholds_then;
            for threshold in [*threshold].into_iter().chain(*threshold_grey) {
                then.retain(|earlier| *earlier != threshold);
                then.push(threshold);
            }
        }
    }

    pub(super) fn note_unreadable(&mut self) {
        self.replayed.unreadable += 1;
    }

    pub(super) fn take(&mut self, event: &Event, names: &Names) {
        self.note_threshold(event);
        match event {
            Event::Granted { distance: None, .. } | Event::PassGranted { .. } => {
                self.replayed.grants += 1;
                self.replayed.grants_without_distance += 1;
            }
            Event::Granted { person, distance: Some(distance), distances, runner_up, .. } => {
                let too_far = self.within(distances) < distances.len() || *distance > self.threshold;
                let ambiguous = !too_far && self.is_ambiguous(*distance, runner_up.as_ref());
                self.replayed.grants += 1;
                self.replayed.grants_too_far += u64::from(too_far);
                self.replayed.grants_ambiguous += u64::from(ambiguous);
                let of_person = self.replayed.people.entry(person.to_string()).or_default();
                of_person.name = names.name(person).map(str::to_owned);
                of_person.grants += 1;
                of_person.refused_now += u64::from(too_far || ambiguous);
                of_person.farthest = distances.iter().copied().chain([*distance]).fold(of_person.farthest, f32::max);
            }
            Event::Refused { reason: Reason::NotKnown | Reason::Deciding, distance, distances, runner_up, .. } => {
                let ambiguous = distance.is_some_and(|distance| self.is_ambiguous(distance, runner_up.as_ref()));
                self.replayed.refusals += 1;
                self.replayed.refusals_lifted += u64::from(self.within(distances) >= self.consensus && !ambiguous);
            }
            Event::Refused { reason, .. } => {
                *self.replayed.not_replayed.entry(reason.code()).or_default() += 1;
            }
            _ => {}
        }
    }

    pub(super) fn finish(mut self) -> Replayed {
        self.replayed.people.retain(|_, of_person| of_person.refused_now > 0);
        self.replayed
    }

    fn within(&self, distances: &[f32]) -> usize {
        distances.iter().filter(|distance| **distance <= self.threshold).count()
    }

    fn is_ambiguous(&self, distance: f32, runner_up: Option<&Neighbour>) -> bool {
        runner_up.is_some_and(|next| next.distance <= self.threshold && next.distance - distance < self.margin)
    }
}

impl Replayed {
    /// The number of records whose decision could be repeated.
    pub(super) fn decided(&self) -> u64 {
        self.grants - self.grants_without_distance + self.refusals
    }

    pub(super) fn in_words(&self, threshold: f32, consensus: usize, margin: f32) -> String {
        let then: Vec<String> = self.thresholds_then.iter().map(|then| format!("{then:.3}")).collect();
        let then = if then.is_empty() { "not recorded".to_owned() } else { then.join(", then ") };
        let mut lines = vec![
            format!("threshold      {threshold:.3}; at the time {then}"),
            format!(
                "grants         {} of {} would have been refused: {} as too far, {} because another person is too near",
                self.grants_too_far + self.grants_ambiguous,
                self.grants,
                self.grants_too_far,
                self.grants_ambiguous
            ),
            format!(
                "refusals       {} of {} would have been granted; the log does not say to which person",
                self.refusals_lifted, self.refusals
            ),
        ];
        for (id, of_person) in &self.people {
            let who = of_person.name.as_ref().map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
            lines.push(format!(
                "less often     {who}: {} of {}, farthest {:.3}",
                of_person.refused_now, of_person.grants, of_person.farthest
            ));
        }
        lines.push(format!(
            "by             {consensus} frames that agree, margin {margin:.3}, from the current configuration"
        ));
        if self.grants_without_distance > 0 {
            lines.push(format!("not decided    {} by a card alone", counted(self.grants_without_distance, "grant")));
        }
        for (reason, count) in &self.not_replayed {
            let why = Reason::from_code(reason).map_or(*reason, Reason::in_words);
            lines.push(format!("not decided    {count} refused: {why}"));
        }
        if self.unreadable > 0 {
            lines.push(format!(
                "not decided    {} of the log that are not records: see `edge-agent audit verify`",
                counted(self.unreadable, "line")
            ));
        }
        lines.push("not known      whether a later frame would have changed a decision".to_owned());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::sample_records::{Grant, Refusal, granted};
    use policy::Credential;
    use shared::gallery::PersonId;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    fn matched(distances: &[f32], next: f32) -> Event {
        let runner_up = Some(Neighbour { person: BEN, distance: next });
        Grant { runner_up, ..Grant::new(ADA, Credential::Face, distances) }.event()
    }

    #[test]
    fn each_decision_is_repeated() {
        let not_matched = |reason, distances: &[f32]| Refusal::new(reason, distances).event();
        let log = [
            matched(&[0.5, 0.6, 0.7], 1.3),
            matched(&[0.9, 0.8, 0.95], 1.3),
            matched(&[0.9, 0.8, 0.95], 0.98),
            not_matched(Reason::NotKnown, &[1.3, 1.2, 1.1, 1.05, 1.15]),
            not_matched(Reason::NotKnown, &[1.3]),
            not_matched(Reason::Deciding, &[0.9, 0.9]),
            not_matched(Reason::TooFar, &[]),
            granted(BEN),
        ];
        // Threshold; too far, ambiguous, lifted.
        for (threshold, expected) in
            [(0.4, (3, 0, 0)), (0.85, (2, 0, 0)), (1.0, (0, 1, 0)), (1.16, (0, 1, 1)), (1.35, (0, 1, 1))]
        {
            let mut tally = Tally::new(threshold, 3, 0.05);
            log.iter().for_each(|event| tally.take(event, &Names::default()));
            let replayed = tally.finish();
            let Replayed { grants_too_far, grants_ambiguous, refusals_lifted, .. } = replayed;
            assert_eq!((grants_too_far, grants_ambiguous, refusals_lifted), expected, "{threshold}");
            assert_eq!(
                (replayed.grants, replayed.grants_without_distance, replayed.refusals, replayed.decided()),
                (4, 1, 3, 6)
            );
            assert_eq!(replayed.not_replayed, BTreeMap::from([("too_far", 1)]));
            let less_often = replayed.people.get(&ADA.to_string()).map_or(0, |of_person| of_person.refused_now);
            assert_eq!(less_often, grants_too_far + grants_ambiguous);
        }
    }
}
