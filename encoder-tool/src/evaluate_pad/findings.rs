//! The results of an evaluation, and the phrases that all reports share.

use accuracy::pad::{Approach, Chosen, Independent, Outcome, Picture, Rate, Rates, Unseen};
use accuracy::{Interval, Point, Roc};
use models::bundle::PadBundle;
use std::collections::BTreeMap;
use terminal::{ShowPath, ShownPath, counted, percent};

/// All results.
pub(super) struct Findings {
    pub(super) bundle: PadBundle,
    /// How many pictures one approach has.
    pub(super) frames: usize,
    /// The BPCER for which thresholds are chosen.
    pub(super) target: f64,
    pub(super) pictures: Vec<Picture>,
    /// One for each picture.
    pub(super) outcomes: Vec<Outcome>,
    /// How many files are no pictures, by the ending of their names.
    pub(super) others: BTreeMap<String, usize>,
    pub(super) approaches: Vec<Approach>,
    /// How many pictures are in no approach, because too few follow each other.
    pub(super) left_over: usize,
    pub(super) non_responses: BTreeMap<Option<String>, Rate>,
    /// The threshold for these pictures; `None` if none has the BPCER.
    pub(super) chosen: Option<Chosen>,
    /// The rates of new people, each left out when the threshold is chosen; `None` if the people are not known.
    pub(super) unseen: Option<Unseen>,
}

impl Findings {
    /// The rates at the bundle's threshold.
    pub(super) fn rates(&self) -> Rates {
        Rates::new(&self.approaches, self.bundle.calibration.threshold)
    }

    /// The pictures that cannot be read, with the reason.
    pub(super) fn unreadable(&self) -> Vec<(ShownPath, &str)> {
        let with_outcomes = self.pictures.iter().zip(&self.outcomes);
        let unreadable = with_outcomes.filter_map(|(picture, outcome)| match outcome {
            Outcome::Unreadable(why) => Some((picture.path.shown(), why.as_str())),
            _ => None,
        });
        unreadable.collect()
    }

    /// The approaches that come nearest to an error: bona fide ones with the lowest mean, or attacks with the highest.
    pub(super) fn worst(&self, bona_fide: bool, most: usize) -> Vec<&Approach> {
        let mut worst: Vec<&Approach> =
            self.approaches.iter().filter(|approach| approach.instrument.is_none() == bona_fide).collect();
        worst.sort_by(|a, b| if bona_fide { a.live.total_cmp(&b.live) } else { b.live.total_cmp(&a.live) });
        worst.truncate(most);
        worst
    }

    /// Every threshold's effect on the attacks with one instrument, or with all: `far` is the APCER, `tar` is 1 - BPCER,
    /// and the threshold is negative.
    pub(super) fn curve(&self, instrument: Option<&str>) -> Vec<Point> {
        let wanted = |approach: &&Approach| {
            approach.instrument.is_none() || instrument.is_none() || approach.instrument.as_deref() == instrument
        };
        let approaches = self.approaches.iter().filter(wanted);
        Roc::new(approaches.map(|approach| (Some(-approach.live), approach.instrument.is_none()))).points()
    }

    /// How a threshold was chosen, for the bundle.
    pub(super) fn origin_of(&self, chosen: &Chosen) -> String {
        let Rates { bpcer, apcer, .. } = &chosen.rates;
        let attacks: Vec<String> =
            apcer.iter().map(|(name, rate)| format!("APCER of {name} {}", in_words(rate))).collect();
        format!(
            "chosen by encoder-tool evaluate-pad for a BPCER of at most {}: BPCER {}, {} ({})",
            percent(self.target),
            in_words(bpcer),
            attacks.join(", "),
            format_args!("{} in an approach", counted(self.frames, "frame"))
        )
    }

    /// What an approach is.
    pub(super) fn about_approaches(&self) -> String {
        match self.frames {
            1 => "Each picture is an approach of its own.".to_owned(),
            frames => {
                let left = counted(self.left_over, "picture");
                let verb = if self.left_over == 1 { "is" } else { "are" };
                format!("An approach is the mean of {frames} pictures that follow each other; {left} {verb} left over.")
            }
        }
    }
}

/// The headings of [`cells`].
pub(super) const HEADINGS: [&str; 5] = ["rate", "95 % interval", "if independent", "errors", "from"];

/// A rate, its interval, the interval as if all approaches were independent, its errors, and what the interval counts.
pub(super) fn cells(rate: &Rate) -> [String; 5] {
    let from = match rate.by {
        Independent::Person => counted(rate.independent, "person"),
        Independent::Folder => counted(rate.independent, "folder"),
        Independent::Approach => String::new(),
    };
    let share = rate.rate.map_or("-".to_owned(), percent);
    let errors = format!("{} of {}", rate.errors, rate.trials);
    [share, between(&rate.interval), between(&rate.by_approach), errors, from]
}

/// A rate with its interval and its trials: `0 % [0 % to 36.9 %], 0 of 200 from 8 people`.
pub(super) fn in_words(rate: &Rate) -> String {
    let [share, interval, _, errors, from] = cells(rate);
    let from = if from.is_empty() { from } else { format!(" from {from}") };
    format!("{share} [{interval}], {errors}{from}")
}

/// An interval. An end below 0.01 % is shown as 0.
fn between(interval: &Interval) -> String {
    let low = if interval.low < 1e-4 { 0.0 } else { interval.low };
    format!("{} to {}", percent(low), percent(interval.high))
}

/// Explains the figures.
pub(super) const LEGEND: [&str; 4] = [
    "BPCER: share of bona fide (live) approaches that are refused. APCER: share of attacks that are accepted, for each \
     presentation attack instrument. Both leave out non-responses: pictures without a face, or with one too small or too \
     near to be assessed.",
    "The 95 % interval (Clopper-Pearson) counts each person as one trial, as if all approaches of a person had the same \
     result; or each folder, such as a video, where nothing tells who is shown; or else each approach. If all approaches \
     were independent of each other, the second interval would hold; approaches of one person are not.",
    "A threshold is chosen for a BPCER; of all with that BPCER, it is the one that accepts fewest attacks of the worst \
     instrument.",
    "The figures hold for these cameras, this light and these instruments, and say nothing about others.",
];
