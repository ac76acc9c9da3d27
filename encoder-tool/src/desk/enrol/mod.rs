//! The page that enrols a person: poses before a webcam, dropped photos, fields, and the person's consent. Nothing is
//! stored before the person has agreed.

mod likeness;

use super::days;
use super::draft::guidance::{Advice, POSES, Pose, Seen, advice};
use super::draft::take::{Taken, take, take_all};
use super::draft::{Draft, MOST_PHOTOS};
use super::lock::lock;
use super::opaque;
use super::page::{Page, Place, choice, day, error_box, field};
use super::people::plan_of;
use super::request::Request;
use super::site::Site;
use super::texts::{Texts, fill};
use crate::build_db::quality::MAX_SECOND_SHARE;
use crate::office::{NO_BASIS_YET, Office, OfficePerson};
use anyhow::{Context, bail};
use data_encoding::HEXLOWER;
use jiff::ZonedDateTime;
use local_web::{Answer, Kind, Method};
use maud::{Markup, html};
use models::photo::Photo;
use models::quality::{brightness, sharpness};
use models::{Face, Frame, Recogniser};
use policy::ObservedFace;
use serde::Serialize;
use std::path::Path;

/// The smallest face, in pixels, as a build requires it by default.
const LEAST: u32 = 24;
/// The most pixels of a webcam's picture.
const WEBCAM_PIXELS: u64 = 4_000_000;

/// Answers a request for `/enrol/…`; `None` if there is no such page.
///
/// # Errors
/// If the folder cannot be used, or the person cannot be stored.
pub(super) fn answer(site: &Site, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    match (request.method, rest) {
        (Method::Get, []) => {
            let id = new_id()?;
            lock(&site.drafts).begin(&id);
            page_for(site, request.query("person"), &id).map(Some)
        }
        (Method::Get, ["draft", id, digest]) => Ok(picture(site, id, digest)),
        (Method::Post, ["look"]) => look(site, request).map(Some),
        (Method::Post, ["photo"]) => dropped(site, request).map(Some),
        (Method::Post, ["choose"]) => with_draft(site, request, |draft| draft.choose(request.form("photo"))),
        (Method::Post, ["none"]) => with_draft(site, request, |draft| draft.candidates.clear()),
        (Method::Post, ["drop"]) => with_draft(site, request, |draft| draft.drop_photo(request.form("photo"))),
        (Method::Post, ["again"]) => with_draft(site, request, Draft::pose_again),
        (Method::Post, ["save"]) => save(site, request).map(Some),
        _ => Ok(None),
    }
}

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
        Self { face: None, words, took: false, posed, poses, is_done: draft.pose().is_none(), photos: None }
    }

    fn answer(&self) -> anyhow::Result<Answer> {
        Ok(Answer::of(Kind::Json, serde_json::to_vec(self)?))
    }
}

/// Looks at a picture of the webcam, advises, and takes it if it is good.
fn look(site: &Site, request: &Request) -> anyhow::Result<Answer> {
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
        match site.recognise(|recogniser| take(recogniser, &site.photo_reader, &frame, face, LEAST)) {
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
fn dropped(site: &Site, request: &Request) -> anyhow::Result<Answer> {
    let t = site.texts;
    let id = request.query("draft");
    let file = site.photo_reader.of_bytes(Path::new("photo"), request.bytes().to_vec());
    let found = match file.decode() {
        Ok(read) => site
            .recognise(|recogniser| take_all(recogniser, &site.photo_reader, &read.frame, LEAST))
            .map_err(|why| why.to_string()),
        Err(error) => Err(crate::build_db::quality::LeftOut::from(error).to_string()),
    };
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(id).context(t.draft_gone)?;
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
                draft.offer(faces);
                t.choose_face.to_owned()
            }
        }
    };
    let photos = Some(photos_of(site, draft, request.query("person")).into_string());
    Looked { photos, ..Looked::new(draft, words) }.answer()
}

/// Changes a draft by a button, and shows the photos.
fn with_draft(site: &Site, request: &Request, change: impl FnOnce(&mut Draft)) -> anyhow::Result<Option<Answer>> {
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(request.form("draft")).context(site.texts.draft_gone)?;
    change(draft);
    let photos = Some(photos_of(site, draft, request.form("person")).into_string());
    Looked { photos, ..Looked::new(draft, String::new()) }.answer().map(Some)
}

fn picture(site: &Site, id: &str, digest: &str) -> Option<Answer> {
    let mut drafts = lock(&site.drafts);
    let draft = drafts.with_id(id)?;
    let mut all = draft.photos.iter().chain(&draft.candidates);
    let taken = all.find(|taken| taken.encoded.digest.to_string() == digest)?;
    Some(Answer::of(Kind::Jpeg, taken.jpeg.clone()))
}

/// The photos so far, faces to choose from, and what stands out.
fn photos_of(site: &Site, draft: &Draft, person: &str) -> Markup {
    let t = site.texts;
    let (examination, _) = site.examiner.newest();
    let findings = likeness::findings(t, draft, plan_of(&examination), person, site.threshold());
    let address = |taken: &Taken| format!("/enrol/draft/{}/{}", draft.id(), taken.encoded.digest);
    html! {
        @if !draft.candidates.is_empty() {
            div.choose role="group" aria-label=(t.choose_face) {
                p { (t.choose_face) }
                @for (number, taken) in draft.candidates.iter().enumerate() {
                    button type="button" data-draft="choose" data-photo=(taken.encoded.digest) {
                        img src=(address(taken)) alt=(fill(t.face_number, &[&(number + 1).to_string()]));
                    }
                }
                button type="button" data-draft="none" { (t.none_of_them) }
            }
        }
        @for text in &findings.about_all { p.wrong role="alert" { (text) } }
        ul.photos {
            @for (number, taken) in draft.photos.iter().enumerate() {
                @let odd = findings.odd.contains(&number);
                li .suspect[odd] {
                    img src=(address(taken)) alt=(fill(t.photo_number, &[&(number + 1).to_string()]));
                    @if odd { p.bad { (t.unlike_others) } }
                    button.danger type="button" data-draft="drop" data-photo=(taken.encoded.digest) { (t.remove) span.unseen { " " (fill(t.photo_number, &[&(number + 1).to_string()])) } }
                }
            }
        }
    }
}

/// The page: for somebody new, or for more photos of somebody.
fn page_for(site: &Site, person_key: &str, draft: &str) -> anyhow::Result<Answer> {
    let office = site.office()?;
    let person = super::people::person_with_key(&office, person_key);
    Ok(page(site, &office, person, draft, &|_| "", None).answer(site.texts))
}

fn page<'a>(
    site: &'a Site,
    office: &Office,
    person: Option<&OfficePerson>,
    draft_id: &str,
    typed: &dyn Fn(&str) -> &'a str,
    refused: Option<&anyhow::Error>,
) -> Page<'a> {
    let t = site.texts;
    let key = person.map(|person| opaque::of_person(&person.name)).unwrap_or_default();
    let photos = {
        let mut drafts = lock(&site.drafts);
        drafts.with_id(draft_id).map(|draft| photos_of(site, draft, &key))
    };
    let recorded = person.map(|person| office.field(person, "basis")).filter(|basis| *basis != NO_BASIS_YET);
    let basis = [typed("basis"), recorded.unwrap_or_default(), t.basis_consent];
    let basis = basis.into_iter().find(|basis| !basis.is_empty()).unwrap_or_default().to_owned();
    let needs_consent = person.is_none_or(|person| office.field(person, "informed_on").is_empty());
    let modes = [
        ("", t.mode_of_door),
        ("face", t.mode_face),
        ("card-and-face", t.mode_card_and_face),
        ("card-or-face", t.mode_card_or_face),
        ("card", t.mode_card),
    ];
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        @if let Some(person) = person { p { (fill(t.more_photos_of, &[person.name.as_str()])) } }
        @if needs_consent {
            section.consent aria-labelledby="notice" {
                h2 #notice { (t.consent) }
                p { (t.notice_what) " " (t.notice_where) }
                p { (t.notice_rights) }
            }
        }
        div.enrol #enrol data-draft=(draft_id) data-person=(key) data-no-camera=(t.no_camera) data-camera-on=(t.camera_on) {
            section aria-labelledby="camera" {
                h2 #camera { (t.with_webcam) }
                div.stage {
                    video #video playsinline muted aria-label=(t.webcam_picture) {}
                    div.box #box hidden {}
                }
                p.advice #advice role="status" { (t.camera_off) }
                progress #poses max=(POSES.len()) value="0" aria-label=(t.poses) {}
                p {
                    button #start type="button" { (t.start_camera) }
                    button #again type="button" hidden { (t.five_more) }
                }
            }
            div {
                section aria-labelledby="drop" {
                    h2 #drop { (t.from_photos) }
                    label.drop #drop-zone {
                        span { (t.drop_here) }
                        input #files type="file" multiple accept="image/*,.heic,.heif,.avif";
                    }
                    p #dropped role="status" {}
                }
                section aria-labelledby="taken" {
                    h2 #taken { (t.photos) }
                    div #photos { @if let Some(photos) = photos { (photos) } }
                }
            }
        }
        @if person.is_none() { h2 { (t.the_person) } }
        form.fields #save method="post" action="/enrol/save" {
            input type="hidden" name="draft" value=(draft_id);
            input type="hidden" name="person" value=(key);
            @if person.is_none() {
                label { span { (t.name) } input type="text" name="name" value=(typed("name")) required autocomplete="off"; }
                label { span { (t.groups) }
                    input type="text" name="groups" value=(typed("groups")) autocomplete="off" list="known-groups" aria-describedby="hint-groups";
                    small #hint-groups { (t.groups_hint) }
                }
                datalist #known-groups { @for group in office.groups() { option value=(group) {} } }
                (choice("mode", t.mode, &modes, typed("mode")))
                (field("cards", t.cards, t.cards_hint, typed("cards")))
                (day("valid_to", t.valid_to, t.valid_to_hint, typed("valid_to")))
                (day("keep_until", t.keep_until, t.keep_until_hint, typed("keep_until")))
            }
            @if needs_consent {
                fieldset.wide.agreement {
                    legend { (t.agreement) }
                    (field("basis", t.basis, t.basis_hint, &basis))
                    label.check { input type="checkbox" name="agreed" value="yes" checked[typed("agreed") == "yes"]; span { (t.agreed) } }
                }
            }
            button.wide { (t.save_person) }
        }
    };
    Page { script: Some("enrol.js"), ..Page::new(Place::Enrol, t.enrol, body) }
}

/// Stores the person, or more photos of somebody.
fn save(site: &Site, request: &Request) -> anyhow::Result<Answer> {
    match stored(site, request) {
        Ok(key) => {
            lock(&site.drafts).forget(request.form("draft"));
            Ok(Answer::see(&format!("/people/{key}?enrolled=1")))
        }
        Err(refused) => {
            // The photos and what was typed stay.
            let office = site.office()?;
            let person = super::people::person_with_key(&office, request.form("person"));
            let page = page(site, &office, person, request.form("draft"), &|name| typed(request, name), Some(&refused));
            Ok(page.refusal(site.texts, 422))
        }
    }
}

/// What was typed, for a page of the same lifetime as the site: a copy would be needed otherwise.
fn typed<'a>(request: &'a Request, name: &str) -> &'a str {
    request.form(name)
}

/// Stores, and returns the person's key.
fn stored(site: &Site, request: &Request) -> anyhow::Result<String> {
    let t = site.texts;
    let photos: Vec<Vec<u8>> = {
        let mut drafts = lock(&site.drafts);
        let draft = drafts.with_id(request.form("draft")).context(t.draft_gone)?;
        if !draft.candidates.is_empty() {
            bail!("{}", t.choose_first);
        }
        draft.photos.iter().map(|taken| taken.jpeg.clone()).collect()
    };
    let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
    let today = ZonedDateTime::now().date().to_string();
    let has_agreed = request.form("agreed") == "yes";
    let basis = match request.form("basis").trim() {
        basis if basis == t.basis_consent => format!("{basis} {today}"),
        basis => basis.to_owned(),
    };
    let with_consent = |needed: bool| {
        if needed && !has_agreed {
            bail!("{}", t.not_agreed);
        }
        if needed && basis.is_empty() {
            bail!("{}", t.no_basis);
        }
        Ok(if needed { vec![("basis", basis.as_str()), ("informed_on", today.as_str())] } else { Vec::new() })
    };
    let key = request.form("person");
    if !key.is_empty() {
        return site.change(|office| {
            let person = super::people::person_with_key(office, key).context(t.person_gone)?;
            if photos.is_empty() {
                bail!("{}", t.no_photos_yet);
            }
            let consent = with_consent(office.field(person, "informed_on").is_empty())?;
            if office.field(person, "mode") == "card" {
                bail!("{}", t.card_needs_no_photo);
            }
            office.add_photos(person, &consent, &photos)?;
            Ok(key.to_owned())
        });
    }
    let is_card_holder = request.form("mode") == "card";
    if photos.is_empty() && !is_card_holder {
        bail!("{}", t.no_photos_yet);
    }
    if !photos.is_empty() && is_card_holder {
        bail!("{}", t.card_needs_no_photo);
    }
    // A card is no biometric data: there is nothing to agree to.
    let mut fields = match is_card_holder {
        true if basis.starts_with(t.basis_consent) || basis.is_empty() => vec![("basis", t.basis_card)],
        true => vec![("basis", basis.as_str())],
        false => with_consent(true)?,
    };
    for column in ["groups", "mode", "cards", "valid_to", "keep_until"] {
        let text = request.form(column).trim();
        if !text.is_empty() {
            fields.push((column, text));
        }
    }
    days::require_ahead(t, &fields, |_| "")?;
    let name = site.change(|office| office.enrol(request.form("name"), &fields, &photos))?;
    Ok(opaque::of_person(&name))
}

/// An id that nobody can guess.
fn new_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("cannot get random numbers from the system")?;
    Ok(HEXLOWER.encode(&bytes))
}
