//! The results as text for a terminal.

use super::{Findings, WayFindings, triplets_in_words};
use accuracy::{FALSE_ACCEPT_RATES, Figures, Rate};
use terminal::counted;

/// How the table's figures are meant.
pub(super) const LEGEND: [&str; 3] = [
    "Accuracy is balanced: the mean of the shares of mated and of non-mated pairs told rightly, each fold at the threshold \
     that is best for the others.",
    "TAR: share of mated pairs accepted; FNMR is the rest.",
    "In brackets: 95 % intervals (Clopper-Pearson) for independent pairs. Pairs that share a person say less.",
];

/// A table and what must be known to read it.
pub(crate) fn in_words(findings: &Findings) -> String {
    let (no_face, unreadable) = findings.without_face();
    let mut lines = vec![format!(
        "{}, {}: {} mated, {} non-mated",
        counted(findings.sample.photos.len(), "photo"),
        findings.sample.chosen,
        findings.pairs_of(true),
        findings.pairs_of(false)
    )];
    for (photos, why) in [(no_face.len(), "without a face"), (unreadable.len(), "that cannot be read")] {
        if photos > 0 {
            let count = if findings.failures_count { "count as errors" } else { "are left out" };
            lines.push(format!("{} {why}; pairs with such a photo {count}", counted(photos, "photo")));
        }
    }
    lines.extend(no_face.iter().map(|photo| format!("  no face: {}", photo)));
    lines.extend(unreadable.iter().map(|(photo, why)| format!("  unreadable: {}: {why}", photo)));
    lines.push(String::new());
    lines.extend(table(&findings.rows()));
    lines.push(String::new());
    lines.extend(LEGEND.map(str::to_owned));
    lines.extend(not_carried(findings.pairs_of(false)));
    for model in &findings.models {
        if let Some(moved) = model.movement {
            let cosine = match moved.mean_cosine.zip(moved.least_cosine) {
                Some((mean, least)) => format!("cosine {mean:.5} in the mean, {least:.5} at least"),
                None => "its encodings cannot be compared".to_owned(),
            };
            let changed = counted(moved.decisions_changed, "decision");
            lines.push(format!("{} to {}: {cosine}; {changed} changed", findings.models[0].name, model.name));
        }
    }
    if let Some(mined) = &findings.triplets {
        lines.push(String::new());
        lines.push(triplets_in_words(&mined.figures));
    }
    lines.join("\n")
}

fn table(rows: &[(String, &WayFindings)]) -> Vec<String> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut header = format!("{:width$}  {:22}  {:9}  {:22}", "", "accuracy", "threshold", "EER");
    for (name, _) in FALSE_ACCEPT_RATES {
        header += &format!("  {:22}", format!("TAR at FAR {name}"));
    }
    let mut lines = vec![header.trim_end().to_owned()];
    for (name, WayFindings { figures, .. }) in rows {
        let mut line = format!(
            "{name:width$}  {:22}  {:9}  {:22}",
            accuracy(figures),
            figures.threshold.map_or("-".to_owned(), |threshold| format!("{threshold:.3}")),
            eer(figures),
        );
        for rate in figures.tar_at_far.0 {
            line += &format!("  {:22}", rate.map_or("-".to_owned(), |rate| tar(&rate)));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

pub(super) fn accuracy(figures: &Figures) -> String {
    figures.accuracy.map_or("-".to_owned(), |found| in_brackets(found.mean, found.low, found.high))
}

pub(super) fn eer(figures: &Figures) -> String {
    let both = figures.eer.zip(figures.eer_interval);
    both.map_or("-".to_owned(), |(eer, interval)| in_brackets(eer, interval.low, interval.high))
}

pub(super) fn tar(rate: &Rate) -> String {
    in_brackets(rate.tar, rate.low, rate.high)
}

fn in_brackets(rate: f64, low: f64, high: f64) -> String {
    format!("{rate:.4} [{low:.4}, {high:.4}]")
}

/// What the sample is too small for.
pub(super) fn not_carried(non_mated_pairs: usize) -> Option<String> {
    let least = FALSE_ACCEPT_RATES.iter().find(|(_, far)| far * (non_mated_pairs as f64) + 1e-9 < 3.0);
    least.map(|(name, _)| format!("{} cannot show a FAR of {name}.", counted(non_mated_pairs, "non-mated pair")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_the_sample_are_stated() {
        for (pairs, expected) in [
            (300, Some("300 non-mated pairs cannot show a FAR of 1e-3.")),
            (299, Some("299 non-mated pairs cannot show a FAR of 1e-2.")),
            (1, Some("1 non-mated pair cannot show a FAR of 1e-1.")),
            (10, Some("10 non-mated pairs cannot show a FAR of 1e-1.")),
            (30_000, None),
        ] {
            assert_eq!(not_carried(pairs).as_deref(), expected);
        }
    }
}
