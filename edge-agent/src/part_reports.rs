//! Reports on a part of the unit, made by the thread that runs it: written to the journal at once, and to the audit log
//! by the loop's next turn.

use crate::reports::{FailureReports, Report, since_start};
use crate::usb_port::UsbPort;
use policy::audit::{Event, Part};
use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most records that wait for the loop. Reports are rare, so more are dropped.
const MAX_WAITING: usize = 32;

/// The reports on one part. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct PartReports {
    part: Part,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Debug, Default)]
struct Inside {
    reports: FailureReports,
    has_been_reported: bool,
    to_record: VecDeque<Event>,
}

impl PartReports {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, inside: Arc::default() }
    }

    /// The part.
    pub(crate) fn part(&self) -> Part {
        self.part
    }

    /// Notes a failed attempt, with the code of its reason. Returns whether it was reported; repeated failures are not.
    pub(crate) fn failed(&self, code: &str, port: Option<&UsbPort>, message: &dyn Display) -> bool {
        let mut inside = self.inside();
        let Some(report) = inside.reports.failed(code, since_start()) else { return false };
        tracing::warn!("{message}{report}");
        inside.record(Event::part_failed(self.part, code, port.map(UsbPort::as_str), report.unreported()));
        true
    }

    /// Notes a successful attempt. Returns whether it was reported: the first one is, and the first after a reported
    /// failure.
    pub(crate) fn works(&self, port: Option<&UsbPort>, message: &dyn Display) -> bool {
        let mut inside = self.inside();
        let (failed_for, tries, unreported) = match inside.reports.succeeded(since_start()) {
            Some(report @ Report::Ended { failed_for, tries, unreported }) => {
                tracing::warn!("{message}{report}");
                (failed_for, tries, unreported)
            }
            _ if inside.has_been_reported => return false,
            _ => {
                tracing::info!("{message}");
                Default::default()
            }
        };
        let failed_ms = u64::try_from(failed_for.as_millis()).unwrap_or(u64::MAX);
        inside.record(Event::part_works(self.part, port.map(UsbPort::as_str), failed_ms, tries, unreported));
        true
    }

    /// Notes a success of a part that is assumed to work: only the end of a reported failure is reported.
    pub(crate) fn still_works(&self, message: &dyn Display) -> bool {
        let mut inside = self.inside();
        inside.has_been_reported = true;
        drop(inside);
        self.works(None, message)
    }

    /// The events to record since the last call.
    pub(crate) fn take(&self) -> Vec<Event> {
        self.inside().to_record.drain(..).collect()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn record(&mut self, event: Event) {
        self.has_been_reported = true;
        if self.to_record.len() < MAX_WAITING {
            self.to_record.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera that was unplugged and came back left no trace in the audit log; a loose plug must not fill it.
    #[test]
    fn an_intermittent_part_is_recorded_with_its_port_a_limited_number_of_times() {
        let reports = PartReports::new(Part::Camera);
        let port: UsbPort = "1-1.3".parse().unwrap();
        assert!(reports.works(Some(&port), &"the camera"));
        assert!(!reports.works(Some(&port), &"the camera"));
        assert!(reports.failed("unplugged", Some(&port), &"the camera is gone"));
        assert!(!reports.failed("unplugged", Some(&port), &"the camera is gone"));
        assert!(reports.works(Some(&port), &"the camera is back"));
        let recorded = reports.take();
        assert_eq!(recorded[0], Event::part_works(Part::Camera, Some("1-1.3"), 0, 0, 0));
        assert_eq!(recorded[1], Event::part_failed(Part::Camera, "unplugged", Some("1-1.3"), 0));
        assert!(matches!(recorded[2], Event::PartWorks { tries: 2, .. }), "{recorded:?}");
        for _ in 0..1000 {
            reports.failed("unplugged", Some(&port), &"gone");
            reports.works(Some(&port), &"back");
        }
        assert!(reports.take().len() <= 10);
    }

    #[test]
    fn a_part_that_never_failed_is_not_reported() {
        let reports = PartReports::new(Part::Database);
        assert!(!reports.still_works(&"it works"));
        assert!(reports.failed("disk", None, &"it fails") && reports.still_works(&"it works again"));
        assert_eq!(reports.take().len(), 2);
    }
}
