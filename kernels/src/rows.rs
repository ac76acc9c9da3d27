//! Dot products of many rows of `i8` with one row of `i16`, for matching: one generic loop, compiled for several
//! instruction sets. The compiler vectorises it with `pmaddwd` (x86_64) or `smlal` (aarch64).
//!
//! Every level gives the same sums.
#![allow(unsafe_code, reason = "calling a function compiled for more features than the whole program")]

use crate::Level;
#[cfg(target_arch = "x86_64")]
use crate::level::Instructions;

/// The numbers that the loop processes at a time. Rows whose length is a multiple of it are fastest.
const STEP: usize = 32;

/// Computes the dot product of each row with the probe, with the fastest level of this processor.
///
/// `rows` contains one row of `probe.len()` numbers for each of `dots`; if there are fewer rows, the remaining dots are
/// unchanged. Sums wrap around at the range of `i32`; the caller must use numbers that prevent this.
pub fn dots_of_rows(rows: &[i8], probe: &[i16], dots: &mut [i32]) {
    Level::fastest().dots_of_rows(rows, probe, dots);
}

impl Level {
    /// Like [`dots_of_rows`], with this level.
    pub fn dots_of_rows(self, rows: &[i8], probe: &[i16], dots: &mut [i32]) {
        match self.0 {
            // SAFETY: the level exists only where `Level::all` has seen the processor's features.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { dots_avx2(rows, probe, dots) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Avx512Vnni => unsafe { dots_avx512(rows, probe, dots) },
            _ => self::dots(rows, probe, dots),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dots_avx2(rows: &[i8], probe: &[i16], sums: &mut [i32]) {
    dots(rows, probe, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn dots_avx512(rows: &[i8], probe: &[i16], sums: &mut [i32]) {
    dots(rows, probe, sums);
}

#[inline(always)]
fn dots(rows: &[i8], probe: &[i16], sums: &mut [i32]) {
    match probe.len() {
        0 => {}
        128 => dots_of_length::<128>(rows, probe, sums),
        256 => dots_of_length::<256>(rows, probe, sums),
        512 => dots_of_length::<512>(rows, probe, sums),
        length => {
            for (row, sum) in rows.chunks_exact(length).zip(sums) {
                let ((row, row_end), (probe, probe_end)) = (row.as_chunks::<STEP>(), probe.as_chunks::<STEP>());
                let steps = row.iter().zip(probe).map(|(row, probe)| dot(row, probe));
                let rest = row_end.iter().zip(probe_end).map(|(a, b)| dot(&[*a], &[*b]));
                *sum = steps.chain(rest).fold(0, i32::wrapping_add);
            }
        }
    }
}

#[inline(always)]
fn dots_of_length<const N: usize>(rows: &[i8], probe: &[i16], sums: &mut [i32]) {
    let Some(probe) = probe.first_chunk::<N>() else { return };
    for (row, sum) in rows.as_chunks::<N>().0.iter().zip(sums) {
        // Hides the probe from the compiler, which would otherwise widen it to i32 before the loop and narrow it again
        // for each row.
        *sum = dot(row, core::hint::black_box(probe));
    }
}

#[inline(always)]
fn dot<const N: usize>(row: &[i8; N], probe: &[i16; N]) -> i32 {
    row.iter().zip(probe).fold(0, |sum: i32, (&a, &b)| sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(row: &[i8], probe: &[i16]) -> i64 {
        row.iter().zip(probe).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
    }

    #[test]
    fn every_level_sums_exactly_whatever_the_length() {
        let mut random = fastrand::Rng::with_seed(1);
        for length in [1, 31, 32, 33, 100, 128, 160, 256, 512] {
            let rows: Vec<i8> = (0..7 * length).map(|_| random.i8(-127..=127)).collect();
            let probe: Vec<i16> = (0..length).map(|_| random.i16(-4000..=4000)).collect();
            let expected: Vec<i64> = rows.chunks(length).map(|row| exact(row, &probe)).collect();
            for level in Level::all() {
                let mut sums = [0; 7];
                level.dots_of_rows(&rows, &probe, &mut sums);
                assert_eq!(sums.map(i64::from).as_slice(), expected, "{length} numbers, {level:?}");
            }
        }
    }

    #[test]
    fn rows_that_are_not_there_are_left_out() {
        let mut sums = [7; 3];
        dots_of_rows(&[1; 128 + 5], &[2; 128], &mut sums);
        assert_eq!(sums, [256, 7, 7]);
        dots_of_rows(&[1; 4], &[], &mut sums);
        assert_eq!(sums, [256, 7, 7]);
    }
}
