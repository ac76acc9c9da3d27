//! Tests a gate on people whose photos it was not learnt from. Counts strangers that are named because their photo is
//! degraded like the enrolled photo of somebody else, and plain photos that are refused.

use super::degrade::Kind;
use super::sampled_faces::Seen;
use fastrand::Rng;
use models::gate::{Gate, Standing};
use std::fmt;
use std::sync::Arc;

/// The kinds that must be safe; the others are only reported.
pub(super) const MUST: [Kind; 6] = [Kind::UpsideDown, Kind::Bar, Kind::Mask, Kind::Roll45, Kind::Noise, Kind::Blur];
/// Number of people in a database, for the threshold and for the trial in which everybody is enrolled from degraded
/// photos.
pub(super) const ENROLLED: usize = 60;
const DRAWS: usize = 30;
/// With one degraded photo enrolled, at most this share of strangers may be named.
const MOST_BY_ONE: f64 = 0.003;
/// With everybody enrolled from degraded photos, at most this many strangers may be named, averaged over draws.
const MOST_BY_ALL: f64 = 1.0;
/// At most this share of plain photos may be refused.
const MOST_REFUSED: f64 = 0.01;

/// The result of the trial.
pub(super) struct Trial {
    threshold: f32,
    plain: Plain,
    rows: Vec<Row>,
}

struct Plain {
    photos: usize,
    refused: usize,
    crowded: usize,
    /// Number of pairs of photos of one person that pass the gate and are within the threshold.
    mated: usize,
    /// Number of those pairs in which the second photo is not recognised because of the background.
    lost: usize,
}

struct Row {
    kind: Kind,
    faces: usize,
    passing: usize,
    without: Strangers,
    with: Strangers,
}

/// Counts of strangers that are named.
#[derive(Clone, Copy)]
struct Strangers {
    /// Share of strangers that one enrolled photo names: on average, and for the worst photo.
    by_one: f64,
    by_worst: f64,
    /// With everybody enrolled from degraded photos: the mean over draws, the maximum, and the mean number of judged
    /// faces.
    by_all: f64,
    most: usize,
    judged: f64,
    /// Number of people enrolled in a draw.
    enrolled: usize,
}

struct Face<'s> {
    seen: &'s Seen,
    standing: Standing,
    passes: bool,
    is_enrolled: bool,
}

impl<'s> Face<'s> {
    fn new(seen: &'s Seen, gate: Option<&Arc<Gate>>) -> Self {
        let standing = Standing::new(gate, &seen.encoded, seen.confidence);
        let passes = standing.is_recognisable().unwrap_or(true);
        let is_enrolled = passes && !standing.is_crowded();
        Self { seen, standing, passes, is_enrolled }
    }

    fn is_within(&self, threshold: f32, enrolled: &Self) -> bool {
        self.seen.encoded.encoding.l2_distance(&enrolled.seen.encoded.encoding) <= threshold
    }

    fn is_named_by(&self, threshold: f32, enrolled: &Self) -> bool {
        self.passes
            && self.is_within(threshold, enrolled)
            && self.standing.is_clear_beside(&enrolled.seen.encoded.encoding, enrolled.standing.is_plain())
    }
}

impl Trial {
    /// Tests a gate on faces of people it was not learnt from. `threshold` is an L2 distance.
    pub(super) fn new(seen: &[Seen], gate: &Arc<Gate>, threshold: f32) -> Self {
        let faces = |kind: Option<Kind>, gate: Option<&Arc<Gate>>| -> Vec<Face<'_>> {
            seen.iter().filter(|seen| seen.kind == kind).map(|seen| Face::new(seen, gate)).collect()
        };
        let plain = Plain::new(&faces(None, Some(gate)), threshold);
        let rows = Kind::ALL.into_iter().map(|kind| {
            let with = faces(Some(kind), Some(gate));
            Row {
                kind,
                faces: with.len(),
                passing: with.iter().filter(|face| face.passes).count(),
                without: Strangers::new(&faces(Some(kind), None), threshold),
                with: Strangers::new(&with, threshold),
            }
        });
        Self { threshold, plain, rows: rows.filter(|row| row.faces > 1).collect() }
    }

    /// The requirements that are not met. A small trial may exceed the limits by the factor `slack`, by chance.
    pub(super) fn failures(&self, slack: f64) -> Vec<String> {
        let Plain { photos, refused, .. } = self.plain;
        let mut failures = Vec::new();
        if refused as f64 > slack * MOST_REFUSED * photos as f64 {
            failures.push(format!("{refused} of {photos} plain photos are refused"));
        }
        for row in self.rows.iter().filter(|row| MUST.contains(&row.kind)) {
            if row.with.by_one > slack * MOST_BY_ONE || row.with.by_all > slack * MOST_BY_ALL {
                failures.push(format!("{}: too many strangers are named", row.kind.in_words()));
            }
        }
        failures
    }
}

impl Plain {
    fn new(faces: &[Face<'_>], threshold: f32) -> Self {
        let (mut mated, mut lost) = (0, 0);
        for (index, probe) in faces.iter().enumerate().filter(|(_, probe)| probe.passes) {
            let others = faces[..index].iter().rev().take_while(|other| other.seen.person == probe.seen.person);
            for other in others.filter(|other| other.is_enrolled && probe.is_within(threshold, other)) {
                mated += 1;
                lost += usize::from(!probe.is_named_by(threshold, other));
            }
        }
        Self {
            photos: faces.len(),
            refused: faces.iter().filter(|face| !face.passes).count(),
            crowded: faces.iter().filter(|face| face.passes && !face.is_enrolled).count(),
            mated,
            lost,
        }
    }
}

impl Strangers {
    fn new(faces: &[Face<'_>], threshold: f32) -> Self {
        let enrolled: Vec<&Face<'_>> = faces.iter().filter(|face| face.is_enrolled).collect();
        let others = faces.len().saturating_sub(1).max(1) as f64;
        // Which faces each enrolled face names, by index.
        let named: Vec<Vec<usize>> = enrolled
            .iter()
            .map(|one| {
                let is_named =
                    |face: &Face<'_>| face.seen.person != one.seen.person && face.is_named_by(threshold, one);
                faces.iter().enumerate().filter(|(_, face)| is_named(face)).map(|(index, _)| index).collect()
            })
            .collect();
        let rates = || named.iter().map(|named| named.len() as f64 / others);
        let in_draw = ENROLLED.min(enrolled.len() / 2);
        let (mut counts, mut judged) = (Vec::new(), 0);
        for draw in 0..DRAWS as u64 {
            let mut order: Vec<usize> = (0..enrolled.len()).collect();
            Rng::with_seed(draw).shuffle(&mut order);
            let drawn = &order[..in_draw];
            let is_drawn = |face: &Face<'_>| drawn.iter().any(|&one| enrolled[one].seen.person == face.seen.person);
            let strangers: Vec<bool> = faces.iter().map(|face| !is_drawn(face)).collect();
            let mut is_named = vec![false; faces.len()];
            drawn.iter().flat_map(|&one| &named[one]).for_each(|&face| is_named[face] = strangers[face]);
            counts.push(is_named.iter().filter(|named| **named).count());
            judged += faces.iter().zip(&strangers).filter(|(face, stranger)| face.passes && **stranger).count();
        }
        Self {
            by_one: rates().chain([0.0]).sum::<f64>() / named.len().max(1) as f64,
            by_worst: rates().fold(0.0, f64::max),
            by_all: counts.iter().sum::<usize>() as f64 / DRAWS as f64,
            most: counts.into_iter().max().unwrap_or(0),
            judged: judged as f64 / DRAWS as f64,
            enrolled: in_draw,
        }
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threshold, plain, rows } = self;
        let Plain { photos, refused, crowded, mated, lost } = plain;
        let share = 100.0 * *refused as f64 / (*photos).max(1) as f64;
        writeln!(
            f,
            "Trial on people that the gate was not learnt from; threshold {threshold:.3}, for {ENROLLED} people at FPIR 0.001."
        )?;
        writeln!(
            f,
            "Plain photos: {refused} of {photos} refused by the gate ({share:.2} %), {crowded} more at enrolment."
        )?;
        writeln!(f, "Plain mated pairs within the threshold: {lost} of {mated} lost to the background.")?;
        writeln!(f, "Strangers named, both photos degraded in the same way, {DRAWS} draws:")?;
        writeln!(
            f,
            "{:21}| faces | pass | one enrolled: % (worst) | {ENROLLED} enrolled: mean (most) of judged | without the gate: one, {ENROLLED}",
            ""
        )?;
        for Row { kind, faces, passing, without, with } in rows {
            writeln!(
                f,
                "{:21}| {faces:5} | {passing:4} | {:8.3} ({:6.3}) | {:2} enrolled: {:5.1} ({:3}) of {:6.1} | {:7.3}, {:6.1}",
                kind.in_words(),
                100.0 * with.by_one,
                100.0 * with.by_worst,
                with.enrolled,
                with.by_all,
                with.most,
                with.judged,
                100.0 * without.by_one,
                without.by_all,
            )?;
        }
        Ok(())
    }
}

/// A gate that passes encodings longer than 10 and has no background.
#[cfg(test)]
pub(crate) fn gate_of_length_10() -> Gate {
    use models::gate::{Learnt, Term};
    let term = |weight| Term { mean: 10.0, spread: 1.0, weight };
    Gate::new(Learnt {
        learnt_with: shared::gallery::ModelHash([0; 32]),
        learnt_from: String::new(),
        mean: vec![0.0, 0.0],
        weights: vec![0.0, 0.0],
        length: term(1.0),
        confidence: term(0.0),
        constant: 0.0,
        clearance: 0.0,
        plain_from: 1.0,
        crowded: 1.0,
        prototypes: Vec::new(),
    })
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::encoding::Encoded;

    fn seen(person: usize, kind: Option<Kind>, angle: f32, length: f32) -> Seen {
        let encoded = Encoded::from_network(&[length * angle.cos(), length * angle.sin()]).unwrap();
        Seen { person, kind, encoded, confidence: 0.9 }
    }

    #[test]
    fn strangers_who_resemble_each_other_are_counted_until_the_gate_refuses_them() {
        for (length, named) in [(12.0, true), (8.0, false)] {
            let seen: Vec<Seen> = (0..9).map(|person| seen(person, Some(Kind::Mask), 0.1, length)).collect();
            let trial = Trial::new(&seen, &Arc::new(gate_of_length_10()), 0.5);
            let [Row { passing, with, without, .. }] = trial.rows.as_slice() else { panic!() };
            assert_eq!(*passing, if named { 9 } else { 0 });
            assert_eq!((with.by_one, with.by_worst), if named { (1.0, 1.0) } else { (0.0, 0.0) });
            assert_eq!((with.by_all, with.most), if named { (5.0, 5) } else { (0.0, 0) });
            assert_eq!((without.by_one, without.by_all), (1.0, 5.0));
            assert_eq!(trial.failures(1.0).is_empty(), !named);
        }
    }

    #[test]
    fn plain_photos_that_are_refused_fail_the_trial() {
        let photos = |refused: usize| -> Vec<Seen> {
            (0..200).map(|at| seen(at / 2, None, at as f32, if at < refused { 9.0 } else { 12.0 })).collect()
        };
        for (refused, slack, fails) in [(0, 1.0, false), (2, 1.0, false), (3, 1.0, true), (3, 2.0, false)] {
            let trial = Trial::new(&photos(refused), &Arc::new(gate_of_length_10()), 2.0);
            assert_eq!(!trial.failures(slack).is_empty(), fails, "{refused}");
            assert_eq!((trial.plain.refused, trial.plain.photos), (refused, 200));
            assert_eq!((trial.plain.mated, trial.plain.lost), (100 - refused.div_ceil(2), 0));
        }
    }
}
