//! Rotates and mirrors the frames of a camera that is mounted upside down or on its side. Done once, before anything
//! else, so that face boxes, records, `doctor` and `simulate` refer to the same frame.

use models::Frame;
use serde::Deserialize;

/// A clockwise rotation that makes people stand upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "u16")]
pub enum Rotation {
    /// No rotation.
    #[default]
    None,
    /// 90 degrees.
    Quarter,
    /// 180 degrees.
    Half,
    /// 270 degrees.
    ThreeQuarters,
}

/// The transformation of every frame: rotation first, then mirroring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    /// The rotation.
    pub rotation: Rotation,
    /// Whether left and right are exchanged.
    pub mirror: bool,
}

impl Rotation {
    /// Every rotation.
    pub const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// 0, 90, 180 or 270.
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }

    /// The opposite rotation.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::Quarter => Self::ThreeQuarters,
            Self::ThreeQuarters => Self::Quarter,
            half_or_none => half_or_none,
        }
    }

    /// This rotation followed by another.
    #[must_use]
    pub const fn then(self, other: Self) -> Self {
        match (self.degrees() + other.degrees()) % 360 {
            90 => Self::Quarter,
            180 => Self::Half,
            270 => Self::ThreeQuarters,
            _ => Self::None,
        }
    }
}

impl TryFrom<u16> for Rotation {
    type Error = &'static str;

    fn try_from(degrees: u16) -> Result<Self, Self::Error> {
        let known = Self::ALL.into_iter().find(|rotation| rotation.degrees() == degrees);
        known.ok_or("rotate must be 0, 90, 180 or 270: degrees clockwise")
    }
}

impl Orientation {
    /// The rotation to configure if frames of this orientation must be turned further.
    pub(crate) const fn turned_further(self, turn: Rotation) -> Rotation {
        // Frames are rotated, then mirrored; mirroring reverses the direction of a rotation.
        self.rotation.then(if self.mirror { turn.inverse() } else { turn })
    }

    /// The frame with the right orientation. `spare` is a buffer that is reused.
    pub fn apply(self, frame: Frame, spare: &mut Vec<u8>) -> Frame {
        if self == Self::default() {
            return frame;
        }
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let (turned_width, turned_height) = match self.rotation {
            Rotation::None | Rotation::Half => (width, height),
            Rotation::Quarter | Rotation::ThreeQuarters => (height, width),
        };
        // The source index of the pixel at (0, 0), and the source steps to the next pixel in the row and to the next
        // row.
        let (row, last_row, last_column) = (width as isize, (height as isize - 1) * width as isize, width as isize - 1);
        let (mut first, mut step, next_row) = match self.rotation {
            Rotation::None => (0, 1, row),
            Rotation::Quarter => (last_row, -row, 1),
            Rotation::Half => (last_row + last_column, -1, -row),
            Rotation::ThreeQuarters => (last_column, row, -1),
        };
        if self.mirror {
            first += step * (turned_width as isize - 1);
            step = -step;
        }
        let from = frame.pixels().as_chunks::<3>().0;
        spare.clear();
        spare.reserve(frame.pixels().len());
        for y in 0..turned_height as isize {
            let begin = first + y * next_row;
            spare.extend((0..turned_width as isize).flat_map(|x| from[(begin + x * step).unsigned_abs()]));
        }
        match Frame::from_rgb(turned_width as u32, turned_height as u32, std::mem::take(spare)) {
            Ok(turned) => {
                *spare = frame.into_pixels();
                turned
            }
            // Cannot happen: width, height and length match.
            Err(_) => frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ABC` above `DEF`, and the result row by row.
    #[test]
    fn turned_and_mirrored() {
        let pixels = b"ABCDEF".iter().flat_map(|&letter| [letter; 3]).collect();
        let frame = Frame::from_rgb(3, 2, pixels).unwrap();
        for (degrees, mirror, expected) in [
            (0, false, "ABC/DEF"),
            (90, false, "DA/EB/FC"),
            (180, false, "FED/CBA"),
            (270, false, "CF/BE/AD"),
            (0, true, "CBA/FED"),
            (90, true, "AD/BE/CF"),
            (180, true, "DEF/ABC"),
            (270, true, "FC/EB/DA"),
        ] {
            let orientation = Orientation { rotation: Rotation::try_from(degrees).unwrap(), mirror };
            let turned = orientation.apply(frame.clone(), &mut vec![7; 3]);
            let rows = turned.pixels().chunks(3 * turned.width() as usize);
            let seen: Vec<String> = rows.map(|row| row.chunks(3).map(|pixel| pixel[0] as char).collect()).collect();
            assert_eq!(seen.join("/"), expected, "{degrees} {mirror}");
        }
    }

    #[test]
    fn rotations_add_up() {
        for (one, other, expected) in [(0, 0, 0), (90, 90, 180), (270, 180, 90), (180, 180, 0), (90, 270, 0)] {
            let [one, other] = [one, other].map(|degrees| Rotation::try_from(degrees).unwrap());
            assert_eq!(one.then(other).degrees(), expected);
        }
        assert!(Rotation::try_from(45).is_err());
    }
}
