//! Finds the pictures, and the length of their rows, in a byte stream without frame markers.
//!
//! `rpicam-vid --flush` writes each picture at once and then pauses until the next. The bytes between two pauses are a
//! picture, and with the width and height known, their number gives the length of a row. libcamera pads rows to
//! multiples of 64 bytes on a Pi 4 (`vc4.cpp`), of 128 on a Pi 5 (`pisp.cpp`, `computeOptimalStride`); this code does
//! not rely on either.

use super::super::layout::Layout;

/// The most padding of a row, in bytes.
const MOST_PADDING: usize = 256;

/// Within this many bursts, two consecutive ones must have been pictures.
const MOST_BURSTS: u32 = 12;

/// The bursts of bytes at the start of a stream.
pub(super) struct Bursts {
    /// Rows without padding.
    wanted: Layout,
    /// The layout of the previous burst, if it was a picture.
    last: Option<Layout>,
    count: u32,
}

impl Bursts {
    /// Bursts of pictures of this size.
    pub(super) fn new(wanted: Layout) -> Self {
        Self { wanted, last: None, count: 0 }
    }

    /// The most bytes of a picture.
    pub(super) fn longest(&self) -> usize {
        with_stride(self.wanted, self.wanted.stride + MOST_PADDING).bytes().unwrap_or_default()
    }

    /// Adds a burst of this many bytes between two pauses. Returns the layout after two consecutive pictures of the
    /// same layout. A burst that is not a picture, as when the writer is delayed within one, is ignored.
    ///
    /// # Errors
    /// If no pictures of this size arrive: a description of what does.
    pub(super) fn add(&mut self, bytes: usize) -> Result<Option<Layout>, String> {
        self.count += 1;
        let found = self.layout_of(bytes);
        let before = std::mem::replace(&mut self.last, found);
        if found.is_some() && found == before {
            return Ok(found);
        }
        match self.count < MOST_BURSTS {
            true => Ok(None),
            false if bytes > self.longest() => Err("bytes without a pause, so that no picture ends".to_owned()),
            false => Err(format!("pictures of {bytes} bytes")),
        }
    }

    fn layout_of(&self, bytes: usize) -> Option<Layout> {
        // The planes of U and V have half the rows, of half the length.
        let (halves, rows) = (2 * bytes, 3 * self.wanted.height as usize);
        let stride = halves / rows;
        let padding = stride.checked_sub(self.wanted.stride)?;
        let layout = with_stride(self.wanted, stride);
        (stride.is_multiple_of(2) && padding <= MOST_PADDING && layout.bytes() == Some(bytes)).then_some(layout)
    }
}

const fn with_stride(layout: Layout, stride: usize) -> Layout {
    Layout { stride, ..layout }
}

/// Checks that pictures still begin after a pause.
#[derive(Debug, Default)]
pub(super) struct Beginnings {
    /// How many pictures in a row had their pause in the middle.
    misplaced: u32,
}

impl Beginnings {
    /// Takes a picture with a pause before or within it. Returns whether pictures still begin after pauses: one picture
    /// may be delayed, but two in a row with a pause only in the middle mean that the boundaries are wrong.
    pub(super) const fn hold(&mut self, paused_before: bool, paused_within: bool) -> bool {
        self.misplaced = if paused_within && !paused_before { self.misplaced + 1 } else { 0 };
        self.misplaced < 2
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::PixelFormat;
    use super::*;

    /// The stride that is learnt from these bursts, and the number of bursts needed.
    fn learnt(width: u32, height: u32, bursts: &[usize]) -> Result<Option<(usize, usize)>, String> {
        let mut learner = Bursts::new(Layout::packed(PixelFormat::Yu12, width, height));
        for (index, bytes) in bursts.iter().enumerate() {
            if let Some(layout) = learner.add(*bytes)? {
                assert_eq!(layout.bytes(), Some(*bytes));
                return Ok(Some((layout.stride, index + 1)));
            }
        }
        Ok(None)
    }

    /// 960 is a multiple of 64 but not of 128. Read with the padding of a Pi 4, a Pi 5's pictures were sheared, without
    /// an error.
    #[test]
    fn the_row_length_is_derived_from_the_pictures() {
        for (width, height, alignment) in [
            (1280, 720, 64),
            (1280, 720, 128),
            (960, 540, 64),
            (960, 540, 128),
            (704, 576, 128),
            (640, 480, 256),
            (1000, 562, 32),
            (854, 480, 64),
            (64, 64, 64),
        ] {
            let stride = (width as usize).next_multiple_of(alignment);
            let picture = stride * height as usize * 3 / 2;
            assert_eq!(learnt(width, height, &[picture; 2]), Ok(Some((stride, 2))), "{width}x{height} {alignment}");
        }
    }

    #[test]
    fn a_delayed_picture_is_ignored() {
        let (packed, padded) = (960 * 540 * 3 / 2, 1024 * 540 * 3 / 2);
        let third = 5 * 65_536;
        for (bursts, expected) in [
            (vec![padded, padded], Some((1024, 2))),
            (vec![third, padded - third, padded, padded], Some((1024, 4))),
            (vec![padded, third, padded - third, padded], None),
            (vec![2 * padded, padded, padded], Some((1024, 3))),
            (vec![packed, padded, padded], Some((1024, 3))),
            (vec![padded, packed, padded, packed], None),
        ] {
            assert_eq!(learnt(960, 540, &bursts), Ok(expected), "{bursts:?}");
        }
    }

    #[test]
    fn a_picture_of_another_size_is_an_error() {
        let other = 1280 * 720 * 3 / 2;
        for (bytes, expected) in [
            (other - 1, "pictures of 1382399 bytes"),
            (640 * 480 * 3 / 2, "pictures of 460800 bytes"),
            (other + 2_000_000, "without a pause"),
            (0, "pictures of 0 bytes"),
        ] {
            let refusal = learnt(1280, 720, &[bytes; MOST_BURSTS as usize]).unwrap_err();
            assert!(refusal.contains(expected), "{bytes}: {refusal}");
        }
    }

    #[test]
    fn pictures_that_no_longer_start_after_a_pause_are_detected() {
        for (pauses, expected) in [
            (vec![(true, false); 5], true),
            (vec![(true, false), (false, true), (true, false), (false, true)], true),
            (vec![(true, true); 5], true),
            // Pictures that have waited in the pipe have no pauses.
            (vec![(false, false); 5], true),
            (vec![(true, false), (false, true), (false, true)], false),
        ] {
            let mut beginnings = Beginnings::default();
            let held = pauses.iter().all(|&(before, within)| beginnings.hold(before, within));
            assert_eq!(held, expected, "{pauses:?}");
        }
    }
}
