//! `cargo xtask bench`: compares the speed with common alternatives. The computer's speed drifts, so both programs take
//! turns on one core, and the result is the ratio of their medians.

mod contest;
mod contestants;
mod ground;
mod performance_page;
mod table;

use crate::{Outcome, workspace};
use anyhow::{Context, Result};
use contest::Verdict;
use contestants::CONTESTS;
use ground::Ground;
use std::fs;

/// Runs every contest, prints a table and writes it to `target/bench.json` and `docs/performance.md`.
///
/// # Errors
/// If the peers cannot be installed, or a program fails.
pub(crate) fn run(rounds: u32) -> Result<Outcome> {
    let ground = Ground::prepare()?;
    let verdicts = CONTESTS.iter().map(|contest| contest.run(&ground, rounds)).collect::<Result<Vec<Verdict>>>()?;
    let report = workspace::target().join("bench.json");
    fs::write(&report, serde_json::to_vec_pretty(&verdicts)?)
        .with_context(|| format!("{}: cannot be written", report.display()))?;
    performance_page::write(&verdicts, rounds)?;
    println!("\n{}\n\nwritten to {} and {}", table::render(&verdicts), report.display(), performance_page::FILE);
    Ok(Outcome::AsExpected)
}
