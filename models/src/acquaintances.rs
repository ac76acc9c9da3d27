//! Whether networks tell people apart at all: four photos of three people, which have nothing to do with who is
//! enrolled. An encoder that is given wrong pixels takes everybody for one person, and nothing else shows it.

use crate::golden::GoldenError;
use crate::{ModelError, Photo, Recogniser};
use shared::encoding::Encoding;

/// Two photos of one person, then one each of two other people; `faces/README.md` says where they are from.
const ONE_PERSON: [(&str, &[u8]); 2] = [
    ("barack_obama_portrait.jpg", include_bytes!("../faces/barack_obama_portrait.jpg")),
    ("barack_obama_blue_room.jpg", include_bytes!("../faces/barack_obama_blue_room.jpg")),
];
const OTHERS: [(&str, &[u8]); 2] = [
    ("joe_biden_blue_room.jpg", include_bytes!("../faces/joe_biden_blue_room.jpg")),
    ("eileen_collins.jpg", include_bytes!("../faces/eileen_collins.jpg")),
];

impl Recogniser {
    /// Requires that the networks tell people apart: different people lie beyond the encoder's own threshold, and farther
    /// apart than two photos of one person. The photos are compiled in. A threshold that is stricter than need be is
    /// no fault.
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
    let failed = |reason: String| ModelError::Inference(format!("{name}, of the bundled faces: {reason}"));
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

    fn judged(change: impl FnOnce(&mut Bundles)) -> Result<(), GoldenError> {
        let mut bundles = Bundles::bundled().unwrap();
        change(&mut bundles);
        Recogniser::new(&bundles).unwrap().require_told_apart()
    }

    /// An encoder imported with the wrong pixel values once let ten of ten strangers in.
    #[test]
    fn an_encoder_that_is_given_wrong_pixels_does_not_tell_people_apart() {
        judged(|_| {}).unwrap();
        for (subtract, divide) in [(0.0, 1.0e5), (255.0, 1.0e4)] {
            let refused = judged(|bundles| {
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
            let found = judged(|bundles| bundles.encoder.calibration.threshold = threshold);
            assert_eq!(found.is_ok(), accepted, "{threshold}: {found:?}");
        }
    }
}
