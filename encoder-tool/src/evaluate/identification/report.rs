//! The results of the trials: as JSON, in the form of these structs, and as text.

use accuracy::identification::{AtFmr, AtFpir, Counted, Group, Groups, Hard, HardAt, Measured, Point, Promise};
use serde::Serialize;
use std::collections::BTreeSet;
use terminal::{counted, percent};

/// All results.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    pub(super) hash: String,
    /// Photos without a face.
    pub(super) no_face: usize,
    /// Photos that could not be read.
    pub(super) unreadable: usize,
    /// With all people; then, if some are to be left out, without them.
    pub(super) trials: Vec<TrialsReport>,
    /// Tests of the encoder's calibration.
    pub(super) promises: Vec<Promise>,
    /// Rates of single comparisons.
    pub(super) verification: Vec<AtFmr>,
    pub(super) groups: Option<Groups>,
    pub(super) hard: Option<Hard>,
}

/// The results for one set of people.
#[derive(Debug, Serialize)]
pub(super) struct TrialsReport {
    pub(super) left_out: BTreeSet<String>,
    pub(super) people: usize,
    pub(super) draws: usize,
    /// Number in each draw.
    pub(super) enrolled: usize,
    /// Number in each draw.
    pub(super) strangers: usize,
    pub(super) rates: Vec<AtFpir>,
    pub(super) det: Vec<Point>,
}

impl Report {
    /// The report as text for a terminal.
    pub(super) fn in_words(&self) -> String {
        let mut lines = vec![format!("Model: {}, {}", self.model, self.hash)];
        for (count, why) in [(self.no_face, "without a face"), (self.unreadable, "that cannot be read")] {
            if count > 0 {
                lines.push(format!("{} {why}: left out", counted(count, "photo")));
            }
        }
        lines.extend(self.trials.iter().flat_map(TrialsReport::in_words));
        if !self.promises.is_empty() {
            lines.push(String::new());
            lines.push("Stored thresholds, tested on strangers:".to_owned());
            lines.extend(self.promises.iter().map(in_words_of_promise));
        }
        if !self.verification.is_empty() {
            lines.push(String::new());
            lines.push("One photo against one photo:".to_owned());
            lines.extend(self.verification.iter().map(in_words_at_fmr));
        }
        lines.extend(self.groups.iter().flat_map(in_words_of_groups));
        lines.extend(self.hard.iter().flat_map(in_words_of_hard));
        lines.join("\n")
    }
}

impl TrialsReport {
    /// One line about the people in the trials.
    pub(super) fn about(&self) -> String {
        let Self { left_out, people, draws, enrolled, strangers, .. } = self;
        let without = match left_out.len() {
            0 => String::new(),
            _ => format!(", without {}", left_out.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
        };
        format!(
            "{}, each with {} enrolled and {}, out of {people} people{without}:",
            counted(*draws, "draw"),
            enrolled,
            counted(*strangers, "stranger")
        )
    }

    fn in_words(&self) -> Vec<String> {
        let rate = |at: &AtFpir| {
            format!(
                "  FPIR {}: FNIR {} by the nearest encoding, {} by the person's distance (threshold {:.3}); fewer misses: {}; {} with the gate",
                percent(at.fpir),
                measured(&at.nearest),
                measured(&at.person),
                at.threshold,
                measured(&at.fewer_misses),
                measured(&at.gated)
            )
        };
        [String::new(), self.about()].into_iter().chain(self.rates.iter().map(rate)).collect()
    }
}

fn in_words_of_promise(promise: &Promise) -> String {
    format!(
        "  {} enrolled, FPIR {}: threshold {:.3}{}, promised {} [{}, {}]; measured {}{}; FNIR {}",
        promise.risk.enrolled,
        percent(promise.asked),
        promise.risk.threshold,
        if promise.grey { " for grey" } else { "" },
        percent(promise.risk.fpir),
        percent(promise.risk.fpir_low),
        percent(promise.risk.fpir_high),
        percent(promise.measured),
        if promise.kept { "" } else { ": NOT KEPT" },
        percent(promise.missed)
    )
}

fn in_words_at_fmr(at: &AtFmr) -> String {
    let AtFmr { fmr, threshold, fnmr } = at;
    format!("  FMR {}: FNMR {} (threshold {threshold:.3})", percent(*fmr), rate(fnmr))
}

/// A headline, and a line for each group.
fn in_words_of_groups(groups: &Groups) -> Vec<String> {
    let about = format!(
        "By {}, at threshold {:.3} (FMR {} of all pairs):",
        groups.column,
        groups.threshold,
        percent(groups.fmr_of_all)
    );
    let group = |group: &Group| {
        let small = if group.small { "; the group is small, so its rates are uncertain" } else { "" };
        format!(
            "  {}: {}: FMR {}, FNMR {}{small}",
            group.name,
            counted(group.people, "person"),
            rate(&group.fmr),
            rate(&group.fnmr)
        )
    };
    let worst = groups.worst_fmr_ratio.map(|ratio| {
        format!(
            "  The largest FMR of a group is {ratio:.1} times the smallest, leaving out {} without a false match.",
            counted(groups.without_false_match, "group")
        )
    });
    [String::new(), about].into_iter().chain(groups.groups.iter().map(group)).chain(worst).collect()
}

/// A headline, and a line for each threshold.
pub(super) fn in_words_of_hard(hard: &Hard) -> Vec<String> {
    let about = format!("{} of people who resemble each other:", counted(hard.pairs_of_people, "pair"));
    let at = |at: &HardAt| {
        format!(
            "  FMR {} where strangers have {} (threshold {:.3})",
            rate(&at.fmr),
            percent(at.fmr_of_strangers),
            at.threshold
        )
    };
    [String::new(), about].into_iter().chain(hard.at.iter().map(at)).collect()
}

/// Formats a rate with its interval.
pub(super) fn measured(measured: &Measured) -> String {
    let Measured { rate, interval } = measured;
    format!("{} [{}, {}]", percent(*rate), percent(interval.low), percent(interval.high))
}

/// Formats a count as a rate with its interval.
pub(super) fn rate(counted: &Counted) -> String {
    let Counted { count, of, rate, interval } = counted;
    let rate = rate.map_or_else(|| "-".to_owned(), percent);
    format!("{rate} ({count} of {of}) [{}, {}]", percent(interval.low), percent(interval.high))
}
