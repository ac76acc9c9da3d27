//! `model quantize`, `model inspect` and `model bench`: a small encoder becomes one of integers, and is looked at.

use super::import::small_onnx;
use super::{door_photo, encoder_tool, enrolled_photo, made, names_in};
use models::bundle::sha256;
use std::fs;
use std::path::{Path, PathBuf};
use tests::{Said, photos, said};

/// The bundle of a small encoder in floats.
fn in_floats(folder: &Path) -> PathBuf {
    // By hand: so small an encoder tells nobody apart, and is not imported.
    let (bundle, network) = (folder.join("floats"), small_onnx());
    fs::create_dir(&bundle).unwrap();
    let digest = sha256(&network);
    let manifest = format!(
        "kind = \"encoder\"\nprofile = \"custom\"\ndimensions = 8\n\
         [network]\nfile = \"model.onnx\"\nsha256 = \"{digest}\"\n\
         [input]\nchannels = \"rgb\"\nsubtract = 127.5\ndivide = 128.0\n\
         [crop]\nalign = \"box\"\nside = 32\nenlarge = 1.0\nshift-down = 0.0\nstretch = true\n\
         [provenance]\nname = \"small\"\nlicence = \"none\"\nsource = \"a test\"\nsource-sha256 = \"{digest}\"\n"
    );
    fs::write(bundle.join("manifest.toml"), manifest).unwrap();
    fs::write(bundle.join("calibration.toml"), "threshold = 1.0\nthreshold-from = \"a test\"\n").unwrap();
    fs::write(bundle.join("model.onnx"), network).unwrap();
    bundle
}

fn quantized(bundle: &Path, photos: &Path, output: &Path, options: &[&str]) -> Said {
    let mut command = encoder_tool(["model", "quantize", "--calibrate"]);
    said(command.arg(photos).arg("-o").arg(output).arg(bundle).args(options))
}

#[test]
fn an_encoder_is_quantised_and_its_accuracy_loss_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (floats, integers) = (in_floats(folder.path()), folder.path().join("integers"));
    let made = quantized(&floats, &photos().join("enrol"), &integers, &["--json"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("only 3 faces"), "{made:?}");
    let report = made.json();
    assert_eq!((&report["crops"], &report["held_out_crops"]), (&2.into(), &1.into()), "{report}");
    assert_eq!((&report["integer_convolutions"], &report["float_convolutions"]), (&1.into(), &0.into()), "{report}");
    let steps = report["steps"].as_array().unwrap();
    assert!(steps.len() >= 5 && steps[0]["kept"] == true, "{report}");
    let cosine = report["cosine_mean"].as_f64().unwrap();
    assert!(cosine > 0.99, "{report}");
    let best = steps.iter().rfind(|step| step["kept"] == true).unwrap();
    let walked = best["cosine_mean"].as_f64().unwrap();
    assert!((walked - cosine).abs() < 1e-4, "walked {walked}, run {cosine}");

    assert_eq!(names_in(&integers), ["calibration.toml", "golden.postcard", "manifest.toml", "model.onnx"]);
    let manifest = fs::read_to_string(integers.join("manifest.toml")).unwrap();
    let digest = format!("calibration-sha256 = {}", report["calibration_sha256"]);
    for line in ["[quantisation]", "crops = 2", "held-out-crops = 1", digest.as_str()] {
        assert!(manifest.contains(line), "{manifest} has no {line}");
    }
    let calibration = fs::read_to_string(integers.join("calibration.toml")).unwrap();
    assert!(calibration.contains("before it was quantised"), "{calibration}");
    let compared =
        said(encoder_tool(["compare", "--json", "--model"]).arg(&integers).arg(enrolled_photo()).arg(enrolled_photo()));
    assert_eq!((compared.code, &compared.json()["distance"]), (0, &0.0.into()), "{compared:?}");

    let inspected = |bundle: &Path| said(encoder_tool(["model", "inspect", "--json"]).arg(bundle)).json();
    let (before, after) = (inspected(&floats), inspected(&integers));
    assert_eq!((&before["macs"], &before["int8_macs"]), (&(24 * 32 * 32).into(), &0.into()), "{before}");
    assert_eq!((&after["macs"], &after["int8_macs"]), (&before["macs"], &before["macs"]), "{after}");
    let again = quantized(&integers, &photos().join("enrol"), &folder.path().join("twice"), &[]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("integers already") && again.stderr.contains("help: "), "{again:?}");

    let kept = folder.path().join("kept");
    let made = quantized(&floats, &photos().join("enrol"), &kept, &["--json", "--keep-float", "rectified"]);
    assert_eq!((made.code, &made.json()["float_convolutions"]), (0, &1.into()), "{made:?}");
}

#[test]
fn what_cannot_be_quantized_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (floats, output) = (in_floats(folder.path()), folder.path().join("output"));
    let wall = fs::read(door_photo("wall.jpg")).unwrap();
    let no_faces = made::folder(&[("Wall/1.jpg", &wall)]);
    let one_person = made::folder(&[("Joe/1.jpg", &made::portrait())]);
    let detector = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/yunet");
    let (faces, none) = (photos().join("enrol"), folder.path().join("none"));
    let cases: [(&Path, &Path, &[&str], &str); 6] = [
        (&detector, &faces, &[], "is not an encoder"),
        (&none, &faces, &[], "cannot read"),
        (&floats, no_faces.path(), &[], "no face"),
        (&floats, one_person.path(), &[], "only one person"),
        (&floats, &none, &[], "cannot read the folder"),
        (&floats, &faces, &["--keep-float", "nowhere"], "nowhere"),
    ];
    for (bundle, photos, options, named) in cases {
        let refused = quantized(bundle, photos, &output, options);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{named}: {refused:?}");
        assert!(refused.stderr.contains(named), "{named}: {refused:?}");
        assert!(!output.exists(), "{named}");
    }
    let refused = quantized(&floats, &faces, &floats, &[]);
    assert!(refused.code == 2 && refused.stderr.contains("holds a bundle already"), "{refused:?}");
}

#[test]
fn a_bundle_is_timed() {
    let folder = tempfile::tempdir().unwrap();
    let detector = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/yunet");
    for (bundle, options) in [(in_floats(folder.path()), &["--threads", "2"][..]), (detector, &["--size", "64x32"])] {
        let mut command = encoder_tool(["model", "bench", "--json", "--runs", "3"]);
        let times = said(command.arg(bundle).args(options)).json();
        for key in ["load_ms", "median_ms", "min_ms"] {
            assert!(times[key].as_f64().is_some_and(|time| time > 0.0), "{key}: {times}");
        }
        assert!(times["ops"].as_object().is_some_and(|ops| !ops.is_empty()), "{times}");
        assert!(times["min_ms"].as_f64() <= times["median_ms"].as_f64(), "{times}");
        assert_eq!(times["peak_mb"].is_null(), !cfg!(target_os = "linux"), "{times}");
    }
}
