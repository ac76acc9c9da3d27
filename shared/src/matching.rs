//! The nearest of many encodings, in integers, so that every machine finds the same one.
//!
//! An enrolled encoding `a` is a row of integers `z = round(127 a / max|a|)` and one scale `s = 1 / <a,z>`; a probe `p`
//! becomes integers `q = round(32767 p)` and one factor `t = 1 / <p,q>`. `<q,z>` is an exact `i32`, and `s t <q,z>`
//! estimates the cosine of `p` and `a` such that the error vanishes as `p` nears `a`: with these scales the parts of the
//! rounding errors that lie along `a` and `p` cancel. The squared L2 distance of unit vectors is 2 - 2 cos.
//!
//! Rows are ranked by `s <q,z>` in `f32`; of equal ones the first wins. Whose a row is and what a distance means is for
//! `gallery` and `policy` to say.

mod kernel;
mod quantised;

pub use kernel::Kernel;
pub(crate) use quantised::push_row;
pub use quantised::{Probe, Rows, scale_of};

/// A row and how near it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowDistance {
    /// Which row, from 0.
    pub row: usize,
    /// L2 distance to the probe, 0 to 2.
    pub distance: f32,
}

/// Rows for which dot products are taken before they are looked at: 32 KiB at 128 dimensions.
const BLOCK: usize = 256;

/// The nearest row, the first of equally near ones; `None` without rows or with a probe of other dimensions.
pub fn nearest(rows: &Rows<'_>, probe: &Probe, kernel: Kernel) -> Option<RowDistance> {
    let mut best: Option<Candidate> = None;
    scan(rows, probe, kernel, |candidate| {
        best = Some(candidate);
        candidate.likeness
    });
    best.map(|candidate| candidate.at_distance(rows, probe))
}

/// The nearest of the rows that are wanted, the first of equally near ones; `None` without such rows or with a probe of
/// other dimensions.
pub fn nearest_where(
    rows: &Rows<'_>,
    probe: &Probe,
    kernel: Kernel,
    is_wanted: impl Fn(usize) -> bool,
) -> Option<RowDistance> {
    let mut best: Option<Candidate> = None;
    scan(rows, probe, kernel, |candidate| {
        if is_wanted(candidate.row) {
            best = Some(candidate);
        }
        best.map_or(f32::NEG_INFINITY, |best| best.likeness)
    });
    best.map(|candidate| candidate.at_distance(rows, probe))
}

/// The nearest row, and the nearest of the rows that have another owner than that one; the first of equally near ones.
/// `owners` has one number for each row. `None` as in [`nearest`], or if owners are missing.
pub fn nearest_two(
    rows: &Rows<'_>,
    owners: &[u32],
    probe: &Probe,
    kernel: Kernel,
) -> Option<(RowDistance, Option<RowDistance>)> {
    if owners.len() != rows.count() {
        return None;
    }
    let mut best: Option<Candidate> = None;
    let mut runner_up: Option<Candidate> = None;
    scan(rows, probe, kernel, |candidate| {
        match best {
            Some(leader) if candidate.likeness <= leader.likeness => {
                if owners[candidate.row] != owners[leader.row] {
                    runner_up = Some(candidate);
                }
            }
            Some(leader) => {
                if owners[candidate.row] != owners[leader.row] {
                    runner_up = best;
                }
                best = Some(candidate);
            }
            None => best = Some(candidate),
        }
        runner_up.map_or(f32::NEG_INFINITY, |candidate| candidate.likeness)
    });
    Some((best?.at_distance(rows, probe), runner_up.map(|candidate| candidate.at_distance(rows, probe))))
}

#[derive(Clone, Copy)]
struct Candidate {
    row: usize,
    dot: i32,
    /// The cosine but for the probe's factor, which all rows share.
    likeness: f32,
}

impl Candidate {
    fn at_distance(self, rows: &Rows<'_>, probe: &Probe) -> RowDistance {
        let cosine = f64::from(rows.scales()[self.row]) * f64::from(self.dot) * probe.factor();
        let squared = (2.0 - 2.0 * cosine).clamp(0.0, 4.0);
        RowDistance { row: self.row, distance: libm::sqrt(squared) as f32 }
    }
}

/// Shows `visit` the rows that are more alike than the floor, in order; it returns the next floor.
fn scan(rows: &Rows<'_>, probe: &Probe, kernel: Kernel, mut visit: impl FnMut(Candidate) -> f32) {
    if probe.dimensions() != rows.dimensions() {
        return;
    }
    let stride = rows.stride();
    let mut floor = f32::NEG_INFINITY;
    let mut dots = [0; BLOCK];
    let mut likenesses = [0.0; BLOCK];
    for (block, (numbers, scales)) in rows.numbers().chunks(BLOCK * stride).zip(rows.scales().chunks(BLOCK)).enumerate()
    {
        let dots = &mut dots[..scales.len()];
        let likenesses = &mut likenesses[..scales.len()];
        kernel.dots(numbers, probe.padded(stride), dots);
        let mut any = false;
        for ((likeness, &dot), &scale) in likenesses.iter_mut().zip(&*dots).zip(scales) {
            *likeness = scale * dot as f32;
            any |= *likeness > floor;
        }
        if !any {
            continue;
        }
        for (index, (&dot, &likeness)) in dots.iter().zip(&*likenesses).enumerate() {
            if likeness > floor {
                floor = visit(Candidate { row: block * BLOCK + index, dot, likeness });
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod noise;
#[cfg(test)]
mod tests;
