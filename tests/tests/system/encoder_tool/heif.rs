//! HEIC photos: read through the decoder that is installed, whatever that decoder does.
//!
//! `tests/fixtures/portrait.heic` is `photos/enrol/Joe Biden/blue_room.jpg`, made by heif-enc 1.15 with quality 40. Its EXIF
//! data says that the photo lies on its side, which it does not: in this container EXIF data turns nothing.

use super::made::{self, HEIC};
use super::{encoder_tool, enrolled, enrolled_photo, names_in};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::runnable::write_script;
use tests::{Said, said};

const PORTRAIT: &[u8] = include_bytes!("../../../fixtures/portrait.heic");

/// A folder with a photo, a decoder that is this shell script, and an empty folder for what is temporary.
fn with_decoder(photo: &[u8], script: &str) -> tempfile::TempDir {
    let folder = made::folder(&[("people/Joe/phone.heic", photo)]);
    write_script(&folder.path().join("bin/heif-convert"), script);
    fs::create_dir(folder.path().join("tmp")).unwrap();
    folder
}

fn asked(mut command: Command, folder: &Path) -> Said {
    said(command.env("PATH", folder.join("bin")).env("TMPDIR", folder.join("tmp")))
}

fn built(folder: &Path) -> Said {
    let mut build = encoder_tool(["build-db", "--json", "-o"]);
    build.arg(folder.join("people.db")).arg(folder.join("people"));
    asked(build, folder)
}

fn identified(folder: &Path) -> Said {
    let mut identify = encoder_tool(["identify", "--json", "--db"]);
    identify.arg(enrolled()).arg(folder.join("people/Joe/phone.heic"));
    asked(identify, folder)
}

fn require_nothing_left(folder: &Path, what: &str) {
    assert_eq!(names_in(&folder.join("tmp")), [""; 0], "{what}");
    assert_eq!(names_in(&folder.join("people/Joe")), ["phone.heic"], "{what}");
}

#[test]
fn a_decoder_that_fails_is_an_error_of_that_photo() {
    for (script, expected) in [
        ("exit 0", "made no picture of it (it said nothing)"),
        ("echo 'no such codec' >&2; exit 3", "made no picture of it (it said: no such codec)"),
        ("exit 3", "made no picture of it (it ended with exit code 3)"),
        ("kill -9 $$", "made no picture of it (it ended with signal 9)"),
        ("echo 'Dear Joe,' > \"$2\"", "neither a JPEG, a PNG nor a WebP photo"),
        (": > \"$2\"", "the file is empty"),
        ("/bin/mkdir \"$2\"", "made no picture of it"),
        ("/bin/ln -s /dev/zero \"$2\"", "made no picture of it"),
        ("exec /usr/bin/yes", "made no picture of it"),
        (
            "echo \"$0\" > \"${2%.png}.other\"; exec /bin/dd if=/dev/zero of=\"$2\" bs=1M count=1000",
            "made no picture of it",
        ),
    ] {
        let folder = with_decoder(HEIC, script);
        let (built, identified) = (built(folder.path()), identified(folder.path()));
        assert_eq!((built.code, identified.code), (2, 2), "{script}: {built:?} {identified:?}");
        let reason = built.json()["skipped"][0]["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(expected), "{script}: {reason}");
        assert!(identified.stderr.contains(expected), "{script}: {identified:?}");
        require_nothing_left(folder.path(), script);
    }
}

#[test]
fn without_a_decoder_the_error_says_what_to_install() {
    let folder = with_decoder(HEIC, "exit 0");
    fs::remove_file(folder.path().join("bin/heif-convert")).unwrap();
    let identified = identified(folder.path());
    assert_eq!(identified.code, 2, "{identified:?}");
    for advice in ["export the photo as JPEG", "Debian's package libheif-examples"] {
        assert!(identified.stderr.contains(advice), "{identified:?}");
    }
    require_nothing_left(folder.path(), "no decoder");
}

/// A decoder gets paths that are absolute, no input and nothing of the environment; what it makes is not turned again.
#[test]
fn the_output_of_the_decoder_is_used_as_the_photo() {
    let portrait = image::open(enrolled_photo()).unwrap().to_rgb8();
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend([0, 6, 0, 0, 0, 0, 0, 0]);
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(&portrait, portrait.width(), portrait.height(), ExtendedColorType::Rgb8).unwrap();
    let script = "case $1$2 in /*/photo.heic/*/picture.png) ;; *) echo \"$@\"; exit 1;; esac\n\
                  read -r line && { echo \"$line\"; exit 1; }\n\
                  test -z \"$HOME$TMPDIR$SECRET\" || { echo environment; exit 1; }\n\
                  /bin/cp /proc/self/limits limits || exit 1\n\
                  /bin/grep -q 'Max core file size *0 *0' limits || { echo core; exit 1; }\n\
                  /bin/grep -q 'Max cpu time *60 *60' limits || { echo time; exit 1; }\n\
                  exec /bin/cp \"PICTURE\" \"${2%.png}-1.png\"";
    let folder = with_decoder(HEIC, "");
    let picture = folder.path().join("picture.jpg");
    fs::write(&picture, bytes).unwrap();
    write_script(&folder.path().join("bin/heif-convert"), &script.replace("PICTURE", picture.to_str().unwrap()));
    let built = built(folder.path());
    assert_eq!((built.code, &built.json()["encodings"]), (0, &1.into()), "{built:?}");
    let identified = identified(folder.path());
    assert_eq!(identified.json()["faces"][0]["name"], "Joe Biden", "{identified:?}");
    require_nothing_left(folder.path(), "a good decoder");
}

#[test]
fn a_real_photo_is_read_by_the_real_decoder() {
    let installed = ["/usr/bin/heif-dec", "/usr/bin/heif-convert"].iter().any(|program| Path::new(program).exists());
    if !installed {
        eprintln!("skipped: libheif-examples is not installed");
        return;
    }
    let folder = made::folder(&[("phone.heic", PORTRAIT)]);
    let photo = folder.path().join("phone.heic");
    let ask = |photo: &Path| said(encoder_tool(["identify", "--json", "--db"]).arg(enrolled()).arg(photo)).json();
    let (heic, jpeg) = (ask(&photo), ask(&enrolled_photo()));
    assert_eq!(heic["faces"][0]["name"], "Joe Biden", "{heic}");
    for side in 0..4 {
        let of = |answer: &serde_json::Value| answer["faces"][0]["box"][side].as_f64().unwrap();
        assert!((of(&heic) - of(&jpeg)).abs() < 5.0, "{heic} {jpeg}");
    }
}
