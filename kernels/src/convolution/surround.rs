//! Adds padding to a picture.

use crate::shape::{Extent, Window};

/// Copies a picture into a larger one with padding, and applies `convert` to each number. `beyond` is the value of the
/// padding and of the `slack` numbers at the end.
#[inline(always)]
pub(super) fn surround<T: Copy, U: Copy>(
    picture: &[T],
    extent: Extent,
    window: &Window,
    (beyond, slack): (U, usize),
    convert: impl Fn(T) -> U,
    into: &mut Vec<U>,
) -> Extent {
    let [top, left] = window.before;
    let [bottom, right] = window.after;
    let (row, channels) = (extent.width * extent.channels, extent.channels);
    let padded = Extent { height: extent.height + top + bottom, width: extent.width + left + right, channels };
    into.clear();
    // Panics if the size exceeds the address space.
    into.reserve(padded.numbers().saturating_add(slack));
    into.extend(std::iter::repeat_n(beyond, top * padded.width * channels));
    for row in picture.chunks_exact(row) {
        into.extend(std::iter::repeat_n(beyond, left * channels));
        into.extend(row.iter().map(|&number| convert(number)));
        into.extend(std::iter::repeat_n(beyond, right * channels));
    }
    into.extend(std::iter::repeat_n(beyond, bottom * padded.width * channels + slack));
    padded
}
