//! The browser itself: a small page is used in every way that a test can use one.

use super::On::{Css, Label, Role, Text};
use super::{Browser, PATIENCE};
use local_web::{Answer, Kind, LocalServer, Method, Stop};
use serde_json::json;
use std::fs;
use std::thread;
use std::time::Instant;
use tests::photos;

const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>Page</title><link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script></head><body><main><h1>A page</h1>
<video width="640" height="480" muted></video>
<p><label>Name <input id="name"></label> <label>Door <select id="door"><option>Front</option><option>Back</option></select></label></p>
<p><label>Photos <input type="file" id="photos" multiple></label></p>
<div id="drop">Drop photos here</div>
<p><button id="greet">Greet</button></p>
<p id="said" aria-live="polite"></p></main></body></html>"#;

const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"/>"#;

const STYLE: &str = "body { background: white; color: black }
.pale { color: #ccc }
@media (prefers-color-scheme: dark) { body { background: black; color: white } }";

const SCRIPT: &str = r#"
new EventSource('/presence');
const [video, said] = ['video', '#said'].map(name => document.querySelector(name));
const say = text => { said.textContent = text; };
const names = files => [...files].map(file => `${file.name} ${file.size}`).join(', ');
navigator.mediaDevices.getUserMedia({ video: true })
  .then(stream => { video.srcObject = stream; return video.play(); }, error => say(error.name));
greet.onclick = () => say(`Hello ${document.querySelector('#name').value} at the ${door.value} door`);
photos.onchange = () => say(`chosen: ${names(photos.files)}`);
drop.ondragover = event => event.preventDefault();
drop.ondrop = event => { event.preventDefault(); say(`dropped: ${names(event.dataTransfer.files)}`); };
document.onkeydown = event => { if (event.key === 'F2') say('F2'); };
window.looks = (x, y) => {
  const canvas = new OffscreenCanvas(640, 480).getContext('2d');
  canvas.drawImage(video, 0, 0);
  return [...canvas.getImageData(x, y, 1, 1).data];
};"#;

/// A server of the page.
struct Served {
    link: String,
    stop: Stop,
}

fn serve() -> Served {
    let server = LocalServer::listen(0).unwrap();
    let served = Served { link: server.link(), stop: server.stop() };
    thread::spawn(|| {
        server.run(|asked| async move {
            let parts: Vec<&str> = asked.parts().iter().map(String::as_str).collect();
            match (asked.method(), &parts[..]) {
                (Method::Get, []) => Answer::of(Kind::Html, PAGE),
                (Method::Get, ["page.css"]) => Answer::of(Kind::Css, STYLE),
                (Method::Get, ["page.js"]) => Answer::of(Kind::JavaScript, SCRIPT),
                (Method::Get, ["favicon.ico"]) => Answer::of(Kind::Svg, ICON),
                _ => Answer::refused(404, "There is no such page."),
            }
        })
    });
    served
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// The colour of the webcam's picture, once there is one.
fn seen(browser: &mut Browser, x: u32, y: u32) -> [i64; 3] {
    browser.waits_until("document.querySelector('video').currentTime > 0");
    let colour = browser.evaluate(&format!("looks({x}, {y})"));
    [0, 1, 2].map(|channel| colour[channel].as_i64().unwrap())
}

#[test]
fn a_page_is_used_as_a_person_uses_it() {
    let page = serve();
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page.link);
    browser.sees(Role("heading", "A page"));
    browser.sees(Text("NotFoundError"));

    browser.fill(Label("Name"), "Zoë");
    browser.select(Role("combobox", "Door"), "Back");
    browser.click(Role("button", "Greet"));
    assert_eq!(browser.text(Css("#said")), "Hello Zoë at the Back door");
    browser.press("F2");
    browser.sees_no(Text("Hello"));
    browser.click(Label("Name"));
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.id"), "door");

    let (one, two) = (photos().join("door/wall.jpg"), photos().join("door/eileen_collins.jpg"));
    let size = |path| fs::metadata(path).unwrap().len();
    browser.choose_files(Label("Photos"), &[&one, &two]);
    browser.sees(Text(&format!("chosen: wall.jpg {}, eileen_collins.jpg {}", size(&one), size(&two))));
    browser.drop_files(Css("#drop"), &[&two]);
    browser.sees(Text(&format!("dropped: eileen_collins.jpg {}", size(&two))));

    let picture = browser.folder.path().join("page.png");
    browser.resize(400, 700);
    browser.screenshot(&picture);
    assert!(image::open(&picture).unwrap().height() >= 700);
}

#[test]
fn the_webcam_shows_one_photo_and_then_another() {
    let page = serve();
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page.link);
    browser.sees(Text("NotFoundError"));
    let is_grey = |colour: [i64; 3]| colour.iter().all(|channel| (120..136).contains(channel));
    // Eileen Collins wears orange; the curtain behind the president is red.
    for (photo, x, y) in [("door/eileen_collins.jpg", 195, 365), ("enrol/Barack Obama/official_portrait.jpg", 215, 100)]
    {
        browser.camera_shows(&photos().join(photo));
        browser.reload();
        let [red, green, blue] = seen(&mut browser, x, y);
        assert!(red > green + 40 && red > blue + 40, "{photo}: {red} {green} {blue}");
        assert!(is_grey(seen(&mut browser, 20, 20)), "{photo}");
    }
}

#[test]
fn what_some_people_cannot_read_is_found_in_light_and_dark() {
    let page = serve();
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page.link);
    browser.sees(Text("NotFoundError"));
    for (class, scheme, is_found) in
        [("", "light", false), ("", "dark", false), ("pale", "light", true), ("pale", "dark", false)]
    {
        browser.colour_scheme(scheme);
        browser.evaluate(&format!("said.className = '{class}'"));
        let found = browser.violations();
        let contrast = |violation: &String| violation.starts_with("color-contrast: <p id=\"said\"");
        assert_eq!(found.iter().filter(|violation| contrast(violation)).count(), usize::from(is_found), "{found:#?}");
        assert_eq!(found.len(), usize::from(is_found), "{scheme}: {found:#?}");
    }
}

/// Runs a script, and waits until the browser reports this.
fn reports(browser: &mut Browser, script: &str, expected: &str) {
    let until = Instant::now() + PATIENCE;
    let mut reported = browser.attempt(&json!({"do": "evaluate", "script": script}));
    while !reported.as_ref().is_err_and(|error| error.contains(expected)) {
        assert!(Instant::now() < until, "{script}: {reported:?}");
        reported = browser.attempt(&json!({"do": "evaluate", "script": "1"}));
    }
}

#[test]
fn a_page_that_fails_fails_the_test() {
    let page = serve();
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page.link);
    browser.tolerates("it is known");
    browser.evaluate("console.error('it is known')");
    for (script, expected) in [
        ("nowhere()", "nowhere is not defined"),
        ("nowhere()", "A page"),
        ("console.error('it is broken')", "console: it is broken"),
        ("void setTimeout(() => nowhere())", "script: ReferenceError: nowhere is not defined"),
        ("fetch('/missing').then(() => 1)", "status of 404 (Not Found) (http://127.0.0.1:"),
        ("fetch('http://door.example/').catch(() => 1)", "console: Connecting to 'http://door.example/' violates"),
        ("void (location = 'http://door.example/')", "asked another computer: http://door.example/"),
    ] {
        reports(&mut browser, script, expected);
    }
    browser.tolerates("");
}
