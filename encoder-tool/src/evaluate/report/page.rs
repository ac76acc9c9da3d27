//! The results as an HTML page: plots, a table, and the pairs that the network gets most wrong.

use super::words::{LEGEND, accuracy, eer, not_carried, tar};
use super::{Findings, WayFindings, triplets_in_words};
use crate::html;
use crate::plots::{self, Curve};
use crate::portrait::Portrait;
use accuracy::{FALSE_ACCEPT_RATES, Measured, Mined, Pair, Triplet, roc_of};
use anyhow::{Context, Result};
use maud::{Markup, PreEscaped, html};
use terminal::counted;

/// Number of pairs shown of each kind.
const WORST: usize = 24;

/// Renders one self-contained page.
///
/// # Errors
/// If a plot cannot be drawn.
pub(crate) fn page_of(findings: &Findings) -> Result<String> {
    let body = html! {
        p { (counted(findings.sample.photos.len(), "photo")) "; " (findings.sample.chosen) ": "
            (findings.pairs_of(true)) " mated and " (findings.pairs_of(false)) " non-mated." }
        (failures(findings))
        (plots_of(findings)?)
        h2 { "Figures" }
        (table(findings))
        (movements(findings))
        (worst(findings, true))
        (worst(findings, false))
        @if let Some(mined) = &findings.triplets { (triplets(findings, mined)) }
    };
    Ok(html::page("How well faces are told apart", &body))
}

fn failures(findings: &Findings) -> Markup {
    let (no_face, unreadable) = findings.without_face();
    let count = if findings.failures_count { "count as errors" } else { "are left out" };
    html! {
        @if no_face.is_empty() && unreadable.is_empty() {
            p.soft { "A face was found in every photo." }
        } @else {
            p {
                (counted(no_face.len(), "photo")) " without a face and " (unreadable.len()) " that cannot be read; pairs with such "
                "a photo " (count) "."
            }
            ul {
                @for photo in &no_face { li { (photo) ": no face" } }
                @for (photo, why) in &unreadable { li { (photo) ": " (why) } }
            }
        }
    }
}

fn plots_of(findings: &Findings) -> Result<Markup> {
    let drawn = |plot: Result<String, Box<dyn std::error::Error>>| {
        plot.map(PreEscaped).map_err(|error| anyhow::anyhow!("{error}")).context("a plot cannot be drawn")
    };
    let rows = findings.rows();
    let curves = || -> Vec<Curve<'_>> {
        let curve = |(name, way): &(String, &WayFindings)| (name.clone(), roc_of(&way.pairs).points());
        rows.iter().zip(rows.iter().map(curve)).map(|((name, _), (_, points))| Curve { name, points }).collect()
    };
    let (mated, non_mated) = (findings.pairs_of(true), findings.pairs_of(false));
    let first = &findings.models[0].aligned;
    let distances = drawn(plots::distances(&roc_of(&first.pairs), first.figures.threshold))?;
    let (roc, det) = (drawn(plots::roc(&curves(), non_mated))?, drawn(plots::det(&curves(), non_mated, mated))?);
    Ok(html! {
        div.plots {
            figure { (distances) figcaption { "Distances of " (findings.models[0].name) ". Smaller is more alike." } }
            figure { (roc) figcaption { "ROC: the higher and the further left, the better." } }
            figure { (det) figcaption { "DET: the lower and the further left, the better." } }
        }
    })
}

fn table(findings: &Findings) -> Markup {
    html! {
        div.scroll { table {
            tr {
                th {} th { "accuracy" } th { "threshold" } th { "EER" }
                @for (name, _) in FALSE_ACCEPT_RATES { th { "TAR at FAR " (name) } }
            }
            @for (name, WayFindings { figures, .. }) in findings.rows() {
                tr {
                    td { (name) } td { (accuracy(figures)) }
                    td { @if let Some(threshold) = figures.threshold { (format!("{threshold:.3}")) } @else { "–" } }
                    td { (eer(figures)) }
                    @for rate in &figures.tar_at_far.0 {
                        td { @if let Some(rate) = rate { (tar(rate)) } @else { "–" } }
                    }
                }
            }
        } }
        p.soft {
            @for line in LEGEND { (line) " " }
            @if let Some(line) = not_carried(findings.pairs_of(false)) { (line) }
        }
    }
}

fn movements(findings: &Findings) -> Markup {
    html! {
        @if findings.models.len() > 1 {
            h2 { "Difference of each model from the first" }
            div.scroll { table {
                tr { th {} th { "mean cosine" } th { "least cosine" } th { "decisions changed" } }
                @for model in &findings.models {
                    @if let Some(moved) = model.movement {
                        tr {
                            td { (model.name) }
                            td { @if let Some(cosine) = moved.mean_cosine { (format!("{cosine:.5}")) } @else { "–" } }
                            td { @if let Some(cosine) = moved.least_cosine { (format!("{cosine:.5}")) } @else { "–" } }
                            td { (moved.decisions_changed) }
                        }
                    }
                }
            } }
        }
    }
}

/// The mated pairs with the largest distances, or the non-mated pairs with the smallest.
fn worst(findings: &Findings, mated: bool) -> Markup {
    let mut pairs: Vec<(f32, &Pair)> = findings
        .sample
        .pairs
        .iter()
        .zip(&findings.models[0].aligned.pairs)
        .filter(|(pair, _)| pair.mated == mated)
        .filter_map(|(pair, compared)| Some((compared.distance?, pair)))
        .collect();
    pairs.sort_by(|(a, _), (b, _)| if mated { b.total_cmp(a) } else { a.total_cmp(b) });
    pairs.truncate(WORST);
    html! {
        h2 { @if mated { "Mated pairs that are farthest apart" } @else { "Non-mated pairs that are nearest" } }
        div.pairs {
            @for (distance, pair) in pairs {
                @if let (Some(a), Some(b)) = (measured(findings, pair.a), measured(findings, pair.b)) {
                    (two_faces([a, b], &caption(findings, pair, distance)))
                }
            }
        }
    }
}

fn caption(findings: &Findings, pair: &Pair, distance: f32) -> String {
    let (a, b) = (file_name(findings, pair.a), file_name(findings, pair.b));
    format!("{distance:.3}: {a} and {b}")
}

fn triplets(findings: &Findings, mined: &Mined) -> Markup {
    let faces = |triplet: &Triplet| Some((measured(findings, triplet.anchor)?, measured(findings, triplet.negative)?));
    html! {
        h2 { "People that the network confuses" }
        p { (triplets_in_words(&mined.figures)) }
        div.pairs {
            @for triplet in &mined.worst {
                @if let Some((anchor, negative)) = faces(triplet) {
                    (two_faces([anchor, negative], &format!(
                        "{} and {}: {:.3}, while {} is {:.3} away",
                        file_name(findings, triplet.anchor),
                        file_name(findings, triplet.negative),
                        triplet.anchor_negative.sqrt(),
                        file_name(findings, triplet.positive),
                        triplet.anchor_positive.sqrt(),
                    )))
                }
            }
        }
    }
}

fn two_faces(pair: [&Measured; 2], caption: &str) -> Markup {
    let portraits = pair.map(|measured| Portrait::of(&measured.crop));
    html::two_faces(portraits.each_ref(), caption)
}

fn measured(findings: &Findings, photo: usize) -> Option<&Measured> {
    findings.outcomes[photo].as_ref().ok().and_then(Option::as_ref)
}

fn file_name(findings: &Findings, photo: usize) -> String {
    let path = &findings.sample.photos[photo].path;
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
