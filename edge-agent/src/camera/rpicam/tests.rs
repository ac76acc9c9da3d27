use super::*;
use crate::camera::health::CameraState;
use crate::camera::live::LiveCamera;
use crate::camera::{Captured, FrameSource};
use crate::script;
use policy::audit::Part;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const WIDTH: u32 = 64;
const HEIGHT: u32 = 4;

/// A shell script that replaces `rpicam-vid`.
fn fake(script: &str) -> (TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("rpicam-vid");
    script::write(&program, &format!("cd {}\n{script}", folder.path().shown()));
    let (exposure_us, gain, focus, number, power_line, more) = (None, None, None, None, None, Vec::new());
    let (width, height, rate) = (WIDTH, HEIGHT, 15.0);
    (folder, Settings { program, width, height, rate, exposure_us, gain, focus, number, power_line, more })
}

/// A camera that waits for its program, also on an emulated computer that is busy.
fn patient(settings: Settings) -> RpicamCamera {
    let mut camera = RpicamCamera::new(settings);
    camera.patience = Patience { first: Duration::from_secs(60), others: Duration::from_secs(60) };
    camera
}

/// A grey frame of this luma, whose rows are padded with other bytes.
fn padded_picture(folder: &Path, luma: u8, stride: usize) {
    let planes = [(WIDTH, HEIGHT, stride, luma), (WIDTH / 2, HEIGHT, stride / 2, 128)];
    let rows = planes.map(|(width, rows, stride, value)| {
        let mut row = vec![value; width as usize];
        row.resize(stride, 255);
        row.repeat(rows as usize)
    });
    fs::write(folder.join("picture"), rows.concat()).unwrap();
}

fn picture(folder: &Path, luma: u8) {
    padded_picture(folder, luma, WIDTH as usize);
}

/// Writes frames at a rate, as `rpicam-vid` does.
const FIVE_A_SECOND: &str =
    "cat picture; sleep 0.2; cat picture; sleep 0.2; cat picture; sleep 0.2; cat picture; sleep 0.2";

#[test]
fn the_arguments_of_the_program() {
    let (_folder, settings) = fake("");
    let joined = |settings: &Settings| settings.arguments().join(&OsString::from(" ")).into_string().unwrap();
    let plain = "--codec yuv420 --timeout 0 --nopreview --flush --output - --width 64 --height 4 --framerate 15";
    assert_eq!(joined(&settings), plain);
    let adjusted = Settings { exposure_us: Some(8000), gain: Some(2.5), focus: Some(1.0), ..settings.clone() };
    assert_eq!(joined(&adjusted), format!("{plain} --shutter 8000 --gain 2.5 --lens-position 1"));
    let more = vec!["--awb".to_owned(), "indoor".to_owned()];
    let chosen = Settings { number: Some(1), power_line: Some(PowerLine::Hz60), more, ..settings };
    assert_eq!(joined(&chosen), format!("{plain} --camera 1 --flicker-period 8333us --awb indoor"));
}

/// The program accepts `--out x` for `--output x`, which would redirect the frames.
#[test]
fn arguments_that_would_change_the_pipe_are_refused() {
    for (argument, is_refused) in [
        ("--awb", false),
        ("indoor", false),
        ("--contrast=1.2", false),
        ("--ev", false),
        ("-0.5", false),
        ("-.5", false),
        ("--sharpness", false),
        ("--tuning-file", false),
        ("--hdr", false),
        ("--output", true),
        ("--out", true),
        ("--output=/tmp/pictures", true),
        ("-o", true),
        ("-t", true),
        ("--", true),
        ("--width", true),
        ("--codec=h264", true),
        ("--rotation", true),
        ("--hflip", true),
        ("--config", true),
    ] {
        assert_eq!(refuse_argument(argument).is_some(), is_refused, "{argument}");
    }
}

#[test]
fn the_program_delivers_frames_and_is_restarted_when_it_exits() {
    let script = format!("echo again >> starts; {FIVE_A_SECOND}; echo 'ERROR: *** no cameras ***' >&2; exit 255");
    let (folder, settings) = fake(&script);
    picture(folder.path(), 126);
    let mut camera = LiveCamera::start_with(
        Box::new(patient(settings)),
        Part::Camera,
        None,
        (Duration::from_millis(1), Duration::from_secs(60)),
    )
    .unwrap();
    for _ in 0..8 {
        match camera.next_frame().unwrap() {
            Captured::Frame(frame, _) => {
                assert_eq!((frame.width(), frame.height()), (WIDTH, HEIGHT));
                assert!(frame.pixels().iter().all(|&value| value == 128), "{:?}", &frame.pixels()[..6]);
            }
            Captured::Nothing => panic!("nothing is seen: {:?}", camera.health().report()),
        }
    }
    let report = camera.health().report();
    drop(camera);
    assert_eq!(report.fault.as_deref(), Some("ended"));
    assert!(report.losses >= 2, "{report:?}");
    assert!(report.state != CameraState::Opening);
    assert!(fs::read_to_string(folder.path().join("starts")).unwrap().lines().count() >= 3);
}

#[test]
fn failures_of_the_program_are_faults() {
    for (script, code, expected) in [
        ("echo 'ERROR: *** no cameras available ***' >&2; exit 255", "ended", "no cameras available"),
        ("head -c 100 picture", "ended", "exit status: 0"),
        ("kill -9 $$", "ended", "signal: 9"),
    ] {
        let (folder, settings) = fake(script);
        picture(folder.path(), 16);
        let mut camera = patient(settings);
        camera.open().unwrap();
        let fault = camera.capture(&mut Vec::new()).unwrap_err();
        // A thread reads its messages, possibly after its exit.
        let last_message = || camera.running.as_ref().map(|running| running.output().last.clone()).unwrap_or_default();
        while code == "ended" && expected.starts_with("no") && last_message().is_empty() {
            thread::yield_now();
        }
        assert_eq!(fault.code(), code, "{script}: {fault}");
        assert!(format!("{fault} {}", last_message()).contains(expected), "{script}: {fault}");
    }
}

#[test]
fn a_program_that_is_silent_has_stalled() {
    let (_folder, settings) = fake("exec sleep 600");
    let mut camera = RpicamCamera::new(settings);
    camera.patience = Patience { first: Duration::from_millis(20), others: Duration::from_millis(20) };
    camera.open().unwrap();
    assert_eq!(camera.capture(&mut Vec::new()).unwrap_err().code(), "stalled");
}

/// Rows of 64 bytes, or padded to 128 as on a Pi 5, without any report of the padding: no frame is sheared.
#[test]
fn the_row_length_is_learnt_from_the_received_bytes() {
    for stride in [64, 128, 192] {
        let (folder, settings) = fake(FIVE_A_SECOND);
        padded_picture(folder.path(), 126, stride);
        let mut camera = patient(settings);
        camera.open().unwrap();
        let (mut bytes, mut frame) = (Vec::new(), None);
        for _ in 0..3 {
            let layout = camera.capture(&mut bytes).unwrap();
            assert_eq!(layout.stride, stride);
            crate::camera::into_frame(&bytes, &layout, &mut frame).unwrap();
            assert!(frame.as_ref().unwrap().pixels().iter().all(|&value| value == 128), "{stride}");
        }
    }
}

/// Without a size on stderr: the number of bytes shows that these are not frames of 64x4.
#[test]
fn frames_of_another_size_are_a_fault() {
    let (folder, settings) = fake("while :; do cat picture; sleep 0.1; done");
    fs::write(folder.path().join("picture"), [128; 1000]).unwrap();
    let mut camera = patient(settings);
    camera.open().unwrap();
    let fault = camera.capture(&mut Vec::new()).unwrap_err();
    assert!(fault.code() == "wrong_size" && fault.to_string().contains("frames of 1000 bytes"), "{fault}");
}

#[test]
fn another_size_than_requested_is_a_fault() {
    let line = "INFO RPI vc4.cpp:615 Sensor: /base/imx708 - Selected; (0) 32x8-YUV420/Rec709 (1) 1536x864-BGGR10";
    let (folder, settings) = fake(&format!("echo '{line}' >&2; while :; do cat picture; done"));
    picture(folder.path(), 16);
    let mut camera = patient(settings);
    camera.open().unwrap();
    let fault = loop {
        if let Err(fault) = camera.capture(&mut Vec::new()) {
            break fault;
        }
    };
    assert_eq!(fault.code(), "wrong_size");
    assert!(fault.to_string().contains("32x8, not YU12 64x4") || fault.to_string().contains("32x8"), "{fault}");
}

#[test]
fn a_missing_program_is_a_fault() {
    let (_folder, mut settings) = fake("");
    settings.program = PathBuf::from("/nowhere/rpicam-vid");
    let fault = RpicamCamera::new(settings).open().unwrap_err();
    assert!(fault.code() == "unusable" && fault.to_string().contains("apt install"), "{fault}");
}

#[test]
fn sizes_in_messages() {
    for (line, expected) in [
        (
            "INFO Camera camera.cpp:1216 configuring streams: (0) 1280x720-YUV420/Rec709 (1) 1536x864-X",
            Some((1280, 720)),
        ),
        ("configuring streams: (0) 640x480-YUV420 (1) x", Some((640, 480))),
        ("Registered camera /base/soc/i2c0mux/i2c@1/imx477@1a", None),
        ("x-YUV420", None),
        ("99999999999x1-YUV420", None),
        ("", None),
    ] {
        assert_eq!(configured_size(line), expected, "{line}");
    }
}
