//! `verify`: compares the largest face of a photo with the claimed person.

use crate::args::Verify;
use crate::database_files;
use crate::face_encodings::{EncodedFace, FaceReport, faces_of, largest_of, rounded};
use crate::threshold_choice::{Threshold, Thresholds};
use anyhow::{Context, Result};
use kernels::dots_of_rows;
use models::Recogniser;
use serde::Serialize;
use shared::gallery::PersonName;
use terminal::{Answer, Help, ShowPath};

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Verified {
    /// The claimed name, as it is enrolled.
    identity: String,
    /// L2 distance to the person; `null` if there is no face.
    distance: Option<f32>,
    threshold: f32,
    /// Whether `threshold` is the separate one for photos without colour.
    threshold_for_grey: bool,
    #[serde(rename = "match")]
    matches: bool,
    /// `false` if the face is covered, blurred or the wrong way round; then it does not match.
    recognisable: bool,
    /// All faces with their distances to the claimed person. The first is the largest; only that one is judged.
    faces: Vec<FaceReport>,
}

/// Compares the largest face with the claimed person. Yes if they match.
///
/// # Errors
/// If the photo, the database or the model cannot be read, or nobody of this name is enrolled.
pub(crate) fn run(arguments: &Verify) -> Result<Answer> {
    let name = PersonName::parse(&arguments.identity).context("--identity")?;
    let mut recogniser = Recogniser::load(&arguments.model.folders)?;
    let gallery = database_files::read_for_model(&arguments.db, &recogniser.model_hash(), &arguments.keys)?.gallery;
    let person = gallery
        .person_by_name(&name)
        .with_context(|| format!("nobody called {name} is enrolled in {}", arguments.db.shown()))
        .help("`encoder-tool list DB` prints all names")?;
    let encoded = faces_of(&mut recogniser, &arguments.photo)?;
    let faces: Vec<FaceReport> = encoded
        .iter()
        .map(|face| FaceReport {
            bounds: rounded(&face.face.bounds),
            distance: gallery.nearest_of(person, &face.encoding, dots_of_rows).map(|found| found.distance),
        })
        .collect();
    let distance = faces.first().and_then(|largest| largest.distance);
    let thresholds = Thresholds::in_force(arguments.threshold.threshold, &gallery, recogniser.threshold());
    let threshold = thresholds.for_photo(encoded.first().is_some_and(|largest| largest.is_grey));
    let is_near = distance.is_some_and(|distance| distance <= threshold.distance);
    let is_refused = |face: &EncodedFace| face.is_hardly_a_face(&gallery, is_near.then_some(person));
    let recognisable = !encoded.first().is_some_and(is_refused);
    let verified = Verified {
        identity: gallery.people()[person].name.as_str().to_owned(),
        distance,
        threshold: threshold.distance,
        threshold_for_grey: threshold.for_grey,
        matches: is_near && recognisable,
        recognisable,
        faces,
    };
    match arguments.json {
        true => terminal::print_json(&verified)?,
        false => terminal::print(&in_words(&verified))?,
    }
    Ok(Answer::yes_if(verified.matches))
}

fn in_words(verified: &Verified) -> String {
    let Verified { identity, distance, matches, recognisable, faces, .. } = verified;
    let threshold = Threshold { distance: verified.threshold, for_grey: verified.threshold_for_grey }.in_words();
    let which = Some(largest_of(faces.len())).filter(|which| !which.is_empty());
    let which = which.map(|which| format!("; {which}")).unwrap_or_default();
    let answer = match matches {
        true => format!("It's {identity}, welcome in!"),
        false => format!("It's not {identity}, please go away"),
    };
    match distance {
        Some(distance) if !recognisable => {
            format!("{answer} (the face is hardly recognisable; distance {distance:.3}, {threshold}{which})")
        }
        Some(distance) => format!("{answer} (distance {distance:.3}, {threshold}{which})"),
        None => format!("{answer} (there is no face in this photo)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::to_json;

    fn verified(distance: Option<f32>, matches: bool) -> Verified {
        Verified {
            identity: "younes".to_owned(),
            distance,
            threshold: 0.7,
            threshold_for_grey: false,
            matches,
            recognisable: true,
            faces: Vec::new(),
        }
    }

    #[test]
    fn words() {
        for (verified, expected) in [
            (verified(Some(0.5988), true), "It's younes, welcome in! (distance 0.599, threshold 0.700)"),
            (verified(Some(0.85), false), "It's not younes, please go away (distance 0.850, threshold 0.700)"),
            (
                Verified { recognisable: false, ..verified(Some(0.5), false) },
                "It's not younes, please go away (the face is hardly recognisable; distance 0.500, threshold 0.700)",
            ),
            (
                Verified { threshold_for_grey: true, ..verified(Some(0.5), true) },
                "It's younes, welcome in! (distance 0.500, threshold 0.700 without colour)",
            ),
            (verified(None, false), "It's not younes, please go away (there is no face in this photo)"),
        ] {
            assert_eq!(in_words(&verified), expected);
        }
        let face = FaceReport { bounds: [0.0; 4], distance: Some(0.9) };
        let several = Verified { faces: vec![face; 2], ..verified(Some(0.9), false) };
        assert!(in_words(&several).ends_with("threshold 0.700; the largest of 2 faces)"));
    }

    #[test]
    fn json() {
        let expected = r#"{"schema":1,"identity":"younes","distance":0.5,"threshold":0.7,"threshold_for_grey":false,"match":true,"recognisable":true,"faces":[{"box":[1.0,2.0,3.0,4.0],"distance":0.5}]}"#;
        let faces = vec![FaceReport { bounds: [1.0, 2.0, 3.0, 4.0], distance: Some(0.5) }];
        assert_eq!(to_json(&Verified { faces, ..verified(Some(0.5), true) }).unwrap(), expected);
    }
}
