//! Photos that are much larger or smaller than what a camera gives, and the faces in them.

use super::made;
use super::{build, encoder_tool, enrolled};
use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use std::path::Path;
use tests::{photos, said};

/// A portrait of 512x640 pixels with a face of about 140 pixels.
fn portrait() -> RgbImage {
    image::open(photos().join("enrol/Barack Obama/official_portrait.jpg")).unwrap().to_rgb8()
}

fn scaled(portrait: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(portrait, width, height, FilterType::Triangle)
}

fn as_png(photo: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    photo.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn identified(photo: &Path) -> serde_json::Value {
    said(encoder_tool(["identify", "--json", "--db"]).arg(enrolled()).arg(photo)).json()
}

/// A face of 47 pixels in 12 megapixels was not found.
#[test]
fn a_small_face_in_a_large_photo_is_found_where_it_is() {
    let mut large = RgbImage::from_fn(4000, 3000, |x, y| Rgb([(x / 16) as u8, (y / 12) as u8, ((x ^ y) / 32) as u8]));
    let small = scaled(&portrait(), 171, 214);
    imageops::replace(&mut large, &small, 2600, 1700);
    let folder = made::folder(&[("large.png", &as_png(&large)), ("small.png", &as_png(&small))]);
    let (alone, answer) = (identified(&folder.path().join("small.png")), identified(&folder.path().join("large.png")));
    assert_eq!(answer["faces"][0]["name"], "Barack Obama", "{answer}");
    for (side, offset) in [(0, 2600.0), (1, 1700.0), (2, 0.0), (3, 0.0)] {
        let of = |answer: &serde_json::Value| answer["faces"][0]["box"][side].as_f64().unwrap();
        assert!((of(&answer) - offset - of(&alone)).abs() < 8.0, "{answer} {alone}");
    }
}

#[test]
fn a_small_face_is_enrolled_with_a_warning() {
    let folder = made::folder(&[("people/Barack Obama/1.png", &as_png(&scaled(&portrait(), 112, 140)))]);
    let (people, database) = (folder.path().join("people"), folder.path().join("people.db"));
    let built = build(&people, &database, &["--json"]);
    assert_eq!(built.code, 0, "{built:?}");
    let small = &built.json()["small_faces"][0];
    assert_eq!(small["photo"], "Barack Obama/1.png");
    let pixels = small["pixels"].as_f64().unwrap();
    assert!((24.0..40.0).contains(&pixels), "{pixels}");
    assert!(built.stderr.contains("Barack Obama/1.png: the only photo of this person"), "{built:?}");
    let refused = build(&people, &folder.path().join("other.db"), &["--minimum-face", "40"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("pixels, at least 40)"), "{refused:?}");
}
