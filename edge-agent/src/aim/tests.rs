use super::*;
use crate::camera::Rotation;
use fleet_messages::aim::{AimMessage, AimPicture, Measured};
use models::{Photo, Recogniser, quality};
use policy::Rules;
use std::io::{BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

/// Longer than anything here takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(120);

fn policy() -> Policy {
    let mut rules = Rules::face_alone(1.0);
    rules.minimum_sharpness = Some(5.0);
    Policy::new(rules).unwrap()
}

fn photo(name: &str) -> Frame {
    let bytes = std::fs::read(format!("../tests/photos/door/{name}")).unwrap();
    Photo::open(&bytes).unwrap().decode().unwrap()
}

/// A photo as a camera hung like this gives it, and the faces that the loop sees in it.
fn seen(frame: &Frame) -> Vec<ObservedFace> {
    let mut recogniser = Recogniser::bundled().unwrap();
    let faces = recogniser.detect(frame).unwrap();
    let observed = faces.iter().map(|face| {
        let (crop, mut observed) = (recogniser.glance(frame, face), ObservedFace::new(face.bounds));
        observed.landmarks = Some(face.landmarks);
        observed.quality.sharpness = Some(quality::sharpness(&crop));
        observed.quality.brightness = Some(quality::brightness(&crop));
        observed
    });
    observed.collect()
}

fn look_at(look: &mut Look, frame: &Frame, faces: &[ObservedFace], is_judged: bool) -> AimPicture {
    look.picture(frame, &Sighting::new(faces, &policy(), is_judged), 7).unwrap()
}

fn look(orientation: Orientation) -> Look {
    Look::new(Vec::new(), orientation)
}

#[test]
fn the_box_is_where_the_face_is_and_everything_has_words() {
    let frame = photo("barack_obama_speaking.jpg");
    let faces = seen(&frame);
    let AimPicture { view, jpeg } = look_at(&mut look(Orientation::default()), &frame, &faces, true);
    let shown = image::load_from_memory(&jpeg).unwrap();
    assert_eq!((shown.width(), shown.height()), (view.width, view.height));
    assert_eq!(view.width.max(view.height), frame.width().max(frame.height()).min(640));
    let (scale, at, of) = (view.width as f32 / frame.width() as f32, view.boxes[0], faces[0].bounds);
    for (shown, expected) in [(at.x, of.x), (at.y, of.y), (at.width, of.width), (at.height, of.height)] {
        assert!((shown - scale * expected).abs() <= 2.0, "{at:?} {of:?}");
    }
    let face = view.face.unwrap();
    assert_eq!((face.pixels, face.minimum, face.is_too_small), (of.shorter_side(), 40.0, false));
    assert_eq!((view.sharpness.of, view.sharpness.best), (Measured::Face, view.sharpness.now));
    assert_eq!(
        (view.gate.refused_because.as_deref(), view.gate.words.as_str()),
        (None, "the unit can judge this face")
    );
    assert_eq!((view.rotate, view.seconds_left), (None, 7));
}

#[test]
fn what_is_wrong_with_the_largest_face_is_said() {
    let frame = photo("barack_obama_speaking.jpg");
    let good = seen(&frame);
    type Change = fn(&mut ObservedFace);
    let cases: [(Change, bool, Option<&str>, &str); 4] = [
        (|face| face.bounds.width = 39.0, true, Some("too_far"), "the face is too small"),
        (|face| face.quality.sharpness = Some(4.0), true, Some("blurred"), "the face is not sharp"),
        (|face| face.quality.recognisable = Some(false), true, Some("hardly_a_face"), "the face is hardly"),
        (|_| (), false, None, "face recognition is off"),
    ];
    for (change, is_judged, code, words) in cases {
        let mut faces = good.clone();
        change(&mut faces[0]);
        let gate = look_at(&mut look(Orientation::default()), &frame, &faces, is_judged).view.gate;
        assert!(gate.refused_because.as_deref() == code && gate.words.starts_with(words), "{gate:?}");
    }
    let nobody = look_at(&mut look(Orientation::default()), &frame, &[], true).view;
    assert!(nobody.boxes.is_empty() && nobody.face.is_none() && nobody.gate.words.starts_with("there is no face"));
    assert_eq!(nobody.sharpness.of, Measured::Middle);
}

/// What is not in the picture is not shown, and a box never reaches beyond it.
#[test]
fn boxes_are_cut_at_the_edge() {
    let frame = Frame::from_rgb(1280, 720, vec![9; 3 * 1280 * 720]).unwrap();
    let face = |x, y, width| ObservedFace::new(shared::face::FaceBox { x, y, width, height: 100.0 });
    let faces =
        [face(1230.0, -50.0, 100.0), face(1300.0, 0.0, 50.0), face(f32::NAN, 0.0, 50.0), face(1.0, 1.0, f32::INFINITY)];
    let AimPicture { view, jpeg } = look_at(&mut look(Orientation::default()), &frame, &faces, true);
    assert_eq!((view.width, view.height, view.boxes.len()), (640, 360, 1));
    let at = view.boxes[0];
    assert_eq!((at.x, at.y, at.width, at.height), (615.0, 0.0, 25.0, 25.0));
    let mut bytes = Vec::new();
    AimMessage::Picture(AimPicture { view, jpeg }).write(&mut bytes).unwrap();
    assert!(AimMessage::read(&mut &bytes[..]).unwrap().is_some(), "a viewer takes it");
}

/// A camera that hangs at each of the four angles.
#[test]
fn the_rotation_to_configure_is_said() {
    let upright = photo("barack_obama_speaking.jpg");
    let orientation = Orientation { rotation: Rotation::Half, mirror: false };
    for (hung, expected) in [
        (Rotation::None, None),
        (Rotation::Quarter, Some(90)),
        (Rotation::Half, Some(0)),
        (Rotation::ThreeQuarters, Some(270)),
    ] {
        let frame = Orientation { rotation: hung, mirror: false }.apply(upright.clone(), &mut Vec::new());
        let view = look_at(&mut look(orientation), &frame, &[], true).view;
        assert_eq!(view.rotate, expected, "{hung:?}");
    }
    let unusable = look_at(&mut Look::new(vec!["/nowhere".into()], orientation), &upright, &[], true);
    assert_eq!(unusable.view.rotate, None, "the rest is shown");
}

#[test]
fn the_best_sharpness_is_kept_for_faces_and_for_the_middle() {
    let frame = photo("wall.jpg");
    let mut look = look(Orientation::default());
    let mut face = |sharpness: Option<f32>| {
        let mut face = ObservedFace::new(shared::face::FaceBox { x: 10.0, y: 10.0, width: 90.0, height: 90.0 });
        face.quality.sharpness = sharpness;
        let sharpness = look_at(&mut look, &frame, &[face], true).view.sharpness;
        (sharpness.of, sharpness.best)
    };
    let (of, middle) = face(None);
    assert_eq!(
        (of, face(Some(50.0)), face(Some(20.0))),
        (Measured::Middle, (Measured::Face, 50.0), (Measured::Face, 50.0))
    );
    assert_eq!(face(None), (Measured::Middle, middle));
}

fn frame() -> Frame {
    Frame::from_rgb(64, 48, vec![128; 3 * 64 * 48]).unwrap()
}

fn shown(showing: Showing) -> (BufReader<UnixStream>, JoinHandle<()>) {
    let (viewer, unit) = UnixStream::pair().unwrap();
    viewer.set_read_timeout(Some(PATIENCE)).unwrap();
    (BufReader::new(viewer), thread::spawn(move || showing.send_to(unit)))
}

fn next(viewer: &mut BufReader<UnixStream>) -> Option<AimMessage> {
    AimMessage::read(viewer).unwrap()
}

fn ended(desk: &mut AimDesk) -> Watched {
    let began = Instant::now();
    loop {
        if let Some(watched) = desk.take_ended() {
            return watched;
        }
        assert!(began.elapsed() < PATIENCE);
        thread::yield_now();
    }
}

#[test]
fn a_viewer_gets_frames_until_somebody_else_watches() {
    let mut desk = AimDesk::default();
    let (mut viewer, sending) = shown(desk.begin(600));
    desk.offer(&frame(), &[], (&policy(), true), 0);
    assert!(matches!(next(&mut viewer), Some(AimMessage::Picture(_))));
    assert!(matches!(next(&mut viewer), Some(AimMessage::NoPicture)), "the loop gives no further one");
    assert_eq!(desk.end(AimEnd::AnotherViewer), Some(Watched { end: AimEnd::AnotherViewer, pictures: 1 }));
    assert_eq!(next(&mut viewer), Some(AimMessage::Ended(AimEnd::AnotherViewer)));
    assert_eq!(next(&mut viewer), None);
    sending.join().unwrap();
    assert_eq!((desk.end(AimEnd::Stopping), desk.take_ended()), (None, None), "it is recorded once");
}

#[test]
fn the_time_is_over_whatever_the_loop_does() {
    for offers in [false, true] {
        let mut desk = AimDesk::default();
        let (mut viewer, sending) = shown(desk.begin(1));
        let mut last = None;
        for ms in 0.. {
            if offers {
                desk.offer(&frame(), &[], (&policy(), true), ms * EVERY_MS);
            }
            match next(&mut viewer) {
                None => break,
                message => last = message,
            }
        }
        assert_eq!(last, Some(AimMessage::Ended(AimEnd::TimeOver)));
        sending.join().unwrap();
        assert_eq!(ended(&mut desk).end, AimEnd::TimeOver);
    }
}

#[test]
fn a_viewer_who_hangs_up_or_never_comes_is_noted() {
    let mut desk = AimDesk::default();
    let (viewer, sending) = shown(desk.begin(600));
    drop(viewer);
    assert_eq!(ended(&mut desk).end, AimEnd::ViewerGone);
    sending.join().unwrap();
    drop(desk.begin(600));
    assert_eq!(ended(&mut desk), Watched { end: AimEnd::ViewerGone, pictures: 0 });
}

/// The loop copies four frames a second, and only while somebody watches.
#[test]
fn frames_are_copied_only_when_they_are_due() {
    let mut desk = AimDesk::default();
    desk.offer(&frame(), &[], (&policy(), true), 0);
    let showing = desk.begin(600);
    let slot = Arc::clone(&desk.viewer.as_ref().unwrap().slot);
    let mut copied = |ms| {
        desk.offer(&frame(), &[], (&policy(), true), ms);
        matches!(slot.next(Instant::now()), slot::Next::Frame(..))
    };
    let expected = [(1000, true), (1100, false), (1249, false), (1250, true), (1251, false), (9000, true)];
    assert_eq!(expected.map(|(ms, _)| (ms, copied(ms))), expected);
    drop(showing);
}

/// A viewer that never reads fills the socket; the loop goes on, and the newest frame waits in the one place.
#[test]
fn a_viewer_who_reads_nothing_holds_nobody_up() {
    let mut desk = AimDesk::default();
    let (viewer, sending) = shown(desk.begin(600));
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(3 * 640 * 480).collect();
    let noise = Frame::from_rgb(640, 480, noise).unwrap();
    let mut ms = 0;
    let watched = loop {
        // As fast as a loop can: it is never waited for.
        desk.offer(&noise, &[], (&policy(), true), ms);
        ms += EVERY_MS;
        if let Some(watched) = desk.take_ended() {
            break watched;
        }
        thread::yield_now();
    };
    assert_eq!(watched.end, AimEnd::ViewerStalled);
    assert!(watched.pictures < ms / EVERY_MS, "{watched:?}");
    sending.join().unwrap();
    let mut sent = Vec::new();
    viewer.into_inner().read_to_end(&mut sent).unwrap();
    assert!(!sent.is_empty());
}

/// What a viewer writes is not read: it is no way to ask for anything.
#[test]
fn a_viewer_can_say_nothing() {
    let mut desk = AimDesk::default();
    let (mut viewer, sending) = shown(desk.begin(1));
    viewer.get_mut().write_all(b"{\"schema\":1,\"request\":{\"test_lock\":{}}}\n").unwrap();
    // The unit hangs up without having read it.
    while let Ok(Some(_)) = AimMessage::read(&mut viewer) {}
    assert_eq!(ended(&mut desk).end, AimEnd::TimeOver);
    sending.join().unwrap();
}
