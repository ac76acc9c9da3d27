//! Rotates frames by quarter turns, for photos that are sideways or upside down without EXIF orientation.

use crate::Frame;

/// Rotates a frame clockwise by this many quarter turns.
pub fn turned(frame: &Frame, quarters: u8) -> Frame {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let pixels = frame.pixels().as_chunks::<3>().0;
    let is_across = quarters % 2 == 1;
    let (across, down) = if is_across { (height, width) } else { (width, height) };
    let mut made = Vec::with_capacity(frame.pixels().len());
    for y in 0..down {
        for x in 0..across {
            let (from_x, from_y) = match quarters % 4 {
                1 => (y, height - 1 - x),
                2 => (width - 1 - x, height - 1 - y),
                3 => (width - 1 - y, x),
                _ => (x, y),
            };
            made.extend(pixels[from_y * width + from_x]);
        }
    }
    // Always succeeds: the number of pixels is unchanged.
    Frame::from_rgb(across as u32, down as u32, made).unwrap_or_else(|_| frame.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ABC` above `DEF`.
    #[test]
    fn quarters_are_clockwise() {
        let frame = Frame::from_rgb(3, 2, b"ABCDEF".iter().flat_map(|&value| [value; 3]).collect()).unwrap();
        for (quarters, size, expected) in
            [(0, (3, 2), b"ABCDEF"), (1, (2, 3), b"DAEBFC"), (2, (3, 2), b"FEDCBA"), (3, (2, 3), b"CFBEAD")]
        {
            let made = turned(&frame, quarters);
            assert_eq!((made.width(), made.height()), size, "{quarters}");
            let shown: Vec<u8> = made.pixels().iter().copied().step_by(3).collect();
            assert_eq!(shown, expected, "{quarters}");
        }
    }
}
