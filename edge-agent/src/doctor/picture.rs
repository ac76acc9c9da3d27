//! A picture from the camera: how bright and sharp it is, and whether a face is in it.

use super::finding::Finding;
use crate::camera::{CameraState, Captured, FrameSource, LiveCamera};
use models::{Crop, Face, Frame, Recogniser, quality};
use std::time::{Duration, Instant};

/// A camera module needs a few seconds to start.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// The first pictures of a camera are dark until its exposure has settled.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Mean luma below and above which faces are hard to see.
const TOO_DARK: f32 = 40.0;
const TOO_BRIGHT: f32 = 220.0;

/// Variance of the Laplacian below which nothing in a picture has an edge.
const BLURRED: f32 = 5.0;

/// What a picture looks like.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(super) struct Picture {
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
    /// Mean luma of its middle, 0 to 255.
    pub(super) brightness: f32,
    /// Variance of the Laplacian of its middle.
    pub(super) sharpness: f32,
    pub(super) faces: usize,
    /// The shorter side of the largest face, in pixels.
    pub(super) largest_face: Option<f32>,
}

/// Takes one.
pub(super) fn take(
    camera: &mut LiveCamera,
    recogniser: Option<&mut Recogniser>,
    minimum_face: f32,
) -> (Option<Picture>, Vec<Finding>) {
    let until = Instant::now() + LONGEST_WAIT;
    let mut settled_at = None;
    let mut looked_at = None;
    while Instant::now() < until {
        let Ok(Captured::Frame(frame)) = camera.next_frame() else { continue };
        if Instant::now() < *settled_at.get_or_insert(Instant::now() + SETTLED_AFTER) {
            continue;
        }
        let faces = recogniser.map(|recogniser| recogniser.detect(frame).unwrap_or_default());
        looked_at = Some(of(frame, &faces.unwrap_or_default()));
        break;
    }
    let report = camera.health().report();
    let Some(picture) = looked_at else {
        let reason = report.reason.unwrap_or_else(|| "no picture came in time".to_owned());
        let remedy =
            "is a unit running that uses it (`systemctl stop edge-agent`)? Look at the cable and the group `video`";
        return (None, vec![Finding::bad("picture", reason, remedy)]);
    };
    let mut findings = Vec::new();
    if report.state == CameraState::Streaming {
        findings.extend(report.description.map(|description| Finding::good("camera", description)));
    }
    findings.extend(judge(&picture, minimum_face));
    (Some(picture), findings)
}

fn of(frame: &Frame, faces: &[Face]) -> Picture {
    let middle = middle(frame);
    let shorter_side = |face: &Face| face.bounds.width.min(face.bounds.height);
    Picture {
        width: frame.width(),
        height: frame.height(),
        brightness: middle.as_ref().map_or(0.0, quality::brightness),
        sharpness: middle.as_ref().map_or(0.0, quality::sharpness),
        faces: faces.len(),
        largest_face: faces.first().map(shorter_side),
    }
}

/// The square in the middle of a frame.
fn middle(frame: &Frame) -> Option<Crop> {
    let side = frame.width().min(frame.height());
    let (left, top) = ((frame.width() - side) / 2, (frame.height() - side) / 2);
    let rows = frame.pixels().chunks_exact(3 * frame.width() as usize).skip(top as usize).take(side as usize);
    let pixels = rows.flat_map(|row| &row[3 * left as usize..3 * (left + side) as usize]).copied().collect();
    Crop::from_rgb(side, pixels)
}

fn judge(picture: &Picture, minimum_face: f32) -> Vec<Finding> {
    let &Picture { width, height, brightness, sharpness, .. } = picture;
    let light = format!("{width}x{height} pixels, brightness {brightness:.0} of 255");
    let light = if brightness < TOO_DARK {
        Finding::bad(
            "picture",
            format!("{light}: too dark"),
            "light the place where people stand; is the lens covered?",
        )
    } else if brightness > TOO_BRIGHT {
        Finding::bad(
            "picture",
            format!("{light}: too bright"),
            "do not point it against the light; set a shorter exposure-us",
        )
    } else {
        Finding::good("picture", light)
    };
    let sharp = format!("sharpness {sharpness:.0}");
    let sharp = match sharpness < BLURRED {
        true => Finding::note(
            "picture",
            format!("{sharp}: nothing in it has an edge"),
            "clean and focus the lens, unless it looks at a bare wall",
        ),
        false => Finding::good("picture", sharp),
    };
    vec![light, sharp, face(picture, minimum_face)]
}

fn face(picture: &Picture, minimum: f32) -> Finding {
    match picture.largest_face {
        None => Finding::note(
            "picture",
            "no face is in it",
            "stand where people will stand, look into the camera, and run this again",
        ),
        Some(side) if side < minimum => Finding::note(
            "picture",
            format!("a face of {side:.0} pixels is in it, and from {minimum:.0} on one is near enough"),
            "bring the camera nearer to where people stand, or take a larger width and height",
        ),
        Some(side) => {
            Finding::good("picture", format!("a face of {side:.0} pixels is in it ({} in all)", picture.faces))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{Bad, Good, Note};
    use super::*;

    #[test]
    fn pictures_are_judged() {
        let fine = Picture {
            width: 640,
            height: 480,
            brightness: 120.0,
            sharpness: 300.0,
            faces: 1,
            largest_face: Some(90.0),
        };
        for (picture, expected) in [
            (fine, [Good, Good, Good]),
            (Picture { brightness: 10.0, ..fine }, [Bad, Good, Good]),
            (Picture { brightness: 250.0, ..fine }, [Bad, Good, Good]),
            (Picture { sharpness: 0.5, ..fine }, [Good, Note, Good]),
            (Picture { faces: 0, largest_face: None, ..fine }, [Good, Good, Note]),
            (Picture { largest_face: Some(20.0), ..fine }, [Good, Good, Note]),
        ] {
            let findings = judge(&picture, 40.0);
            assert_eq!(findings.iter().map(|finding| finding.level).collect::<Vec<_>>(), expected, "{picture:?}");
            assert!(findings.iter().all(|finding| (finding.level == Good) == finding.remedy.is_none()), "{findings:?}");
        }
    }

    #[test]
    fn the_middle_of_a_frame() {
        let frame = Frame::from_rgb(4, 2, (0..24).collect()).unwrap();
        assert_eq!(middle(&frame).unwrap().pixels(), [3, 4, 5, 6, 7, 8, 15, 16, 17, 18, 19, 20]);
        let frame = Frame::from_rgb(1, 3, (0..9).collect()).unwrap();
        assert_eq!(middle(&frame).unwrap().pixels(), [3, 4, 5]);
    }
}
