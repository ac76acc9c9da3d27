//! Dot products of many rows of `i8` with one row of `i16`: one plain loop, compiled for several feature levels. The
//! compiler makes `pmaddwd` (x86_64) or `smlal` (aarch64) of it. The level is chosen once, at run time.
//!
//! No sum overflows: `|<q,z>|`, and by Cauchy-Schwarz every partial sum, is at most `128 sqrt(512) |q|`, with `|q|` at
//! most `32767 + sqrt(512) / 2`; that is 0.95e8. Wrapping arithmetic only spares the compiler the check.
#![allow(unsafe_code, reason = "calling a function compiled for more features than the whole program")]

/// Rows are padded to a multiple of this many numbers.
pub(super) const PADDING: usize = 32;

/// The instructions that dot products are made with. All give the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// What every processor of the architecture has: SSE2, NEON.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx2, "avx2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx512, "avx512f", "avx512bw", "avx512dq", "avx512vl");

impl Kernel {
    /// What every processor of the architecture can run.
    pub const BASELINE: Self = Self(Level::Baseline);

    /// The fastest that this processor can run.
    pub fn fastest() -> Self {
        Self::all().last().unwrap_or(Self::BASELINE)
    }

    /// Every one that this processor can run, slowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let more = [has_avx2::get().then_some(Level::Avx2), has_avx512::get().then_some(Level::Avx512)];
        #[cfg(not(target_arch = "x86_64"))]
        let more: [Option<Level>; 0] = [];
        core::iter::once(Level::Baseline).chain(more.into_iter().flatten()).map(Self)
    }

    /// The dot product of each row with the probe; `rows` holds one row of `probe.len()` for each of `dots`.
    pub(super) fn dots(self, rows: &[i8], probe: &[i16], dots: &mut [i32]) {
        match self.0 {
            Level::Baseline => dots_of(rows, probe, dots),
            // SAFETY: the level exists only where `all` has seen the processor's features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { dots_avx2(rows, probe, dots) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { dots_avx512(rows, probe, dots) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dots_avx2(rows: &[i8], probe: &[i16], dots: &mut [i32]) {
    dots_of(rows, probe, dots);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn dots_avx512(rows: &[i8], probe: &[i16], dots: &mut [i32]) {
    dots_of(rows, probe, dots);
}

#[inline(always)]
fn dots_of(rows: &[i8], probe: &[i16], dots: &mut [i32]) {
    match probe.len() {
        128 => dots_of_length::<128>(rows, probe, dots),
        256 => dots_of_length::<256>(rows, probe, dots),
        512 => dots_of_length::<512>(rows, probe, dots),
        stride => {
            for (row, dot) in rows.chunks_exact(stride).zip(dots) {
                let (row, probe) = (row.as_chunks::<PADDING>().0, probe.as_chunks::<PADDING>().0);
                *dot = row.iter().zip(probe).fold(0, |sum: i32, (row, probe)| sum.wrapping_add(dot_of(row, probe)));
            }
        }
    }
}

#[inline(always)]
fn dots_of_length<const N: usize>(rows: &[i8], probe: &[i16], dots: &mut [i32]) {
    let Some(probe) = probe.first_chunk::<N>() else { return };
    for (row, dot) in rows.as_chunks::<N>().0.iter().zip(dots) {
        // The compiler would widen the probe to i32 before the loop and narrow it again for each row; hidden from it,
        // the probe is used as it lies in memory.
        *dot = dot_of(row, core::hint::black_box(probe));
    }
}

#[inline(always)]
fn dot_of<const N: usize>(row: &[i8; N], probe: &[i16; N]) -> i32 {
    row.iter().zip(probe).fold(0, |sum: i32, (&a, &b)| sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b))))
}
