//! `model import --profile minifasnet` and `evaluate-pad`, with a small network that takes reddish pictures for live faces.
//! The published network is not in the repository.

use super::{door_photo, encoder_tool, enrolled_photo, made, names_in};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use tests::onnx_file::OnnxFile;
use tests::{Said, photos, said};

/// A network with the operators of the published one. Its first class is live: 20 times the mean of red minus blue. Its
/// squeeze and excitation gives 0.5 for every channel.
fn reddish_onnx() -> Vec<u8> {
    // Blue comes first.
    let mut colours = vec![0.0; 4 * 27];
    (colours[2 * 9 + 4], colours[27 + 4]) = (1.0 / 255.0, 1.0 / 255.0);
    let middle: Vec<f32> = (0..36).map(|at| if at % 9 == 4 { 1.0 } else { 0.0 }).collect();
    let wide: [(&str, &[u64]); 3] = [("strides", &[4, 4]), ("pads", &[1; 4]), ("group", &[1])];
    let deep: [(&str, &[u64]); 3] = [("strides", &[2, 2]), ("pads", &[1; 4]), ("group", &[4])];
    let file = OnnxFile::default()
        .node("Conv", "input colours", "a", &wide)
        .node("PRelu", "a slopes", "b", &[])
        .node("Conv", "b middle", "c", &deep)
        .node("PRelu", "c slopes", "d", &[])
        .node("GlobalAveragePool", "d", "pooled", &[])
        .node("Conv", "pooled squeeze", "e", &[])
        .node("Relu", "e", "f", &[])
        .node("Conv", "f excite", "g", &[])
        .node("Sigmoid", "g", "factors", &[])
        .node("Mul", "d factors", "scaled", &[])
        .node("Add", "d scaled", "sum", &[])
        .node("Conv", "sum whole", "mean", &[("group", &[4])])
        .node("Shape", "mean", "dims", &[])
        .node("Gather", "dims zero", "batch", &[("axis", &[0])])
        .node("Unsqueeze", "batch", "batches", &[("axes", &[0])])
        .node("Concat", "batches rest", "to", &[("axis", &[0])])
        .node("Reshape", "mean to", "row", &[])
        .node("MatMul", "row difference", "differences", &[])
        .node("BatchNormalization", "differences one zeros zeros one", "normed", &[])
        .node("MatMul", "normed ends", "output", &[]);
    file.floats("colours", &[4, 3, 3, 3], &colours)
        .floats("slopes", &[4, 1, 1], &[0.25; 4])
        .floats("middle", &[4, 1, 3, 3], &middle)
        .floats("squeeze", &[2, 4, 1, 1], &[0.0; 8])
        .floats("excite", &[4, 2, 1, 1], &[0.0; 8])
        .floats("whole", &[4, 1, 16, 16], &[1.0 / 256.0; 1024])
        .integers("zero", &[], &[0])
        .integers("rest", &[1], &[-1])
        .floats("difference", &[4, 2], &[1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        .floats("one", &[2], &[1.0, 1.0])
        .floats("zeros", &[2], &[0.0, 0.0])
        .floats("ends", &[2, 3], &[20.0, -20.0, -20.0, 0.0, 0.0, 0.0])
        .bytes("input", &[1, 3, 128, 128], "output")
}

/// The bundle of that network.
fn bundle() -> &'static Path {
    static BUNDLE: OnceLock<PathBuf> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reddish");
        fs::remove_dir_all(&folder).ok();
        imported_to(&folder);
        folder
    })
}

fn imported_to(folder: &Path) {
    let file = tempfile::tempdir().unwrap();
    let onnx = file.path().join("reddish.onnx");
    fs::write(&onnx, reddish_onnx()).unwrap();
    let made = said(encoder_tool(["model", "import", "--profile", "minifasnet"]).arg(onnx).arg("-o").arg(folder));
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("a PAD network of 128x128 pixels to 3 classes; threshold 0.5"), "{made:?}");
    assert_eq!(names_in(folder), ["calibration.toml", "manifest.toml", "model.onnx"]);
}

/// A photo in which one colour (0 red, 2 blue) is weaker.
fn weakened(photo: &Path, colour: usize) -> Vec<u8> {
    let mut picture = image::open(photo).unwrap().to_rgb8();
    picture.pixels_mut().for_each(|pixel| pixel[colour] /= 3);
    let mut png = Vec::new();
    picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    png
}

/// Live faces and attacks with two instruments: two people, and a third as a live face. One attack with a screen is
/// reddish, so it is accepted. One picture shows nobody, one cannot be read, and one file is a film.
fn trial() -> TempDir {
    let barack = photos().join("enrol/Barack Obama/official_portrait.jpg");
    let (joe, eileen) = (enrolled_photo(), door_photo("eileen_collins.jpg"));
    let [live_barack, live_joe, live_eileen] = [&barack, &joe, &eileen].map(|photo| weakened(photo, 2));
    let [blue_barack, blue_joe] = [&barack, &joe].map(|photo| weakened(photo, 0));
    made::folder(&[
        ("real/barack/frame_1.png", &live_barack),
        ("real/barack/frame_2.png", &live_barack),
        ("real/joe/frame_1.png", &live_joe),
        ("real/joe/frame_2.png", &live_joe),
        ("real/eileen/frame_1.png", &live_eileen),
        ("real/eileen/frame_2.jpg", &fs::read(door_photo("wall.jpg")).unwrap()),
        ("real/eileen/frame_3.jpg", &made::truncated_jpeg()),
        ("real/film.mov", b"film"),
        ("attack/print/barack/frame_1.png", &blue_barack),
        ("attack/print/barack/frame_2.png", &blue_barack),
        ("attack/screen/joe/frame_1.png", &blue_joe),
        ("attack/screen/joe/frame_2.png", &live_joe),
    ])
}

fn evaluated(trial: &TempDir, bundle: &Path, options: &[&str]) -> Said {
    let mut evaluate = encoder_tool(["evaluate-pad", "--real"]);
    evaluate.arg(trial.path().join("real")).arg("--attack").arg(trial.path().join("attack"));
    said(evaluate.arg("--model").arg(bundle).args(options))
}

#[test]
fn live_faces_and_attacks_are_told_apart() {
    let (trial, page) = (trial(), tempfile::tempdir().unwrap());
    let page = page.path().join("pad.html");
    let evaluated = |options: &[&str]| evaluated(&trial, bundle(), options);
    let found = evaluated(&["--json", "--html", page.to_str().unwrap()]);
    assert_eq!(found.code, 0, "{found:?}");
    let found = found.json();
    let counts = |rate: &serde_json::Value| (rate["errors"].as_u64().unwrap(), rate["trials"].as_u64().unwrap());
    assert_eq!(counts(&found["bpcer"]), (0, 5), "{found}");
    assert_eq!((&found["bpcer"]["by"], &found["bpcer"]["independent"]), (&"person".into(), &3.into()));
    assert_eq!((counts(&found["apcer"]["print"]), counts(&found["apcer"]["screen"])), ((0, 2), (1, 2)));
    assert_eq!(counts(&found["non_response"]["bona_fide"]), (1, 6));
    assert_eq!(counts(&found["non_response"]["attack"]["print"]), (0, 2));
    assert_eq!(found["unreadable"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["not_pictures"]["mov"], 1);
    assert!(found["unseen"]["people"] == 3 && !found["roc"].as_array().unwrap().is_empty(), "{found}");
    let worst = &found["worst"]["attack"][0];
    assert!(worst["instrument"] == "screen" && worst["live"].as_f64() > Some(0.5), "{worst}");
    assert!(worst["pictures"][0].as_str().unwrap().ends_with("screen/joe/frame_2.png"), "{worst}");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && page.contains("data:image/jpeg") && !page.contains("://"), "a page of its own");

    let in_words = evaluated(&[]);
    let expected = [
        "BPCER         0 % ",
        "APCER screen  50.0 % ",
        "non-response",
        "New people (each of 3 people left out in turn",
        "1 file .mov: no pictures",
        "1 picture that cannot be read:",
        "frame_3.jpg: the JPEG is cut off",
    ];
    for expected in expected {
        assert!(in_words.stdout.contains(expected), "{expected}: {}", in_words.stdout);
    }
}

#[test]
fn consecutive_pictures_form_one_approach() {
    let found = evaluated(&trial(), bundle(), &["--json", "--frames-of-one-approach", "2"]).json();
    assert_eq!((&found["bpcer"]["trials"], &found["left_over"]), (&2.into(), &1.into()), "{found}");
    assert_eq!(found["apcer"]["screen"]["trials"], 1);
}

#[test]
fn the_threshold_is_stored_in_the_bundle() {
    let (trial, folder) = (trial(), tempfile::tempdir().unwrap());
    let bundle = folder.path().join("pad");
    imported_to(&bundle);
    let refused = evaluated(&trial, &bundle, &["--bpcer", "0"]);
    assert!(refused.code == 2 && refused.stderr.contains("above 0"), "{refused:?}");
    let written = evaluated(&trial, &bundle, &["--write-threshold", "--json"]).json();
    assert_eq!((&written["threshold"], &written["written"]), (&0.5.into(), &true.into()));
    let again = evaluated(&trial, &bundle, &["--json"]).json();
    assert_eq!(again["threshold"], written["chosen"]["threshold"]);
    assert!(again["threshold_from"].as_str().unwrap().contains("for a BPCER of at most 3"), "{again}");
}

#[test]
fn what_cannot_be_evaluated_is_refused_with_what_to_do() {
    let trial = trial();
    let detector = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/yunet");
    let nobody = made::folder(&[
        ("real/wall.jpg", &fs::read(door_photo("wall.jpg")).unwrap()),
        ("attack/a.png", &weakened(&enrolled_photo(), 0)),
    ]);
    for (trial, model, expected) in [
        (&trial, detector.as_path(), ["no --model is the folder of a PAD network", "model import"]),
        (&nobody, bundle(), ["no approach with a usable face", "must be visible"]),
        (&made::folder(&[("real/a.mov", b""), ("attack/a.png", b"")]), bundle(), ["no pictures in", "save the frames"]),
    ] {
        let refused = evaluated(trial, model, &[]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(expected.iter().all(|expected| refused.stderr.contains(expected)), "{expected:?}: {refused:?}");
    }
}

/// A database that names detector and encoder stays valid beside any PAD network.
#[test]
fn a_pad_network_changes_nothing_about_encodings() {
    let compared = |models: &[&Path]| {
        let mut compare = encoder_tool(["compare", "--json"]);
        for model in models {
            compare.arg("--model").arg(model);
        }
        said(compare.arg(enrolled_photo()).arg(door_photo("eileen_collins.jpg")))
    };
    let (without, with) = (compared(&[]), compared(&[bundle()]));
    assert_eq!(without.json(), with.json());
    let twice = compared(&[bundle(), bundle()]);
    assert!(twice.code == 2 && twice.stderr.contains("is a second PAD network"), "{twice:?}");
}

#[test]
fn a_damaged_bundle_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("pad");
    imported_to(&bundle);
    let manifest = fs::read_to_string(bundle.join("manifest.toml")).unwrap();
    let mut network = reddish_onnx();
    network.push(0);
    for (file, content, expected) in [
        ("manifest.toml", manifest.replace("live-class = 0", "live-class = 3").into_bytes(), "live-class must be"),
        ("manifest.toml", manifest.replace("classes = 3", "classes = 4").into_bytes(), "specifies 4 classes"),
        ("manifest.toml", manifest.replace("side = 128", "side = 64").into_bytes(), "cannot be used"),
        ("calibration.toml", b"threshold = 1.5\nthreshold-from = \"nowhere\"\n".to_vec(), "threshold is a probability"),
        ("model.onnx", network, "does not match its manifest"),
    ] {
        let path = bundle.join(file);
        let before = fs::read(&path).unwrap();
        fs::write(&path, content).unwrap();
        let refused = evaluated(&trial(), &bundle, &[]);
        assert!(refused.code == 2 && refused.stderr.contains(expected), "{expected}: {refused:?}");
        fs::write(&path, before).unwrap();
    }
}
