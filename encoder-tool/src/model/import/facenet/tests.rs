//! FaceNet from its weights: a small one, whichever way it is stored, and the published one where it lies beside the
//! project.

use super::samples::{as_of_torch, small_weights};
use super::*;
use crate::model::import::arrays::{Array, Format, samples};
use crate::model::import::options::Options;
use crate::model::import::source::Source;
use crate::model::import::{bundle_of, folder::BundleFiles};
use models::bundle::{Bundle, EncoderBundle, EncoderManifest};
use models::encode::Encoder;
use models::{Crop, onnx};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The published weights, or a loud word that they are not there.
fn published() -> Option<PathBuf> {
    let folder = project().join("../shared/models/facenet-vggface2-npy");
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
    }
    Some(folder).filter(|folder| folder.exists())
}

fn imported(source: &Source) -> (BundleFiles, EncoderManifest, Encoder) {
    let files = bundle_of(source, &Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    files.write(folder.path()).unwrap();
    let Bundle::Encoder(bundle) = Bundle::open(folder.path()).unwrap() else { panic!("an encoder is expected") };
    let encoder = Encoder::new(&bundle).unwrap();
    let EncoderBundle { manifest, .. } = bundle;
    (files, manifest, encoder)
}

/// The crops that the reference encoded, and what it made of them.
fn golden() -> Vec<(Crop, Vec<f32>)> {
    let fixtures = project().join("tests/fixtures");
    let golden: Json = serde_json::from_slice(&fs::read(fixtures.join("golden.json")).unwrap()).unwrap();
    let face = |face: &Json| {
        let picture = image::open(fixtures.join(face["facenet_crop"].as_str().unwrap())).unwrap().to_rgb8();
        let numbers = face["facenet_encoding"].as_array().unwrap().iter();
        let crop = Crop::from_rgb(picture.width(), picture.into_raw()).unwrap();
        (crop, numbers.map(|number| number.as_f64().unwrap() as f32).collect())
    };
    golden["faces"].as_array().unwrap().iter().map(face).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn the_published_weights_give_the_reference_encodings() {
    let Some(folder) = published() else { return };
    let (_, manifest, mut encoder) = imported(&Source::read(&folder).unwrap());
    assert_eq!(manifest.dimensions, 512);
    assert_eq!(manifest.provenance.name, "FaceNet 20180402-114759 (VGGFace2)");
    for (crop, expected) in golden() {
        let alike = cosine(encoder.encode(&crop).unwrap().numbers(), &expected);
        println!("cosine {alike:.8}");
        assert!(alike >= 0.9999, "cosine {alike}");
    }
}
