//! Faces that are hardly recognisable: turned or left out at enrolment, named by nobody.

use super::{build, encoder_tool, enrolled, made};
use image::ImageFormat;
use std::io::Cursor;
use std::process::Command;
use tests::{Said, program, said};

pub(super) fn upside_down() -> Vec<u8> {
    let mut file = Vec::new();
    let photo = image::load_from_memory(&made::portrait()).unwrap().rotate180();
    photo.write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
    file
}

/// One photo upside down among those enrolled once named every third stranger who was upside down as well.
#[test]
fn an_upside_down_photo_is_turned_and_reported() {
    let folder = made::folder(&[("Upside/1.png", &upside_down())]);
    let database = folder.path().join("people.db");
    let built = build(folder.path(), &database, &["--json"]);
    assert_eq!(built.code, 0, "{built:?}");
    let report = &built.json_lines()[0];
    assert_eq!((&report["turned"][0]["photo"], &report["turned"][0]["degrees"]), (&"Upside/1.png".into(), &180.into()));
    assert!(built.stderr.contains("turned Upside/1.png by 180 degrees"), "{built:?}");
    let upright = folder.path().join("upright.jpg");
    std::fs::write(&upright, made::portrait()).unwrap();
    let named = said(encoder_tool(["identify", "--db"]).arg(&database).arg(&upright));
    assert!(named.code == 0 && named.stdout.starts_with("It's Upside "), "{named:?}");
}

#[test]
fn an_upside_down_face_is_not_identified() {
    let folder = made::folder(&[("upside.png", &upside_down()), ("upright.jpg", &made::portrait())]);
    let [photo, upright] = ["upside.png", "upright.jpg"].map(|name| folder.path().join(name));
    let refused = |said: Said| {
        assert_eq!(said.code, 1, "{said:?}");
        said.json_lines().remove(0)
    };
    let identified = refused(said(encoder_tool(["identify", "--json", "--db"]).arg(enrolled()).arg(&photo)));
    assert_eq!(
        (&identified["faces"][0]["recognisable"], identified["faces"][0]["name"].is_null()),
        (&false.into(), true)
    );
    let verify = ["verify", "--json", "--identity", "Joe Biden", "--db"];
    let verified = refused(said(encoder_tool(verify).arg(enrolled()).arg(&photo)));
    assert_eq!((&verified["recognisable"], &verified["match"]), (&false.into(), &false.into()));
    let compared = refused(said(encoder_tool(["compare", "--json"]).arg(&photo).arg(&upright)));
    assert_eq!((&compared["recognisable"], &compared["match"]), (&false.into(), &false.into()));
    let mut simulate = Command::new(program("edge-agent"));
    simulate.args(["simulate", "--json", "--db"]).arg(enrolled()).arg("--frames").arg(&photo);
    for line in said(&mut simulate).json_lines() {
        assert_eq!((&line["decision"], &line["reason"]), (&"deny".into(), &"hardly_a_face".into()), "{line}");
    }
}
