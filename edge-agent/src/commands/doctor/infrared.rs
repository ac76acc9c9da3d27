//! Looks for one face with both cameras: whether the infrared camera sees it, where, and how alike.

use super::finding::Finding;
use crate::camera::{Captured, FrameSource};
use crate::infrared::{LitFrames, Place, SAME_PERSON, Spot, TOLERANCE, Taken};
use models::{Frame, ModelError, Recogniser};
use shared::encoding::Encoding;
use std::time::{Duration, Instant};

/// This number of pairs of frames that both show a face is enough.
const PAIRS: usize = 5;

const LONGEST_WAIT: Duration = Duration::from_secs(8);

const ABOUT: &str = "infrared";

/// What the cameras showed.
#[derive(Debug, Default)]
struct Seen {
    pairs: Vec<Pair>,
    /// Frames of the first camera without a face.
    without_face: usize,
    /// Lit infrared frames without a face, although the first camera's frame has one.
    without_infrared_face: usize,
    /// Infrared frames in which nothing is lit.
    dark: usize,
}

/// One face in both pictures.
#[derive(Debug, Clone, Copy)]
struct Pair {
    first: Spot,
    infrared: Spot,
    /// L2 distance.
    distance: f32,
}

/// Takes pairs of frames, and judges them. `configured` is the configured place; `why_lost` says why the infrared camera
/// is lost.
pub(super) fn compare(
    first: &mut dyn FrameSource,
    infrared: &mut LitFrames,
    recogniser: &mut Recogniser,
    configured: Option<Place>,
    why_lost: &dyn Fn() -> Option<String>,
) -> Finding {
    let until = Instant::now() + LONGEST_WAIT;
    let mut seen = Seen::default();
    while Instant::now() < until && seen.pairs.len() < PAIRS {
        let Ok(Captured::Frame(frame, _)) = first.next_frame() else { continue };
        let failed = match infrared.take() {
            Taken::Lit(lit) => seen.add(frame, &lit, recogniser).err(),
            Taken::Dark => {
                seen.dark += 1;
                None
            }
            Taken::Nothing | Taken::Lost => None,
        };
        if let Some(error) = failed {
            return Finding::bad(ABOUT, format!("faces cannot be compared: {error}"), "check [model] bundles");
        }
    }
    judge(&seen, configured, why_lost)
}

impl Seen {
    /// Compares the largest faces of two pictures.
    fn add(&mut self, first: &Frame, infrared: &Frame, recogniser: &mut Recogniser) -> Result<(), ModelError> {
        let Some((first, encoding)) = largest(first, recogniser)? else {
            self.without_face += 1;
            return Ok(());
        };
        match largest(infrared, recogniser)? {
            Some((infrared, other)) => {
                self.pairs.push(Pair { first, infrared, distance: encoding.l2_distance(&other) });
            }
            None => self.without_infrared_face += 1,
        }
        Ok(())
    }
}

fn largest(frame: &Frame, recogniser: &mut Recogniser) -> Result<Option<(Spot, Encoding)>, ModelError> {
    let faces = recogniser.detect(frame)?;
    let Some(face) = faces.first() else { return Ok(None) };
    let crop = recogniser.align(frame, face)?;
    let encoding = recogniser.encode(&crop)?;
    Ok(Some((Spot::new(&face.bounds, (frame.width(), frame.height())), encoding)))
}

fn judge(seen: &Seen, configured: Option<Place>, why_lost: &dyn Fn() -> Option<String>) -> Finding {
    let mut pairs = seen.pairs.clone();
    pairs.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let Some(&Pair { distance, .. }) = pairs.get(pairs.len() / 2) else { return nothing(seen, why_lost) };
    if distance > SAME_PERSON {
        let found = format!("the face does not look like the face in the first picture (L2 distance {distance:.2})");
        let remedy = "let one person stand alone in front of the cameras, look into them, and run this command again; \
                      if that does not help, this camera is not suitable";
        return Finding::bad(ABOUT, found, remedy);
    }
    let found = format!("sees the same face, at an L2 distance of {distance:.2} (the limit is {SAME_PERSON:.2})");
    let measured = median_place(&pairs);
    let set = format!("set [camera.infrared] place = {measured}");
    let offset = |place: Place| {
        let offsets = pairs.iter().map(|pair| pair.infrared.offset_from(&place.expected(pair.first)));
        offsets.fold(0.0, f32::max)
    };
    match configured.map(offset) {
        None => Finding::bad(ABOUT, format!("{found}; its place is not configured"), set),
        Some(offset) if offset > TOLERANCE / 2.0 => {
            let off = format!("{found}, but {offset:.2} widths of the face away from the configured place");
            Finding::bad(ABOUT, off, format!("{set}, measured where people usually stand"))
        }
        Some(offset) => Finding::good(ABOUT, format!("{found}, {offset:.2} widths of the face from its place")),
    }
}

/// No pair of frames showed a face twice.
fn nothing(seen: &Seen, why_lost: &dyn Fn() -> Option<String>) -> Finding {
    if seen.without_infrared_face > 0 {
        let remedy = "check [camera.infrared] rotate, and that both cameras look at the same place; an emitter that is too \
                      near or too far makes the face white or black";
        return Finding::bad(ABOUT, "sees no face where the first camera sees one", remedy);
    }
    if seen.without_face > 0 {
        let remedy = "stand where people will stand, look into the cameras, and run this command again";
        return Finding::note(ABOUT, "the first camera saw no face to compare", remedy);
    }
    if seen.dark > 0 {
        let remedy = "uncover the lens, and check that the emitter is on: some cameras of Windows Hello keep it off until \
                      their driver is told (docs/infrared.md)";
        return Finding::bad(ABOUT, "the picture is dark", remedy);
    }
    let found = why_lost().unwrap_or_else(|| "no frame arrived in time".to_owned());
    Finding::bad(
        ABOUT,
        found,
        "check [camera.infrared]; stop a unit that uses the camera (`systemctl stop edge-agent`)",
    )
}

/// The median of each value.
fn median_place(pairs: &[Pair]) -> Place {
    let places: Vec<Place> = pairs.iter().map(|pair| Place::from_pair(&pair.first, &pair.infrared)).collect();
    let median = |value: fn(&Place) -> f32| {
        let mut values: Vec<f32> = places.iter().map(value).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Place { scale: median(|place| place.scale), right: median(|place| place.right), down: median(|place| place.down) }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{Bad, Good, Note};
    use super::*;
    use crate::camera::FileFrames;
    use crate::infrared::scripted::{Scripted, Step};
    use models::Photo;
    use shared::face::FaceBox;

    const PLACE: Place = Place { scale: 1.0, right: 0.1, down: 0.0 };

    fn spot(x: f32) -> Spot {
        Spot::new(&FaceBox { x, y: 100.0, width: 64.0, height: 64.0 }, (640, 480))
    }

    /// A face that the infrared camera sees 64 pixels farther to the right.
    fn pair(distance: f32) -> Pair {
        Pair { first: spot(200.0), infrared: spot(264.0), distance }
    }

    #[test]
    fn what_both_cameras_see_is_judged() {
        let seen = |pairs: &[Pair]| Seen { pairs: pairs.to_vec(), ..Seen::default() };
        let moved = Place { right: 0.13, ..PLACE };
        let lost = || Some("it was unplugged".to_owned());
        for (seen, configured, level, expected) in [
            (seen(&[pair(0.8)]), Some(PLACE), Good, "L2 distance of 0.80"),
            (seen(&[pair(0.8), pair(1.4), pair(0.7)]), Some(PLACE), Good, "L2 distance of 0.80"),
            (
                seen(&[pair(0.8)]),
                None,
                Bad,
                "set [camera.infrared] place = { scale = 1.00, right = 0.100, down = 0.000 }",
            ),
            (seen(&[pair(0.8)]), Some(moved), Bad, "0.30 widths of the face away from the configured place"),
            (seen(&[pair(1.3)]), Some(PLACE), Bad, "does not look like the face"),
            (Seen { without_infrared_face: 3, ..Seen::default() }, None, Bad, "sees no face where"),
            (Seen { without_face: 3, ..Seen::default() }, None, Note, "the first camera saw no face"),
            (Seen { dark: 3, ..Seen::default() }, None, Bad, "the picture is dark"),
            (Seen::default(), Some(PLACE), Bad, "it was unplugged"),
        ] {
            let finding = judge(&seen, configured, &lost);
            assert!(
                finding.level == level && finding.in_words().contains(expected),
                "{seen:?}: {}",
                finding.in_words()
            );
        }
    }

    /// The printed place is right for the pictures that it was measured with.
    #[test]
    fn one_photo_for_both_cameras_is_calibrated() {
        let path = std::path::Path::new("../tests/photos/door/barack_obama_speaking.jpg");
        let mut first = FileFrames::default();
        first.show(path).unwrap();
        let infrared = Photo::open(&std::fs::read(path).unwrap()).unwrap().decode().unwrap();
        let mut recogniser = Recogniser::bundled().unwrap();
        let mut judged = |configured| {
            let steps = vec![Step::Gives(infrared.clone()); 8];
            let mut infrared = LitFrames::new(Box::new(Scripted::new(steps)));
            compare(&mut first, &mut infrared, &mut recogniser, configured, &|| None)
        };
        let found = judged(None);
        assert_eq!(
            (found.level, found.remedy.as_deref()),
            (Bad, Some("set [camera.infrared] place = { scale = 1.00, right = 0.000, down = 0.000 }")),
            "{found:?}"
        );
        assert_eq!(judged(Some(Place { scale: 1.0, right: 0.0, down: 0.0 })).level, Good);
    }
}
