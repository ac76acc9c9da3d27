//! What somebody on a ladder is told to do.

use super::slot::Sighting;
use crate::sight::light::{TOO_BRIGHT, TOO_DARK};
use fleet_messages::aim::AimVerdict;

/// Luma from which a pixel is as good as white.
pub(super) const WHITE: u64 = 250;
/// The share of white pixels from which something in view is too bright: a window fills more.
const MUCH_WHITE: f32 = 0.2;
/// How much darker than the picture, in luma, a face is that has the light behind it.
const LIGHT_BEHIND: f32 = 60.0;
/// The part of the best sharpness from which the lens is as good as at its best: two pictures of one face differ by as much.
const AS_GOOD_AS_BEST: f32 = 0.9;

/// About the light: of the picture, 0 to 255, its share of white pixels, and the luma of the face.
pub(super) fn light(picture: f32, white: f32, face: Option<f32>) -> &'static str {
    if picture < TOO_DARK {
        "too dark: light the place where people stand, and check that the lens is not covered"
    } else if picture > TOO_BRIGHT {
        "too bright: do not point the camera at a light"
    } else if face.is_some_and(|face| face < TOO_DARK) {
        "the face is too dark: light it from the front"
    } else if face.is_some_and(|face| face + LIGHT_BEHIND < picture) {
        "the light is behind the face: turn the camera away from windows and lamps, or light the face from the front"
    } else if white > MUCH_WHITE {
        "much of the picture is white: turn the camera away from windows and lamps"
    } else {
        "good"
    }
}

/// About the focus: the sharpness now, the best so far, and the least that the policy wants.
pub(super) fn focus(now: f32, best: f32, minimum: Option<f32>) -> &'static str {
    if minimum.is_some_and(|minimum| now < minimum) {
        "blurred: clean the lens, and turn it until this number is highest"
    } else if now >= AS_GOOD_AS_BEST * best {
        "as sharp as it has been; turn the lens until this number is highest"
    } else {
        "it has been sharper: turn the lens back until this number is highest"
    }
}

/// What the gate says.
pub(super) fn gate(seen: &Sighting) -> AimVerdict {
    let (problem, words) = match (seen.boxes.first(), seen.largest) {
        (None, _) => (None, "there is no face: stand where people will stand, and look into the camera"),
        (Some(_), None) => (None, "face recognition is off: faces are not judged"),
        (Some(_), Some(largest)) => match largest.problem {
            Some(reason) => (Some(reason.code().to_owned()), reason.in_words()),
            None => (None, "the unit can judge this face"),
        },
    };
    AimVerdict { refused_because: problem, words: words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_in_words() {
        for (picture, white, face, expected) in [
            (120.0, 0.0, None, "good"),
            (120.0, 0.0, Some(120.0), "good"),
            (39.0, 0.0, Some(120.0), "too dark"),
            (221.0, 0.9, None, "too bright"),
            (120.0, 0.0, Some(39.0), "the face is too dark"),
            (120.0, 0.3, Some(59.0), "the light is behind"),
            (120.0, 0.3, Some(61.0), "much of the picture is white"),
        ] {
            let words = light(picture, white, face);
            assert!(words.starts_with(expected), "{picture} {white} {face:?}: {words}");
        }
    }

    #[test]
    fn focus_in_words() {
        for (now, best, minimum, expected) in [
            (100.0, 100.0, None, "as sharp"),
            (91.0, 100.0, Some(91.0), "as sharp"),
            (89.0, 100.0, Some(20.0), "it has been sharper"),
            (19.0, 19.0, Some(20.0), "blurred"),
        ] {
            assert!(focus(now, best, minimum).starts_with(expected), "{now} {best} {minimum:?}");
        }
    }
}
