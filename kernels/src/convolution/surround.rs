//! A picture with what the windows see beyond its edges.

use crate::shape::{Extent, Window};

/// Copies a picture into the middle of a larger one, `convert`ing each number. `beyond` is what lies around it, and in
/// the `slack` numbers after it.
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
    // Panics if there is more than memory can have.
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
