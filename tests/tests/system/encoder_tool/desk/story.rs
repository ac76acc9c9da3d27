//! The office manager's whole path, in a real browser with a webcam: from an empty folder to a door that lets somebody in,
//! and no longer does. Every page is checked for accessibility on the way.
//!
//! With DESK_PICTURES=FOLDER in the environment, it also makes the pictures of `docs/people.md`.

use super::super::super::browser::Browser;
use super::super::super::browser::On::{Css, Label, Role, Text};
use super::super::super::edge_agent::at_the_door;
use super::super::super::edge_agent::running::{RunningUnit, configuration_with, photos_of};
use super::super::super::edge_agent::shipped::Server;
use super::super::{build, enrolled_photo};
use super::Desk;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tests::photos;

/// What the camera of the unit sees, in its folder.
const SEEN: &str = "seen.jpg";
const PASSPHRASE: &str = "correct horse battery";
const AT_THE_DOOR: &str = "barack_obama_speaking.jpg";

#[test]
fn from_an_empty_folder_to_a_door_that_knows_its_people() {
    let Some(server) = Server::start() else { return };
    let Some(mut browser) = Browser::start() else { return };
    let desk = Desk::with_people(&[]);
    browser.resize(1400, 900);
    browser.open(&desk.link);
    browser.sees(Text("Nobody is enrolled yet."));
    is_accessible(&mut browser, "people");

    by_webcam(&mut browser, "Barack Obama", &photos().join("enrol/Barack Obama/official_portrait.jpg"));
    by_webcam(&mut browser, "Eileen Collins", &at_the_door("eileen_collins.jpg"));
    from_photos_with_a_wrong_one(&mut browser, "Joe Biden");
    assert_eq!(fs::read_dir(desk.file("people/Joe Biden")).unwrap().count(), 1, "the wrong photo is deleted");
    card_and_hours(&mut browser, "Joe Biden");
    door_check(&mut browser);

    keys(&mut browser);
    let unit = unit_that_trusts(&desk);
    add_door(&mut browser, &desk, &server, &unit);
    build_and_ship(&mut browser);
    unit.status_when(|status| status["database"]["people"] == 3);
    comes_to_the_door(&unit, AT_THE_DOOR);
    unit.status_when(|status| status["turns"]["granted"].as_u64() >= Some(1));
    events(&mut browser, "Barack Obama");
    report(&mut browser, "Barack Obama");
    aim(&mut browser);

    go(&mut browser, "People");
    browser.click(Text("Barack Obama"));
    is_accessible(&mut browser, "person");
    browser.click(Role("button", "Remove Barack Obama"));
    browser.sees(Role("heading", "Barack Obama is removed"));
    is_accessible(&mut browser, "receipt");
    assert!(!desk.file("people/Barack Obama").exists());
    build_and_ship(&mut browser);
    unit.status_when(|status| status["database"]["people"] == 2);
    let refused = |status: &serde_json::Value| status["turns"]["denied"].as_u64();
    let before = refused(&unit.status("--json").json());
    unit.status_when(|status| refused(status) > before);
    let status = unit.status("--json").json();
    assert_eq!(status["database"]["people"], 2, "{status:#}");
    // While the desk still answers.
    drop(browser);
}

/// Without a mouse: the first Tab leads past the navigation, and the webcam is started with a key.
fn by_webcam(browser: &mut Browser, name: &str, photo: &Path) {
    browser.camera_shows_near(photo, 860);
    go(browser, "Enrol");
    browser.press("Tab");
    browser.press("Enter");
    assert_eq!(browser.evaluate("document.activeElement.id"), "main");
    browser.press("Tab");
    browser.press("Enter");
    browser.waits_until("document.getElementById('poses').value >= 3");
    browser.fill(Label("Name"), name);
    picture(browser, "enrol");
    browser.sees(Text("All pictures are taken."));
    browser.fill(Label("Name"), name);
    browser.fill(Css("input[name=groups]"), "staff");
    // Without consent, nothing is stored.
    browser.tolerates("status of 422");
    browser.click(Role("button", "Save"));
    browser.sees(Text("the person has to agree first"));
    is_accessible(browser, "enrol");
    browser.click(Label("I have read the text at the top, and I agree"));
    browser.click(Role("button", "Save"));
    browser.sees(Role("heading", name));
    browser.sees(Text("In use"));
}

fn from_photos_with_a_wrong_one(browser: &mut Browser, name: &str) {
    go(browser, "Enrol");
    let wrong = at_the_door("eileen_collins.jpg");
    browser.drop_files(Css("#drop-zone"), &[&enrolled_photo(), &at_the_door("wall.jpg")]);
    browser.sees(Text("wall.jpg: This photo cannot be used: no face."));
    browser.choose_files(Css("#files"), &[&wrong]);
    browser.sees(Css("li.suspect:has-text(\"Looks like Eileen Collins\")"));
    browser.click(Label("I have looked at these photos: all of them show this person"));
    browser.fill(Label("Name"), name);
    browser.click(Label("I have read the text at the top, and I agree"));
    browser.click(Role("button", "Save"));
    browser.sees(Role("heading", name));
    // Found on the page of people, and mended on the person's.
    go(browser, "People");
    browser.sees(Text("a photo of"));
    is_accessible(browser, "people with problems");
    picture(browser, "people");
    browser.fill(Css("#search"), "biden");
    browser.sees(Text("1 of 3 people"));
    browser.sees_no(Css("#people li:not([hidden]):has-text(\"Eileen\")"));
    browser.click(Css("#people li:not([hidden]) a"));
    browser.click(Css("li.suspect:has-text(\"2.jpg\") button"));
    browser.sees(Text("Saved."));
    browser.sees_no(Css("li.suspect"));
}

fn card_and_hours(browser: &mut Browser, name: &str) {
    browser.fill(Css("input[name=cards]"), "123:45678");
    browser.select(Role("combobox", "At the door"), "card and face");
    browser.fill(Css("input[name=groups]"), "board");
    browser.click(Role("button", "Save"));
    browser.sees(Text("Saved."));
    browser.click(Role("link", "Change hours"));
    browser.fill(Css("input[name=name]"), "board meetings");
    browser.click(Css("input[name=days0][value=\"4\"]"));
    browser.fill(Css("input[name=from0]"), "09:00");
    browser.fill(Css("input[name=until0]"), "12:00");
    browser.fill(Css("input[name=groups]"), "board");
    browser.click(Role("button", "Add"));
    browser.sees(Role("heading", "board meetings"));
    is_accessible(browser, "hours");
    go(browser, "People");
    browser.sees(Css(&format!(
        "#people li:has-text(\"{name}\"):has-text(\"1 card\"):has-text(\"board meetings (mon-thu 09:00-12:00)\")"
    )));
}

/// The webcam shows the second person.
fn door_check(browser: &mut Browser) {
    go(browser, "Door check");
    browser.select(Role("combobox", "The door asks for"), "face");
    browser.click(Role("button", "Start the webcam"));
    browser.sees(Text("Opens for Eileen Collins."));
    browser.sees(Text("Eileen Collins: L2 distance 0."));
    picture(browser, "check");
    browser.select(Role("combobox", "The door asks for"), "card and face");
    browser.sees(Text("Stays locked: a card is needed as well."));
    is_accessible(browser, "check");
}

fn keys(browser: &mut Browser) {
    go(browser, "Build and ship");
    browser.sees(Text("It will be the first database."));
    is_accessible(browser, "build without keys");
    browser.fill(Css("input[name=passphrase]"), PASSPHRASE);
    browser.fill(Css("input[name=again]"), PASSPHRASE);
    browser.click(Role("button", "Create the keys"));
    browser.sees(Role("button", "Build and sign the database"));
}

/// A unit that accepts only what the office has signed. It has a database with somebody else, and sees a wall.
fn unit_that_trusts(desk: &Desk) -> RunningUnit {
    let passphrase = desk.file("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let somebody = folder.path().join("somebody");
    fs::create_dir_all(somebody.join("Joe Biden")).unwrap();
    fs::copy(enrolled_photo(), somebody.join("Joe Biden/1.jpg")).unwrap();
    let (key, database) = (desk.file("config/encoder-tool/signing.key"), folder.path().join("people.db"));
    let [key_text, passphrase] = [&key, &passphrase].map(|path| path.to_str().unwrap());
    let options = ["--for", "all", "--sign", key_text, "--passphrase-file", passphrase];
    assert_eq!(build(&somebody, &database, &options).code, 0);
    fs::copy(at_the_door("wall.jpg"), folder.path().join(SEEN)).unwrap();
    let config = configuration_with(folder.path(), &database, &photos_of(&folder.path().join(SEEN)));
    let text = fs::read_to_string(&config).unwrap();
    let signers = format!("[database]\nsigners = [\"{key_text}.pub\"]\n");
    fs::write(&config, text.replacen("[database]\n", &signers, 1)).unwrap();
    RunningUnit::start_configured(folder)
}

/// From now on, the unit's camera sees this.
fn comes_to_the_door(unit: &RunningUnit, photo: &str) {
    fs::copy(at_the_door(photo), unit.file("next")).unwrap();
    fs::rename(unit.file("next"), unit.file(SEEN)).unwrap();
}

fn add_door(browser: &mut Browser, desk: &Desk, server: &Server, unit: &RunningUnit) {
    go(browser, "Doors");
    browser.sees(Text("There are no doors in the list yet."));
    browser.fill(Css("input[name=name]"), "Front door");
    browser.fill(Css("input[name=host]"), "127.0.0.1");
    browser.click(Text("More choices"));
    browser.fill(Css("input[name=port]"), &server.port().to_string());
    browser.fill(Css("input[name=identity]"), server.identity().to_str().unwrap());
    browser.fill(Css("input[name=config]"), unit.file("config.toml").to_str().unwrap());
    browser.click(Role("button", "Add"));
    browser.sees(Text("No answer:"));
    // Options of ssh are set in the file only.
    let options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR"];
    let doors = fs::read_to_string(desk.file("doors.toml")).unwrap();
    fs::write(desk.file("doors.toml"), format!("{doors}ssh-options = {options:?}\n")).unwrap();
    browser.reload();
    browser.sees(Role("heading", "Front door"));
    browser.sees(Text("Has a database with 1 person."));
    is_accessible(browser, "doors");
}

fn build_and_ship(browser: &mut Browser) {
    go(browser, "Build and ship");
    browser.waits_until("(part => part && !('looking' in part.dataset))(document.getElementById('findings'))");
    browser.fill(Css("input[name=passphrase]"), PASSPHRASE);
    browser.click(Role("button", "Build and sign the database"));
    browser.sees(Text("Ship it now."));
    browser.click(Role("button", "Ship to Front door"));
    browser.sees(Text("Done: the database is in use."));
    picture(browser, "build");
    is_accessible(browser, "build");
}

fn events(browser: &mut Browser, name: &str) {
    go(browser, "Doors");
    browser.click(Role("link", "Front door"));
    browser.sees(Css(&format!(".events li:has-text(\"{name}\")")));
    picture(browser, "door");
    browser.click(Role("button", "Check that the log is whole"));
    browser.sees(Role("heading", "The unit says"));
    is_accessible(browser, "door");
}

fn report(browser: &mut Browser, name: &str) {
    go(browser, "Report");
    browser.sees(Css(&format!("table th:has-text(\"{name}\")")));
    browser.sees(Css("figure svg"));
    is_accessible(browser, "report");
}

fn aim(browser: &mut Browser) {
    go(browser, "Doors");
    browser.click(Role("link", "Front door"));
    browser.click(Role("link", "Aim the camera"));
    browser.click(Role("button", "Show the camera"));
    browser.waits_until("document.getElementById('picture').naturalWidth > 0");
    browser.sees(Css("#boxes .box"));
    is_accessible(browser, "aim");
    browser.click(Role("button", "Stop"));
    browser.sees(Role("button", "Show the camera"));
}

fn go(browser: &mut Browser, page: &str) {
    browser.click(Css(&format!("nav a:text-is(\"{page}\")")));
    browser.sees(Role("heading", page));
}

/// A picture for the documents, if they are wanted.
fn picture(browser: &mut Browser, page: &str) {
    if let Some(folder) = std::env::var_os("DESK_PICTURES") {
        browser.resize(1000, 800);
        browser.evaluate("scrollTo(0, 0)");
        browser.picture(&Path::new(&folder).join(format!("desk-{page}.jpg")));
        browser.resize(1400, 900);
    }
}

/// In light and dark, as wide as a phone and as a desk.
fn is_accessible(browser: &mut Browser, page: &str) {
    for scheme in ["dark", "light"] {
        browser.colour_scheme(scheme);
        let violations = browser.violations();
        assert!(violations.is_empty(), "{page}, {scheme}: {violations:#?}");
    }
    browser.resize(390, 800);
    let overhang = browser.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert!(overhang.as_i64() <= Some(0), "{page}: {overhang} pixels wider than a phone");
    browser.resize(1400, 900);
}
