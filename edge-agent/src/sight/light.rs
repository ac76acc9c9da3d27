//! Whether there is enough light in a picture to find a face in it.

use models::{Crop, Frame};

/// Mean luma below and above which faces are hard to detect.
pub(crate) const TOO_DARK: f32 = 40.0;
pub(crate) const TOO_BRIGHT: f32 = 220.0;

/// The square in the middle of a frame, of at most this side.
pub(crate) fn middle(frame: &Frame, most: u32) -> Option<Crop> {
    let side = frame.width().min(frame.height()).min(most);
    let (left, top) = ((frame.width() - side) / 2, (frame.height() - side) / 2);
    let rows = frame.pixels().chunks_exact(3 * frame.width() as usize).skip(top as usize).take(side as usize);
    let pixels = rows.flat_map(|row| &row[3 * left as usize..3 * (left + side) as usize]).copied().collect();
    Crop::from_rgb(side, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_frame() {
        let frame = Frame::from_rgb(4, 2, (0..24).collect()).unwrap();
        assert_eq!(middle(&frame, 9).unwrap().pixels(), [3, 4, 5, 6, 7, 8, 15, 16, 17, 18, 19, 20]);
        assert_eq!(middle(&frame, 1).unwrap().pixels(), [3, 4, 5]);
        let frame = Frame::from_rgb(1, 3, (0..9).collect()).unwrap();
        assert_eq!(middle(&frame, 9).unwrap().pixels(), [3, 4, 5]);
    }
}
