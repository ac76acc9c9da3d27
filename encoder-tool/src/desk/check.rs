//! The door check: what a door would say to a face at a chosen time, and why. The decision is `policy`'s.

use super::hours;
use super::page::{Page, Place, choice, error_box};
use super::people::plan_of;
use super::request::Request;
use super::site::Site;
use super::texts::{Texts, fill};
use crate::build_db::plan::Plan;
use crate::build_db::quality::LeftOut;
use anyhow::Context;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use kernels::dots_of_rows;
use local_web::{Answer, Kind, Method};
use maud::html;
use models::quality::{brightness, sharpness};
use models::{Frame, Recogniser};
use policy::{Claimed, Decision, Enrolled, FaceAlone, Now, Observation, ObservedFace, Policy, PresentedCard, Quality};
use policy::{Reason, Refusal, Resemblance, Rules};
use serde::Serialize;
use shared::gallery::{Gallery, Mode, PersonId};
use std::path::Path;
use std::sync::Arc;

/// The value of the form for a card that is nobody's.
const UNKNOWN_CARD: &str = "unknown";
/// Milliseconds between the frames of the approach.
const FRAME_MS: u64 = 200;

/// Answers a request for `/check/…`; `None` if there is no such page.
///
/// # Errors
/// If the picture cannot be used.
pub(super) fn answer(site: &Site, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    match (request.method, rest) {
        (Method::Get, []) => Ok(Some(page(site).answer(site.texts))),
        (Method::Post, ["look" | "photo"]) => {
            let checked = check(site, request)
                .unwrap_or_else(|error| Checked { words: terminal::on_one_line(&error), ..Checked::default() });
            Ok(Some(Answer::of(Kind::Json, serde_json::to_vec(&checked)?)))
        }
        _ => Ok(None),
    }
}

/// What the door says.
#[derive(Debug, Default, Serialize)]
struct Checked {
    /// Left, top, width and height as shares of the picture.
    face: Option<[f32; 4]>,
    opens: bool,
    /// The answer in one sentence.
    words: String,
    /// How it came about, a line each.
    why: Vec<String>,
}

fn page(site: &Site) -> Page<'_> {
    let t = site.texts;
    let now = ZonedDateTime::now().strftime("%Y-%m-%dT%H:%M").to_string();
    let (examination, _) = site.examiner.newest();
    let people: Vec<(String, &str)> = plan_of(&examination)
        .and_then(|plan| plan.gallery.as_ref())
        .into_iter()
        .flat_map(Gallery::people)
        .filter(|person| !person.details.cards.is_empty())
        .map(|person| (person.id.to_string(), person.name.as_str()))
        .collect();
    let modes = [
        ("face", t.mode_face),
        ("card-and-face", t.mode_card_and_face),
        ("card-or-face", t.mode_card_or_face),
        ("card", t.mode_card),
    ];
    let refused = examination.as_ref().and_then(|examination| examination.plan.as_ref().err());
    let has_people = site.has_people();
    let body = html! {
        @if let Some(error) = refused.filter(|_| has_people) { (error_box(t.cannot_build, error)) }
        p { (t.check_explained) }
        form.fields #rules {
            label { span { (t.at_time) } input type="datetime-local" name="at" value=(now); }
            (choice("mode", t.door_asks_for, &modes, "face"))
            label { span { (t.with_card) }
                select name="card" {
                    option value="" { (t.no_card) }
                    option value=(UNKNOWN_CARD) { (t.unknown_card) }
                    @for (id, name) in people { option value=(id) { (fill(t.card_of, &[name])) } }
                }
            }
        }
        div.enrol #check data-no-camera=(t.no_camera) data-camera-on=(t.camera_on) {
            section aria-labelledby="camera" {
                h2 #camera { (t.with_webcam) }
                div.stage { video #video playsinline muted aria-label=(t.webcam_picture) {} div.box #box hidden {} }
                p #camera-says role="status" {}
                p { button #start type="button" { (t.start_camera) } button #stop type="button" hidden { (t.stop_camera) } }
            }
            section aria-labelledby="answer" {
                h2 #answer { (t.door_says) }
                p.verdict #verdict role="status" { (t.nothing_checked) }
                ul #why {}
                label.drop #drop-zone { span { (t.check_photo) } input #files type="file" accept="image/*,.heic,.heif,.avif"; }
            }
        }
    };
    Page { script: Some("check.js"), ..Page::new(Place::Check, t.check, body) }
}

fn check(site: &Site, request: &Request) -> anyhow::Result<Checked> {
    let t = site.texts;
    let (examination, _) = site.examiner.newest();
    if let Some(Err(why)) = examination.as_ref().map(|examination| &examination.plan) {
        anyhow::bail!("{} {}", t.cannot_build, terminal::on_one_line(why));
    }
    let plan = plan_of(&examination).context(t.nobody_to_check)?;
    let gallery = plan.gallery.as_ref().context(t.nobody_to_check)?;
    let file = site.photo_reader.of_bytes(Path::new("photo"), request.bytes().to_vec());
    let frame = file.decode().map_err(|error| anyhow::anyhow!("{}", LeftOut::from(error)))?.frame;
    let card = request.query("card").parse::<PersonId>().ok();
    let holder = card.and_then(|id| gallery.person_by_id(&id)).and_then(|index| Enrolled::in_gallery(gallery, index));
    let presented = match request.query("card") == UNKNOWN_CARD {
        true => Some(PresentedCard::Unknown),
        false => holder.map(PresentedCard::Of),
    };
    let observed = site.recognise(|recogniser| observe(recogniser, &frame, gallery, card))?;
    let rules = rules_of(plan.report.threshold, plan.report.threshold_grey, request, site);
    let now = time_of(request.query("at"))?;
    let decision = decide(rules, &observed, frame.is_grey(), gallery, presented, now)?;
    let share = |face: &ObservedFace| {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        [face.bounds.x / width, face.bounds.y / height, face.bounds.width / width, face.bounds.height / height]
    };
    let threshold = if frame.is_grey() { rules.grey_threshold } else { rules.threshold };
    let resembles = observed.first().and_then(|face| face.resembles);
    let mut checked = in_words(t, &decision, resembles, gallery, threshold);
    checked.face = observed.first().map(share);
    if let Decision::Refuse(Refusal {
        reason: Reason::OutsideHours | Reason::NobodyHereYet, person: Some(who), ..
    }) = decision
    {
        checked.why.extend(hours_of(site, gallery, who));
    }
    checked.why.extend(
        resembles
            .filter(|found| found.distance <= threshold)
            .and_then(|found| look_alike(t, plan, found.best.person, gallery)),
    );
    if observed.len() > 1 {
        checked.why.push(t.why_several.to_owned());
    }
    if let Some(quality) = observed.first().map(|face| face.quality) {
        checked.why.extend(quality.sharpness.map(|sharpness| fill(t.why_sharpness, &[&format!("{sharpness:.0}")])));
        checked.why.extend(quality.brightness.map(|light| fill(t.why_light, &[&format!("{light:.0}")])));
        checked.why.push(
            if quality.recognisable == Some(false) { t.why_not_recognisable } else { t.why_recognisable }.to_owned(),
        );
    }
    Ok(checked)
}

/// The rules of a door with these thresholds. A face alone counts where the page says so: presence is not checked here.
fn rules_of(colour: Option<f32>, grey: Option<f32>, request: &Request, site: &Site) -> Rules {
    let colour = colour.unwrap_or(site.threshold);
    let mut rules = Rules::new(colour);
    rules.grey_threshold = grey.unwrap_or(colour);
    rules.mode = Mode::parse(request.query("mode")).unwrap_or(Mode::CardAndFace);
    rules.face_alone = FaceAlone::Accepted;
    rules
}

/// The faces, the largest first, compared as a unit does it.
fn observe(
    recogniser: &mut Recogniser,
    frame: &Frame,
    gallery: &Gallery,
    card: Option<PersonId>,
) -> anyhow::Result<Vec<ObservedFace>> {
    let mut faces = recogniser.detect(frame)?;
    faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
    let mut observed = Vec::new();
    for (index, face) in faces.iter().enumerate() {
        let mut seen = ObservedFace::new(face.bounds);
        seen.landmarks = Some(face.landmarks);
        if index == 0 {
            let crop = recogniser.align(frame, face)?;
            let (encoding, standing) = recogniser.encode_face(face, &crop)?;
            seen.quality = Quality {
                sharpness: Some(sharpness(&crop)),
                brightness: Some(brightness(&crop)),
                recognisable: standing.is_recognisable(),
            };
            seen.resembles = gallery.nearest_two(&encoding, dots_of_rows).and_then(|nearest| {
                let mut found = Resemblance::from_nearest(gallery, &nearest)?;
                found.is_clear = standing.is_clear_of_background(gallery, nearest.best.person);
                Some(found)
            });
            seen.claimed = card.and_then(|person| {
                let mut claimed = Claimed::compare(gallery, person, &encoding, dots_of_rows)?;
                claimed.is_clear = standing.is_clear_of_background(gallery, gallery.person_by_id(&person)?);
                Some(claimed)
            });
            seen.encoding = Some(Arc::new(encoding));
        }
        observed.push(seen);
    }
    Ok(observed)
}

/// The decision on an approach that shows this picture until the consensus is complete.
fn decide(
    rules: Rules,
    faces: &[ObservedFace],
    is_grey: bool,
    gallery: &Gallery,
    card: Option<PresentedCard>,
    now: ZonedDateTime,
) -> anyhow::Result<Decision> {
    let at = |frame: u64| {
        let utc_ms = now.timestamp().as_millisecond() + (frame * FRAME_MS) as i64;
        Now::trusted(utc_ms, 1000 + frame * FRAME_MS).ahead_of_utc(now.offset().seconds())
    };
    let mut policy = Policy::new(rules)?;
    if let Some(card) = card {
        policy.present_card(&card, &at(0));
    }
    let observation = Observation::new(faces).in_grey(is_grey).with_schedules(gallery.schedules());
    let mut decision = Decision::Nobody;
    for frame in 1..=rules.consensus_of as u64 {
        decision = policy.decide(&observation, &at(frame));
        if matches!(decision, Decision::Grant(_)) {
            break;
        }
    }
    Ok(decision)
}

fn in_words(
    t: &Texts,
    decision: &Decision,
    resembles: Option<Resemblance>,
    gallery: &Gallery,
    threshold: f32,
) -> Checked {
    let name = |id: PersonId| name_of(gallery, id).map_or_else(|| id.to_string(), str::to_owned);
    let compared = |who: PersonId, distance: f32| {
        fill(t.why_distance, &[&name(who), &format!("{distance:.3}"), &format!("{threshold:.3}")])
    };
    // A stranger is not called by the name of somebody who is enrolled.
    let near = |(_, distance): &(PersonId, f32)| *distance <= threshold;
    let nearest = resembles.map(|found| (found.best.person, found.distance));
    match decision {
        Decision::Grant(entry) => Checked {
            opens: true,
            words: fill(t.would_open, &[&name(entry.person())]),
            why: vec![entry.distance().map_or_else(
                || t.why_card_alone.to_owned(),
                |distance| fill(t.why_recognised, &[&compared(entry.person(), distance)]),
            )],
            face: None,
        },
        Decision::Refuse(refusal) => {
            let recognised = nearest.map(|(who, distance)| match near(&(who, distance)) {
                true => fill(t.why_recognised, &[&compared(who, distance)]),
                false => fill(t.why_far, &[&format!("{distance:.3}"), &format!("{threshold:.3}")]),
            });
            // The holder of a card is named by the card.
            let holder = refusal.person.zip(refusal.distance);
            let next = refusal.runner_up.map(|next| (next.person, next.distance)).filter(near);
            let mut others: Vec<(PersonId, f32)> = holder.into_iter().chain(next).collect();
            others.dedup_by_key(|(who, _)| *who);
            others.retain(|(who, _)| nearest.is_none_or(|(nearest, _)| nearest != *who));
            let others = others.into_iter().map(|(who, distance)| compared(who, distance));
            Checked {
                words: fill(t.stays_locked, &[refusal.reason.in_words()]),
                why: recognised.into_iter().chain(others).collect(),
                ..Checked::default()
            }
        }
        _ => Checked { words: t.nobody_in_view.to_owned(), ..Checked::default() },
    }
}

fn name_of(gallery: &Gallery, id: PersonId) -> Option<&str> {
    let person = gallery.person_by_id(&id).and_then(|index| gallery.people().get(index))?;
    Some(person.name.as_str())
}

/// The hours of a person, who came outside them.
fn hours_of(site: &Site, gallery: &Gallery, id: PersonId) -> Option<String> {
    let person = gallery.person_by_id(&id).and_then(|index| gallery.people().get(index))?;
    let schedules = hours::schedules(site).of(site.texts, &person.name, &person.details.groups.join(";"));
    Some(fill(site.texts.hours_of, &[&schedules.join(", ")]))
}

/// The look-alike of a person, because of which both must show a card at every door; in words.
fn look_alike(t: &Texts, plan: &Plan, id: PersonId, gallery: &Gallery) -> Option<String> {
    let name = name_of(gallery, id)?;
    let found = plan.report.look_alikes.iter().find(|found| found.people.iter().any(|person| person == name))?;
    let other = found.people.iter().find(|person| *person != name)?;
    Some(fill(t.looks_like, &[other, &format!("{:.2}", found.distance)]))
}

/// The chosen time, as people say it here; now if none was chosen.
fn time_of(text: &str) -> anyhow::Result<ZonedDateTime> {
    if text.is_empty() {
        return Ok(ZonedDateTime::new(Timestamp::now(), TimeZone::system()));
    }
    let time: DateTime = text.parse().with_context(|| format!("{text:?} is not a time"))?;
    Ok(time.to_zoned_datetime(TimeZone::system())?)
}
