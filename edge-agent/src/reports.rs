//! Rate limits for reports on lasting or repeated problems: a problem is reported when it begins, changes and ends, and
//! never so often that it fills the journal or the audit log.
//!
//! Anything that is retried uses [`FailureReports`]; single occurrences (a card that cannot be read, a message of
//! another program) use an [`Allowance`]. Neither writes anything: the caller words and writes the report.

use std::fmt;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// This many reports may follow each other immediately.
const BURST: u32 = 10;
/// After that, one report per interval: 288 a day.
const ONE_MORE_EVERY: Duration = Duration::from_secs(5 * 60);

/// The time since the first call, for callers without a clock of their own. It only goes forward.
pub fn since_start() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// A rate limit: ten reports immediately, then one every five minutes.
#[derive(Debug, Clone)]
pub struct Allowance {
    left: u32,
    refilled: Duration,
    held_back: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: BURST, refilled: Duration::ZERO, held_back: 0 }
    }
}

impl Allowance {
    /// `None` if this report is to be held back; otherwise the number held back since the last one. `now` is on any
    /// monotonic clock.
    pub fn take(&mut self, now: Duration) -> Option<u64> {
        if !self.has_one(now) {
            self.held_back += 1;
            return None;
        }
        Some(std::mem::take(&mut self.held_back))
    }

    fn has_one(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.refilled).as_secs() / ONE_MORE_EVERY.as_secs();
        if self.left == BURST {
            self.refilled = now;
        } else if passed > 0 {
            self.left = self.left.saturating_add(u32::try_from(passed).unwrap_or(BURST)).min(BURST);
            self.refilled = now;
        }
        let has_one = self.left > 0;
        self.left -= u32::from(has_one);
        has_one
    }
}

/// What to report about something that is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It has begun to fail, or fails for another reason.
    Failing {
        /// Changes since the last report that were held back.
        unreported: u64,
    },
    /// It works again.
    Ended {
        /// How long it failed.
        failed_for: Duration,
        /// How many attempts failed.
        tries: u64,
        /// Changes since the last report that were held back.
        unreported: u64,
    },
}

impl Report {
    /// Changes since the last report that were held back.
    pub fn unreported(self) -> u64 {
        let (Self::Failing { unreported } | Self::Ended { unreported, .. }) = self;
        unreported
    }
}

/// Follows something that is retried, and decides what to report. Needs every attempt, so that the last report is true
/// once the rate limit permits it, even after others were held back.
#[derive(Debug, Clone, Default)]
pub struct FailureReports {
    /// The kind of failure; `None` if it works.
    state: Option<String>,
    /// The state that was reported last.
    reported: Option<String>,
    changes: u64,
    began: Duration,
    tries: u64,
    allowance: Allowance,
}

impl FailureReports {
    /// Notes a failed attempt. A different `kind` is a different failure, so pass a code and not a message with numbers
    /// in it. `now` is on any monotonic clock.
    pub fn failed(&mut self, kind: &str, now: Duration) -> Option<Report> {
        if self.state.is_none() && self.reported.is_none() {
            (self.began, self.tries) = (now, 0);
        }
        self.tries += 1;
        if self.state.as_deref() != Some(kind) {
            self.state = Some(kind.to_owned());
            self.changes += 1;
        }
        let unreported = self.report(now)?;
        Some(Report::Failing { unreported })
    }

    /// Notes a successful attempt.
    pub fn succeeded(&mut self, now: Duration) -> Option<Report> {
        self.changes += u64::from(self.state.take().is_some());
        let unreported = self.report(now)?;
        Some(Report::Ended { failed_for: now.saturating_sub(self.began), tries: self.tries, unreported })
    }

    /// Whether the last attempt failed.
    pub fn is_failing(&self) -> bool {
        self.state.is_some()
    }

    fn report(&mut self, now: Duration) -> Option<u64> {
        if self.state == self.reported || !self.allowance.has_one(now) {
            return None;
        }
        self.reported.clone_from(&self.state);
        Some(std::mem::take(&mut self.changes).saturating_sub(1))
    }
}

/// The end of the caller's message.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unreported = match *self {
            Self::Failing { unreported } => unreported,
            Self::Ended { failed_for, tries, unreported } => {
                let times = if tries == 1 { "once" } else { &format!("{tries} times") };
                write!(f, "; it failed {times} in {} s", failed_for.as_secs())?;
                unreported
            }
        };
        match unreported {
            0 => Ok(()),
            1 => f.write_str(" (1 earlier change was not reported)"),
            more => write!(f, " ({more} earlier changes were not reported)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_lasting_failure_is_reported_when_it_begins_changes_and_ends() {
        let mut reports = FailureReports::default();
        let mut reported = Vec::new();
        assert_eq!(reports.succeeded(Duration::ZERO), None);
        for step in 0..1000 {
            let now = SECOND * step / 5;
            let report = match step {
                0..100 => reports.failed("read-only", now),
                100..900 => reports.failed("full", now),
                _ => reports.succeeded(now),
            };
            reported.extend(report.map(|report| (step, report)));
        }
        let ended = Report::Ended { failed_for: SECOND * 180, tries: 900, unreported: 0 };
        assert_eq!(
            reported,
            [(0, Report::Failing { unreported: 0 }), (100, Report::Failing { unreported: 0 }), (900, ended)]
        );
        assert_eq!(ended.to_string(), "; it failed 900 times in 180 s");
    }

    /// A hostile camera, or a loose plug.
    #[test]
    fn intermittent_failures_are_reported_rarely_and_end_with_the_true_state() {
        let mut reports = FailureReports::default();
        let mut reported = Vec::new();
        let day = 24 * 3600;
        for second in 0..day {
            let now = SECOND * second;
            reported.extend(if second % 2 == 0 { reports.failed("unplugged", now) } else { reports.succeeded(now) });
        }
        assert!((100..=300).contains(&reported.len()), "{}", reported.len());
        let unreported: u64 = reported.iter().map(|report| report.unreported()).sum();
        assert!(unreported + reported.len() as u64 > u64::from(day) - 1000, "{unreported}");
        for second in day..day + 600 {
            reported.extend(reports.failed("unplugged", SECOND * second));
        }
        assert!(matches!(reported.last(), Some(Report::Failing { .. })), "{:?}", reported.last());
        for second in day + 600..day + 1200 {
            reported.extend(reports.succeeded(SECOND * second));
        }
        assert!(matches!(reported.last(), Some(Report::Ended { .. })), "{:?}", reported.last());
    }

    #[test]
    fn frequent_events_are_held_back_and_counted() {
        let mut allowance = Allowance::default();
        let taken: Vec<_> = (0..1000).filter_map(|step| allowance.take(SECOND * step)).collect();
        assert_eq!(taken, [&[0; 10][..], &[290, 299, 299]].concat());
        // A long silence restores the burst, and no more.
        let later = SECOND * 1_000_000;
        assert_eq!((0..100).filter(|_| allowance.take(later).is_some()).count(), 10);
    }
}
