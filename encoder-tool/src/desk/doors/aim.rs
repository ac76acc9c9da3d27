//! The page that shows what a unit's camera sees, to aim it: the pictures of `encoder-tool aim`, one unit at a time. Nobody is
//! named in them, and nothing is stored.

use super::doors_file::Door;
use crate::aim::watch::watch;
use crate::desk::aiming::{Aiming, Seen};
use crate::desk::lock::lock;
use crate::desk::opaque;
use crate::desk::page::{Page, Place};
use crate::desk::pictures::as_jpeg;
use crate::desk::site::Site;
use crate::desk::texts::fill;
use fleet_messages::aim::{AimMessage, AimPicture, MAX_AIM_SIDE};
use local_web::{Answer, Kind, Method};
use maud::html;
use models::photo::Photo;
use serde::Serialize;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Of JPEG, 1 to 100.
const QUALITY: u8 = 80;

/// The answer of `state`.
#[derive(Debug, Default, Serialize)]
struct State {
    is_running: bool,
    /// The number of the newest picture; 0 before the first.
    picture: u64,
    /// Left, top, width and height as shares of the picture.
    boxes: Vec<[f32; 4]>,
    /// What the unit says about the picture, a line each.
    lines: Vec<String>,
    seconds_left: u16,
}

/// Answers a request for `/doors/KEY/aim/…`; `None` if there is no such page.
///
/// # Errors
/// None: the signature is that of the other pages.
pub(super) fn answer(site: &Arc<Site>, door: &Door, method: Method, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let key = opaque::of_door(&door.name);
    match (method, rest) {
        (Method::Get, []) => Ok(Some(page(site, door, &key).answer(site.texts))),
        (Method::Post, ["start"]) => {
            start(site, door, &key);
            Ok(Some(state(site, &key)?))
        }
        (Method::Post, ["stop"]) => {
            let mut aiming = lock(&site.aiming);
            if aiming.door == key {
                aiming.end();
            }
            drop(aiming);
            Ok(Some(state(site, &key)?))
        }
        (Method::Get, ["state"]) => Ok(Some(state(site, &key)?)),
        (Method::Get, ["picture"]) => {
            let aiming = lock(&site.aiming);
            let seen = aiming.picture.as_ref().filter(|_| aiming.door == key);
            // Nothing, if it was stopped while the page asked for the last picture.
            let jpeg = seen.map_or_else(Vec::new, |seen| seen.jpeg.clone());
            Ok(Some(Answer::of(Kind::Jpeg, jpeg)))
        }
        _ => Ok(None),
    }
}

fn start(site: &Arc<Site>, door: &Door, key: &str) {
    let turn = {
        let mut aiming = lock(&site.aiming);
        let turn = aiming.turn + 1;
        *aiming =
            Aiming { door: key.to_owned(), turn, is_running: true, asked: Some(Instant::now()), ..Aiming::default() };
        turn
    };
    let (site, door) = (Arc::clone(site), door.clone());
    thread::spawn(move || {
        let end = follow(&site, &door, turn);
        let mut aiming = lock(&site.aiming);
        if aiming.turn == turn {
            (aiming.is_running, aiming.end, aiming.picture) = (false, Some(end), None);
        }
    });
}

/// Keeps the newest picture, until the page is closed or the unit ends it. Returns why it ended.
fn follow(site: &Site, door: &Door, turn: u64) -> String {
    let t = site.texts;
    let messages = match watch(&door.without_questions(), &door.line("aim --stream")) {
        Ok(messages) => messages,
        Err(error) => return error.to_string(),
    };
    for message in messages {
        if !lock(&site.aiming).is_of(turn) {
            return t.aim_closed.to_owned();
        }
        match message {
            Ok(AimMessage::Picture(AimPicture { view, jpeg })) => {
                // The unit's bytes do not reach the browser.
                let picture = Photo::open(&jpeg).and_then(Photo::decode).ok();
                let jpeg = picture.and_then(|picture| as_jpeg(&picture, MAX_AIM_SIDE, QUALITY));
                let mut aiming = lock(&site.aiming);
                if let (Some(jpeg), true) = (jpeg, aiming.turn == turn) {
                    aiming.pictures += 1;
                    aiming.picture = Some(Seen { jpeg, view });
                }
            }
            Ok(message @ AimMessage::Ended(_)) => return message.to_string(),
            Ok(AimMessage::NoPicture) => {}
            Err(error) => return error.to_string(),
        }
    }
    t.aim_closed.to_owned()
}

fn state(site: &Site, key: &str) -> anyhow::Result<Answer> {
    let t = site.texts;
    let mut aiming = lock(&site.aiming);
    let mut state = State::default();
    if aiming.door == key {
        aiming.asked = Some(Instant::now());
        state.is_running = aiming.is_running;
        state.picture = aiming.pictures;
        state.lines.extend(aiming.end.clone());
        if let Some(Seen { view, .. }) = &aiming.picture {
            let (width, height) = (view.width as f32, view.height as f32);
            let share = |found: &fleet_messages::aim::AimBox| {
                [found.x / width, found.y / height, found.width / width, found.height / height]
            };
            state.boxes = view.boxes.iter().map(share).collect();
            state.seconds_left = view.seconds_left;
            state.lines.push(view.gate.words.clone());
            if let Some(face) = &view.face {
                state.lines.push(fill(t.aim_face, &[&format!("{:.0}", face.pixels), &format!("{:.0}", face.minimum)]));
            }
            state.lines.push(view.light.words.clone());
            state.lines.push(view.sharpness.words.clone());
            if let Some(rotate) = view.rotate {
                state.lines.push(fill(t.aim_rotate, &[&rotate.to_string()]));
            }
        }
    }
    Ok(Answer::of(Kind::Json, serde_json::to_vec(&state)?))
}

fn page<'a>(site: &Site, door: &Door, key: &str) -> Page<'a> {
    let t = site.texts;
    let body = html! {
        p { (fill(t.aim_explained, &[&door.name])) }
        div #aim data-at={ "/doors/" (key) "/aim" } {
            div.stage { img #picture alt=(t.aim_picture) hidden; div #boxes {} }
            p {
                button #start type="button" { (t.aim_start) }
                button #stop type="button" hidden { (t.aim_stop) }
            }
            div role="status" { ul #lines {} }
        }
        p { a href={ "/doors/" (key) } { (door.name) } }
    };
    Page { script: Some("aim.js"), ..Page::new(Place::Doors, t.aim_camera, body) }
}
