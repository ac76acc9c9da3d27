//! The geometry of a convolution: how many pixels it gives, and where each of them looks.

/// A picture's size in memory: rows of pixels, each pixel with all its channels side by side (NHWC, batch 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Numbers in a pixel.
    pub channels: usize,
}

impl Extent {
    /// Rows times columns; as many as can be counted, if there are more.
    pub fn pixels(&self) -> usize {
        product([self.height, self.width])
    }

    /// All numbers; as many as can be counted, if there are more.
    pub fn numbers(&self) -> usize {
        product([self.height, self.width, self.channels])
    }
}

/// A product, as large as can be counted at most: no slice is so long. Sizes that have been compared with a slice's
/// length can be reckoned with without a further look.
pub(crate) fn product(factors: impl IntoIterator<Item = usize>) -> usize {
    factors.into_iter().fold(1, usize::saturating_mul)
}

/// A window that slides over a picture: of a convolution or a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Rows and columns, at least 1.
    pub size: [usize; 2],
    /// How far it moves, down and to the right, at least 1.
    pub stride: [usize; 2],
    /// Rows above and columns to the left of the picture that are looked at.
    pub before: [usize; 2],
    /// Rows below and columns to the right.
    pub after: [usize; 2],
}

impl Window {
    /// One pixel at a time, each seen once.
    pub const PIXEL: Self = Self { size: [1, 1], stride: [1, 1], before: [0, 0], after: [0, 0] };

    /// Rows and columns that come of a picture of that size; `None` if the window is larger than the padded picture.
    pub fn output(&self, height: usize, width: usize) -> Option<[usize; 2]> {
        let along = |axis: usize, length: usize| {
            let padded = self.before[axis].checked_add(length)?.checked_add(self.after[axis])?;
            Some(padded.checked_sub(self.size[axis])? / self.stride[axis] + 1)
        };
        Some([along(0, height)?, along(1, width)?])
    }

    /// The same window over some rows of a picture, with so many rows above and below them.
    pub(crate) fn over_rows(&self, [above, below]: [usize; 2]) -> Self {
        Self { before: [above, self.before[1]], after: [below, self.after[1]], ..*self }
    }

    /// Whether it looks beyond the picture.
    pub fn is_padded(&self) -> bool {
        self.before != [0, 0] || self.after != [0, 0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_can_be_counted_is_no_small_number() {
        let extent = Extent { height: usize::MAX / 2 + 1, width: 2, channels: 3 };
        assert_eq!((extent.pixels(), extent.numbers()), (usize::MAX, usize::MAX));
    }

    #[test]
    fn windows_fit_so_often() {
        for (size, stride, padding, length, output) in [
            (3, 1, 0, 5, Some(3)),
            (3, 1, 1, 5, Some(5)),
            (3, 2, 0, 160, Some(79)),
            (3, 2, 1, 112, Some(56)),
            (1, 1, 0, 1, Some(1)),
            (7, 1, 0, 7, Some(1)),
            (7, 1, 0, 6, None),
            (2, 2, 0, 5, Some(2)),
        ] {
            let window = Window { size: [size; 2], stride: [stride; 2], before: [padding; 2], after: [padding; 2] };
            assert_eq!(window.output(length, length), output.map(|output| [output; 2]), "{window:?} over {length}");
        }
    }
}
