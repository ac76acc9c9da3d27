//! Follows the unit's audit log, from the record that is the next one when the link starts. A few records before it say
//! what the last decision was.

use super::events::DoorEvent;
use crate::unit::{Unit, UnitError, UnitRecord};
use std::convert::Infallible;
use std::time::Duration;
use terminal::on_one_line;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;

/// How long to wait before a unit is asked again that has ended the stream.
const PAUSE: Duration = Duration::from_secs(1);
/// Records before the first new one that are searched for the last decision.
const LOOK_BACK: u64 = 100;

/// Where what is found goes.
pub(super) struct Followers<'a> {
    /// Each event of a new record, once.
    pub(super) events: mpsc::Sender<DoorEvent>,
    /// The last decision.
    pub(super) last_decision: watch::Sender<Option<DoorEvent>>,
    /// Is told of every record.
    pub(super) changed: &'a Notify,
}

/// How far the link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// The record to ask for.
    next: u64,
    /// The first one that is new.
    new_from: u64,
}

/// Passes on what the records after the last one say. A unit that is away is asked again for what the link has not got yet.
pub(super) async fn follow(unit: &Unit, last_record: u64, followers: &Followers<'_>) -> Infallible {
    let mut place = Place::after(last_record);
    let mut is_full = false;
    let mut said = None;
    loop {
        let Err(error) = follow_once(unit, &mut place, followers, &mut is_full).await;
        let error = on_one_line(&error.into());
        if said.as_ref() != Some(&error) {
            tracing::debug!("the records of the unit: {error}");
            said = Some(error);
        }
        sleep(PAUSE).await;
    }
}

async fn follow_once(
    unit: &Unit,
    place: &mut Place,
    followers: &Followers<'_>,
    is_full: &mut bool,
) -> Result<Infallible, UnitError> {
    let asked_for = place.next;
    let mut records = unit.records(asked_for).await?;
    *place = place.in_log_until(records.beginning.last);
    if place.next != asked_for {
        records = unit.records(place.next).await?;
    }
    loop {
        let record = records.next().await?;
        let is_new = record.sequence >= place.new_from;
        place.next = record.sequence.saturating_add(1);
        followers.take(&record, is_new, is_full);
    }
}

impl Place {
    /// The start of a link to a unit whose last record is this.
    fn after(last: u64) -> Self {
        Self { next: last.saturating_sub(LOOK_BACK).saturating_add(1), new_from: last.saturating_add(1) }
    }

    /// The place in a log whose last record is this: at its end if the unit has begun a new log.
    fn in_log_until(self, last: u64) -> Self {
        let end = last.saturating_add(1);
        Self { next: self.next.min(end), new_from: self.new_from.min(end) }
    }
}

impl Followers<'_> {
    fn take(&self, record: &UnitRecord, is_new: bool, is_full: &mut bool) {
        if let Some(event) = DoorEvent::of(record) {
            if event.is_decision() {
                self.last_decision.send_replace(Some(event.clone()));
            }
            if is_new {
                let was_full = std::mem::replace(is_full, self.events.try_send(event).is_err());
                if *is_full && !was_full {
                    tracing::warn!("events of the door are dropped: the broker has taken none for a while");
                }
            }
        }
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::scripted::ScriptedUnit;
    use policy::audit::{BootId, Chain, Event};

    #[test]
    fn old_records_are_only_searched_and_a_new_log_is_followed_from_its_end() {
        for (last_at_start, expected) in
            [(0, (1, 1)), (50, (1, 51)), (250, (151, 251)), (u64::MAX, (u64::MAX - 99, u64::MAX))]
        {
            let Place { next, new_from } = Place::after(last_at_start);
            assert_eq!((next, new_from), expected, "{last_at_start}");
        }
        for (next, new_from, last, expected) in [
            (151, 251, 250, (151, 251)),
            (151, 251, 300, (151, 251)),
            (280, 251, 279, (280, 251)),
            (280, 251, 290, (280, 251)),
            (280, 251, 260, (261, 251)),
            (280, 251, 12, (13, 13)),
            (280, 251, 0, (1, 1)),
        ] {
            let Place { next, new_from } = Place { next, new_from }.in_log_until(last);
            assert_eq!((next, new_from), expected, "{last}");
        }
    }
    /// The link first hears of the unit, and asks for its records a moment later.
    #[tokio::test]
    async fn a_record_between_the_first_report_and_the_request_for_records_is_an_event() {
        let scripted = ScriptedUnit::new();
        let (mut chain, mut sent) = (Chain::new(), "{\"schema\":1,\"kept_from\":1,\"last\":3}\n".to_owned());
        for _ in 0..3 {
            let line = chain.next_line(5, BootId([7; 16]), Event::DoorForced).unwrap();
            sent += &format!("{{\"schema\":1,\"record\":{}}}\n", line.text().trim_end());
            line.commit();
        }
        scripted.stream("records 1\n", &sent);
        let (events, mut told) = mpsc::channel(8);
        let followers = Followers { events, last_decision: watch::channel(None).0, changed: &Notify::new() };
        let unit = scripted.client();
        let mut told_of = async || serde_json::to_value(told.recv().await.unwrap()).unwrap()["sequence"].clone();
        tokio::select! {
            never = follow(&unit, 1, &followers) => match never {},
            sequences = async { (told_of().await, told_of().await) } => assert_eq!(sequences, (2.into(), 3.into())),
        }
    }
}
