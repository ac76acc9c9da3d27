//! Runs two commands in turns on one core and compares their medians.

use super::ground::Ground;
use crate::process::{self, command};
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use std::iter;
use std::process::Command;

/// The core that all commands run on.
const CORE: &str = "0";

/// One of our programs against a peer.
pub(super) struct Contest {
    pub(super) what: &'static str,
    pub(super) ours: Side,
    pub(super) peer: &'static str,
    pub(super) theirs: Side,
}

/// A command that prints a JSON object with a time.
pub(super) struct Side {
    pub(super) command: fn(&Ground) -> Command,
    /// The field with the time, in milliseconds.
    pub(super) field: &'static str,
}

/// The result of a contest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Verdict {
    pub(super) what: &'static str,
    /// Median of all rounds, like `peer_ms`.
    pub(super) ours_ms: f64,
    pub(super) peer: &'static str,
    pub(super) peer_ms: f64,
    /// Ours divided by the peer's; below 1 means that ours is faster.
    pub(super) ratio: f64,
}

impl Contest {
    /// # Errors
    /// If either side does not run or prints no time.
    pub(super) fn run(&self, ground: &Ground, rounds: u32) -> Result<Verdict> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=rounds {
            ours.push(self.ours.time(ground)?);
            theirs.push(self.theirs.time(ground)?);
            println!(
                "{} {round}/{rounds}: ours {:.3} ms, peer {:.3} ms",
                self.what,
                ours.last().unwrap_or(&0.0),
                theirs.last().unwrap_or(&0.0)
            );
        }
        Ok(self.verdict(ours, theirs))
    }

    fn verdict(&self, ours: Vec<f64>, theirs: Vec<f64>) -> Verdict {
        let (ours_ms, peer_ms) = (median(ours), median(theirs));
        Verdict { what: self.what, ours_ms, peer: self.peer, peer_ms, ratio: ours_ms / peer_ms }
    }
}

impl Side {
    fn time(&self, ground: &Ground) -> Result<f64> {
        let mut command = pinned(&(self.command)(ground));
        let printed = process::answer_of(&mut command, &[0])?;
        time_in(&printed, self.field).with_context(|| format!("{} printed {printed}", process::in_words(&command)))
    }
}

/// The same command, pinned to [`CORE`].
fn pinned(unpinned: &Command) -> Command {
    let words = ["--cpu-list".as_ref(), CORE.as_ref(), unpinned.get_program()];
    command("taskset", iter::chain(words, unpinned.get_args()))
}

/// The field of the last JSON object in the output.
fn time_in(printed: &str, field: &str) -> Result<f64> {
    let object = printed.lines().rev().find(|line| line.starts_with('{')).context("no JSON object")?;
    let object: Value = serde_json::from_str(object)?;
    object[field].as_f64().with_context(|| format!("no number {field:?}"))
}

/// The median, as the mean of the middle two for an even count. NaN if there are no values.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    match times.get(middle) {
        None => f64::NAN,
        Some(upper) if times.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(times[middle - 1], *upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (times, expected) in [(vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 9.0, 2.0], 3.0)] {
            assert_eq!(median(times.clone()), expected, "{times:?}");
        }
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn times_are_found_in_the_last_object() {
        for (printed, expected) in [
            ("{\"whole_median_ms\": 20.5, \"photos\": 3}\n", Some(20.5)),
            ("warming up\n{\"whole_median_ms\": 1}\n{\"whole_median_ms\": 2}\n", Some(2.0)),
            ("{\"whole_median_ms\": null}", None),
            ("{\"detect_median_ms\": 1}", None),
            ("", None),
        ] {
            assert_eq!(time_in(printed, "whole_median_ms").ok(), expected, "{printed}");
        }
    }

    #[test]
    fn a_pinned_command_is_otherwise_the_same() {
        let pinned = pinned(&command("python", ["match_bench.py", "--dims"]));
        assert_eq!(process::in_words(&pinned), "taskset --cpu-list 0 python match_bench.py --dims");
    }

    #[test]
    fn the_ratio_is_ours_by_theirs() {
        let side = || Side { command: |_| command("true", [""; 0]), field: "ms" };
        let contest = Contest { what: "sum", ours: side(), peer: "abacus", theirs: side() };
        let expected = Verdict { what: "sum", ours_ms: 2.0, peer: "abacus", peer_ms: 4.0, ratio: 0.5 };
        assert_eq!(contest.verdict(vec![1.0, 2.0, 30.0], vec![4.0, 4.0, 5.0]), expected);
    }
}
