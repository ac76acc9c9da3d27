//! Encodings as integers: the rows of a gallery, and the probe that they are compared with.

use crate::encoding::{Encoding, MAX_DIMENSIONS};
use alloc::vec::Vec;

/// A step of a row's stretch. With 512 numbers and rounding errors of at most one half, `1 / cos(a, z)` is at most
/// `sqrt(1 + 512 / 4 / 127^2)`, 1.00396, so that 16 bits of this step are enough.
const STRETCH_STEP: f64 = 1.0 / (1 << 23) as f64;

/// Rows are padded to a multiple of this many numbers, a whole number of vector registers.
const PADDING: usize = 32;

/// The largest absolute value in every row.
const LARGEST: u8 = 127;

/// A probe as integers.
#[derive(Debug, Clone)]
pub struct Probe {
    numbers: [i16; MAX_DIMENSIONS],
    dimensions: usize,
    factor: f64,
}

impl Probe {
    /// Rounds an encoding to 16 bits. A unit vector times 32767 always fits.
    pub fn new(encoding: &Encoding) -> Self {
        let mut numbers = [0; MAX_DIMENSIONS];
        let mut along = 0.0;
        for (integer, &number) in numbers.iter_mut().zip(encoding.numbers()) {
            *integer = libm::round(f64::from(number) * 32767.0) as i16;
            along += f64::from(number) * f64::from(*integer);
        }
        Self { numbers, dimensions: encoding.dimensions(), factor: 1.0 / along }
    }

    /// Number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(super) fn factor(&self) -> f64 {
        self.factor
    }

    pub(super) fn padded(&self, stride: usize) -> &[i16] {
        &self.numbers[..stride]
    }
}

/// The rows of a gallery, one after the other, each padded with zeros to a whole number of vector registers.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    dimensions: usize,
    numbers: &'a [i8],
    scales: &'a [f32],
}

impl<'a> Rows<'a> {
    /// Makes `scales.len()` rows of [`Rows::stride_of`]`(dimensions)` integers each. `None` if the lengths do not fit,
    /// or dimensions are not 1 to [`MAX_DIMENSIONS`].
    pub fn new(dimensions: usize, numbers: &'a [i8], scales: &'a [f32]) -> Option<Self> {
        let sound = (1..=MAX_DIMENSIONS).contains(&dimensions)
            && Self::stride_of(dimensions).checked_mul(scales.len()) == Some(numbers.len());
        sound.then_some(Self { dimensions, numbers, scales })
    }

    /// Number of integers from one row to the next.
    pub const fn stride_of(dimensions: usize) -> usize {
        dimensions.next_multiple_of(PADDING)
    }

    pub(super) fn stride(&self) -> usize {
        Self::stride_of(self.dimensions)
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(super) fn count(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn numbers(&self) -> &'a [i8] {
        self.numbers
    }

    pub(super) fn scales(&self) -> &'a [f32] {
        self.scales
    }

    /// A range of the rows.
    pub(crate) fn range(&self, rows: core::ops::Range<usize>) -> Option<Self> {
        let stride = self.stride();
        let numbers = self.numbers.get(rows.start.checked_mul(stride)?..rows.end.checked_mul(stride)?)?;
        Some(Self { numbers, scales: self.scales.get(rows)?, ..*self })
    }
}

/// Appends the encoding as one padded row and returns its stretch.
///
/// The scale of a row is `1 / <a,z>`, a little more than `1 / |z|`; the *stretch* says how much more, in steps of
/// 2^-23. It is stored instead of the scale: it takes two bytes less, and every stretch gives a valid scale.
pub(crate) fn push_row(encoding: &Encoding, rows: &mut Vec<i8>) -> u16 {
    let numbers = encoding.numbers();
    let largest = numbers.iter().fold(0.0, |largest: f32, number| largest.max(number.abs()));
    let factor = f64::from(LARGEST) / f64::from(largest);
    let (mut along, mut squares) = (0.0, 0.0);
    rows.extend(numbers.iter().map(|&number| {
        let integer = libm::round(f64::from(number) * factor);
        along += f64::from(number) * integer;
        squares += integer * integer;
        integer as i8
    }));
    rows.extend(core::iter::repeat_n(0, Rows::stride_of(numbers.len()) - numbers.len()));
    // `as` saturates at 65535, and at 0 if the encoding is slightly longer than 1.
    libm::round((libm::sqrt(squares) / along - 1.0) / STRETCH_STEP) as u16
}

/// The scale of a row with this stretch; `None` for a row that cannot come from an encoding, because its largest
/// integer is not 127.
pub fn scale_of(row: &[i8], stretch: u16) -> Option<f32> {
    let (mut largest, mut squares) = (0, 0_u32);
    for &integer in row {
        let size = integer.unsigned_abs();
        largest = size.max(largest);
        squares = squares.wrapping_add(u32::from(size) * u32::from(size));
    }
    let sound = largest == LARGEST && row.len() <= MAX_DIMENSIONS;
    sound.then(|| ((1.0 + f64::from(stretch) * STRETCH_STEP) / libm::sqrt(f64::from(squares))) as f32)
}
