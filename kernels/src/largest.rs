//! Max pool of floats in registers.
#![allow(unsafe_code, reason = "vector loads and stores; the length of every slice is checked first")]

use crate::error::LayerError;
use crate::lanes::Vector;
use crate::level::{Instructions, Level};
use crate::pool;
use crate::shape::{Extent, Window};

/// A max pool of floats, ready to run.
#[derive(Clone, Debug)]
pub struct Largest {
    level: Level,
    window: Window,
}

impl Largest {
    /// Makes a max pool.
    pub fn new(level: Level, window: Window) -> Self {
        Self { level, window }
    }

    /// The window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Pools a picture.
    ///
    /// # Errors
    /// [`LayerError`] if the window does not fit the picture, or a slice does not have as many numbers as its extent.
    pub fn run(&self, picture: &[f32], extent: Extent, into: &mut [f32]) -> Result<(), LayerError> {
        let output = pool::required(&self.window, picture.len(), extent, into.len())?;
        if self.window.is_padded() {
            pool::largest_of_each(picture, extent, &self.window, into);
            return Ok(());
        }
        let job = Job { window: &self.window, picture, extent, output };
        match self.level.0 {
            // SAFETY, for all of these: a level exists only if the processor supports its instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::avx2(&job, into) },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Avx512Vnni => unsafe { x86::avx512(&job, into) },
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon | Instructions::NeonDot => unsafe { neon::neon(&job, into) },
            Instructions::Portable => pool::largest_of_each(picture, extent, &self.window, into),
        }
        Ok(())
    }
}

/// A pool of one picture, whose windows all lie within it.
struct Job<'a> {
    window: &'a Window,
    picture: &'a [f32],
    extent: Extent,
    output: Extent,
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn largest<V: Vector>(job: &Job<'_>, into: &mut [f32]) {
    let Job { window, picture, extent, output } = *job;
    let (width, channels) = (output.width, extent.channels);
    if !channels.is_multiple_of(V::WIDTH) {
        return pool::largest_of_each(picture, extent, window, into);
    }
    let (line, [down, right]) = (extent.width * channels, window.size);
    let length = (down - 1) * line + right * channels;
    let apart = window.stride[1] * channels;
    for (row, into) in into.chunks_exact_mut(width * channels).enumerate() {
        let seen = &picture[row * window.stride[0] * line..][..(width - 1) * apart + length];
        for (column, into) in into.chunks_exact_mut(channels).enumerate() {
            for at in (0..channels).step_by(V::WIDTH) {
                // SAFETY: guaranteed by the caller; `seen` reaches to the end of the row's last window, and `into` has
                // all channels.
                unsafe {
                    let first = seen.as_ptr().add(column * apart + at);
                    let most = match window.size {
                        [2, 2] => of_window::<V>(first, [2, 2], line, channels),
                        size => of_window::<V>(first, size, line, channels),
                    };
                    most.store(into.as_mut_ptr().add(at));
                }
            }
        }
    }
}

/// The largest numbers of one window, whose rows are `line` numbers apart.
///
/// # Safety
/// As for [`Vector`]; a register can be read at each of the window's pixels.
#[inline(always)]
unsafe fn of_window<V: Vector>(first: *const f32, [down, right]: [usize; 2], line: usize, channels: usize) -> V {
    // SAFETY: guaranteed by the caller.
    unsafe {
        let mut most = V::load(first);
        for row in 0..down {
            for column in 0..right {
                most = most.larger(V::load(first.wrapping_add(row * line + column * channels)));
            }
        }
        most
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Job, largest};
    use std::arch::x86_64::{__m256, __m512};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2(job: &Job<'_>, into: &mut [f32]) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { largest::<__m256>(job, into) };
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn avx512(job: &Job<'_>, into: &mut [f32]) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { largest::<__m512>(job, into) };
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{Job, largest};
    use std::arch::aarch64::float32x4_t;

    #[target_feature(enable = "neon")]
    pub(super) fn neon(job: &Job<'_>, into: &mut [f32]) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { largest::<float32x4_t>(job, into) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_gives_what_the_plain_pool_gives() {
        for channels in [16, 32, 20, 1] {
            let extent = Extent::new(7, 10, channels).unwrap();
            let mut picture: Vec<f32> = (0..extent.numbers()).map(|at| ((at * 7919) % 97) as f32 - 48.0).collect();
            picture[3] = f32::NAN;
            for window in [(2, 2, 0), (3, 2, 0), (3, 1, 1)] {
                let window = Window::square(window.0, window.1, window.2).unwrap();
                let mut expected = vec![0.0; window.output(extent, channels).unwrap().numbers()];
                pool::largest(&picture, extent, &window, &mut expected).unwrap();
                for level in Level::all() {
                    let mut found = vec![0.0; expected.len()];
                    Largest::new(level, window).run(&picture, extent, &mut found).unwrap();
                    let bits = |all: &[f32]| all.iter().map(|number| number.to_bits()).collect::<Vec<u32>>();
                    assert_eq!(bits(&found), bits(&expected), "{level:?} {window:?}");
                }
            }
        }
    }
}
