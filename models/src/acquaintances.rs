//! Tests that the networks can tell people apart, with four photos of three people. The photos are independent of the
//! enrolled people. An encoder whose input pixels are wrong takes everybody for the same person; no other test shows
//! it.

use crate::self_test::GoldenError;
use crate::{ModelError, Photo, Recogniser};
use shared::encoding::Encoding;

/// Two photos of the same person. `faces/README.md` lists the sources of all photos.
const ONE_PERSON: [(&str, &[u8]); 2] = [
    ("barack_obama_portrait.jpg", include_bytes!("../faces/barack_obama_portrait.jpg")),
    ("barack_obama_blue_room.jpg", include_bytes!("../faces/barack_obama_blue_room.jpg")),
];
/// One photo each of two other people.
const OTHERS: [(&str, &[u8]); 2] = [
    ("joe_biden_blue_room.jpg", include_bytes!("../faces/joe_biden_blue_room.jpg")),
    ("eileen_collins.jpg", include_bytes!("../faces/eileen_collins.jpg")),
];

impl Recogniser {
    /// Checks that the networks tell people apart: L2 distances of different people must be above the encoder's own
    /// threshold, and larger than the distance of two photos of one person. The photos are compiled in. A threshold
    /// that is too strict passes.
    ///
    /// # Errors
    /// [`GoldenError::NotToldApart`], or [`GoldenError::Model`] if a network fails or finds no face.
    pub fn require_told_apart(&mut self) -> Result<(), GoldenError> {
        let mut encode = |(name, photo): (&str, &[u8])| encoding(self, name, photo);
        let [one, again] = [encode(ONE_PERSON[0])?, encode(ONE_PERSON[1])?];
        let [other, third] = [encode(OTHERS[0])?, encode(OTHERS[1])?];
        let pairs = [(&one, &other), (&again, &other), (&one, &third), (&again, &third), (&other, &third)];
        let (same, threshold) = (one.l2_distance(&again), self.threshold());
        let different = pairs.iter().map(|(a, b)| a.l2_distance(b)).fold(f32::INFINITY, f32::min);
        if same < different && threshold < different {
            return Ok(());
        }
        Err(GoldenError::NotToldApart { same, different, threshold })
    }
}

fn encoding(recogniser: &mut Recogniser, name: &str, photo: &[u8]) -> Result<Encoding, GoldenError> {
    let failed = |reason: String| ModelError::Inference(format!("bundled photo {name}: {reason}"));
    let frame = Photo::open(photo).and_then(Photo::decode).map_err(|error| failed(error.to_string()))?;
    let faces = recogniser.detect(&frame)?;
    let face = faces.first().ok_or_else(|| failed("the detector finds no face".to_owned()))?;
    let crop = recogniser.align(&frame, face)?;
    Ok(recogniser.encode(&crop)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundles;

    fn tell_apart(change: impl FnOnce(&mut Bundles)) -> Result<(), GoldenError> {
        let mut bundles = Bundles::bundled().unwrap();
        change(&mut bundles);
        Recogniser::new(&bundles).unwrap().require_told_apart()
    }

    /// A regression: an encoder imported with the wrong normalisation accepted ten of ten strangers.
    #[test]
    fn an_encoder_with_wrong_pixel_values_does_not_separate_people() {
        tell_apart(|_| {}).unwrap();
        for (subtract, divide) in [(0.0, 1.0e5), (255.0, 1.0e4)] {
            let refused = tell_apart(|bundles| {
                bundles.encoder.manifest.input.subtract = subtract;
                bundles.encoder.manifest.input.divide = divide;
            });
            let refused = refused.unwrap_err();
            assert!(matches!(refused, GoldenError::NotToldApart { .. }), "{subtract}, {divide}: {refused}");
        }
    }

    #[test]
    fn a_threshold_at_which_strangers_are_the_same_is_refused() {
        for (threshold, accepted) in [(0.5, true), (1.0, true), (1.5, false)] {
            let found = tell_apart(|bundles| bundles.encoder.calibration.threshold = threshold);
            assert_eq!(found.is_ok(), accepted, "{threshold}: {found:?}");
        }
    }
}
