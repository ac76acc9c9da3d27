//! Finds the nearest of many people. It computes with integers, so that every machine finds the same person.
//!
//! An enrolled encoding `a` is a row of integers `z = round(127 a / max|a|)` and one scale `s = 1 / <a,z>`; a probe `p`
//! becomes integers `q = round(32767 p)` and one factor `t = 1 / <p,q>`. `<q,z>` is an exact `i32`, and `s t <q,z>`
//! estimates the cosine of `p` and `a` such that the error vanishes as `p` nears `a`: with these scales the parts of
//! the rounding errors that lie along `a` and `p` cancel.
//!
//! A person has one or more adjacent rows. A person's cosine is the mean of two cosines: that of the nearest row, and
//! the mean over all rows. For people with several photos this gives fewer errors than the nearest row alone, because
//! one photo that resembles a stranger is not enough. A person with one row has that row's cosine. The squared L2
//! distance of unit vectors is 2 - 2 cos, and a person's distance is defined in the same way.
//!
//! People are ranked by that cosine in `f64`, without the common factor `t`; of equal people the first wins. The
//! products `s <q,z>` are exact in `f64`, and sums are in the order of the rows. `gallery` and `policy` interpret the
//! distances.
//!
//! The caller supplies the dot products over rows as a function ([`DotsOfRows`]) that is optimised for its processor.

mod quantized;

pub(crate) use quantized::push_row;
pub use quantized::{Probe, Rows, scale_of};

use core::ops::Range;

/// A person and the distance to them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonDistance {
    /// The nearest of the person's rows, the first of equally near ones, from 0.
    pub nearest_row: usize,
    /// L2 distance from the probe to the person, 0 to 2.
    pub distance: f32,
}

/// Computes the dot product of each row with a probe: `rows` has one row of `probe.len()` integers for each of `dots`.
///
/// The length is a multiple of 32. No sum overflows: `|<q,z>|`, and by Cauchy-Schwarz every partial sum, is at most
/// `128 sqrt(512) |q|`, with `|q|` at most `32767 + sqrt(512) / 2`; that is 0.95e8.
pub type DotsOfRows = fn(rows: &[i8], probe: &[i16], dots: &mut [i32]);

/// Number of rows per call of the dot products: 32 KiB at 128 dimensions.
const BLOCK: usize = 256;

/// Upper bound of the relative error of a cosine in `f32`.
const F32_ERROR: f64 = 1e-6;

/// The L2 distance of a person from the L2 distances of their encodings, each 0 to 2; `None` without encodings.
pub fn person_distance(distances: impl IntoIterator<Item = f32>) -> Option<f32> {
    let mut person = Likeness::default();
    for distance in distances {
        person.add(1.0 - f64::from(distance) * f64::from(distance) / 2.0);
    }
    person.cosine().map(l2_distance)
}

/// The distance to a person with all of these rows; `None` without rows or with a probe of other dimensions.
pub fn distance_of(rows: &Rows<'_>, probe: &Probe, dots_of_rows: DotsOfRows) -> Option<PersonDistance> {
    if probe.dimensions() != rows.dimensions() {
        return None;
    }
    Some(Candidate::nearest_row(0..rows.count(), rows, probe, dots_of_rows)?.at_distance(probe))
}

/// The nearest person. `owners` has one number per row; the rows of a person are adjacent and have equal numbers.
/// `None` if it does not, without rows, or with a probe of other dimensions.
pub fn nearest(rows: &Rows<'_>, owners: &[u32], probe: &Probe, dots_of_rows: DotsOfRows) -> Option<PersonDistance> {
    nearest_where(rows, owners, probe, dots_of_rows, |_| true)
}

/// Like [`nearest`], among the people whose number is wanted.
pub fn nearest_where(
    rows: &Rows<'_>,
    owners: &[u32],
    probe: &Probe,
    dots_of_rows: DotsOfRows,
    is_wanted: impl Fn(u32) -> bool,
) -> Option<PersonDistance> {
    let mut best: Option<Candidate> = None;
    scan(rows, owners, probe, dots_of_rows, is_wanted, |candidate| {
        if candidate.leads(best) {
            best = Some(candidate);
        }
        best
    });
    best.map(|candidate| candidate.at_distance(probe))
}

/// Like [`nearest`], with the nearest other person.
pub fn nearest_two(
    rows: &Rows<'_>,
    owners: &[u32],
    probe: &Probe,
    dots_of_rows: DotsOfRows,
) -> Option<(PersonDistance, Option<PersonDistance>)> {
    let mut best: Option<Candidate> = None;
    let mut runner_up: Option<Candidate> = None;
    scan(
        rows,
        owners,
        probe,
        dots_of_rows,
        |_| true,
        |candidate| {
            if candidate.leads(best) {
                runner_up = best.replace(candidate);
            } else if candidate.leads(runner_up) {
                runner_up = Some(candidate);
            }
            runner_up
        },
    );
    Some((best?.at_distance(probe), runner_up.map(|candidate| candidate.at_distance(probe))))
}

/// Accumulates the cosines of a person's encodings.
#[derive(Default)]
struct Likeness {
    /// `None` until a cosine is added.
    nearest: Option<f64>,
    sum: f64,
    count: u32,
}

impl Likeness {
    /// Adds a cosine, and returns whether it is the nearest so far.
    fn add(&mut self, cosine: f64) -> bool {
        self.sum += cosine;
        self.count += 1;
        let is_nearest = self.nearest.is_none_or(|nearest| cosine > nearest);
        if is_nearest {
            self.nearest = Some(cosine);
        }
        is_nearest
    }

    fn cosine(&self) -> Option<f64> {
        let nearest = self.nearest?;
        // Returns the cosine of a single encoding unchanged, so that rounding cannot alter it.
        Some(if self.count == 1 { nearest } else { 0.5 * (nearest + self.sum / f64::from(self.count)) })
    }
}

fn l2_distance(cosine: f64) -> f32 {
    libm::sqrt((2.0 - 2.0 * cosine).clamp(0.0, 4.0)) as f32
}

/// A person with their cosine, without the probe's factor.
#[derive(Clone, Copy)]
struct Candidate {
    nearest_row: usize,
    likeness: f64,
}

impl Candidate {
    /// `None` without rows, or if the result is not a number.
    fn nearest_row(person: Range<usize>, rows: &Rows<'_>, probe: &Probe, dots_of_rows: DotsOfRows) -> Option<Self> {
        let (mut likeness, mut nearest_row) = (Likeness::default(), person.start);
        let own = rows.range(person.clone())?;
        let mut dots = [0; BLOCK];
        let blocks = own.numbers().chunks(BLOCK * own.stride()).zip(own.scales().chunks(BLOCK));
        for (block, (numbers, scales)) in blocks.enumerate() {
            let dots = &mut dots[..scales.len()];
            dots_of_rows(numbers, probe.padded(own.stride()), dots);
            for (index, (&dot, &scale)) in dots.iter().zip(scales).enumerate() {
                if likeness.add(f64::from(scale) * f64::from(dot)) {
                    nearest_row = person.start + block * BLOCK + index;
                }
            }
        }
        let likeness = likeness.cosine().filter(|likeness| !likeness.is_nan())?;
        Some(Self { nearest_row, likeness })
    }

    fn leads(&self, other: Option<Self>) -> bool {
        other.is_none_or(|other| self.likeness > other.likeness)
    }

    fn at_distance(self, probe: &Probe) -> PersonDistance {
        PersonDistance { nearest_row: self.nearest_row, distance: l2_distance(self.likeness * probe.factor()) }
    }
}

/// Calls `visit`, in order, with every wanted person whose cosine may be above the floor; it returns the next floor.
///
/// A person's cosine never exceeds that of their nearest row, so only people with a row above the floor are evaluated
/// in full.
fn scan(
    rows: &Rows<'_>,
    owners: &[u32],
    probe: &Probe,
    dots_of_rows: DotsOfRows,
    is_wanted: impl Fn(u32) -> bool,
    mut visit: impl FnMut(Candidate) -> Option<Candidate>,
) {
    if probe.dimensions() != rows.dimensions() || owners.len() != rows.count() {
        return;
    }
    let stride = rows.stride();
    let mut floor = f32::NEG_INFINITY;
    let mut visited = 0;
    let mut dots = [0; BLOCK];
    let mut likenesses = [0.0; BLOCK];
    for (block, (numbers, scales)) in rows.numbers().chunks(BLOCK * stride).zip(rows.scales().chunks(BLOCK)).enumerate()
    {
        let dots = &mut dots[..scales.len()];
        let likenesses = &mut likenesses[..scales.len()];
        dots_of_rows(numbers, probe.padded(stride), dots);
        let mut any = false;
        for ((likeness, &dot), &scale) in likenesses.iter_mut().zip(&*dots).zip(scales) {
            *likeness = scale * dot as f32;
            any |= *likeness > floor;
        }
        if !any {
            continue;
        }
        for (row, &likeness) in (block * BLOCK..).zip(&*likenesses) {
            if row < visited || likeness <= floor || likeness.is_nan() {
                continue;
            }
            let person = rows_of_owner(owners, row);
            visited = person.end;
            if !is_wanted(owners[row]) {
                continue;
            }
            if let Some(leader) = Candidate::nearest_row(person, rows, probe, dots_of_rows).and_then(&mut visit) {
                floor = (leader.likeness - F32_ERROR * leader.likeness.abs()) as f32;
            }
        }
    }
}

/// The range of rows around this one that have the same owner.
fn rows_of_owner(owners: &[u32], row: usize) -> Range<usize> {
    let is_other = |owner: &u32| *owner != owners[row];
    let first = owners[..row].iter().rposition(is_other).map_or(0, |other| other + 1);
    let end = owners[row..].iter().position(is_other).map_or(owners.len(), |length| row + length);
    first..end
}

#[cfg(test)]
pub(crate) mod noise;
#[cfg(test)]
mod tests;
