//! Depthwise convolutions: every channel has its own window, and a register contains neighbouring channels.
//!
//! Sums of bytes are computed with floats too: they are integers below 2^24 and therefore exact.
#![allow(unsafe_code, reason = "vector loads and stores; the length of every slice is checked first")]

mod number;
mod stretch;

pub use number::Number;

use crate::aligned::Aligned;
use crate::convolution::Weights;
use crate::error::LayerError;
use crate::finish::{Activation, CHUNK, Finish, Outputs, Place};
use crate::lanes::Vector;
use crate::lanes::portable::PlainFloats;
use crate::level::{Instructions, Level};
use crate::shape::{Extent, Window};
use crate::threads::over_pixels;
use std::marker::PhantomData;
use std::ops::Range;
use stretch::Stretch;

/// A depthwise convolution with its bias and activation, ready to run, of pictures of floats (`f32`) or of bytes
/// (`u8`).
#[derive(Clone, Debug)]
pub struct Depthwise<T> {
    level: Level,
    window: Window,
    channels: usize,
    /// Zero point of the picture.
    zero: f32,
    /// Weights of all channels for each window position, padded to whole chunks.
    taps: Aligned<f32>,
    start: Aligned<f32>,
    finish: Finish,
    picture: PhantomData<T>,
}

/// Largest number of positions in a window of bytes with exact sums: 2^24 / (255 * 127).
const MOST_PLACES: usize = 518;

impl Depthwise<f32> {
    /// Makes a layer for pictures of floats. `weights` have one input; `bias` has a number for each channel.
    ///
    /// # Errors
    /// [`LayerError`] if there is not one bias, and one slope of the activation, for each channel.
    pub fn of_floats(
        level: Level,
        weights: &Weights<'_, f32>,
        bias: &[f32],
        activation: &Activation,
    ) -> Result<Self, LayerError> {
        let finish = Finish::of_sums(weights.outputs, activation)?;
        Self::new(level, weights, 0.0, bias, finish)
    }

    /// Convolves a picture, on this many threads of the current pool.
    ///
    /// # Errors
    /// As for [`Depthwise::output`], and [`LayerError::Numbers`] if a slice does not have as many numbers as its
    /// extent.
    pub fn run(&self, picture: &[f32], extent: Extent, outputs: Outputs<'_>, threads: usize) -> Result<(), LayerError> {
        self.convolve(&self.window, picture, extent, outputs, threads)
    }

    /// Convolves a picture with a window of the same size and stride, but with different padding.
    pub(crate) fn run_within(
        &self,
        window: &Window,
        picture: &[f32],
        extent: Extent,
        outputs: Outputs<'_>,
    ) -> Result<(), LayerError> {
        self.convolve(window, picture, extent, outputs, 1)
    }
}

impl Depthwise<u8> {
    /// Makes a layer for pictures of bytes. `weights` have one input; `bias` has a number for each channel, in units of
    /// the input scale times the weight scale, exact up to 2^23; `zero` is the zero point of the picture.
    ///
    /// # Errors
    /// [`LayerError`] if there is not one bias and one channel of `finish` for each channel, or a window has more than
    /// 518 positions.
    pub fn of_bytes(
        level: Level,
        weights: &Weights<'_, i8>,
        bias: &[i32],
        zero: u8,
        finish: Finish,
    ) -> Result<Self, LayerError> {
        let (found, most) = (weights.window.places(), MOST_PLACES);
        if found > most {
            return Err(LayerError::Products { found, most });
        }
        let numbers: Vec<f32> = weights.numbers.iter().map(|&weight| f32::from(weight)).collect();
        let bias: Vec<f32> = bias.iter().map(|&bias| bias as f32).collect();
        let Weights { outputs, inputs, window, .. } = *weights;
        let weights = Weights::new(&numbers, outputs, inputs, window)?;
        Self::new(level, &weights, f32::from(zero), &bias, finish)
    }

    /// Convolves a picture, on this many threads of the current pool.
    ///
    /// # Errors
    /// As for [`Depthwise::output`], and [`LayerError::Numbers`] if a slice does not have as many numbers as its
    /// extent.
    pub fn run(&self, picture: &[u8], extent: Extent, outputs: Outputs<'_>, threads: usize) -> Result<(), LayerError> {
        self.convolve(&self.window, picture, extent, outputs, threads)
    }
}

impl<T: Number> Depthwise<T> {
    fn new(
        level: Level,
        weights: &Weights<'_, f32>,
        zero: f32,
        bias: &[f32],
        finish: Finish,
    ) -> Result<Self, LayerError> {
        let Weights { numbers, outputs: channels, inputs, window } = *weights;
        LayerError::require_channels(inputs, 1)?;
        LayerError::require_numbers("biases", bias.len(), channels)?;
        LayerError::require_channels(finish.channels(), channels)?;
        let places = window.places();
        let filled = channels.next_multiple_of(CHUNK);
        let mut taps = Aligned::new(places * filled);
        for (index, &number) in numbers.iter().enumerate() {
            taps[index % places * filled + index / places] = number;
        }
        let mut start = Aligned::new(filled);
        start[..channels].copy_from_slice(bias);
        Ok(Self { level, window, channels, zero, taps, start, finish, picture: PhantomData })
    }

    /// The output extent for a picture of this extent.
    ///
    /// # Errors
    /// [`LayerError`] if the number of channels differs, the window does not fit, or the output would be too large.
    pub fn output(&self, extent: Extent) -> Result<Extent, LayerError> {
        LayerError::require_channels(extent.channels, self.channels)?;
        self.window.output(extent, self.channels)
    }

    /// The window.
    pub fn window(&self) -> Window {
        self.window
    }

    fn convolve(
        &self,
        window: &Window,
        picture: &[T],
        extent: Extent,
        outputs: Outputs<'_>,
        threads: usize,
    ) -> Result<(), LayerError> {
        let output = outputs.require_fit(window, [self.channels; 2], (picture, extent), None)?;
        over_pixels(threads, output, outputs, |first, count, outputs| {
            let job = Job { layer: self, window, picture, extent, output, first, count };
            match self.level.0 {
                // SAFETY, for all of these: a level exists only if the processor supports its instructions.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => unsafe { x86::avx2(&job, outputs) },
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 | Instructions::Avx512Vnni => unsafe { x86::avx512(&job, outputs) },
                #[cfg(target_arch = "aarch64")]
                Instructions::Neon | Instructions::NeonDot => unsafe { neon::neon(&job, outputs) },
                Instructions::Portable => unsafe { job.run::<PlainFloats>(outputs) },
            }
        });
        Ok(())
    }
}

/// A convolution of one picture, for a range of output pixels.
struct Job<'a, T> {
    layer: &'a Depthwise<T>,
    window: &'a Window,
    picture: &'a [T],
    extent: Extent,
    output: Extent,
    first: usize,
    count: usize,
}

impl<T: Number> Job<'_, T> {
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    unsafe fn run<V: Vector>(&self, mut outputs: Outputs<'_>) {
        let window = self.window;
        for (row, columns) in rows_of(self.first..self.first + self.count, self.output.width) {
            let rows = seen(row * window.stride[0], window.before[0], window.size[0], self.extent.height);
            let inside = inside(window.stride[1], window.before[1], window.size[1], self.extent.width, &columns);
            let mut column = columns.start;
            while column < columns.end {
                let place = row * self.output.width + column - self.first;
                let count = if inside.contains(&column) { inside.end - column } else { 1 };
                // SAFETY: guaranteed by the caller.
                unsafe { self.pixels::<V>([row, column], count, rows.clone(), place, &mut outputs) };
                column += count;
            }
        }
    }

    /// Computes all channels of `count` neighbouring output pixels, whose windows overlap the picture in the same
    /// positions.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    unsafe fn pixels<V: Vector>(
        &self,
        [row, column]: [usize; 2],
        count: usize,
        rows: Range<usize>,
        place: usize,
        outputs: &mut Outputs<'_>,
    ) {
        let (window, channels) = (self.window, self.layer.channels);
        let columns = seen(column * window.stride[1], window.before[1], window.size[1], self.extent.width);
        // A window with no column in the picture has no rows in it either.
        let rows = if columns.is_empty() { 0..0 } else { rows };
        let whole = channels / V::WIDTH * V::WIDTH;
        // SAFETY: guaranteed by the caller.
        unsafe {
            let wide = whole > 0
                && !rows.is_empty()
                && self.wide::<V>([whole, count], [row, column], &columns, rows.clone(), place, outputs);
            for at in (if wide { whole } else { 0 }..channels).step_by(V::WIDTH) {
                let mut done = 0;
                while done < count {
                    let (pixel, place) = ([row, column + done], place + done);
                    done += match count - done {
                        4.. => self.any::<V, 4>(at, pixel, &columns, rows.clone(), place, outputs),
                        _ => self.any::<V, 1>(at, pixel, &columns, rows.clone(), place, outputs),
                    };
                }
            }
        }
    }

    /// Computes the first `whole` channels in full registers. Supports windows with 3 visible columns and a stride of 1
    /// or 2, and single pixels with 2 visible columns. Returns `false` for other windows.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    unsafe fn wide<V: Vector>(
        &self,
        [whole, count]: [usize; 2],
        [row, column]: [usize; 2],
        columns: &Range<usize>,
        rows: Range<usize>,
        place: usize,
        outputs: &mut Outputs<'_>,
    ) -> bool {
        let Depthwise { channels, taps, start, finish, zero, .. } = self.layer;
        let window = self.window;
        let (channels, filled, apart) = (*channels, channels.next_multiple_of(CHUNK), window.stride[1] * channels);
        let first_row = row * window.stride[0] + rows.start - window.before[0];
        let first_column = column * window.stride[1] + columns.start - window.before[1];
        let (down, line) = (rows.len(), self.extent.width * channels);
        let seen = (first_row * self.extent.width + first_column) * channels;
        let picture = self.picture[seen..]
            [..(down - 1) * line + (count - 1) * apart + (columns.len() - 1) * channels + whole]
            .as_ptr();
        let next_tap = window.size[1] * filled;
        let first_tap = rows.start * next_tap + columns.start * filled;
        let taps = taps[first_tap..][..(down - 1) * next_tap + (columns.len() - 1) * filled + whole].as_ptr();
        let start = start[..whole].as_ptr();
        let scaling = finish.scaling([0, whole]);
        let place = Place { output: place * channels, residual: 0, channels };
        let Some(ends) = finish.whole([0, whole], count, place, None, outputs) else { return false };
        let zero = *zero;
        let stretch = Stretch { picture, taps, zero, start, scaling, down, line, next_tap, filled, channels, whole };
        // SAFETY: guaranteed by the caller; every slice above covers all that is read.
        unsafe {
            match (columns.len(), window.stride[1], ends.is_plain()) {
                (3, 1, true) => stretch.run::<V, 1, 3, true>(count, &ends),
                (3, 1, false) => stretch.run::<V, 1, 3, false>(count, &ends),
                (3, 2, true) => stretch.run::<V, 2, 3, true>(count, &ends),
                (3, 2, false) => stretch.run::<V, 2, 3, false>(count, &ends),
                (2, 1 | 2, _) if count == 1 => stretch.groups::<V, 1, 1, 2, false>(count, &ends),
                _ => return false,
            }
        }
        true
    }

    /// Computes one register of channels (or the remaining ones) of `N` pixels for any window, and returns `N`.
    ///
    /// # Safety
    /// As for [`Vector`].
    #[inline(always)]
    unsafe fn any<V: Vector, const N: usize>(
        &self,
        at: usize,
        [row, column]: [usize; 2],
        columns: &Range<usize>,
        rows: Range<usize>,
        place: usize,
        outputs: &mut Outputs<'_>,
    ) -> usize {
        let Depthwise { channels, taps, start, finish, zero, .. } = self.layer;
        let window = self.window;
        let (filled, apart) = (channels.next_multiple_of(CHUNK), window.stride[1] * channels);
        let seen = columns.len();
        // How many numbers one row of the windows reads.
        let length = ((N - 1) * apart + seen.saturating_sub(1) * channels) + V::WIDTH;
        // SAFETY: guaranteed by the caller; `taps` and `start` are padded to whole chunks.
        unsafe {
            let zero = V::splat(-zero);
            let mut sums = [V::load(start[at..at + V::WIDTH].as_ptr()); N];
            for down in rows {
                let line = (row * window.stride[0] + down - window.before[0]) * self.extent.width;
                let first = line + column * window.stride[1] + columns.start - window.before[1];
                let mut tap = taps[(down * window.size[1] + columns.start) * filled + at..].as_ptr();
                let numbers = self.picture.get(first * channels + at..).unwrap_or_default();
                if numbers.len() >= length {
                    let mut numbers = numbers.as_ptr();
                    for _ in 0..seen {
                        let weight = V::load(tap);
                        let mut number = numbers;
                        for sum in &mut sums {
                            *sum = sum.fused(T::centred(T::load::<V>(number), zero), weight);
                            number = number.wrapping_add(apart);
                        }
                        (tap, numbers) = (tap.wrapping_add(filled), numbers.wrapping_add(*channels));
                    }
                } else {
                    for place in 0..seen {
                        let weight = V::load(tap);
                        for (index, sum) in sums.iter_mut().enumerate() {
                            let number = some::<V, T>(numbers.get(index * apart + place * channels..));
                            *sum = sum.fused(T::centred(number, zero), weight);
                        }
                        tap = tap.wrapping_add(filled);
                    }
                }
            }
            let [scale, bias] = finish.of_channels::<V>(at);
            for (index, sum) in sums.into_iter().enumerate() {
                let place = Place { output: (place + index) * channels, residual: 0, channels: *channels };
                finish.values(T::scaled(sum, scale, bias), at, place, None, outputs);
            }
        }
        N
    }
}

/// Loads a register from a slice that may be shorter, and fills it with zeros.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn some<V: Vector, T: Number>(numbers: Option<&[T]>) -> V {
    let mut whole = [T::default(); CHUNK];
    whole.iter_mut().zip(numbers.unwrap_or_default()).for_each(|(place, &number)| *place = number);
    // SAFETY: guaranteed by the caller; no register has more numbers than `CHUNK`.
    unsafe { T::load(whole.as_ptr()) }
}

/// The rows that a range of pixels covers, each with its columns.
fn rows_of(pixels: Range<usize>, width: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    (pixels.start / width..pixels.end.div_ceil(width)).map(move |row| {
        let column = |pixel: usize| pixel.saturating_sub(row * width).min(width);
        (row, column(pixels.start)..column(pixels.end))
    })
}

/// The positions of a window, along one axis, that overlap the picture.
#[inline(always)]
fn seen(at: usize, before: usize, size: usize, length: usize) -> Range<usize> {
    before.saturating_sub(at).min(size)..(length + before).saturating_sub(at).min(size)
}

/// Those of the `columns` whose windows lie within the picture.
fn inside(stride: usize, before: usize, size: usize, length: usize, columns: &Range<usize>) -> Range<usize> {
    let first = before.div_ceil(stride).max(columns.start);
    let end = (length + before).checked_sub(size).map_or(0, |last| last / stride + 1);
    first..end.min(columns.end)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Job, Number, Outputs};
    use std::arch::x86_64::{__m256, __m512};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2<T: Number>(job: &Job<'_, T>, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run::<__m256>(outputs) };
    }

    #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn avx512<T: Number>(job: &Job<'_, T>, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run::<__m512>(outputs) };
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{Job, Number, Outputs};
    use std::arch::aarch64::float32x4_t;

    #[target_feature(enable = "neon")]
    pub(super) fn neon<T: Number>(job: &Job<'_, T>, outputs: Outputs<'_>) {
        // SAFETY: this function is compiled with the required instructions.
        unsafe { job.run::<float32x4_t>(outputs) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_rows_with_columns() {
        let rows = |pixels| rows_of(pixels, 5).collect::<Vec<_>>();
        assert_eq!(rows(0..10), [(0, 0..5), (1, 0..5)]);
        assert_eq!(rows(3..12), [(0, 3..5), (1, 0..5), (2, 0..2)]);
        assert_eq!(rows(7..8), [(1, 2..3)]);
    }

    #[test]
    fn windows_see_the_picture() {
        for (at, expected) in [(0, 1..3), (1, 0..3), (3, 0..3), (4, 0..2), (5, 0..1)] {
            assert_eq!(seen(at, 1, 3, 5), expected, "at {at}");
        }
    }

    #[test]
    fn columns_inside_see_all_places() {
        for (stride, before, size, length, columns) in
            [(1, 1, 3, 5, 0..5), (2, 1, 3, 6, 0..3), (1, 0, 2, 5, 0..4), (1, 2, 5, 3, 0..3), (3, 1, 4, 9, 1..3)]
        {
            let found = inside(stride, before, size, length, &columns);
            let whole = |column: &usize| seen(column * stride, before, size, length) == (0..size);
            let expected: Vec<usize> = columns.filter(whole).collect();
            assert_eq!(found.collect::<Vec<_>>(), expected);
        }
    }
}
