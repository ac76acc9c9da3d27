//! Follows the unit's audit log, from the record that is the next one when the link starts.

use super::events::DoorEvent;
use crate::unit::{Unit, UnitError, UnitRecord};
use std::convert::Infallible;
use std::time::Duration;
use terminal::on_one_line;
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

/// How long to wait before a unit is asked again that has ended the stream.
const PAUSE: Duration = Duration::from_secs(1);

/// Passes on the events of new records, each once, and tells `changed` of every new record. A unit that is away is asked
/// again for what the link has not got yet.
pub(super) async fn follow(unit: &Unit, events: &mpsc::Sender<DoorEvent>, changed: &Notify) -> Infallible {
    let mut next = None;
    let mut is_full = false;
    let mut take = |record: &UnitRecord| {
        changed.notify_one();
        let Some(event) = DoorEvent::of(record) else { return };
        let was_full = std::mem::replace(&mut is_full, events.try_send(event).is_err());
        if is_full && !was_full {
            tracing::warn!("events of the door are dropped: the broker has taken none for a while");
        }
    };
    let mut said = None;
    loop {
        let Err(error) = follow_once(unit, &mut next, &mut take).await;
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
    next: &mut Option<u64>,
    take: &mut impl FnMut(&UnitRecord),
) -> Result<Infallible, UnitError> {
    let from = match *next {
        Some(next) => next,
        None => unit.report().await?.audit.sequence.saturating_add(1),
    };
    *next = Some(from);
    let mut records = unit.records(from).await?;
    let end = records.beginning.last.saturating_add(1);
    if end < from {
        // The unit has begun a new log.
        *next = Some(end);
        records = unit.records(end).await?;
    }
    loop {
        let record = records.next().await?;
        *next = Some(record.sequence.saturating_add(1));
        take(&record);
    }
}
