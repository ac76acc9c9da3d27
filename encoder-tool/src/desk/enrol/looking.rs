//! Pictures of a webcam and dropped photos: advises, takes what a build will accept, and shows the photos so far.

use super::likeness::{self, Findings, Receiver};
use crate::build_db::quality::{LeftOut, MAX_SECOND_SHARE};
use crate::desk::draft::guidance::{Advice, POSES, Pose, Seen, advice};
use crate::desk::draft::take::{Taken, take, take_all};
use crate::desk::draft::{Draft, MOST_PHOTOS};
use crate::desk::lock::lock;
use crate::desk::opaque;
use crate::desk::people::{person_with_key, plan_of};
use crate::desk::request::Request;
use crate::desk::site::Site;
use crate::desk::texts::{Texts, fill};
use anyhow::{Context, bail};
use local_web::{Answer, Kind};
use maud::{Markup, html};
use models::photo::Photo;
use models::quality::{brightness, sharpness};
use models::{Face, Frame, Recogniser};
use policy::ObservedFace;
use serde::Serialize;
use std::path::Path;

/// The most pixels of a webcam's picture.
const WEBCAM_PIXELS: u64 = 4_000_000;

/// What the page shows after a picture or a photo.
#[derive(Debug, Serialize)]
struct Looked {
    /// The face's box: left, top, width and height as shares of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    face: Option<[f32; 4]>,
    /// What to do, in words.
    words: String,
    /// Whether the picture was taken.
    took: bool,
    /// Whether a photo cannot be used.
    is_refused: bool,
    posed: usize,
    poses: usize,
    /// Whether all poses were taken.
    is_done: bool,
    /// The photos as markup, if they changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    photos: Option<String>,
}

impl Looked {
    fn new(draft: &Draft, words: String) -> Self {
        let (posed, poses) = (draft.posed(), POSES.len());
        Self {
            face: None,
            words,
            took: false,
            is_refused: false,
            posed,
            poses,
            is_done: draft.pose().is_none(),
            photos: None,
        }
    }

    fn answer(&self) -> anyhow::Result<Answer> {
        Ok(Answer::of(Kind::Json, serde_json::to_vec(self)?))
    }
}

/// Looks at a picture of the webcam, advises, and takes it if it is good.
pub(super) fn look(site: &Site, request: &Request) -> anyhow::Result<Answer> {
    let t = site.texts;
    let id = request.query("draft");
    let photo = Photo::open(request.bytes()).context(t.no_picture)?;
    if photo.pixels() > WEBCAM_PIXELS {
        bail!("{}", t.no_picture);
    }
    let frame = photo.decode().context(t.no_picture)?;
    let (face, seen) = site.recognise(|recogniser| see(recogniser, &frame))?;
    let (pose, is_late, is_ready) = {
        let mut drafts = lock(&site.drafts);
        let draft = drafts.with_id(id).context(t.draft_gone)?;
        let Some(pose) = draft.pose() else { return Looked::new(draft, t.all_taken.to_owned()).answer() };
        (pose, draft.is_late(), draft.is_ready())
    };
    let advice = advice(seen.as_ref(), pose, is_late);
    let mut taken = None;
    let mut words = words_of(t, advice, pose).to_owned();
    if let (Advice::Take, true, Some(face)) = (advice, is_ready, face.as_ref()) {
        match site.recognise(|recogniser| take(recogniser, &site.photo_reader, &frame, face, site.least)) {
            Ok(photo) => taken = Some(photo),
            Err(why) => words = why.to_string(),
        }
    }
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(id).context(t.draft_gone)?;
    let took = taken.is_some();
    if let Some(photo) = taken {
        draft.pose_taken(photo);
        words = draft.pose().map_or(t.all_taken, |pose| words_of(t, asked_for(pose), pose)).to_owned();
    }
    let photos = took.then(|| photos_of(site, draft, request.query("person")).into_string());
    let face = face.map(|face| {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        [face.bounds.x / width, face.bounds.y / height, face.bounds.width / width, face.bounds.height / height]
    });
    Looked { face, took, photos, ..Looked::new(draft, words) }.answer()
}

/// The largest face, and what matters for the advice.
fn see(recogniser: &mut Recogniser, frame: &Frame) -> anyhow::Result<(Option<Face>, Option<Seen>)> {
    let mut faces = recogniser.detect(frame)?;
    faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
    let Some(face) = faces.first().copied() else { return Ok((None, None)) };
    let crop = recogniser.glance(frame, &face);
    let mut observed = ObservedFace::new(face.bounds);
    observed.landmarks = Some(face.landmarks);
    let seen = Seen {
        share: face.bounds.width.max(face.bounds.height) / frame.height() as f32,
        second: faces.get(1).map_or(0.0, |second| second.bounds.area() / face.bounds.area().max(1.0)),
        brightness: brightness(&crop),
        sharpness: sharpness(&crop),
        turn: observed.yaw().unwrap_or(0.0),
    };
    Ok((Some(face), Some(seen)))
}

/// What is asked of somebody for a pose, before a picture was seen.
fn asked_for(pose: Pose) -> Advice {
    match pose {
        Pose::Straight => Advice::LookStraight,
        Pose::Left => Advice::TurnLeft,
        Pose::Right => Advice::TurnRight,
        Pose::Free => Advice::Take,
    }
}

fn words_of(t: &Texts, advice: Advice, pose: Pose) -> &'static str {
    match advice {
        Advice::ComeIntoView => t.come_into_view,
        Advice::OnePersonOnly => t.one_person_only,
        Advice::Closer => t.closer,
        Advice::Back => t.back,
        Advice::MoreLight => t.more_light,
        Advice::LessLight => t.less_light,
        Advice::HoldStill => t.hold_still,
        Advice::LookStraight => t.look_straight,
        Advice::TurnLeft => t.turn_left,
        Advice::TurnRight => t.turn_right,
        Advice::Take if pose == Pose::Free => t.glasses,
        Advice::Take => t.good,
    }
}

/// Takes the faces of a dropped photo. With several, the page lets the user choose.
pub(super) fn dropped(site: &Site, request: &Request) -> anyhow::Result<Answer> {
    let t = site.texts;
    let id = request.query("draft");
    let file = site.photo_reader.of_bytes(Path::new("photo"), request.bytes().to_vec());
    let found = match file.decode() {
        Ok(read) => site
            .recognise(|recogniser| take_all(recogniser, &site.photo_reader, &read.frame, site.least))
            .map_err(|why| why.to_string()),
        Err(error) => Err(LeftOut::from(error).to_string()),
    };
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(id).context(t.draft_gone)?;
    let is_refused = found.is_err() || draft.photos.len() >= MOST_PHOTOS;
    let words = match found {
        Err(why) => fill(t.photo_refused, &[&why]),
        Ok(_) if draft.photos.len() >= MOST_PHOTOS => t.enough_photos.to_owned(),
        Ok(mut faces) => {
            // Somebody in the background is not asked about.
            let size = |taken: &Taken| taken.encoded.face.bounds.area();
            let largest = faces.iter().map(size).fold(0.0, f32::max);
            let is_clear = faces.iter().filter(|taken| size(taken) > MAX_SECOND_SHARE * largest).count() < 2;
            if is_clear && faces.len() == 1 {
                draft.photos.extend(faces.pop());
                t.photo_added.to_owned()
            } else {
                match draft.offer(faces) {
                    true => t.choose_face.to_owned(),
                    false => t.enough_photos.to_owned(),
                }
            }
        }
    };
    let photos = Some(photos_of(site, draft, request.query("person")).into_string());
    Looked { photos, is_refused, ..Looked::new(draft, words) }.answer()
}

/// Changes a draft by a button, and shows the photos.
pub(super) fn with_draft(
    site: &Site,
    request: &Request,
    change: impl FnOnce(&mut Draft),
) -> anyhow::Result<Option<Answer>> {
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(request.form("draft")).context(site.texts.draft_gone)?;
    change(draft);
    let photos = Some(photos_of(site, draft, request.form("person")).into_string());
    Looked { photos, ..Looked::new(draft, String::new()) }.answer().map(Some)
}

pub(super) fn picture(site: &Site, id: &str, digest: &str) -> Option<Answer> {
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(id)?;
    let taken = draft.pictures().find(|taken| taken.encoded.digest.to_string() == digest)?;
    Some(Answer::of(Kind::Jpeg, taken.jpeg.clone()))
}

/// The photos so far, faces to choose from, and what stands out.
pub(super) fn photos_of(site: &Site, draft: &Draft, person: &str) -> Markup {
    let t = site.texts;
    let findings = findings(site, draft, person);
    let address = |taken: &Taken| format!("/enrol/draft/{}/{}", draft.id(), taken.encoded.digest);
    html! {
        @if !draft.candidates().is_empty() {
            div.choose role="group" aria-label=(t.choose_face) {
                p { (t.choose_face) }
                @for (number, taken) in draft.candidates().iter().enumerate() {
                    button type="button" data-draft="choose" data-photo=(taken.encoded.digest) {
                        img src=(address(taken)) alt=(fill(t.face_number, &[&(number + 1).to_string()]));
                    }
                }
                button type="button" data-draft="none" { (t.none_of_them) }
            }
        }
        @if let Some((key, text)) = &findings.known {
            div.wrong role="alert" {
                p { (text) }
                // The photos of a person who is there already are not handed on.
                @if person.is_empty() {
                    p { a.button href={ "/enrol?person=" (key) "&draft=" (draft.id()) } { (t.add_to_that_person) } }
                }
            }
        }
        ul.photos {
            @for (number, taken) in draft.photos.iter().enumerate() {
                @let odd = findings.odd.iter().find(|(photo, _)| *photo == number);
                li .suspect[odd.is_some()] {
                    img src=(address(taken)) alt=(fill(t.photo_number, &[&(number + 1).to_string()]));
                    @if let Some((_, text)) = odd { p.bad { (text) } }
                    button.danger type="button" data-draft="drop" data-photo=(taken.encoded.digest) { (t.remove) span.unseen { " " (fill(t.photo_number, &[&(number + 1).to_string()])) } }
                }
            }
        }
        @if findings.is_not_compared && !draft.photos.is_empty() { p.bad { (t.not_compared) } }
        @if let Some(marked) = to_confirm(draft, &findings) {
            label.check { input type="checkbox" name="confirmed" value=(marked) form="save"; span { (t.unlike_but_right) } }
        }
    }
}

fn findings(site: &Site, draft: &Draft, person: &str) -> Findings {
    let (examination, _) = site.examiner.newest();
    // Without the folder, nothing is compared.
    let office = site.office().ok();
    let known = office.as_ref().and_then(|office| person_with_key(office, person));
    let receiver = match person.is_empty() {
        true => Receiver::SomebodyNew,
        false => Receiver::Known { key: person, has_photos: known.is_none_or(|known| !known.photos.is_empty()) },
    };
    likeness::findings(site.texts, draft, plan_of(&examination), receiver, site.threshold)
}

/// What the user has to confirm before the photos are stored: stands for the photos that are marked. `None` if there is
/// nothing to confirm.
fn to_confirm(draft: &Draft, findings: &Findings) -> Option<String> {
    let all = if findings.is_not_compared { &draft.photos[..] } else { &[] };
    let marked = findings.odd.iter().filter_map(|(photo, _)| draft.photos.get(*photo)).chain(all);
    let digests: Vec<String> = marked.map(|taken| taken.encoded.digest.to_string()).collect();
    (!digests.is_empty()).then(|| opaque::version(digests.iter().map(String::as_str)))
}

/// # Errors
/// If photos are marked, and the user has not confirmed exactly these.
pub(super) fn require_confirmed(site: &Site, draft: &Draft, request: &Request) -> anyhow::Result<()> {
    match to_confirm(draft, &findings(site, draft, request.form("person"))) {
        Some(marked) if marked != request.form("confirmed") => bail!("{}", site.texts.unlike_unconfirmed),
        _ => Ok(()),
    }
}
