//! Events and records for tests.

use policy::audit::{BootId, Chain, Event, Record};
use policy::{Credential, Neighbour, Reason, Reports};
use shared::gallery::PersonId;
use shared::pass::PassId;

/// The first record of a log.
pub(crate) fn record(utc_ms: i64, event: Event) -> Record {
    let line = Chain::new().next_line(utc_ms, BootId([0; 16]), event).unwrap().text().to_owned();
    Record::parse(line.trim_end().as_bytes()).unwrap()
}

/// A grant by card.
pub(crate) fn granted(person: PersonId) -> Event {
    Grant::new(person, Credential::Card, &[]).event()
}

/// A refusal of somebody who is not known, or of this person.
pub(crate) fn refused(reason: Reason, person: Option<PersonId>) -> Event {
    Refusal { person, ..Refusal::new(reason, &[]) }.event()
}

/// The values of a grant.
pub(crate) struct Grant<'a> {
    pub(crate) person: PersonId,
    pub(crate) credential: Credential,
    /// Of the frames that agreed. The last one is that of the deciding frame.
    pub(crate) distances: &'a [f32],
    pub(crate) runner_up: Option<Neighbour>,
    pub(crate) grey: bool,
    pub(crate) signals: Reports,
}

impl<'a> Grant<'a> {
    pub(crate) fn new(person: PersonId, credential: Credential, distances: &'a [f32]) -> Self {
        Self { person, credential, distances, runner_up: None, grey: false, signals: Reports::new() }
    }

    pub(crate) fn event(self) -> Event {
        let Self { person, credential, distances, runner_up, grey, signals } = self;
        Event::Granted {
            person,
            credential,
            distance: distances.last().copied(),
            distances: distances.iter().copied().collect(),
            runner_up,
            grey,
            signals,
        }
    }
}

/// The values of a refusal.
pub(crate) struct Refusal<'a> {
    pub(crate) reason: Reason,
    pub(crate) person: Option<PersonId>,
    /// Of the last judged frames. The last one is that of the reason.
    pub(crate) distances: &'a [f32],
    pub(crate) seen_for_ms: i64,
    pub(crate) pass: Option<PassId>,
}

impl<'a> Refusal<'a> {
    pub(crate) fn new(reason: Reason, distances: &'a [f32]) -> Self {
        Self { reason, person: None, distances, seen_for_ms: 0, pass: None }
    }

    pub(crate) fn event(self) -> Event {
        let Self { reason, person, distances, seen_for_ms, pass } = self;
        Event::Refused {
            reason,
            person,
            distance: distances.last().copied(),
            distances: distances.iter().copied().collect(),
            runner_up: None,
            began_utc_ms: 0,
            ended_utc_ms: seen_for_ms,
            grants: 0,
            signals: Reports::new(),
            pass,
        }
    }
}
