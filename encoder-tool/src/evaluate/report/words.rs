//! The findings for a terminal.

use super::{Findings, WayFindings};
use crate::evaluate::figures::{FALSE_ACCEPT_RATES, Figures, Rate};

/// A table and what must be known to read it.
pub(crate) fn in_words(findings: &Findings) -> String {
    let (no_face, unreadable) = findings.without_face();
    let mut lines = vec![format!(
        "{} photos, {}: {} mated, {} non-mated",
        findings.sample.photos.len(),
        findings.sample.chosen,
        findings.pairs_of(true),
        findings.pairs_of(false)
    )];
    for (photos, why) in [(no_face.len(), "have no face"), (unreadable.len(), "cannot be read")] {
        if photos > 0 {
            let count = if findings.failures_count { "count as errors" } else { "are left out" };
            lines.push(format!("{photos} photos {why}; their pairs {count}"));
        }
    }
    lines.extend(no_face.iter().map(|photo| format!("  no face: {photo}")));
    lines.extend(unreadable.iter().map(|(photo, why)| format!("  unreadable: {photo}: {why}")));
    lines.push(String::new());
    lines.extend(table(&findings.rows()));
    lines.push(String::new());
    lines.push(
        "TAR: share of mated pairs accepted, with its 95 % interval (Clopper-Pearson); FNMR is the rest.".to_owned(),
    );
    lines.extend(not_carried(findings.pairs_of(false)));
    for model in &findings.models {
        if let Some(moved) = model.movement {
            let cosine = match moved.mean_cosine.zip(moved.least_cosine) {
                Some((mean, least)) => format!("cosine {mean:.5} in the mean, {least:.5} at least"),
                None => "its encodings cannot be compared".to_owned(),
            };
            let changed = moved.decisions_changed;
            lines.push(format!("{} to {}: {cosine}; {changed} decisions changed", findings.models[0].name, model.name));
        }
    }
    if let Some(mined) = &findings.triplets {
        lines.push(String::new());
        lines.push(mined.figures.in_words());
    }
    lines.join("\n")
}

fn table(rows: &[(String, &WayFindings)]) -> Vec<String> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut header = format!("{:width$}  {:15}  {:9}  {:6}", "", "accuracy", "threshold", "EER");
    for (name, _) in FALSE_ACCEPT_RATES {
        header += &format!("  {:22}", format!("TAR at FAR {name}"));
    }
    let mut lines = vec![header.trim_end().to_owned()];
    for (name, WayFindings { figures, .. }) in rows {
        let mut line = format!(
            "{name:width$}  {:15}  {:9}  {:6}",
            accuracy(figures),
            figures.threshold.map_or("-".to_owned(), |threshold| format!("{threshold:.3}")),
            figures.eer.map_or("-".to_owned(), |eer| format!("{eer:.4}")),
        );
        for rate in figures.tar_at_far.0 {
            line += &format!("  {:22}", rate.map_or("-".to_owned(), |rate| in_brackets(&rate)));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

pub(super) fn accuracy(figures: &Figures) -> String {
    figures.accuracy.map_or("-".to_owned(), |accuracy| format!("{:.4} ± {:.4}", accuracy.mean, accuracy.std))
}

pub(super) fn in_brackets(rate: &Rate) -> String {
    format!("{:.4} [{:.4}, {:.4}]", rate.tar, rate.low, rate.high)
}

/// What the sample is too small for.
pub(super) fn not_carried(non_mated_pairs: usize) -> Option<String> {
    let least = FALSE_ACCEPT_RATES.iter().find(|(_, far)| far * (non_mated_pairs as f64) + 1e-9 < 3.0);
    least.map(|(name, _)| format!("{non_mated_pairs} non-mated pairs cannot show a FAR of {name}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sample_cannot_show_is_said() {
        for (pairs, expected) in [
            (300, Some("300 non-mated pairs cannot show a FAR of 1e-3.")),
            (299, Some("299 non-mated pairs cannot show a FAR of 1e-2.")),
            (10, Some("10 non-mated pairs cannot show a FAR of 1e-1.")),
            (30_000, None),
        ] {
            assert_eq!(not_carried(pairs).as_deref(), expected);
        }
    }
}
