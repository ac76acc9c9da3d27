use super::super::convert::Damaged;
use super::super::device::Fault;
use super::super::health::CameraState;
use super::super::layout::{Layout, PixelFormat};
use super::super::scripted::{Scripted, Step};
use super::*;
use Step::{CannotBeClosed, Fails, Gives, Opens, Panics};
use std::path::PathBuf;
use std::sync::mpsc::Sender;

const GREY: Layout = Layout::packed(PixelFormat::Grey, 4, 2);

/// A camera, its script, and the grey level of the last frame.
struct Bench {
    camera: LiveCamera,
    script: Sender<Step>,
    grey: u8,
}

impl Bench {
    fn new() -> Self {
        let (device, script) = Scripted::new();
        let wait = Duration::from_secs(60);
        let camera =
            LiveCamera::start_with(Box::new(device), Part::Camera, None, (Duration::from_millis(1), wait)).unwrap();
        Self { camera, script, grey: 0 }
    }

    fn does(&self, step: Step) {
        self.script.send(step).unwrap();
    }

    /// The camera delivers a frame of a new grey level, and the loop gets it.
    fn is_seen(&mut self, case: &str) {
        self.grey += 1;
        self.does(Gives(GREY, vec![self.grey; 8]));
        match self.camera.next_frame().unwrap() {
            Captured::Frame(frame, _) => assert_eq!(frame.pixels(), [self.grey; 24], "{case}"),
            Captured::Nothing => panic!("{case}: nothing is seen"),
        }
        assert_eq!(self.camera.health().report().state, CameraState::Streaming, "{case}");
    }

    fn fault(&self) -> Option<String> {
        self.camera.health().report().fault
    }
}

impl Drop for Bench {
    /// Ends the script, for which the capture thread waits: the camera is then unplugged.
    fn drop(&mut self) {
        let (closed, _) = std::sync::mpsc::channel();
        self.script = closed;
    }
}

fn place() -> PathBuf {
    PathBuf::from("/dev/v4l/by-id/usb-camera")
}

/// Faults that end a stream: the camera is reopened, and the loop merely gets no frame.
#[test]
fn every_loss_is_reported_and_recovered_from() {
    let mut bench = Bench::new();
    bench.does(Opens);
    bench.is_seen("at the start");
    for (step, code) in [
        (Fails(Fault::Unplugged), "unplugged"),
        (Fails(Fault::Stalled { waited_ms: 1000 }), "stalled"),
        (Fails(Fault::System(io::Error::other("a cable"))), "system"),
        (Fails(Fault::WrongSize { wanted: "1280x720".into(), found: "640x480".into() }), "wrong_size"),
        (Fails(Fault::Ended { program: "p".into(), status: "1".into(), message: "no".into() }), "ended"),
        (Panics, "panicked"),
        (CannotBeClosed, "stalled"),
    ] {
        let before = bench.camera.health().report().losses;
        bench.does(step);
        bench.does(Opens);
        bench.is_seen(code);
        assert_eq!(bench.fault().as_deref(), Some(code));
        assert_eq!(bench.camera.health().report().losses, before + 1, "{code}");
    }
}

#[test]
fn a_camera_that_cannot_be_opened_is_retried() {
    let mut bench = Bench::new();
    for (step, code) in [
        (Fails(Fault::NotThere { place: place() }), "not_there"),
        (Fails(Fault::PermissionDenied { place: place() }), "permission_denied"),
        (Fails(Fault::Busy { place: place() }), "busy"),
        (Fails(Fault::Unusable { place: place(), reason: "it is a radio".into() }), "unusable"),
        (Panics, "panicked"),
    ] {
        bench.does(step);
        bench.does(Opens);
        bench.is_seen(code);
        assert_eq!(bench.fault().as_deref(), Some(code));
        bench.does(Fails(Fault::Unplugged));
    }
}

/// Truncated, another size, garbage, marked by the driver: the next good frame is used, and the camera is not
/// reopened.
#[test]
fn a_damaged_frame_is_skipped() {
    let mut bench = Bench::new();
    bench.does(Opens);
    bench.is_seen("at the start");
    let mjpg = Layout::packed(PixelFormat::Mjpg, 4, 2);
    for (number, (step, case)) in [
        (Gives(GREY, vec![0; 7]), "truncated"),
        (Gives(GREY, vec![]), "empty"),
        (Gives(mjpg, b"\xff\xd8 garbage".to_vec()), "no JPEG"),
        (Gives(mjpg, include_bytes!("../../../../tests/photos/door/wall.jpg").to_vec()), "a JPEG of another size"),
        (Gives(Layout { stride: 1, ..GREY }, vec![0; 8]), "a layout that no picture can have"),
        (Fails(Fault::Damaged(Damaged::Marked)), "marked by the driver"),
    ]
    .into_iter()
    .enumerate()
    {
        let marked = matches!(step, Fails(_));
        bench.does(step);
        // Only after the loop has taken it: a newer frame would replace it.
        if !marked {
            bench.camera.wait = Duration::from_secs(1);
            while bench.camera.health().report().damaged <= number as u64 {
                assert!(matches!(bench.camera.next_frame().unwrap(), Captured::Nothing), "{case}");
            }
            bench.camera.wait = Duration::from_secs(60);
        }
        bench.is_seen(case);
        assert_eq!(bench.camera.health().report().damaged, number as u64 + 1, "{case}");
    }
    assert_eq!(bench.camera.health().report().losses, 0);
}

#[test]
fn a_camera_that_delivers_only_damaged_frames_is_reopened() {
    let mut bench = Bench::new();
    bench.does(Opens);
    for _ in 0..DAMAGED_IN_A_ROW {
        bench.does(Fails(Fault::Damaged(Damaged::Marked)));
    }
    bench.does(Opens);
    bench.is_seen("afterwards");
    assert_eq!(bench.fault().as_deref(), Some("damaged"));
}

/// Three frames arrive while the loop is busy: it gets the third, and two are counted as dropped.
#[test]
fn the_newest_picture_is_used_and_the_others_are_counted() {
    let mut bench = Bench::new();
    bench.does(Opens);
    for grey in 101..=103 {
        bench.does(Gives(GREY, vec![grey; 8]));
    }
    let health = bench.camera.health();
    while health.report().captured < 3 {
        thread::yield_now();
    }
    match bench.camera.next_frame().unwrap() {
        Captured::Frame(frame, _) => assert_eq!(frame.pixels()[0], 103),
        Captured::Nothing => panic!("nothing is seen"),
    }
    assert_eq!((health.report().captured, health.report().dropped), (3, 2));
}

/// A frame from before a loss may show somebody who has left.
#[test]
fn a_frame_from_before_a_loss_is_not_used_after_it() {
    let mut bench = Bench::new();
    bench.does(Opens);
    bench.does(Gives(GREY, vec![200; 8]));
    bench.does(Fails(Fault::Unplugged));
    bench.does(Fails(Fault::NotThere { place: place() }));
    while bench.fault().as_deref() != Some("not_there") {
        thread::yield_now();
    }
    bench.camera.wait = Duration::ZERO;
    assert!(matches!(bench.camera.next_frame().unwrap(), Captured::Nothing));
}

/// The three buffers and the frame's own are reused.
#[test]
fn buffers_are_reused_after_the_first_pictures() {
    let mut bench = Bench::new();
    bench.does(Opens);
    let (mut raw, mut frames) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for _ in 0..50 {
        bench.is_seen("one of many");
        raw.insert(bench.camera.picture.bytes.as_ptr());
        frames.insert(bench.camera.frame.as_ref().unwrap().pixels().as_ptr());
    }
    assert!(raw.len() <= 3, "{}", raw.len());
    assert_eq!(frames.len(), 1);
}
