//! Checks a frame from the camera: its brightness, and whether it shows a face that is sharp and upright.

use super::finding::Finding;
use crate::camera::{CameraState, Captured, FrameSource, LiveCamera, Orientation, Rotation};
use crate::sight::light::{TOO_BRIGHT, TOO_DARK, middle};
use crate::sight::{Upright, upright};
use models::{Face, Frame, Recogniser, quality};
use std::time::{Duration, Instant};

/// Timeout for the frame; a camera module needs a few seconds to start.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// Frames are ignored for this long after the first one: they are dark until the exposure has settled.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Variance of the Laplacian below which a face is blurred, if the policy does not set it. The photos of `sight::upright` have 36 or
/// more.
pub(super) const BLURRED: f32 = 20.0;

/// The policy's requirements of a face.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The minimum of the shorter side, in pixels.
    pub(super) face: f32,
    /// The minimum variance of the Laplacian of the aligned crop.
    pub(super) sharpness: f32,
    /// The orientation already applied to the frames.
    pub(super) orientation: Orientation,
}

/// The measurements of a frame.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(super) struct Picture {
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
    /// Mean luma of the square in its middle, 0 to 255.
    pub(super) brightness: f32,
    pub(super) faces: usize,
    /// The shorter side of the largest face, in pixels.
    pub(super) largest_face: Option<f32>,
    /// Variance of the Laplacian of that face's aligned crop.
    pub(super) sharpness: Option<f32>,
    /// The clockwise rotation, in degrees, that makes faces upright; `None` if no face was detected.
    pub(super) turn: Option<u16>,
}

/// Takes a frame and judges it.
pub(super) fn take(
    camera: &mut LiveCamera,
    mut recogniser: Option<&mut Recogniser>,
    wanted: Wanted,
) -> (Option<Picture>, Vec<Finding>) {
    let until = Instant::now() + LONGEST_WAIT;
    let mut settled_at = None;
    let mut taken = None;
    while Instant::now() < until {
        let Ok(Captured::Frame(frame, _)) = camera.next_frame() else { continue };
        if Instant::now() < *settled_at.get_or_insert(Instant::now() + SETTLED_AFTER) {
            continue;
        }
        let seen = recogniser.take().and_then(|recogniser| looked_at(frame, recogniser));
        taken = Some(measured(frame, seen.as_ref()));
        break;
    }
    let report = camera.health().report();
    let Some(picture) = taken else {
        let reason = report.reason.unwrap_or_else(|| "no frame arrived in time".to_owned());
        let remedy =
            "stop a unit that uses the camera (`systemctl stop edge-agent`); check the cable and the group `video`";
        return (None, vec![Finding::bad("picture", reason, remedy)]);
    };
    let mut findings = Vec::new();
    if report.state == CameraState::Streaming {
        findings.extend(report.description.map(|description| Finding::good("camera", description)));
    }
    findings.extend(judge(&picture, wanted));
    (Some(picture), findings)
}

/// The rotation in which faces are upright, and the sharpness of the largest face in it.
fn looked_at(frame: &Frame, recogniser: &mut Recogniser) -> Option<(Upright, f32)> {
    let seen = upright(frame, |turned| recogniser.detect(turned).unwrap_or_default())?;
    let sharpness = quality::sharpness(&recogniser.glance(&seen.frame, seen.faces.first()?));
    Some((seen, sharpness))
}

fn measured(frame: &Frame, seen: Option<&(Upright, f32)>) -> Picture {
    let shorter_side = |face: &Face| face.bounds.width.min(face.bounds.height);
    Picture {
        width: frame.width(),
        height: frame.height(),
        brightness: middle(frame, u32::MAX).as_ref().map_or(0.0, quality::brightness),
        faces: seen.map_or(0, |(seen, _)| seen.faces.len()),
        largest_face: seen.and_then(|(seen, _)| seen.faces.first()).map(shorter_side),
        sharpness: seen.map(|(_, sharpness)| *sharpness),
        turn: seen.map(|(seen, _)| seen.rotation.degrees()),
    }
}

fn judge(picture: &Picture, wanted: Wanted) -> Vec<Finding> {
    let faces = match (picture.largest_face, picture.sharpness) {
        (Some(side), Some(sharpness)) => {
            vec![size(side, picture.faces, wanted.face), focus(sharpness, wanted.sharpness)]
        }
        _ => vec![Finding::note(
            "picture",
            "no face was detected in any rotation",
            "stand where people will stand, look into the camera, and run this command again",
        )],
    };
    [light(picture)].into_iter().chain(faces).chain(stance(picture, wanted.orientation)).collect()
}

fn light(picture: &Picture) -> Finding {
    let &Picture { width, height, brightness, .. } = picture;
    let light = format!("{width}x{height} pixels, brightness {brightness:.0} of 255");
    if brightness < TOO_DARK {
        let remedy = "light the place where people stand, and check that the lens is not covered";
        Finding::bad("picture", format!("{light}: too dark"), remedy)
    } else if brightness > TOO_BRIGHT {
        let remedy = "do not point the camera at a light; set a shorter exposure-us";
        Finding::bad("picture", format!("{light}: too bright"), remedy)
    } else {
        Finding::good("picture", light)
    }
}

fn size(side: f32, faces: usize, minimum: f32) -> Finding {
    if side < minimum {
        let found = format!("a face of {side:.0} pixels; the minimum is {minimum:.0}");
        let remedy = "move the camera closer to where people stand, or set a larger width and height";
        return Finding::note("picture", found, remedy);
    }
    Finding::good("picture", format!("a face of {side:.0} pixels (faces in the frame: {faces})"))
}

fn focus(sharpness: f32, minimum: f32) -> Finding {
    if sharpness < minimum {
        let found = format!("the face has a sharpness of {sharpness:.0}; the minimum is {minimum:.0}");
        return Finding::bad("picture", found, "clean the lens, and set [camera] focus to the distance of the people");
    }
    Finding::good("picture", format!("the face has a sharpness of {sharpness:.0}"))
}

/// The finding about the rotation of faces, with the value for `rotate` if they are not upright.
fn stance(picture: &Picture, orientation: Orientation) -> Option<Finding> {
    let turn = picture.turn.and_then(|degrees| Rotation::try_from(degrees).ok())?;
    if turn == Rotation::None {
        return Some(Finding::good("picture", "the face is upright"));
    }
    let rotation = orientation.turned_further(turn);
    let found = "the face is not upright: nobody will be recognised";
    Some(Finding::bad("picture", found, format!("set [camera] rotate = {}", rotation.degrees())))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{Bad, Good, Note};
    use super::*;

    #[test]
    fn frames_are_judged() {
        let fine = Picture {
            width: 640,
            height: 480,
            brightness: 120.0,
            faces: 1,
            largest_face: Some(90.0),
            sharpness: Some(300.0),
            turn: Some(0),
        };
        let nobody = Picture { faces: 0, largest_face: None, sharpness: None, turn: None, ..fine };
        let wanted = Wanted { face: 40.0, sharpness: 30.0, orientation: Orientation::default() };
        for (picture, expected) in [
            (fine, &[Good, Good, Good, Good][..]),
            (Picture { brightness: 10.0, ..fine }, &[Bad, Good, Good, Good]),
            (Picture { brightness: 250.0, ..fine }, &[Bad, Good, Good, Good]),
            (Picture { sharpness: Some(0.5), ..fine }, &[Good, Good, Bad, Good]),
            (nobody, &[Good, Note]),
            (Picture { largest_face: Some(20.0), ..fine }, &[Good, Note, Good, Good]),
            (Picture { turn: Some(180), ..fine }, &[Good, Good, Good, Bad]),
        ] {
            let findings = judge(&picture, wanted);
            assert_eq!(findings.iter().map(|finding| finding.level).collect::<Vec<_>>(), expected, "{picture:?}");
            assert!(findings.iter().all(|finding| (finding.level == Good) == finding.remedy.is_none()), "{findings:?}");
        }
    }

    /// A camera mounted at each of the four angles, without and with a configured orientation, which may be wrong.
    #[test]
    fn the_suggested_rotation_makes_faces_upright() {
        let mut recogniser = Recogniser::bundled().unwrap();
        let photo = std::fs::read("../tests/photos/door/barack_obama_speaking.jpg").unwrap();
        let photo = models::Photo::open(&photo).unwrap().decode().unwrap();
        for hung in Rotation::ALL {
            let raw = Orientation { rotation: hung, mirror: false }.apply(photo.clone(), &mut Vec::new());
            for (rotation, mirror) in [(Rotation::None, false), (Rotation::Quarter, true)] {
                let orientation = Orientation { rotation, mirror };
                let frame = orientation.apply(raw.clone(), &mut Vec::new());
                let picture = measured(&frame, looked_at(&frame, &mut recogniser).as_ref());
                let finding = stance(&picture, orientation).unwrap();
                let right = hung.inverse();
                match finding.remedy {
                    None => assert_eq!(rotation, right, "{hung:?} {orientation:?}"),
                    Some(remedy) => {
                        assert!(rotation != right, "{hung:?} {orientation:?}: {remedy}");
                        assert_eq!(
                            remedy,
                            format!("set [camera] rotate = {}", right.degrees()),
                            "{hung:?} {orientation:?}"
                        );
                    }
                }
            }
        }
    }
}
