//! What the trials found, in words; as JSON it is printed as it stands here.

use super::comparisons::{AtFmr, Counted, Groups, Hard};
use super::promises::Promise;
use super::rates::{AtFpir, Measured, Point};
use serde::Serialize;
use std::collections::BTreeSet;
use terminal::{counted, percent};

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    pub(super) hash: String,
    /// Photos without a face.
    pub(super) no_face: usize,
    /// Photos that could not be read.
    pub(super) unreadable: usize,
    /// With everybody; then, if people are to be left out, without them.
    pub(super) trials: Vec<TrialsReport>,
    /// Of the encoder's calibration.
    pub(super) promises: Vec<Promise>,
    /// Of single comparisons.
    pub(super) verification: Vec<AtFmr>,
    pub(super) groups: Option<Groups>,
    pub(super) hard: Option<Hard>,
}

/// What one set of people gave.
#[derive(Debug, Serialize)]
pub(super) struct TrialsReport {
    pub(super) left_out: BTreeSet<String>,
    pub(super) people: usize,
    pub(super) draws: usize,
    /// In each draw.
    pub(super) enrolled: usize,
    /// In each draw.
    pub(super) strangers: usize,
    pub(super) rates: Vec<AtFpir>,
    pub(super) det: Vec<Point>,
}

impl Report {
    /// Lines for a terminal.
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
            lines.push("Stored thresholds, tried on strangers:".to_owned());
            lines.extend(self.promises.iter().map(Promise::in_words));
        }
        if !self.verification.is_empty() {
            lines.push(String::new());
            lines.push("One photo against one photo:".to_owned());
            lines.extend(self.verification.iter().map(AtFmr::in_words));
        }
        lines.extend(self.groups.iter().flat_map(Groups::in_words));
        lines.extend(self.hard.iter().flat_map(Hard::in_words));
        lines.join("\n")
    }
}

impl TrialsReport {
    /// Who took part.
    pub(super) fn about(&self) -> String {
        let Self { left_out, people, draws, enrolled, strangers, .. } = self;
        let without = match left_out.len() {
            0 => String::new(),
            _ => format!(", without {}", left_out.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
        };
        format!(
            "{} of {} enrolled out of {people} people{without}, and {} in each:",
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

impl Promise {
    fn in_words(&self) -> String {
        format!(
            "  {} enrolled, FPIR {}: threshold {:.3}{}, promised {} [{}, {}]; measured {}{}; FNIR {}",
            self.risk.enrolled,
            percent(self.asked),
            self.risk.threshold,
            if self.grey { " for grey" } else { "" },
            percent(self.risk.fpir),
            percent(self.risk.fpir_low),
            percent(self.risk.fpir_high),
            percent(self.measured),
            if self.kept { "" } else { ": NOT KEPT" },
            percent(self.missed)
        )
    }
}

impl AtFmr {
    fn in_words(&self) -> String {
        let Self { fmr, threshold, fnmr } = self;
        format!("  FMR {}: FNMR {} (threshold {threshold:.3})", percent(*fmr), rate(fnmr))
    }
}

impl Groups {
    /// What was compared, and a line for each group.
    pub(super) fn in_words(&self) -> Vec<String> {
        let about = format!(
            "By {}, at threshold {:.3} (FMR {} of all pairs):",
            self.column,
            self.threshold,
            percent(self.fmr_of_all)
        );
        let group = |group: &super::comparisons::Group| {
            let small = if group.small { "; a small group, which says little" } else { "" };
            format!(
                "  {}: {}: FMR {}, FNMR {}{small}",
                group.name,
                counted(group.people, "person"),
                rate(&group.fmr),
                rate(&group.fnmr)
            )
        };
        let worst = self.worst_fmr_ratio.map(|ratio| {
            format!(
                "  The largest FMR of a group is {ratio:.1} times the smallest, leaving out {} without a false match.",
                counted(self.without_false_match, "group")
            )
        });
        [String::new(), about].into_iter().chain(self.groups.iter().map(group)).chain(worst).collect()
    }
}

impl Hard {
    /// A line for each threshold.
    pub(super) fn in_words(&self) -> Vec<String> {
        let about = format!("{} of people who resemble each other:", counted(self.pairs_of_people, "pair"));
        let at = |at: &super::comparisons::HardAt| {
            format!(
                "  FMR {} where strangers have {} (threshold {:.3})",
                rate(&at.fmr),
                percent(at.fmr_of_strangers),
                at.threshold
            )
        };
        [String::new(), about].into_iter().chain(self.at.iter().map(at)).collect()
    }
}

/// A rate with its interval.
pub(super) fn measured(measured: &Measured) -> String {
    let Measured { rate, interval } = measured;
    format!("{} [{}, {}]", percent(*rate), percent(interval.low), percent(interval.high))
}

/// A count as a rate with its interval.
pub(super) fn rate(counted: &Counted) -> String {
    let Counted { count, of, rate, interval } = counted;
    let rate = rate.map_or_else(|| "-".to_owned(), percent);
    format!("{rate} ({count} of {of}) [{}, {}]", percent(interval.low), percent(interval.high))
}
