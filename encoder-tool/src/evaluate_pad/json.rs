//! The results as JSON.

use super::findings::Findings;
use accuracy::Point;
use accuracy::pad::{Approach, Rate, Rates};
use serde::Serialize;
use std::collections::BTreeMap;
use terminal::{ShowPath, ShownPath, print_json};

/// The most points of the curve.
const MOST_POINTS: usize = 200;
/// The most approaches of each kind that are named as the worst.
const WORST: usize = 24;

#[derive(Serialize)]
struct Report<'a> {
    network: &'a str,
    network_sha256: &'a str,
    threshold_from: &'a str,
    pictures: usize,
    frames_of_one_approach: usize,
    left_over: usize,
    /// The method of the intervals `low` to `high`.
    interval: &'static str,
    /// Rates at the bundle's threshold.
    #[serde(flatten)]
    rates: Shown,
    non_response: NonResponse<'a>,
    /// The BPCER for which thresholds are chosen.
    bpcer_target: f64,
    /// Rates on these pictures at the threshold that was chosen on them.
    chosen: Option<Shown>,
    written: bool,
    /// Rates of new people: each is left out when the threshold is chosen.
    unseen: Option<UnseenPeople>,
    /// All attacks together.
    roc: Vec<At>,
    worst: Worst,
    unreadable: Vec<Unreadable<'a>>,
    not_pictures: &'a BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct Shown {
    threshold: f32,
    bpcer: Rate,
    apcer: BTreeMap<String, Rate>,
}

#[derive(Serialize)]
struct NonResponse<'a> {
    bona_fide: Option<&'a Rate>,
    attack: BTreeMap<&'a str, &'a Rate>,
}

#[derive(Serialize)]
struct UnseenPeople {
    people: usize,
    thresholds: [f32; 2],
    bpcer: Rate,
    apcer: BTreeMap<String, Rate>,
}

/// One threshold.
#[derive(Serialize)]
struct At {
    threshold: f32,
    bpcer: f64,
    apcer: f64,
}

#[derive(Serialize)]
struct Worst {
    bona_fide: Vec<One>,
    attack: Vec<One>,
}

/// One approach.
#[derive(Serialize)]
struct One {
    pictures: Vec<ShownPath>,
    instrument: Option<String>,
    live: f32,
}

#[derive(Serialize)]
struct Unreadable<'a> {
    picture: ShownPath,
    reason: &'a str,
}

/// Prints one object.
///
/// # Errors
/// If stdout cannot be written.
pub(super) fn print_json_of(findings: &Findings, written: bool) -> anyhow::Result<()> {
    let manifest = &findings.bundle.manifest;
    let by_instrument = findings.non_responses.iter();
    print_json(&Report {
        network: &manifest.provenance.name,
        network_sha256: &manifest.network.sha256,
        threshold_from: &findings.bundle.calibration.threshold_from,
        pictures: findings.pictures.len(),
        frames_of_one_approach: findings.frames,
        left_over: findings.left_over,
        interval: "95 %, Clopper-Pearson, each person or folder as one trial where it is known",
        rates: shown(findings.rates()),
        non_response: NonResponse {
            bona_fide: findings.non_responses.get(&None),
            attack: by_instrument.filter_map(|(name, rate)| Some((name.as_deref()?, rate))).collect(),
        },
        bpcer_target: findings.target,
        chosen: findings.chosen.as_ref().map(|chosen| shown(chosen.rates.clone())),
        written,
        unseen: findings.unseen.as_ref().map(|unseen| {
            let Shown { bpcer, apcer, .. } = shown(unseen.rates.clone());
            UnseenPeople { people: unseen.people, thresholds: unseen.thresholds, bpcer, apcer }
        }),
        roc: thinned(&findings.curve(None)),
        worst: Worst { bona_fide: worst(findings, true), attack: worst(findings, false) },
        unreadable: findings.unreadable().into_iter().map(|(picture, reason)| Unreadable { picture, reason }).collect(),
        not_pictures: &findings.others,
    })
}

fn shown(Rates { threshold, bpcer, apcer }: Rates) -> Shown {
    Shown { threshold, bpcer, apcer: apcer.into_iter().collect() }
}

/// Points at equal steps of the curve, without the one that accepts nothing.
fn thinned(points: &[Point]) -> Vec<At> {
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let points = points.iter().skip(1).step_by(step);
    points.map(|point| At { threshold: -point.threshold, bpcer: 1.0 - point.tar, apcer: point.far }).collect()
}

fn worst(findings: &Findings, bona_fide: bool) -> Vec<One> {
    let one = |approach: &Approach| One {
        pictures: approach.pictures.iter().map(|&index| findings.pictures[index].path.shown()).collect(),
        instrument: approach.instrument.clone(),
        live: approach.live,
    };
    findings.worst(bona_fide, WORST).into_iter().map(one).collect()
}
