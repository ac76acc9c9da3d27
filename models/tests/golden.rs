//! Compares the networks in `models/bundled` with reference results of onnxruntime and OpenCV for the same pixels:
//! `tests/fixtures/golden.json` for exact crops and whole photos, `tests/fixtures/photos_golden.json` for the photos in
//! `tests/photos`.
//!
//! The five whole photos of `golden.json` are not part of the project; they are tested if `../shared/lfw-dev` exists
//! beside it.
//!
//! The float version of SFace must match the reference. The 8-bit version, which is compiled in, must have a cosine
//! close to 1. The self-test (`models/src/self_test.rs`) has a test for the exact numbers of the 8-bit version.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "its paths are those of the workspace")]

use models::bundle::{Bundle, Bundles};
use models::{Crop, Face, Frame, Recogniser};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The smallest cosine between encodings of the integer network and those of the reference.
const LEAST_OF_INTEGERS: f64 = 0.99;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn golden(fixture: &str) -> Vec<Value> {
    let text = fs::read_to_string(project().join("tests/fixtures").join(fixture)).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    golden["faces"].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn rgb(path: &Path) -> image::RgbImage {
    image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_rgb8()
}

fn frame(path: &Path) -> Frame {
    let picture = rgb(path);
    Frame::from_rgb(picture.width(), picture.height(), picture.into_raw()).unwrap()
}

/// The reference results for whole photos, for those photos that are available.
fn whole_photos() -> Vec<(Value, Frame)> {
    let borrowed = golden("golden.json").into_iter().filter_map(|face| {
        let path = project().join("../shared").join(face["image"].as_str().unwrap());
        path.exists().then(|| (face, frame(&path)))
    });
    let own = golden("photos_golden.json").into_iter().map(|face| {
        let path = project().join("tests").join(face["image"].as_str().unwrap());
        (face, frame(&path))
    });
    borrowed.chain(own).collect()
}

/// Photo pixels for each pixel of the reference detector's input.
fn step(expected: &Value, frame: &Frame) -> f32 {
    expected["working_size_xy"][0].as_f64().map_or(1.0, |width| frame.width() as f32 / width as f32)
}

/// The bundled detector and the encoder in floats.
fn in_floats() -> Bundles {
    let folder = project().join("models/bundled/sface");
    let Bundle::Encoder(encoder) = Bundle::open(&folder).unwrap() else { panic!("no encoder") };
    Bundles { encoder, ..Bundles::bundled().unwrap() }
}

/// The same networks, with the working size of the reference.
fn recogniser_for(expected: &Value) -> Recogniser {
    let mut bundles = in_floats();
    if let Some(size) = expected["working_size"].as_u64() {
        bundles.detector.manifest.search.working_size = u32::try_from(size).unwrap();
    }
    Recogniser::new(&bundles).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn the_exact_crops_give_the_reference_encodings() {
    let mut floats = Recogniser::new(&in_floats()).unwrap();
    let mut integers = Recogniser::bundled().unwrap();
    for face in golden("golden.json") {
        let picture = rgb(&project().join("tests/fixtures").join(face["sface_crop"].as_str().unwrap()));
        let crop = Crop::from_rgb(picture.width(), picture.into_raw()).unwrap();
        for (recogniser, least) in [(&mut floats, 0.9999), (&mut integers, LEAST_OF_INTEGERS)] {
            let encoding = recogniser.encode(&crop).unwrap();
            assert_eq!(encoding.dimensions(), 128);
            let length: f32 = encoding.numbers().iter().map(|number| number * number).sum();
            assert!((length - 1.0).abs() < 1e-5);
            let alike = cosine(encoding.numbers(), &numbers(&face["sface_encoding"]));
            assert!(alike >= least, "{}: cosine {alike}, {least} is wanted", face["image"]);
        }
    }
}

#[test]
fn whole_photos_give_the_reference_boxes_and_landmarks() {
    for (expected, frame) in whole_photos() {
        let mut recogniser = recogniser_for(&expected);
        let tolerance = 1.5 * step(&expected, &frame);
        let found = nearest_to(&numbers(&expected["detector"]["box_xywh"]), recogniser.detect(&frame).unwrap());
        let bounds = [found.bounds.x, found.bounds.y, found.bounds.width, found.bounds.height];
        let landmarks = found.landmarks.iter().flat_map(|point| [point.x, point.y]);
        let reference = &expected["detector"]["landmarks_xy_right_eye_left_eye_nose_right_mouth_left_mouth"];
        let wanted = numbers(&expected["detector"]["box_xywh"]).into_iter().chain(numbers(reference));
        for (ours, theirs) in bounds.into_iter().chain(landmarks).zip(wanted) {
            assert!((ours - theirs).abs() <= tolerance, "{}: {ours} where {theirs} is expected", expected["image"]);
        }
    }
}

#[test]
fn whole_photos_give_nearly_the_reference_encodings() {
    for (expected, frame) in whole_photos() {
        let mut recogniser = recogniser_for(&expected);
        let face = nearest_to(&numbers(&expected["detector"]["box_xywh"]), recogniser.detect(&frame).unwrap());
        let crop = recogniser.glance(&frame, &face);
        let encoding = recogniser.encode(&crop).unwrap();
        let alike = cosine(encoding.numbers(), &numbers(&expected["sface_encoding"]));
        assert!(alike >= 0.99, "{}: cosine {alike}", expected["image"]);
    }
}

fn nearest_to(bounds: &[f32], faces: Vec<Face>) -> Face {
    let away = |face: &Face| (face.bounds.x - bounds[0]).hypot(face.bounds.y - bounds[1]);
    faces.into_iter().min_by(|a, b| away(a).total_cmp(&away(b))).expect("a face is found")
}
