//! Filters records by person, time and decision, and resolves names.

use super::args::{Filters, Where};
use crate::audit_log::names::Names;
use crate::commands::moment::{Moment, start_of_today};
use crate::database::read_names;
use anyhow::Context;
use jiff::tz::TimeZone;
use policy::Reason;
use policy::audit::{Event, Record};
use shared::gallery::PersonId;
use std::path::Path;
use terminal::Help;

/// The filter for records.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Filter {
    /// Only records of these people.
    pub(crate) people: Option<Vec<PersonId>>,
    /// From this time on, milliseconds since 1970, UTC.
    pub(crate) since: Option<i64>,
    /// Before this time.
    pub(crate) until: Option<i64>,
    pub(crate) reason: Option<Reason>,
    /// Only grants.
    pub(crate) grants: bool,
}

impl Filter {
    /// Creates the filter. Times without an offset are in `zone`.
    ///
    /// # Errors
    /// If the name or id is unknown, or the time zone has no such time.
    pub(super) fn new(filters: &Filters, names: &Names, zone: &TimeZone) -> anyhow::Result<Self> {
        let people = match &filters.person {
            None => None,
            Some(text) => match names.find(text) {
                meant if meant.is_empty() => {
                    return Err(anyhow::anyhow!("nobody is known as {text}"))
                        .help("give the person's id (`encoder-tool list` shows it), or a database with --names DB");
                }
                meant => Some(meant),
            },
        };
        let &Filters { since, until, today, grants, reason, .. } = filters;
        let utc_ms = |moment: Option<Moment>| moment.map(|moment| moment.utc_ms(zone)).transpose();
        let since = if today { Some(start_of_today(zone)) } else { utc_ms(since)? };
        Ok(Self { people, since, until: utc_ms(until)?, reason, grants })
    }

    pub(crate) fn wants(&self, record: &Record) -> bool {
        self.since.is_none_or(|since| record.utc_ms >= since)
            && self.until.is_none_or(|until| record.utc_ms < until)
            && self
                .reason
                .is_none_or(|reason| matches!(record.event, Event::Refused { reason: found, .. } if found == reason))
            && (!self.grants || matches!(record.event, Event::Granted { .. } | Event::PassGranted { .. }))
            && self.people.as_ref().is_none_or(|people| person(&record.event).is_some_and(|id| people.contains(&id)))
    }
}

/// Who an event is about.
pub(super) fn person(event: &Event) -> Option<PersonId> {
    match event {
        Event::Granted { person, .. } | Event::Tailgating { person, .. } | Event::HeldOpen { person, .. } => {
            Some(*person)
        }
        Event::PassGranted { host, .. } => *host,
        Event::Refused { person, .. } | Event::LockedOut { person, .. } | Event::LockoutCleared { person, .. } => {
            *person
        }
        _ => None,
    }
}

/// The names of a database, or those beside the log.
///
/// # Errors
/// If they cannot be read.
pub(super) fn names(filters: &Filters, place: &Where, log: &Path) -> anyhow::Result<Names> {
    match &filters.names {
        Some(path) => Ok(Names::from_gallery(&read_names(path, &place.identity())?)),
        None => Ok(Names::beside(log).unwrap_or_else(|error| {
            tracing::warn!("{error:#}; ids are shown without names");
            Names::default()
        })),
    }
}

/// The people of a database. Errors name its path.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn people_in(path: &Path, identity: &Path) -> anyhow::Result<Vec<PersonId>> {
    let gallery = read_names(path, identity).with_context(|| "its people cannot be read")?;
    Ok(gallery.people().iter().map(|person| person.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::sample_records::{granted, record, refused};

    #[test]
    fn filters_select_records() {
        let [ada, ben] = [PersonId([1; 16]), PersonId([2; 16])];
        let refused = |reason| refused(reason, None);
        let all = Filter::default();
        let of_ada = Filter { people: Some(vec![ada]), ..all.clone() };
        let not_known = Filter { reason: Some(Reason::NotKnown), ..all.clone() };
        let then = Filter { since: Some(10), until: Some(20), ..all.clone() };
        let grants = Filter { grants: true, ..all.clone() };
        for (filter, utc_ms, event, expected) in [
            (&grants, 0, granted(ada), true),
            (&grants, 0, refused(Reason::NotKnown), false),
            (&grants, 0, Event::Stopped, false),
            (&all, 0, Event::Stopped, true),
            (&of_ada, 0, granted(ada), true),
            (&of_ada, 0, granted(ben), false),
            (&of_ada, 0, Event::Stopped, false),
            (&not_known, 0, refused(Reason::NotKnown), true),
            (&not_known, 0, refused(Reason::TooFar), false),
            (&not_known, 0, granted(ada), false),
            (&then, 9, Event::Stopped, false),
            (&then, 10, Event::Stopped, true),
            (&then, 19, Event::Stopped, true),
            (&then, 20, Event::Stopped, false),
        ] {
            let found = filter.wants(&record(utc_ms, event.clone()));
            assert_eq!(found, expected, "{filter:?} {utc_ms} {event:?}");
        }
    }
}
