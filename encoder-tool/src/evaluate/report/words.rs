//! The results as text for a terminal.

use super::{Findings, WayFindings, triplets_in_words};
use accuracy::{FALSE_ACCEPT_RATES, Figures, Rate};
use terminal::{columns, counted, wrapped};

/// Explains the figures of the table.
pub(super) const LEGEND: [&str; 3] = [
    "Accuracy is balanced: the mean of the shares of mated and of non-mated pairs classified correctly, each fold at the \
     best threshold of the other folds.",
    "TAR: share of mated pairs accepted; FNMR is the rest.",
    "In brackets: 95 % intervals (Clopper-Pearson) for independent pairs; if pairs share a person, the true intervals are wider.",
];

/// A table with explanations.
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
    lines.extend(table(&findings.rows(), columns()));
    lines.push(String::new());
    lines.extend(LEGEND.map(|line| wrapped(line, columns(), 2)));
    lines.extend(not_carried(findings.pairs_of(false)));
    for model in &findings.models {
        if let Some(moved) = model.movement {
            let cosine = match moved.mean_cosine.zip(moved.least_cosine) {
                Some((mean, least)) => format!("mean cosine {mean:.5}, least {least:.5}"),
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

/// A column for each way of comparing, as many side by side as fit, and the others below them.
fn table(ways: &[(String, &WayFindings)], columns: usize) -> Vec<String> {
    let labels: Vec<String> = ["accuracy", "threshold", "EER"]
        .map(str::to_owned)
        .into_iter()
        .chain(FALSE_ACCEPT_RATES.iter().map(|(name, _)| format!("TAR at FAR {name}")))
        .collect();
    let cells: Vec<Vec<String>> = ways.iter().map(|(name, way)| column(name, way)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let label_width = widest(&labels);
    let width = cells.iter().map(|column| widest(column)).max().unwrap_or(0);
    let beside = (columns.saturating_sub(label_width) / (width + 2)).max(1);
    let block = |ways: &[Vec<String>]| -> Vec<String> {
        let line = |(row, label): (usize, &str)| {
            let cells: String = ways.iter().map(|way| format!("  {:width$}", way[row])).collect();
            format!("{label:label_width$}{cells}").trim_end().to_owned()
        };
        [""].into_iter().chain(labels.iter().map(String::as_str)).enumerate().map(line).collect()
    };
    cells.chunks(beside).map(block).collect::<Vec<_>>().join(&String::new())
}

/// The name, then a figure for each label.
fn column(name: &str, WayFindings { figures, .. }: &WayFindings) -> Vec<String> {
    let threshold = figures.threshold.map_or("-".to_owned(), |threshold| format!("{threshold:.3}"));
    let rates = figures.tar_at_far.0.into_iter().map(|rate| rate.map_or("-".to_owned(), |rate| tar(&rate)));
    [name.to_owned(), accuracy(figures), threshold, eer(figures)].into_iter().chain(rates).collect()
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

/// The largest false accept rate that the sample is too small for.
pub(super) fn not_carried(non_mated_pairs: usize) -> Option<String> {
    let least = FALSE_ACCEPT_RATES.iter().find(|(_, far)| far * (non_mated_pairs as f64) + 1e-9 < 3.0);
    least.map(|(name, _)| format!("{} cannot show a FAR of {name}.", counted(non_mated_pairs, "non-mated pair")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_side_by_side_go_below() {
        let way = WayFindings::new(Vec::new(), false);
        let ways: Vec<(String, &WayFindings)> =
            ["sface", "not aligned", "pixels"].map(|name| (name.to_owned(), &way)).to_vec();
        let lines = |columns| table(&ways, columns);
        assert_eq!(lines(80)[0], "                 sface        not aligned  pixels");
        assert_eq!(lines(45)[0], "                 sface        not aligned");
        assert_eq!(lines(45).len(), 2 * lines(80).len() + 1);
        for columns in [20, 45, 80] {
            let fits = |line: &String| line.chars().count() <= columns.max(15 + 2 + 11);
            assert!(lines(columns).iter().all(fits), "{:?}", lines(columns));
        }
    }

    #[test]
    fn what_a_sample_cannot_show_is_said() {
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
