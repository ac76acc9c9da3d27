//! `compare`: compares the largest faces of two photos.

use crate::args::Compare;
use crate::face_encodings::{EncodedFace, FaceReport, faces_of, largest_of, rounded};
use crate::threshold_choice;
use accuracy::pixel_distance;
use anyhow::Result;
use models::Recogniser;
use serde::Serialize;
use std::path::Path;
use terminal::{Answer, ShowPath};

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Compared {
    /// L2 distance of the encodings; `null` if a photo has no face.
    distance: Option<f32>,
    /// [`pixel_distance`], if requested.
    pixel_distance: Option<f32>,
    threshold: f32,
    #[serde(rename = "match")]
    matches: bool,
    /// `false` if a face is covered, blurred or the wrong way round; then the distance means nothing.
    recognisable: bool,
    /// All faces of each photo, the largest first, with their distances to the largest face of the other photo.
    faces: [Vec<FaceReport>; 2],
}

/// Compares two photos. Yes if they match.
///
/// # Errors
/// If a photo or the model cannot be read.
pub(crate) fn run(arguments: &Compare) -> Result<Answer> {
    let mut recogniser = Recogniser::load(&arguments.model.folders)?;
    let threshold = threshold_choice::in_force(arguments.threshold, None, recogniser.threshold());
    let faces = [faces_of(&mut recogniser, &arguments.a)?, faces_of(&mut recogniser, &arguments.b)?];
    let without_face: Vec<&Path> = [&arguments.a, &arguments.b]
        .into_iter()
        .zip(&faces)
        .filter(|(_, faces)| faces.is_empty())
        .map(|(path, _)| path.as_path())
        .collect();
    let [a, b] = &faces;
    let both = a.first().zip(b.first());
    let distance = both.map(|(a, b)| a.encoding.l2_distance(&b.encoding));
    let is_near = distance.is_some_and(|distance| distance <= threshold);
    let is_refused = |face: &EncodedFace, other: &EncodedFace| {
        let is_unclear = is_near && !face.standing.is_clear_beside(&other.encoding, other.standing.is_plain());
        face.standing.is_recognisable() == Some(false) || is_unclear
    };
    let recognisable = !both.is_some_and(|(a, b)| is_refused(a, b) || is_refused(b, a));
    let compared = Compared {
        distance,
        pixel_distance: both.filter(|_| arguments.pixels).map(|(a, b)| pixel_distance(&a.crop, &b.crop)),
        threshold,
        matches: is_near && recognisable,
        recognisable,
        faces: [reports(a, b.first()), reports(b, a.first())],
    };
    match arguments.json {
        true => terminal::print_json(&compared)?,
        false => terminal::print(&in_words(&compared, &without_face))?,
    }
    Ok(Answer::yes_if(compared.matches))
}

fn reports(faces: &[EncodedFace], other: Option<&EncodedFace>) -> Vec<FaceReport> {
    let report = |face: &EncodedFace| FaceReport {
        bounds: rounded(&face.face.bounds),
        distance: other.map(|other| face.encoding.l2_distance(&other.encoding)),
    };
    faces.iter().map(report).collect()
}

fn in_words(compared: &Compared, without_face: &[&Path]) -> String {
    let Some(distance) = compared.distance else {
        let photos: Vec<String> = without_face.iter().map(|photo| photo.shown().to_string()).collect();
        return format!("They cannot be compared (there is no face in {})", photos.join(" and "));
    };
    let threshold = compared.threshold;
    let alike = match (compared.matches, compared.recognisable) {
        (_, false) => "They cannot be compared: a face is hardly recognisable",
        (true, _) => "They look like one person",
        (false, _) => "They look like two people",
    };
    let pixels = compared.pixel_distance.map(|pixels| format!(", pixel by pixel {pixels:.3}")).unwrap_or_default();
    let several = ["first", "second"].into_iter().zip(&compared.faces).filter(|(_, faces)| faces.len() > 1);
    let which: String =
        several.map(|(photo, faces)| format!("; in the {photo} photo {}", largest_of(faces.len()))).collect();
    format!("{alike} (distance {distance:.3}, threshold {threshold:.3}{pixels}{which})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::to_json;

    #[test]
    fn words() {
        let compared = |distance: Option<f32>, pixel_distance| Compared {
            distance,
            pixel_distance,
            threshold: 0.7,
            matches: distance.is_some_and(|distance| distance <= 0.7),
            recognisable: true,
            faces: [Vec::new(), vec![FaceReport { bounds: [0.0; 4], distance }]],
        };
        for (compared, expected) in [
            (compared(Some(0.5), None), "They look like one person (distance 0.500, threshold 0.700)"),
            (
                compared(Some(0.9), Some(0.25)),
                "They look like two people (distance 0.900, threshold 0.700, pixel by pixel 0.250)",
            ),
            (
                Compared { recognisable: false, matches: false, ..compared(Some(0.5), None) },
                "They cannot be compared: a face is hardly recognisable (distance 0.500, threshold 0.700)",
            ),
            (compared(None, None), "They cannot be compared (there is no face in b.jpg)"),
        ] {
            assert_eq!(in_words(&compared, &[Path::new("b.jpg")]), expected);
        }
    }

    #[test]
    fn json() {
        let face = FaceReport { bounds: [1.0, 2.0, 3.0, 4.0], distance: Some(0.5) };
        let faces = [vec![face], Vec::new()];
        let compared = Compared {
            distance: Some(0.5),
            pixel_distance: None,
            threshold: 0.7,
            matches: true,
            recognisable: true,
            faces,
        };
        assert_eq!(
            to_json(&compared).unwrap(),
            concat!(
                r#"{"schema":1,"distance":0.5,"pixel_distance":null,"threshold":0.7,"match":true,"recognisable":true,"#,
                r#""faces":[[{"box":[1.0,2.0,3.0,4.0],"distance":0.5}],[]]}"#
            )
        );
    }
}
