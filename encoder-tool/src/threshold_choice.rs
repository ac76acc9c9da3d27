//! Chooses the threshold: the L2 distance up to which two encodings count as the same person.

use shared::gallery::Gallery;

/// The threshold of the command line, else of the database, else of the encoder.
pub(crate) fn in_force(asked_for: Option<f32>, of_database: Option<f32>, of_encoder: f32) -> f32 {
    asked_for.or(of_database).unwrap_or(of_encoder)
}

/// The thresholds for a search: for photos in colour and without colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Thresholds {
    colour: f32,
    grey: f32,
}

/// The threshold for one photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) distance: f32,
    /// Whether it is the separate threshold for photos without colour.
    pub(crate) for_grey: bool,
}

impl Thresholds {
    /// The threshold of the command line for both, else those of the database, else that of the encoder.
    pub(crate) fn in_force(asked_for: Option<f32>, gallery: &Gallery, of_encoder: f32) -> Self {
        let colour = in_force(asked_for, gallery.header().threshold, of_encoder);
        let of_database = gallery.grey_threshold().map(|grey| grey.threshold);
        Self { colour, grey: in_force(asked_for, of_database, colour) }
    }

    pub(crate) fn for_photo(&self, is_grey: bool) -> Threshold {
        let distance = if is_grey { self.grey } else { self.colour };
        Threshold { distance, for_grey: is_grey && self.grey != self.colour }
    }
}

impl Threshold {
    /// `threshold 1.050`, with `without colour` if it is the separate one.
    pub(crate) fn in_words(self) -> String {
        format!("threshold {:.3}{}", self.distance, if self.for_grey { " without colour" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::{Calibration, GalleryBuilder, GreyThreshold, ModelHash};

    #[test]
    fn the_command_line_comes_before_the_database_and_the_encoder() {
        for (asked_for, of_database, expected) in
            [(Some(0.5), Some(0.9), 0.5), (Some(0.0), Some(0.9), 0.0), (None, Some(0.9), 0.9), (None, None, 1.05)]
        {
            assert_eq!(in_force(asked_for, of_database, 1.05), expected);
        }
    }

    #[test]
    fn a_photo_without_colour_has_a_threshold_of_its_own_if_the_database_has() {
        let gallery = |grey: Option<f32>| {
            let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
            builder.set_threshold(0.9, None).unwrap();
            let calibration = Calibration { fpir: 0.01, people: 1 };
            let grey = grey.map(|threshold| GreyThreshold { threshold, calibration });
            grey.into_iter().for_each(|grey| builder.set_grey_threshold(grey).unwrap());
            builder.build()
        };
        for (asked_for, of_database, is_grey, expected, words) in [
            (None, Some(0.95), true, 0.95, "threshold 0.950 without colour"),
            (None, Some(0.95), false, 0.9, "threshold 0.900"),
            (None, None, true, 0.9, "threshold 0.900"),
            (Some(0.5), Some(0.95), true, 0.5, "threshold 0.500"),
        ] {
            let found = Thresholds::in_force(asked_for, &gallery(of_database), 1.05).for_photo(is_grey);
            assert_eq!((found.distance, found.in_words().as_str()), (expected, words));
        }
    }
}
