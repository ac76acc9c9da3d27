//! Where pictures end in a stream of bytes without marks, and how long their rows are.
//!
//! `rpicam-vid --flush` writes each picture at once and then pauses until the next. This many bytes between two pauses are
//! a picture, and with its width and height known, that says how long its rows are. libcamera pads them: to multiples of 64
//! bytes on a Pi 4 (`vc4.cpp`), of 128 on a Pi 5 (`pisp.cpp`, `computeOptimalStride`); no such number is relied on here.

use super::super::layout::Layout;

/// Rows with more padding than this are none.
const MOST_PADDING: usize = 256;

/// In this many bursts two pictures must have come, one after the other.
const MOST_BURSTS: u32 = 12;

/// The bursts of bytes at the beginning of a stream.
pub(super) struct Bursts {
    /// Rows without padding.
    wanted: Layout,
    /// What the burst before was.
    last: Option<Layout>,
    heard: u32,
}

impl Bursts {
    /// Of pictures of this size.
    pub(super) fn new(wanted: Layout) -> Self {
        Self { wanted, last: None, heard: 0 }
    }

    /// This many bytes a picture has at most.
    pub(super) fn longest(&self) -> usize {
        with_stride(self.wanted, self.wanted.stride + MOST_PADDING).bytes().unwrap_or_default()
    }

    /// What this many bytes between two pauses say: the layout, once two pictures of it came one after the other. A burst that
    /// is not a picture, as when the writer was held up in the middle of one, says nothing.
    ///
    /// # Errors
    /// When no pictures of this size come: what does.
    pub(super) fn heard(&mut self, bytes: usize) -> Result<Option<Layout>, String> {
        self.heard += 1;
        let found = self.layout_of(bytes);
        let before = std::mem::replace(&mut self.last, found);
        if found.is_some() && found == before {
            return Ok(found);
        }
        match self.heard < MOST_BURSTS {
            true => Ok(None),
            false if bytes > self.longest() => Err("bytes without a pause, in which no picture ends".to_owned()),
            false => Err(format!("pictures of {bytes} bytes")),
        }
    }

    fn layout_of(&self, bytes: usize) -> Option<Layout> {
        // The planes of U and V have half as many rows, half as long.
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

/// Whether pictures still begin where a pause ends.
#[derive(Debug, Default)]
pub(super) struct Beginnings {
    /// This many pictures in a row had their pause in the middle.
    astray: u32,
}

impl Beginnings {
    /// Whether the beginnings hold after a picture before which, or within which, there was a pause. One picture may be
    /// held up; two in a row that have a pause in the middle and none before are not where pictures are.
    pub(super) const fn hold(&mut self, paused_before: bool, paused_within: bool) -> bool {
        self.astray = if paused_within && !paused_before { self.astray + 1 } else { 0 };
        self.astray < 2
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::PixelFormat;
    use super::*;

    /// The stride that is learnt from these bursts, and how many of them it took.
    fn learnt(width: u32, height: u32, bursts: &[usize]) -> Result<Option<(usize, usize)>, String> {
        let mut heard = Bursts::new(Layout::packed(PixelFormat::Yu12, width, height));
        for (index, bytes) in bursts.iter().enumerate() {
            if let Some(layout) = heard.heard(*bytes)? {
                assert_eq!(layout.bytes(), Some(*bytes));
                return Ok(Some((layout.stride, index + 1)));
            }
        }
        Ok(None)
    }

    /// 960 is a multiple of 64 and not of 128: taken for a Pi 4's, a Pi 5's pictures were sheared, and called good.
    #[test]
    fn rows_are_as_long_as_the_pictures_say() {
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
    fn a_picture_that_is_held_up_teaches_nothing() {
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
    fn what_is_not_a_picture_of_that_size_is_an_error() {
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
    fn pictures_that_no_longer_begin_after_a_pause_are_noticed() {
        for (pauses, expected) in [
            (vec![(true, false); 5], true),
            (vec![(true, false), (false, true), (true, false), (false, true)], true),
            (vec![(true, true); 5], true),
            // Pictures that have waited in the pipe come without any.
            (vec![(false, false); 5], true),
            (vec![(true, false), (false, true), (false, true)], false),
        ] {
            let mut beginnings = Beginnings::default();
            let held = pauses.iter().all(|&(before, within)| beginnings.hold(before, within));
            assert_eq!(held, expected, "{pauses:?}");
        }
    }
}
