//! `compare`: are the largest faces of two photos alike?

use crate::args::Compare;
use crate::faces::largest_face;
use crate::pixels::pixel_distance;
use crate::threshold;
use anyhow::Result;
use models::Recogniser;
use serde::Serialize;
use std::path::Path;
use terminal::Answer;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Compared {
    /// L2 distance of the encodings; `null` if a photo has no face.
    distance: Option<f32>,
    /// [`pixel_distance`], if it was asked for.
    pixel_distance: Option<f32>,
}

/// Compares two photos. Yes if they are alike.
///
/// # Errors
/// If a photo or the model cannot be read.
pub(crate) fn run(arguments: &Compare) -> Result<Answer> {
    let mut recogniser = Recogniser::load(&arguments.model.folders)?;
    let threshold = threshold::in_force(arguments.threshold.threshold, None, recogniser.threshold());
    let faces = [largest_face(&mut recogniser, &arguments.a)?, largest_face(&mut recogniser, &arguments.b)?];
    let without_face: Vec<&Path> = [&arguments.a, &arguments.b]
        .into_iter()
        .zip(&faces)
        .filter(|(_, face)| face.is_none())
        .map(|(path, _)| path.as_path())
        .collect();
    let [a, b] = &faces;
    let both = a.as_ref().zip(b.as_ref());
    let compared = Compared {
        distance: both.map(|(a, b)| a.encoding.l2_distance(&b.encoding)),
        pixel_distance: both.filter(|_| arguments.pixels).map(|(a, b)| pixel_distance(&a.crop, &b.crop)),
    };
    match arguments.json {
        true => terminal::print_json(&compared)?,
        false => terminal::print(&in_words(&compared, threshold, &without_face))?,
    }
    Ok(Answer::yes_if(compared.distance.is_some_and(|distance| distance <= threshold)))
}

fn in_words(compared: &Compared, threshold: f32, without_face: &[&Path]) -> String {
    let Some(distance) = compared.distance else {
        let photos: Vec<String> = without_face.iter().map(|path| path.display().to_string()).collect();
        return format!("They cannot be compared (there is no face in {})", photos.join(" and "));
    };
    let alike = if distance <= threshold { "They look like one person" } else { "They look like two people" };
    let pixels = compared.pixel_distance.map(|pixels| format!(", pixel by pixel {pixels:.3}")).unwrap_or_default();
    format!("{alike} (distance {distance:.3}, threshold {threshold:.3}{pixels})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::to_json;

    #[test]
    fn words() {
        let compared = |distance, pixel_distance| Compared { distance, pixel_distance };
        for (compared, expected) in [
            (compared(Some(0.5), None), "They look like one person (distance 0.500, threshold 0.700)"),
            (
                compared(Some(0.9), Some(0.25)),
                "They look like two people (distance 0.900, threshold 0.700, pixel by pixel 0.250)",
            ),
            (compared(None, None), "They cannot be compared (there is no face in b.jpg)"),
        ] {
            assert_eq!(in_words(&compared, 0.7, &[Path::new("b.jpg")]), expected);
        }
    }

    #[test]
    fn json() {
        let compared = Compared { distance: Some(0.5), pixel_distance: None };
        assert_eq!(to_json(&compared).unwrap(), r#"{"schema":1,"distance":0.5,"pixel_distance":null}"#);
    }
}
