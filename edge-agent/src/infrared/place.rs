//! Where the infrared picture shows a face of the first picture. `edge-agent doctor` measures this once for a pair of
//! cameras.

use serde::Deserialize;
use shared::face::FaceBox;
use std::fmt;

/// How a place in the first picture maps to the infrared picture. Places are measured from the middle of a picture, in
/// widths of that picture, so that they do not depend on the numbers of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// How much more of the picture's width a face takes up in infrared, 0.2 to 5.
    pub scale: f32,
    /// How much farther to the right it is, in widths of the infrared picture, -1 to 1.
    pub right: f32,
    /// How much lower it is, in widths of the infrared picture, -1 to 1.
    pub down: f32,
}

/// A face in a picture, in widths of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    /// From the picture's middle to the face's middle.
    right: f32,
    down: f32,
    /// The face's width.
    width: f32,
}

impl Place {
    /// Whether every value is in its range.
    pub(crate) fn is_possible(&self) -> bool {
        let shifts = [self.right, self.down];
        (0.2..=5.0).contains(&self.scale) && shifts.iter().all(|shift| (-1.0..=1.0).contains(shift))
    }

    /// The mapping of a pair of cameras that see one face there.
    pub(crate) fn from_pair(first: &Spot, infrared: &Spot) -> Self {
        let scale = infrared.width / first.width;
        let (right, down) = (infrared.right - scale * first.right, infrared.down - scale * first.down);
        Self { scale, right, down }
    }

    /// Where the infrared picture must show a face.
    pub(crate) fn expected(&self, first: Spot) -> Spot {
        let Self { scale, right, down } = self;
        Spot { right: scale * first.right + right, down: scale * first.down + down, width: scale * first.width }
    }
}

/// The value of the configuration's key.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns a rounded -0 into 0.
        let [right, down] = [self.right, self.down].map(|shift| (shift * 1e3).round() / 1e3 + 0.0);
        write!(f, "{{ scale = {:.2}, right = {right:.3}, down = {down:.3} }}", self.scale)
    }
}

impl Spot {
    /// A face in a picture of this width and height, all in pixels.
    pub(crate) fn new(face: &FaceBox, (width, height): (u32, u32)) -> Self {
        let (width, height) = (width.max(1) as f32, height as f32);
        let from_middle = |begin: f32, length: f32, side: f32| (begin + (length - side) / 2.0) / width;
        Self {
            right: from_middle(face.x, face.width, width),
            down: from_middle(face.y, face.height, height),
            width: face.width / width,
        }
    }

    /// The distance from the expected place, in widths of the expected face.
    pub(crate) fn offset_from(&self, expected: &Self) -> f32 {
        (self.right - expected.right).hypot(self.down - expected.down) / expected.width
    }

    /// How many times as wide as the expected face.
    pub(crate) fn size_to(&self, expected: &Self) -> f32 {
        self.width / expected.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, width: f32) -> FaceBox {
        FaceBox { x, y, width, height: width }
    }

    #[test]
    fn a_place_is_found_in_pictures_of_any_size() {
        let near = |a: f32, b: f32| (a - b).abs() < 1e-4;
        for (case, first, infrared) in [
            ("two equal cameras", (face(590.0, 310.0, 100.0), (1280, 720)), (face(295.0, 155.0, 50.0), (640, 360))),
            ("a narrower view", (face(590.0, 310.0, 100.0), (1280, 720)), (face(270.0, 190.0, 100.0), (640, 480))),
            ("beside the other", (face(300.0, 200.0, 120.0), (1280, 720)), (face(190.0, 85.0, 66.0), (640, 360))),
        ] {
            let [first, infrared] = [first, infrared].map(|(face, size)| Spot::new(&face, size));
            let place = Place::from_pair(&first, &infrared);
            assert!(place.is_possible() && near(infrared.offset_from(&place.expected(first)), 0.0), "{case}: {place}");
            assert!(near(place.expected(first).width, infrared.width), "{case}");
        }
        // Ten pixels of a face of fifty.
        let [one, beside] = [150.0, 160.0].map(|x| Spot::new(&face(x, 90.0, 50.0), (640, 360)));
        assert!(near(beside.offset_from(&one), 0.2));
        // A face in the middle of any picture.
        let middle = Spot::new(&face(270.0, 190.0, 100.0), (640, 480));
        assert_eq!((middle.right, middle.down), (0.0, 0.0));
    }

    #[test]
    fn a_place_is_written_as_the_configuration_reads_it() {
        let place = Place { scale: 0.954, right: -0.0312, down: -0.0001 };
        let text = format!("place = {place}");
        assert_eq!(text, "place = { scale = 0.95, right = -0.031, down = 0.000 }");
        let table: toml::Table = toml::from_str(&text).unwrap();
        let read: Place = table["place"].clone().try_into().unwrap();
        assert_eq!(read, Place { scale: 0.95, right: -0.031, down: 0.0 });
        for impossible in
            [Place { scale: 0.1, ..place }, Place { right: 1.5, ..place }, Place { down: f32::NAN, ..place }]
        {
            assert!(!impossible.is_possible(), "{impossible}");
        }
    }
}
