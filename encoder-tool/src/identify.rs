//! `identify`: finds the nearest enrolled person for every face of each photo.

use crate::args::Identify;
use crate::database_files;
use crate::face_encodings::{EncodedFace, all_faces, rounded};
use crate::heif::photo_reader;
use crate::threshold_choice::{Threshold, Thresholds};
use anyhow::Result;
use kernels::dots_of_rows;
use models::{Recogniser, on_every_core};
use serde::Serialize;
use shared::encoding::Encoding;
use shared::gallery::{Gallery, Match};
use std::path::{Path, PathBuf};
use terminal::{Answer, ShowPath, ShownPath, on_one_line, say};

/// Number of photos that are processed before their answers are printed.
const PHOTOS_AT_ONCE: usize = 256;

/// The answer for one photo.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct PhotoAnswer {
    /// Only if several photos were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    photo: Option<ShownPath>,
    /// The largest first; `null` if the photo could not be read.
    faces: Option<Vec<FaceAnswer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct FaceAnswer {
    /// Left, top, width, height in pixels of the upright photo.
    #[serde(rename = "box")]
    bounds: [f32; 4],
    /// The person; `null` if the face is not named.
    name: Option<String>,
    /// L2 distance to the nearest enrolled person, named or not; `null` if nobody is enrolled.
    distance: Option<f32>,
    threshold: f32,
    /// Whether `threshold` is the separate one for photos without colour.
    threshold_for_grey: bool,
    /// The nearest other person.
    runner_up: Option<RunnerUp>,
    /// `false` if the face is covered, blurred or the wrong way round; then it is not named.
    recognisable: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct RunnerUp {
    name: String,
    distance: f32,
}

/// Answers for each photo. Yes if any face is named.
///
/// # Errors
/// If the database, the model or a photo cannot be read. With several photos, the others are answered first.
pub(crate) fn run(arguments: &Identify) -> Result<Answer> {
    let recogniser = Recogniser::load(&arguments.model.folders)?;
    let gallery = database_files::read_for_model(&arguments.db, &recogniser.model_hash(), &arguments.keys)?.gallery;
    let thresholds = Thresholds::in_force(arguments.threshold.threshold, &gallery, recogniser.threshold());
    let reader = photo_reader();
    let (mut anybody, mut unreadable) = (false, None);
    for photos in arguments.photos.chunks(PHOTOS_AT_ONCE) {
        let answers = on_every_core(&recogniser, photos, |recogniser, photo: &PathBuf| {
            let faces = all_faces(recogniser, photo, &reader)?;
            Ok(faces
                .iter()
                .map(|face| answer_for(&gallery, face, thresholds.for_photo(face.is_grey)))
                .collect::<Vec<_>>())
        });
        for (photo, faces) in photos.iter().zip(answers) {
            let photo = (arguments.photos.len() > 1).then_some(photo.as_path());
            match faces {
                Ok(faces) => {
                    anybody |= faces.iter().any(|face| face.name.is_some());
                    print(photo, faces, arguments.json)?;
                }
                Err(error) => {
                    let Some(photo) = photo else { return Err(error) };
                    report_unreadable(photo, &error, arguments.json)?;
                    unreadable.get_or_insert(error);
                }
            }
        }
    }
    match unreadable {
        Some(first) => Err(first.context("at least one photo could not be read")),
        None => Ok(Answer::yes_if(anybody)),
    }
}

fn answer_for(gallery: &Gallery, face: &EncodedFace, threshold: Threshold) -> FaceAnswer {
    let (best, runner_up) = nearest(gallery, &face.encoding);
    let name_of = |found: &Match| gallery.people()[found.person].name.as_str().to_owned();
    let near = best.filter(|best| best.distance <= threshold.distance);
    let recognisable = !face.is_hardly_a_face(gallery, near.as_ref().map(|near| near.person));
    FaceAnswer {
        bounds: rounded(&face.face.bounds),
        name: near.as_ref().filter(|_| recognisable).map(name_of),
        distance: best.map(|best| best.distance),
        threshold: threshold.distance,
        threshold_for_grey: threshold.for_grey,
        runner_up: runner_up.map(|other| RunnerUp { name: name_of(&other), distance: other.distance }),
        recognisable,
    }
}

fn nearest(gallery: &Gallery, probe: &Encoding) -> (Option<Match>, Option<Match>) {
    gallery.nearest_two(probe, dots_of_rows).map_or((None, None), |nearest| (Some(nearest.best), nearest.runner_up))
}

fn print(photo: Option<&Path>, faces: Vec<FaceAnswer>, json: bool) -> Result<()> {
    if json {
        let photo = photo.map(|photo| photo.shown());
        return terminal::print_json(&PhotoAnswer { photo, faces: Some(faces), error: None });
    }
    let prefix = photo.map(|photo| format!("{}: ", photo.shown())).unwrap_or_default();
    if faces.is_empty() {
        return terminal::print(&format!("{prefix}There is no face in this photo"));
    }
    let several = faces.len() > 1;
    faces.iter().try_for_each(|face| terminal::print(&format!("{prefix}{}", in_words(face, several))))
}

fn in_words(face: &FaceAnswer, several: bool) -> String {
    let FaceAnswer { bounds: [x, y, width, height], name, distance, runner_up, recognisable, .. } = face;
    let threshold = Threshold { distance: face.threshold, for_grey: face.threshold_for_grey }.in_words();
    let who = match name {
        Some(name) => format!("It's {name}"),
        None if *recognisable => "It's nobody I know".to_owned(),
        None => "It's hardly recognisable".to_owned(),
    };
    let place = if several { format!(", face at {x:.0},{y:.0} {width:.0}x{height:.0}") } else { String::new() };
    let distance =
        distance.map_or_else(|| "nobody is enrolled".to_owned(), |distance| format!("distance {distance:.3}"));
    let next = match (name, runner_up) {
        (Some(_), Some(next)) => format!(", next is {} at {:.3}", next.name, next.distance),
        _ => String::new(),
    };
    format!("{who}{place} ({distance}, {threshold}{next})")
}

fn report_unreadable(photo: &Path, error: &anyhow::Error, json: bool) -> Result<()> {
    if !json {
        say(&format!("error: {}", on_one_line(error)));
        return Ok(());
    }
    let photo = Some(photo.shown());
    terminal::print_json(&PhotoAnswer { photo, faces: None, error: Some(on_one_line(error)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::FaceBox;
    use terminal::to_json;

    fn face(name: Option<&str>, distance: Option<f32>, runner_up: Option<(&str, f32)>) -> FaceAnswer {
        FaceAnswer {
            bounds: rounded(&FaceBox { x: 10.04, y: -2.0, width: 100.26, height: 120.0 }),
            name: name.map(str::to_owned),
            distance,
            threshold: 0.7,
            threshold_for_grey: false,
            runner_up: runner_up.map(|(name, distance)| RunnerUp { name: name.to_owned(), distance }),
            recognisable: true,
        }
    }

    #[test]
    fn words() {
        for (face, several, expected) in [
            (
                face(Some("younes"), Some(0.599), Some(("kian", 1.2))),
                false,
                "It's younes (distance 0.599, threshold 0.700, next is kian at 1.200)",
            ),
            (
                face(Some("younes"), Some(0.599), None),
                true,
                "It's younes, face at 10,-2 100x120 (distance 0.599, threshold 0.700)",
            ),
            (face(None, Some(1.1), Some(("kian", 1.2))), false, "It's nobody I know (distance 1.100, threshold 0.700)"),
            (
                FaceAnswer { recognisable: false, ..face(None, Some(0.5), None) },
                false,
                "It's hardly recognisable (distance 0.500, threshold 0.700)",
            ),
            (
                FaceAnswer { threshold_for_grey: true, ..face(None, Some(0.75), None) },
                false,
                "It's nobody I know (distance 0.750, threshold 0.700 without colour)",
            ),
            (face(None, None, None), false, "It's nobody I know (nobody is enrolled, threshold 0.700)"),
        ] {
            assert_eq!(in_words(&face, several), expected);
        }
    }

    #[test]
    fn json() {
        let faces = Some(vec![face(Some("younes"), Some(0.5), None)]);
        let one = PhotoAnswer { photo: None, faces, error: None };
        assert_eq!(
            to_json(&one).unwrap(),
            r#"{"schema":1,"faces":[{"box":[10.0,-2.0,100.3,120.0],"name":"younes","distance":0.5,"threshold":0.7,"threshold_for_grey":false,"runner_up":null,"recognisable":true}]}"#
        );
        let several = PhotoAnswer { photo: Some("a.jpg".shown()), faces: None, error: Some("empty".to_owned()) };
        assert_eq!(to_json(&several).unwrap(), r#"{"schema":1,"photo":"a.jpg","faces":null,"error":"empty"}"#);
    }
}
