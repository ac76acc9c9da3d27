//! What the thread that looks after a part of the unit has to report of it: to the journal at once, and to the audit log
//! when the loop comes by.

use crate::reports::{FailureReports, Report, since_start};
use crate::usb_port::UsbPort;
use policy::audit::{Event, Part};
use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records that wait for a loop that is busy; there are few, since reports are.
const WAITING: usize = 32;

/// Follows one part. Clones follow the same one.
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

    /// A try failed, for the reason of this code. Whether that is reported; most tries are not.
    pub(crate) fn failed(&self, code: &str, port: Option<&UsbPort>, said: &dyn Display) -> bool {
        let mut inside = self.inside();
        let Some(report) = inside.reports.failed(code, since_start()) else { return false };
        tracing::warn!("{said}{report}");
        inside.record(Event::part_failed(self.part, code, port.map(UsbPort::as_str), report.unreported()));
        true
    }

    /// A try succeeded. Whether that is reported: the first is, and the first after a failure that was.
    pub(crate) fn works(&self, port: Option<&UsbPort>, said: &dyn Display) -> bool {
        let mut inside = self.inside();
        let (failed_for, tries, unreported) = match inside.reports.succeeded(since_start()) {
            Some(report @ Report::Ended { failed_for, tries, unreported }) => {
                tracing::warn!("{said}{report}");
                (failed_for, tries, unreported)
            }
            _ if inside.has_been_reported => return false,
            _ => {
                tracing::info!("{said}");
                Default::default()
            }
        };
        let failed_ms = u64::try_from(failed_for.as_millis()).unwrap_or(u64::MAX);
        inside.record(Event::part_works(self.part, port.map(UsbPort::as_str), failed_ms, tries, unreported));
        true
    }

    /// It worked all the time, as far as nobody has heard that it does not: only the end of a failure is reported.
    pub(crate) fn still_works(&self, said: &dyn Display) -> bool {
        let mut inside = self.inside();
        inside.has_been_reported = true;
        drop(inside);
        self.works(None, said)
    }

    /// What is to be recorded since the last call.
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
        if self.to_record.len() < WAITING {
            self.to_record.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera that was unplugged and came back left no trace in the audit log; one that flaps must not fill it.
    #[test]
    fn a_part_that_comes_and_goes_is_recorded_with_its_port_and_not_endlessly() {
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
    fn what_never_failed_is_not_reported() {
        let reports = PartReports::new(Part::Database);
        assert!(!reports.still_works(&"it works"));
        assert!(reports.failed("disk", None, &"it fails") && reports.still_works(&"it works again"));
        assert_eq!(reports.take().len(), 2);
    }
}
