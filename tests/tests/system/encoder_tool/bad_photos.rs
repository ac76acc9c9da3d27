//! Files that are not photos, for the verbs that are given one: a message, exit code 2, and no waiting.

use super::made::{self, HEIC, enormous_png, one_pixel, truncated_jpeg};
use super::{encoder_tool, enrolled, enrolled_photo};
use std::path::Path;
use std::process::Command;
use tests::{Said, said};

/// Every verb that looks at a photo, on this one.
fn answers_about(photo: &Path) -> [Said; 4] {
    [
        said(encoder_tool(["identify", "--db"]).arg(enrolled()).arg(photo)),
        said(encoder_tool(["verify", "--identity", "Joe Biden", "--db"]).arg(enrolled()).arg(photo)),
        said(encoder_tool(["compare"]).arg(enrolled_photo()).arg(photo)),
        said(encoder_tool(["compare"]).arg(photo).arg(enrolled_photo())),
    ]
}

#[test]
fn a_file_that_is_not_a_photo_is_an_error_with_a_reason() {
    let (truncated, enormous) = (truncated_jpeg(), enormous_png());
    let folder = made::folder(&[
        ("text.jpg", b"Dear Sir or Madam,"),
        ("empty.jpg", b""),
        ("truncated.jpg", &truncated),
        ("enormous.png", &enormous),
        ("phone.jpg", HEIC),
        ("folder.jpg/file", b""),
    ]);
    for (name, expected) in [
        ("text.jpg", "neither a JPEG, a PNG nor a WebP photo"),
        ("empty.jpg", "the file is empty"),
        ("truncated.jpg", "cut off"),
        ("enormous.png", "30000x20000 are 600 megapixels, more than the 200"),
        ("phone.jpg", "HEIC cannot be read"),
        ("folder.jpg", "a folder, not a file"),
        ("none.jpg", "No such file"),
    ] {
        for said in answers_about(&folder.path().join(name)) {
            assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{name}: {said:?}");
            assert!(said.stderr.contains(name), "{name}: {}", said.stderr);
            assert_eq!(said.stderr.matches(expected).count(), 1, "{name}: {}", said.stderr);
        }
    }
}

#[test]
fn a_photo_of_one_pixel_is_a_photo_without_a_face() {
    let folder = made::folder(&[("pixel.png", &one_pixel())]);
    for said in answers_about(&folder.path().join("pixel.png")) {
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.stdout.contains("no face"), "{said:?}");
    }
}

#[test]
fn content_decides_not_the_name() {
    let folder = made::folder(&[("portrait.png", &made::portrait())]);
    let compared = said(encoder_tool(["compare"]).arg(enrolled_photo()).arg(folder.path().join("portrait.png")));
    assert_eq!(compared.code, 0, "{compared:?}");
}

/// Before its pixels have any memory: what is there would not do for them.
#[cfg(target_os = "linux")]
#[test]
fn an_enormous_photo_is_refused_from_its_header() {
    let folder = made::folder(&[("enormous.png", &enormous_png())]);
    let photo = folder.path().join("enormous.png");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 1500000 && exec \"$0\" \"$@\""]).arg(tests::program("encoder-tool"));
    let refused = said(shell.args(["identify", "--db"]).arg(enrolled()).arg(photo));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("600 megapixels"), "{}", refused.stderr);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_do_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.jpg");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&pipe, Path::new("/dev/zero")] {
        for said in answers_about(path) {
            assert_eq!(said.code, 2, "{said:?}");
            assert!(said.stderr.contains("not a file"), "{}", said.stderr);
        }
        let listed = said(encoder_tool(["list"]).arg(path));
        assert_eq!(listed.code, 2, "{listed:?}");
    }
}

/// A line feed in a file's name made an answer for a photo that nobody asked about.
#[test]
fn a_file_name_cannot_forge_an_answer() {
    let folder = made::folder(&[
        ("people/Joe/1.jpg", &made::portrait()),
        ("a.jpg: no\nb.jpg: It's Bo (distance 0.100)\nc", &made::portrait()),
        ("a\nerror: forged.jpg", b"no photo"),
        ("a\u{202e}.jpg", &made::portrait()),
    ]);
    let database = folder.path().join("people.db");
    assert_eq!(super::build(&folder.path().join("people"), &database, &["-q"]).code, 0);
    let photos = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let photos = photos.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with('a'));
    let mut asked = super::encoder_tool(["identify", "--db"]);
    let said = tests::said(asked.arg(&database).args(photos));
    assert_eq!(said.code, 2, "{said:?}");
    let lines = || said.stdout.lines().chain(said.stderr.lines());
    assert!(!lines().any(|line| line.starts_with("b.jpg") || line.starts_with("error: forged")), "{said:?}");
    assert!(!lines().any(|line| line.contains('\u{202e}')) && said.stdout.contains(r"\u202e"), "{said:?}");
    assert_eq!(said.stdout.lines().count(), 2, "{said:?}");
}
