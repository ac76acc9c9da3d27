//! The results as text for a terminal.

use super::findings::{Findings, HEADINGS, LEGEND, cells, in_words as rate_in_words};
use accuracy::pad::{Rates, Unseen};
use std::path::Path;
use terminal::{ShowPath, columns, counted, percent, wrapped};

/// The most files that are named one by one.
const MOST_NAMED: usize = 20;

/// A table with explanations. `written` is the file that holds the chosen threshold.
pub(super) fn in_words(findings: &Findings, written: Option<&Path>) -> String {
    let calibration = &findings.bundle.calibration;
    let bona_fide = findings.pictures.iter().filter(|picture| picture.instrument.is_none()).count();
    let mut before = vec![format!(
        "{bona_fide} bona fide and {} of attacks",
        counted(findings.pictures.len() - bona_fide, "picture")
    )];
    before.push(findings.about_approaches());
    before.extend(unusable_files(findings));
    before.push(String::new());
    before.push(format!("At the bundle's threshold {:.3} ({}):", calibration.threshold, calibration.threshold_from));
    let after = [String::new()].into_iter().chain(unseen(findings)).chain([chosen(findings, written), String::new()]);
    let after = after.chain(LEGEND.map(str::to_owned));
    let fitted = |line: String| wrapped(&line, columns(), 2);
    let table = table(findings, &findings.rates());
    before.into_iter().map(fitted).chain(table).chain(after.map(fitted)).collect::<Vec<_>>().join("\n")
}

fn unusable_files(findings: &Findings) -> Vec<String> {
    let unreadable = findings.unreadable();
    let mut lines: Vec<String> = findings
        .others
        .iter()
        .map(|(ending, count)| match ending.is_empty() {
            true => format!("{} without an ending: no pictures", counted(*count, "file")),
            false => format!("{} .{}: no pictures", counted(*count, "file"), ending.shown()),
        })
        .collect();
    if !unreadable.is_empty() {
        lines.push(format!("{} that cannot be read:", counted(unreadable.len(), "picture")));
        lines.extend(unreadable.iter().take(MOST_NAMED).map(|(_, why)| format!("  {why}")));
        let more = unreadable.len().saturating_sub(MOST_NAMED);
        lines.extend((more > 0).then(|| format!("  and {more} more; --json names all")));
    }
    lines
}

fn table(findings: &Findings, rates: &Rates) -> Vec<String> {
    let apcer = rates.apcer.iter().map(|(name, rate)| (format!("APCER {}", name.shown()), Some(name.clone()), rate));
    let mut rows =
        vec![["", HEADINGS[0], HEADINGS[1], HEADINGS[2], HEADINGS[3], HEADINGS[4], "non-response"].map(str::to_owned)];
    for (label, instrument, rate) in [("BPCER".to_owned(), None, &rates.bpcer)].into_iter().chain(apcer) {
        let none = findings.non_responses.get(&instrument).map_or(String::new(), |rate| cells(rate)[0].clone());
        let [share, interval, if_independent, errors, from] = cells(rate);
        rows.push([label, share, interval, if_independent, errors, from, none]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn unseen(findings: &Findings) -> Option<String> {
    let Unseen { people, thresholds: [lowest, highest], rates } = findings.unseen.as_ref()?;
    let attacks = rates.apcer.iter().map(|(name, rate)| format!("; APCER {} {}", name.shown(), rate_in_words(rate)));
    Some(format!(
        "New people (each of {} left out in turn, and judged by a threshold of {lowest:.3} to {highest:.3} that is chosen on the \
         others for a BPCER of at most {}): BPCER {}{}.",
        counted(*people, "person"),
        percent(findings.target),
        rate_in_words(&rates.bpcer),
        attacks.collect::<String>()
    ))
}

fn chosen(findings: &Findings, written: Option<&Path>) -> String {
    let Some(chosen) = &findings.chosen else {
        return format!("No threshold has a BPCER of at most {} on these pictures.", percent(findings.target));
    };
    let Rates { threshold, bpcer, .. } = &chosen.rates;
    let what = format!(
        "On these pictures, threshold {threshold:.3} has a BPCER of {} and an APCER of the worst instrument of {}",
        bpcer.rate.map_or("-".to_owned(), percent),
        chosen.rates.worst_apcer().map_or("-".to_owned(), percent)
    );
    match written {
        Some(path) => format!("{what}. It is stored in {}.", path.shown()),
        None => format!("{what}; --write-threshold stores it in the bundle."),
    }
}
