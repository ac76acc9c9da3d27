//! Runs one check under a heading, measures its time and reports the result.

use anyhow::Result;
use std::time::{Duration, Instant};

/// A check and its name.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// Whether `--quick` includes it.
    pub(super) is_quick: bool,
    pub(super) check: fn() -> Result<Done>,
}

/// The result of a check that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Passed,
    /// Passed, but something could not be checked here.
    PassedBut(String),
    /// Skipped, with the reason.
    Skipped(String),
}

impl Done {
    /// Passed, or passed in part if something was left out.
    pub(super) fn passed_but(left_out: Option<String>) -> Self {
        left_out.map_or(Self::Passed, Self::PassedBut)
    }
}

/// The result of a check, with its time.
pub(super) struct Report {
    name: &'static str,
    took: Duration,
    /// `Err` is the reason of the failure.
    ended: Result<Done, String>,
}

impl Step {
    pub(super) fn run(&self) -> Report {
        println!("\n── {} ──", self.name);
        let started = Instant::now();
        let ended = (self.check)().map_err(|error| format!("{error:#}"));
        if let Err(why) = &ended {
            println!("{} failed: {why}", self.name);
        }
        Report { name: self.name, took: started.elapsed(), ended }
    }
}

impl Report {
    /// Whether the check did not fail.
    pub(super) fn is_good(&self) -> bool {
        self.ended.is_ok()
    }

    fn in_words(&self) -> String {
        let ended = match &self.ended {
            Ok(Done::Passed) => "passed".to_owned(),
            Ok(Done::PassedBut(what)) => format!("passed, but {what}"),
            Ok(Done::Skipped(why)) => format!("skipped: {why}"),
            Err(why) => format!("FAILED: {why}"),
        };
        format!("{:18} {:>7.1} s  {ended}", self.name, self.took.as_secs_f64())
    }
}

/// One line for each check.
pub(super) fn summary(reports: &[Report]) -> String {
    let total: Duration = reports.iter().map(|report| report.took).sum();
    let mut lines: Vec<String> = reports.iter().map(Report::in_words).collect();
    let count =
        |wanted: fn(&Done) -> bool| reports.iter().filter(|report| report.ended.as_ref().is_ok_and(wanted)).count();
    let skipped = count(|done| matches!(done, Done::Skipped(_)));
    let in_part = count(|done| matches!(done, Done::PassedBut(_)));
    let failed = reports.iter().filter(|report| !report.is_good()).count();
    lines.push(format!(
        "{:18} {:>7.1} s  {} checks: {failed} failed, {skipped} skipped, {in_part} passed in part",
        "together",
        total.as_secs_f64(),
        reports.len()
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn only_a_failure_is_bad() {
        let step = |check| Step { name: "docs", is_quick: true, check };
        for (step, good, expected) in [
            (step(|| Ok(Done::Passed)), true, "passed"),
            (step(|| Ok(Done::Skipped("no network".to_owned()))), true, "skipped: no network"),
            (step(|| bail!("2 warnings")), false, "FAILED: 2 warnings"),
        ] {
            let report = step.run();
            assert_eq!(report.is_good(), good, "{expected}");
            assert!(report.in_words().starts_with("docs  "), "{}", report.in_words());
            assert!(report.in_words().ends_with(expected), "{}", report.in_words());
        }
    }

    #[test]
    fn the_summary_adds_up() {
        let report = |name, seconds| Report { name, took: Duration::from_secs(seconds), ended: Ok(Done::Passed) };
        let expected = "\
build                200.0 s  passed
tests                 41.0 s  passed
together             241.0 s  2 checks: 0 failed, 0 skipped, 0 passed in part";
        assert_eq!(summary(&[report("build", 200), report("tests", 41)]), expected);
    }
}
