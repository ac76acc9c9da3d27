//! The results as an HTML page: the curve and the figures.

use super::report::{Report, in_words_of_hard, measured, rate};
use crate::html;
use crate::plots::{self, Curve};
use accuracy::identification::Point;
use anyhow::{Context, Result};
use maud::{Markup, PreEscaped, html};
use terminal::percent;

/// Renders one self-contained page.
///
/// # Errors
/// If the curve cannot be drawn.
pub(super) fn page_of(report: &Report) -> Result<String> {
    let body = html! {
        p.soft { (report.model) ", " (report.hash) }
        @for trials in &report.trials {
            h2 { @if trials.left_out.is_empty() { "Everybody" } @else { "Without mislabelled photos" } }
            p { (trials.about()) }
            div.plots { figure {
                (curve(&trials.det)?)
                figcaption { "DET: the lower and the further left, the better. One threshold for all draws." }
            } }
            div.scroll { table {
                tr { th { "FPIR" } th { "FNIR, nearest encoding" } th { "FNIR, person's distance" } th { "threshold" } th { "fewer misses" } th { "FNIR with the gate" } }
                @for at in &trials.rates {
                    tr {
                        td { (percent(at.fpir)) } td { (measured(&at.nearest)) } td { (measured(&at.person)) }
                        td { (format!("{:.3}", at.threshold)) } td { (measured(&at.fewer_misses)) }
                        td { (measured(&at.gated)) }
                    }
                }
            } }
        }
        p.soft { "In brackets: 95 % intervals, from a bootstrap over people; for counts, Clopper-Pearson." }
        (promises(report))
        (comparisons(report))
    };
    Ok(html::page("How often people are missed and strangers named", &body))
}

fn curve(points: &[Point]) -> Result<PreEscaped<String>> {
    let way = |fnir: fn(&Point) -> f64| -> Vec<accuracy::Point> {
        points.iter().map(|point| accuracy::Point { threshold: 0.0, far: point.fpir, tar: 1.0 - fnir(point) }).collect()
    };
    let curves = [
        Curve { name: "person's distance", points: way(|point| point.fnir_person) },
        Curve { name: "nearest encoding", points: way(|point| point.fnir_nearest) },
        Curve { name: "95 % interval", points: way(|point| point.interval.low) },
        Curve { name: "", points: way(|point| point.interval.high) },
    ];
    let drawn = plots::det_of_searches(&curves).map_err(|error| anyhow::anyhow!("{error}"));
    drawn.map(PreEscaped).context("the curve cannot be drawn")
}

fn promises(report: &Report) -> Markup {
    html! {
        @if !report.promises.is_empty() {
            h2 { "Stored thresholds, tested on strangers" }
            div.scroll { table {
                tr { th { "enrolled" } th { "requested FPIR" } th { "threshold" } th { "promised FPIR" } th { "measured" } }
                @for promise in &report.promises {
                    tr {
                        td { (promise.risk.enrolled) } td { (percent(promise.asked)) } td { (format!("{:.3}", promise.risk.threshold)) @if promise.grey { " for grey" } }
                        td { (percent(promise.risk.fpir)) " [" (percent(promise.risk.fpir_low)) ", " (percent(promise.risk.fpir_high)) "]" }
                        td { (percent(promise.measured)) @if !promise.kept { " – not kept" } }
                    }
                }
            } }
        }
    }
}

fn comparisons(report: &Report) -> Markup {
    html! {
        @if !report.verification.is_empty() {
            h2 { "One photo against one photo" }
            div.scroll { table {
                tr { th { "FMR" } th { "threshold" } th { "FNMR" } }
                @for at in &report.verification {
                    tr { td { (percent(at.fmr)) } td { (format!("{:.3}", at.threshold)) } td { (rate(&at.fnmr)) } }
                }
            } }
        }
        @if let Some(groups) = &report.groups {
            h2 { "By " (groups.column) }
            p { "At threshold " (format!("{:.3}", groups.threshold)) ", where the FMR of all pairs is " (percent(groups.fmr_of_all)) "." }
            div.scroll { table {
                tr { th { "group" } th { "people" } th { "FMR within it" } th { "FNMR" } }
                @for group in &groups.groups {
                    tr {
                        td { (group.name) } td { (group.people) @if group.small { " (few)" } }
                        td { (rate(&group.fmr)) } td { (rate(&group.fnmr)) }
                    }
                }
            } }
            @if let Some(ratio) = groups.worst_fmr_ratio {
                p { "The largest FMR of a group is " (format!("{ratio:.1}")) " times the smallest that is not 0." }
            }
        }
        @if let Some(hard) = &report.hard {
            h2 { "People who resemble each other" }
            ul { @for line in in_words_of_hard(hard).iter().skip(2) { li { (line) } } }
        }
    }
}
