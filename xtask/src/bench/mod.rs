//! `cargo xtask bench`: us against what others would pick instead. A bare time says little on a computer whose speed
//! drifts, so the two take turns on one core and the ratio of their medians is what counts.

mod contest;
mod contestants;
mod report;
mod table;

use crate::{Outcome, workspace};
use anyhow::{Context, Result};
use contest::Verdict;
use contestants::{CONTESTS, Ground};
use std::fs;

/// Runs every contest, prints a table and writes it to `target/bench.json` and `docs/performance.md`.
///
/// # Errors
/// If the peers cannot be installed, or one of either side does not run.
pub(crate) fn run(rounds: u32) -> Result<Outcome> {
    let ground = Ground::prepare()?;
    let verdicts = CONTESTS.iter().map(|contest| contest.run(&ground, rounds)).collect::<Result<Vec<Verdict>>>()?;
    let report = workspace::target().join("bench.json");
    fs::write(&report, serde_json::to_vec_pretty(&verdicts)?)
        .with_context(|| format!("{}: cannot be written", report.display()))?;
    report::write(&verdicts, rounds)?;
    println!("\n{}\n\nwritten to {} and {}", table::of(&verdicts), report.display(), report::FILE);
    Ok(Outcome::AsExpected)
}
