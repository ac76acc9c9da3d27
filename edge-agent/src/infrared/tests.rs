use super::scripted::{Scripted, Step};
use super::*;
use Step::{Gives, IsLost};
use models::{Frame, Photo};
use policy::Finding;
use std::fs;
use std::sync::Arc;

/// Two equal cameras at one place.
const TOGETHER: Place = Place { scale: 1.0, right: 0.0, down: 0.0 };

fn photo(name: &str) -> Frame {
    Photo::open(&fs::read(format!("../tests/photos/door/{name}.jpg")).unwrap()).unwrap().decode().unwrap()
}

/// What the first camera sees, and the size of its frame.
fn seen(recogniser: &mut Recogniser, frame: &Frame) -> (ObservedFace, (u32, u32)) {
    let faces = recogniser.detect(frame).unwrap();
    let crop = recogniser.align(frame, &faces[0]).unwrap();
    let mut face = ObservedFace::new(faces[0].bounds);
    face.encoding = Some(Arc::new(recogniser.encode(&crop).unwrap()));
    (face, (frame.width(), frame.height()))
}

fn frames(frame: &Frame) -> Vec<Step> {
    vec![Gives(frame.clone()); 3]
}

#[test]
fn the_same_person_at_the_same_place_is_live() {
    let mut recogniser = Recogniser::bundled().unwrap();
    let person = photo("barack_obama_speaking");
    let (face, size) = seen(&mut recogniser, &person);
    let not_encoded = ObservedFace::new(face.bounds);
    let infrared = person.clone().in_grey();
    let black = Frame::from_rgb(size.0, size.1, vec![1; person.pixels().len()]).unwrap();
    let beside = Place { right: 0.5, ..TOGETHER };
    let near = Place { scale: 2.0, ..TOGETHER };
    for (case, steps, place, face, expected) in [
        ("the same person", frames(&infrared), Some(TOGETHER), &face, (Finding::Live, None)),
        ("a screen", frames(&photo("wall")), Some(TOGETHER), &face, (Finding::NotLive, Some("no_face"))),
        ("beside a screen", frames(&infrared), Some(beside), &face, (Finding::NotLive, Some("elsewhere"))),
        ("behind a screen", frames(&infrared), Some(near), &face, (Finding::NotLive, Some("elsewhere"))),
        ("the lens is covered", frames(&black), Some(TOGETHER), &face, (Finding::CannotTell, Some("dark"))),
        ("unplugged", vec![IsLost], Some(TOGETHER), &face, (Finding::CannotTell, Some("camera_lost"))),
        ("not calibrated", frames(&infrared), None, &face, (Finding::CannotTell, Some("not_calibrated"))),
        ("blurred", frames(&infrared), Some(TOGETHER), &not_encoded, (Finding::CannotTell, Some("not_encoded"))),
    ] {
        let mut camera = Infrared::new(Box::new(Scripted::new(steps)), recogniser.clone(), place);
        camera.take_frame(true);
        let report = camera.look(face, size).unwrap().unwrap();
        assert_eq!((report.finding, report.because.as_deref()), expected, "{case}: {report:?}");
        let is_compared = report.figures.iter().any(|(name, _)| name == "distance");
        assert_eq!(is_compared, report.finding == Finding::Live, "{case}: {report:?}");
        assert_eq!(camera.look(face, size).unwrap(), None, "a frame is used once");
    }
}

/// The attacker's own face in infrared, where the first camera sees an enrolled person on a screen.
#[test]
fn another_person_at_the_same_place_is_not_live() {
    let mut recogniser = Recogniser::bundled().unwrap();
    let (one, other) = (photo("barack_obama_speaking"), photo("eileen_collins"));
    let (face, size) = seen(&mut recogniser, &one);
    let (others_face, others_size) = seen(&mut recogniser, &other);
    let place = Place::from_pair(&Spot::new(&face.bounds, size), &Spot::new(&others_face.bounds, others_size));
    let mut camera = Infrared::new(Box::new(Scripted::new(frames(&other.in_grey()))), recogniser, Some(place));
    camera.take_frame(true);
    let report = camera.look(&face, size).unwrap().unwrap();
    assert_eq!((report.finding, report.because.as_deref()), (Finding::NotLive, Some("another_person")), "{report:?}");
}

#[test]
fn it_looks_only_when_asked() {
    let recogniser = Recogniser::bundled().unwrap();
    let mut camera = Infrared::new(Box::new(Scripted::new([IsLost])), recogniser, Some(TOGETHER));
    camera.take_frame(false);
    assert_eq!(camera.look(&ObservedFace::default(), (640, 480)).unwrap(), None);
    camera.take_frame(true);
    camera.take_frame(false);
    assert_eq!(camera.look(&ObservedFace::default(), (640, 480)).unwrap(), None, "the frame is of an earlier moment");
}
