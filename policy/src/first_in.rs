//! Who came in first: the entries that let door hours begin. A restart forgets them on purpose: somebody must come in
//! again before the door is held open.

use super::observation::Now;
use super::openings::local_minutes_since;
use alloc::string::String;
use alloc::vec::Vec;
use shared::gallery::PersonId;
use shared::schedule::{ScheduleSet, Schedules};

/// The last entry that opened the door for everybody, for each of the door's hours.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstIn(Vec<Came>);

#[derive(Debug, Clone)]
struct Came {
    /// The name of the hours, which is stable across databases.
    hours: String,
    person: PersonId,
    utc_ms: i64,
    utc_offset_s: i32,
}

impl FirstIn {
    /// Notes the entry of a person who begins these hours. Hours that no longer exist are dropped.
    pub(super) fn note(&mut self, person: PersonId, begins: ScheduleSet, schedules: &Schedules, now: &Now) {
        self.0.retain(|came| schedules.doors().iter().any(|hours| hours.name == came.hours));
        for index in begins.iter() {
            let Some(hours) = schedules.doors().get(index) else { continue };
            self.0.retain(|came| came.hours != hours.name);
            let (utc_ms, utc_offset_s) = (now.utc_ms, now.utc_offset_s);
            self.0.push(Came { hours: hours.name.clone(), person, utc_ms, utc_offset_s });
        }
    }

    /// Who opened these hours, and how many minutes of local time ago. `None` if nobody has, or only in the future because the
    /// clock was wrong.
    pub(super) fn of(&self, schedules: &Schedules, index: usize, now: &Now) -> Option<(PersonId, u64)> {
        let name = &schedules.doors().get(index)?.name;
        let came = self.0.iter().find(|came| came.hours == *name)?;
        Some((came.person, local_minutes_since(came.utc_ms, came.utc_offset_s, now)?))
    }

    /// Forgets everybody.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
