//! The geometry of layers: extents of pictures and positions of windows. Every shape that can be constructed is valid
//! for a layer: all lengths are at least 1, products do not overflow, and every window overlaps its picture.

use crate::error::LayerError;

/// The most numbers in a picture with padding, and in the weights of a layer: a gibibyte of 32-bit floats.
pub const MOST_NUMBERS: usize = 1 << 28;

/// The longest window, and the longest stride, along one axis.
pub const LONGEST_WINDOW: usize = 1 << 12;

/// The size of a picture: rows of pixels, each pixel with all its channels side by side (NHWC, batch 1). At least one
/// number, at most [`MOST_NUMBERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Extent {
    /// Makes an extent of this many rows, pixels in a row, and channels.
    ///
    /// # Errors
    /// [`LayerError::Length`] if one of them is 0, [`LayerError::TooLarge`] if there are too many numbers.
    pub fn new(height: usize, width: usize, channels: usize) -> Result<Self, LayerError> {
        for (of, length) in [("a picture's height", height), ("a picture's width", width), ("channels", channels)] {
            LayerError::require_length(of, length, MOST_NUMBERS)?;
        }
        if product([height, width, channels]) > MOST_NUMBERS {
            return Err(LayerError::TooLarge { height, width, channels });
        }
        Ok(Self { height, width, channels })
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Numbers in a pixel.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Rows times columns.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Rows times columns times channels.
    pub fn numbers(&self) -> usize {
        self.pixels() * self.channels
    }

    /// The same height and width with a different number of channels.
    ///
    /// # Errors
    /// As for [`Extent::new`].
    pub fn with_channels(&self, channels: usize) -> Result<Self, LayerError> {
        Self::new(self.height, self.width, channels)
    }
}

/// A saturating product. No slice is as long as the saturated value, so products that equal a slice's length are exact
/// and need no further checks.
pub(crate) fn product(factors: impl IntoIterator<Item = usize>) -> usize {
    factors.into_iter().fold(1, usize::saturating_mul)
}

/// The sliding window of a convolution or a pool. At every position, it overlaps at least one pixel of any picture that
/// it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub(crate) size: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) before: [usize; 2],
    pub(crate) after: [usize; 2],
}

impl Window {
    /// A window of one pixel with stride 1.
    pub const PIXEL: Self = Self { size: [1, 1], stride: [1, 1], before: [0, 0], after: [0, 0] };

    /// Makes a window from its rows and columns, its vertical and horizontal strides, the padding above and to the
    /// left, and the padding below and to the right.
    ///
    /// # Errors
    /// [`LayerError::Length`] if size or stride are 0 or above [`LONGEST_WINDOW`]; [`LayerError::SeesNothing`] if the
    /// padding is not smaller than the window.
    pub fn new(
        size: [usize; 2],
        stride: [usize; 2],
        before: [usize; 2],
        after: [usize; 2],
    ) -> Result<Self, LayerError> {
        for axis in [0, 1] {
            LayerError::require_length("a window's length", size[axis], LONGEST_WINDOW)?;
            LayerError::require_length("a window's stride", stride[axis], LONGEST_WINDOW)?;
            let padding = before[axis].max(after[axis]);
            if padding >= size[axis] {
                return Err(LayerError::SeesNothing { size: size[axis], padding });
            }
        }
        Ok(Self { size, stride, before, after })
    }

    /// A window of the same length, stride and padding along both axes.
    ///
    /// # Errors
    /// As for [`Window::new`].
    pub fn square(size: usize, stride: usize, padding: usize) -> Result<Self, LayerError> {
        Self::new([size; 2], [stride; 2], [padding; 2], [padding; 2])
    }

    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Rows times columns.
    pub fn places(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// The output extent for a picture of this extent: `channels` for each position of the window.
    ///
    /// # Errors
    /// [`LayerError::WindowTooLarge`] if the window does not fit, [`LayerError::TooLarge`] if the picture with padding,
    /// or the output, has too many numbers.
    pub fn output(&self, extent: Extent, channels: usize) -> Result<Extent, LayerError> {
        let padded = self.surrounded(extent)?;
        let along = |axis: usize, length: usize| {
            let size = self.size[axis];
            let left = length.checked_sub(size).ok_or(LayerError::WindowTooLarge { size, length })?;
            Ok(left / self.stride[axis] + 1)
        };
        Extent::new(along(0, padded.height)?, along(1, padded.width)?, channels)
    }

    /// The extent of the picture with padding.
    pub(crate) fn surrounded(&self, extent: Extent) -> Result<Extent, LayerError> {
        let along = |axis: usize, length: usize| self.before[axis] + length + self.after[axis];
        Extent::new(along(0, extent.height), along(1, extent.width), extent.channels)
    }

    /// The same window for some rows of a picture, with this padding above and below.
    pub(crate) fn over_rows(&self, [above, below]: [usize; 2]) -> Self {
        Self { before: [above, self.before[1]], after: [below, self.after[1]], ..*self }
    }

    /// Whether the window has padding.
    pub fn is_padded(&self) -> bool {
        self.before != [0, 0] || self.after != [0, 0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_oversized_pictures_are_refused() {
        for (height, width, channels, made) in [
            (1, 1, 1, true),
            (1 << 14, 1 << 14, 1, true),
            (1 << 14, 1 << 14, 2, false),
            (0, 1, 1, false),
            (1, 0, 1, false),
            (1, 1, 0, false),
            (usize::MAX / 2 + 1, 2, 1, false),
            (usize::MAX, 1, 1, false),
            (1 << 22, 1 << 22, 1 << 22, false),
        ] {
            assert_eq!(Extent::new(height, width, channels).is_ok(), made, "{height}x{width}x{channels}");
        }
    }

    /// A regression: a pool with a window of 0 read and wrote out of bounds.
    #[test]
    fn windows_of_invalid_size_stride_or_padding_are_refused() {
        for (size, stride, padding, made) in [
            (1, 1, 0, true),
            (3, 1, 2, true),
            (0, 1, 0, false),
            (1, 0, 0, false),
            (0, 0, 0, false),
            (3, 1, 3, false),
            (LONGEST_WINDOW, LONGEST_WINDOW, 0, true),
            (LONGEST_WINDOW + 1, 1, 0, false),
            (1, LONGEST_WINDOW + 1, 0, false),
            (usize::MAX, 1, 0, false),
            (1, usize::MAX, 0, false),
            (1, 1, usize::MAX, false),
        ] {
            assert_eq!(Window::square(size, stride, padding).is_ok(), made, "{size}/{stride} with {padding} around");
        }
        for axis in [0, 1] {
            let but = |number| if axis == 0 { [number, 2] } else { [2, number] };
            let refused = [
                Window::new(but(0), [1, 1], [0, 0], [0, 0]),
                Window::new([2, 2], but(0), [0, 0], [0, 0]),
                Window::new([3, 3], [1, 1], but(3), [0, 0]),
                Window::new([3, 3], [1, 1], [0, 0], but(3)),
            ];
            assert!(refused.iter().all(Result::is_err), "{refused:?}");
        }
    }

    #[test]
    fn the_number_of_windows_that_fit() {
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
            let window = Window::square(size, stride, padding).unwrap();
            let found = window.output(Extent::new(length, length, 2).unwrap(), 3).ok();
            let expected = output.map(|output| Extent::new(output, output, 3).unwrap());
            assert_eq!(found, expected, "{window:?} over {length}");
        }
    }

    #[test]
    fn a_picture_that_only_its_surroundings_make_too_large_is_refused() {
        let wide = Extent::new(1 << 14, MOST_NUMBERS >> 14, 1).unwrap();
        assert!(Window::PIXEL.output(wide, 1).is_ok());
        let beside = Window::new([1, 2], [1, 1], [0, 1], [0, 0]).unwrap();
        assert!(matches!(beside.output(wide, 1), Err(LayerError::TooLarge { .. })));
        assert!(matches!(Window::PIXEL.output(wide, 2), Err(LayerError::TooLarge { .. })));
    }
}
