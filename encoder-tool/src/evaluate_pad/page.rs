//! The results as an HTML page: the curves, the figures, and the approaches that come nearest to an error.

use super::findings::{Findings, HEADINGS, LEGEND, cells, in_words};
use crate::html;
use crate::plots::{self, Curve};
use crate::portrait::Portrait;
use accuracy::pad::{Approach, Rates};
use anyhow::{Context, Result};
use maud::{Markup, PreEscaped, html};
use models::Crop;
use std::path::Path;
use terminal::{counted, percent};

/// Number of approaches shown of each kind.
const WORST: usize = 24;

/// Renders one self-contained page. `crop_of` gives what the network saw of a picture.
///
/// # Errors
/// If the curves cannot be drawn.
pub(super) fn page_of(findings: &Findings, crop_of: impl Fn(&Path) -> Option<Crop>) -> Result<String> {
    let (provenance, calibration) = (&findings.bundle.manifest.provenance, &findings.bundle.calibration);
    let bona_fide = findings.pictures.iter().filter(|picture| picture.instrument.is_none()).count();
    let body = html! {
        p { (bona_fide) " bona fide and " (counted(findings.pictures.len() - bona_fide, "picture")) " of attacks. "
            (findings.about_approaches()) }
        p.soft { (provenance.name) ". Threshold " (format!("{:.3}", calibration.threshold)) ": " (calibration.threshold_from) "." }
        (unreadable(findings))
        h2 { "At the bundle's threshold" }
        (table(findings, &findings.rates(), true))
        @if let Some(unseen) = &findings.unseen {
            h2 { "New people" }
            p { "Each of " (counted(unseen.people, "person")) " is left out in turn, and judged by a threshold ("
                (format!("{:.3} to {:.3}", unseen.thresholds[0], unseen.thresholds[1]))
                ") that is chosen on the others for a BPCER of at most " (percent(findings.target)) "." }
            (table(findings, &unseen.rates, false))
        }
        @if let Some(chosen) = &findings.chosen {
            h2 { "At the threshold chosen on these pictures, " (format!("{:.3}", chosen.rates.threshold)) }
            (table(findings, &chosen.rates, false))
        }
        h2 { "Every threshold" }
        div.plots { figure {
            (curves(findings)?)
            figcaption { "DET: the lower and the further left, the better." }
        } }
        @for line in LEGEND { p.soft { (line) } }
        (worst(findings, true, &crop_of))
        (worst(findings, false, &crop_of))
    };
    Ok(html::page("How well live faces are told from pictures of faces", &body))
}

fn unreadable(findings: &Findings) -> Markup {
    let unreadable = findings.unreadable();
    html! {
        @if !unreadable.is_empty() {
            p { (counted(unreadable.len(), "picture")) " that cannot be read:" }
            ul { @for (_, why) in unreadable { li { (why) } } }
        }
    }
}

fn table(findings: &Findings, rates: &Rates, with_non_responses: bool) -> Markup {
    let apcer = rates.apcer.iter().map(|(name, rate)| (format!("APCER {name}"), Some(name.clone()), rate));
    html! {
        div.scroll { table {
            tr { th {} @for heading in HEADINGS { th { (heading) } } @if with_non_responses { th { "non-response" } } }
            @for (label, instrument, rate) in [("BPCER".to_owned(), None, &rates.bpcer)].into_iter().chain(apcer) {
                tr {
                    td { (label) } @for cell in cells(rate) { td { (cell) } }
                    @if with_non_responses { td { (findings.non_responses.get(&instrument).map(in_words).unwrap_or_default()) } }
                }
            }
        } }
    }
}

fn curves(findings: &Findings) -> Result<PreEscaped<String>> {
    let names: Vec<String> = findings.rates().apcer.into_iter().map(|(name, _)| name).collect();
    let curves: Vec<Curve<'_>> = names.iter().map(|name| Curve { name, points: findings.curve(Some(name)) }).collect();
    let bona_fide = findings.approaches.iter().filter(|approach| approach.instrument.is_none()).count();
    let drawn = plots::det_of_attacks(&curves, findings.approaches.len() - bona_fide, bona_fide);
    drawn.map_err(|error| anyhow::anyhow!("{error}")).map(PreEscaped).context("the curves cannot be drawn")
}

fn worst(findings: &Findings, bona_fide: bool, crop_of: &impl Fn(&Path) -> Option<Crop>) -> Markup {
    let first = |approach: &Approach| approach.pictures.first().map(|&index| findings.pictures[index].path.clone());
    html! {
        h2 { @if bona_fide { "Bona fide approaches that look least live" } @else { "Attacks that look most live" } }
        div.pairs {
            @for approach in findings.worst(bona_fide, WORST) {
                @if let Some((path, crop)) = first(approach).and_then(|path| crop_of(&path).map(|crop| (path, crop))) {
                    (html::one_face(&Portrait::of(&crop), &caption(approach, &path)))
                }
            }
        }
    }
}

fn caption(approach: &Approach, path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    match &approach.instrument {
        Some(instrument) => format!("{:.4}: {instrument}, {name}", approach.live),
        None => format!("{:.4}: {name}", approach.live),
    }
}
