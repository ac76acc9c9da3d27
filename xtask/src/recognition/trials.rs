//! Identification trials with many people. `encoder-tool evaluate --identification` runs them; this module checks the
//! results.

use crate::process;
use crate::programs::encoder_tool;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

/// The list of people with wrongly labelled photos.
pub(super) const WRONG_LABELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/recognition/wrong_labels.txt");

/// How much lower the miss rate of the person distance must be than that of the nearest encoding with landmarks from
/// one search.
const MUSTS: [Must; 2] =
    [Must { fpir: 0.001, before: 0.03825, fewer: 0.35 }, Must { fpir: 0.01, before: 0.0245, fewer: 0.40 }];

struct Must {
    fpir: f64,
    /// FNIR of the nearest encoding on the same draws, without wrong labels.
    before: f64,
    fewer: f64,
}

/// The report of `encoder-tool evaluate`.
#[derive(Debug, Deserialize)]
struct Report {
    trials: Vec<Trials>,
    promises: Vec<Promise>,
}

#[derive(Debug, Deserialize)]
struct Trials {
    left_out: Vec<String>,
    people: usize,
    enrolled: usize,
    strangers: usize,
    rates: Vec<AtFpir>,
}

#[derive(Debug, Deserialize)]
struct AtFpir {
    fpir: f64,
    nearest: Measured,
    person: Measured,
    fewer_misses: Measured,
    gated: Measured,
}

#[derive(Debug, Deserialize)]
struct Measured {
    rate: f64,
    low: f64,
    high: f64,
}

#[derive(Debug, Deserialize)]
struct Promise {
    asked: f64,
    enrolled: usize,
    threshold: f32,
    fpir: f64,
    fpir_low: f64,
    fpir_high: f64,
    measured: f64,
    kept: bool,
}

/// The report for people, and whether the result is good enough.
pub(super) struct Verdict {
    pub(super) lines: Vec<String>,
    pub(super) is_good_enough: bool,
}

/// Runs the trials.
///
/// # Errors
/// If `encoder-tool` fails.
pub(super) fn run(images: &Path, strangers: &Path) -> Result<Verdict> {
    let mut evaluate =
        encoder_tool(["evaluate", "--identification", "--json", "--leave-out", WRONG_LABELS, "--images"]);
    evaluate.arg(images).arg("--strangers").arg(strangers);
    let answer = process::answer_of(&mut evaluate, &[0])?;
    let report: Report =
        serde_json::from_str(&answer).with_context(|| format!("encoder-tool evaluate answered {answer}"))?;
    Ok(judge(&report))
}

fn judge(report: &Report) -> Verdict {
    let mut lines = Vec::new();
    for Trials { left_out, people, enrolled, strangers, rates } in &report.trials {
        let without = if left_out.is_empty() { String::new() } else { format!(", without {}", left_out.join(", ")) };
        lines.push(format!("Of {people} people{without}, {enrolled} enrolled and {strangers} strangers in each draw:"));
        lines.extend(rates.iter().map(AtFpir::in_words));
    }
    let mut is_good_enough = !report.trials.is_empty();
    for must in MUSTS {
        let found = report.trials.last().and_then(|trials| trials.rates.iter().find(|at| at.fpir == must.fpir));
        let fewer = found.map_or(0.0, |at| 1.0 - at.person.rate / must.before);
        is_good_enough &= fewer >= must.fewer;
        lines.push(format!(
            "Misses at FPIR {}: {:.0} % fewer than {} before (required: at least {:.0} %)",
            percent(must.fpir),
            100.0 * fewer,
            percent(must.before),
            100.0 * must.fewer,
        ));
    }
    for promise in &report.promises {
        lines.push(promise.in_words());
        is_good_enough &= promise.kept;
    }
    Verdict { lines, is_good_enough: is_good_enough && !report.promises.is_empty() }
}

impl AtFpir {
    fn in_words(&self) -> String {
        let Self { fpir, nearest, person, fewer_misses, gated } = self;
        let [nearest, person, fewer, gated] = [nearest, person, fewer_misses, gated].map(Measured::in_words);
        format!(
            "  FPIR {}: FNIR {nearest} by the nearest encoding, {person} by the person's distance: {fewer} fewer misses; {gated} with the gate",
            percent(*fpir)
        )
    }
}

impl Measured {
    fn in_words(&self) -> String {
        format!("{} [{}, {}]", percent(self.rate), percent(self.low), percent(self.high))
    }
}

impl Promise {
    fn in_words(&self) -> String {
        let Self { asked, enrolled, threshold, fpir, fpir_low, fpir_high, measured, kept } = self;
        let [asked, fpir, low, high, measured] =
            [asked, fpir, fpir_low, fpir_high, measured].map(|rate| percent(*rate));
        let kept = if *kept { "" } else { ": NOT KEPT" };
        format!(
            "Promise for {enrolled} people at FPIR {asked}: threshold {threshold:.3}, {fpir} [{low}, {high}]; measured {measured}{kept}"
        )
    }
}

fn percent(rate: f64) -> String {
    format!("{:.2} %", 100.0 * rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(person: f64, kept: bool) -> Report {
        let measured = |rate: f64| serde_json::json!({"rate": rate, "low": 0.0, "high": 1.0});
        let at = |fpir: f64| {
            serde_json::json!({"fpir": fpir, "nearest": measured(0.04), "person": measured(person), "threshold": 1.0,
                               "fewer_misses": measured(0.5), "gated": measured(0.05)})
        };
        let trials = |left_out: &[&str]| {
            serde_json::json!({"left_out": left_out, "people": 9, "draws": 2, "enrolled": 3, "strangers": 5,
                               "rates": [at(0.001), at(0.01)], "det": []})
        };
        let promise = serde_json::json!({"asked": 0.001, "enrolled": 50, "threshold": 1.1, "fpir": 0.001, "fpir_low": 0.0,
                                         "fpir_high": 0.003, "measured": 0.0015, "kept": kept});
        let report = serde_json::json!({"trials": [trials(&[]), trials(&["Ada"])], "promises": [promise]});
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn misses_and_promises_decide() {
        for (person, kept, expected) in [(0.001, true, true), (0.001, false, false), (0.9, true, false)] {
            let verdict = judge(&report(person, kept));
            assert_eq!(verdict.is_good_enough, expected, "{person} {kept}: {:?}", verdict.lines);
        }
        let lines = judge(&report(0.001, false)).lines.join("\n");
        for expected in
            ["without Ada", "FNIR 4.00 % [0.00 %, 100.00 %] by the nearest encoding", "measured 0.15 %: NOT KEPT"]
        {
            assert!(lines.contains(expected), "{lines}");
        }
        assert!(!judge(&Report { trials: vec![], promises: vec![] }).is_good_enough);
    }
}
