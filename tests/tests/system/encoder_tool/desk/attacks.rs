//! What hostile names, files, requests and other pages must not achieve. What every request must bring along is tested in
//! `local-web`, over raw connections.

use super::super::{door_photo, enrolled_photo};
use super::Desk;
use super::client::hidden;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::fs;

/// Markup as a name.
const NAME: &str = "<img src=x onerror=alert(1)> & \"Zoë\"'";
const NAME_AS_TEXT: &str = "&lt;img src=x onerror=alert(1)&gt; &amp; &quot;Zoë&quot;'";
const TABLE: &str = "name,groups,note,cards\n\"<img src=x onerror=alert(1)> & \"\"Zoë\"\"'\",<b>staff</b>,</textarea><script>alert(2)</script>,4711\n";
const SCHEDULES: &str =
    "[[schedule]]\nname = \"<script>alert(3)</script>\"\ngroups = [\"<b>staff</b>\"]\nhours = [\"mon 09:00-10:00\"]\n";
const DOORS: &str = "[[door]]\nname = \"<svg onload=alert(4)>\"\nhost = \"nobody@localhost\"\n";

/// An office in which every text is markup.
fn hostile() -> Desk {
    let photo = fs::read(enrolled_photo()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (path, contents) in [
        (format!("people/{NAME}/\" onload=\"alert(5).jpg"), photo.as_slice()),
        (format!("people/{NAME}/<u>no photo</u>.jpg"), b"<script>alert(6)</script>"),
        ("people/people.csv".to_owned(), TABLE.as_bytes()),
        ("people/schedules.toml".to_owned(), SCHEDULES.as_bytes()),
        ("doors.toml".to_owned(), DOORS.as_bytes()),
    ] {
        super::super::made::put(folder.path(), &path, contents);
    }
    Desk::start(folder)
}

#[test]
fn every_text_is_text_and_no_page_has_code_of_its_own() {
    let desk = hostile();
    let client = desk.client();
    client.waits_for_findings();
    let person = client.key_of(NAME_AS_TEXT);
    let doors = client.page("/doors");
    let door = doors.split("<a href=\"/doors/").nth(1).unwrap().split('"').next().unwrap();
    let mut pages: Vec<(String, String)> =
        ["/people", "/hours", "/enrol", "/check", "/build", "/doors", "/report", "/report/distances"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("/people/{person}"), format!("/enrol?person={person}"), format!("/doors/{door}")])
            .chain([
                format!("/doors/{door}/status"),
                format!("/doors/{door}/aim"),
                format!("/report/{door}/who?week=%3Cb%3E"),
            ])
            .map(|path| (path.clone(), client.page(&path)))
            .collect();
    let refused = client.post(&format!("/people/{person}/rename"), &[("name", "<em>/../x</em>")]);
    assert_eq!(refused.status, 422);
    pages.push(("a refusal".to_owned(), refused.text()));
    for (path, page) in &pages {
        for markup in ["<img src=x", "<b>", "<script>", "<svg onload", "<i>", "<u>", "<em>", "\" onload=\""] {
            assert!(!page.contains(markup), "{path}: {markup} in {page}");
        }
        for tag in page.split('<').skip(1).map(|after| after.split('>').next().unwrap()) {
            // Without the values, in which a name may stand.
            let names: String = tag.split('"').step_by(2).collect();
            let is_code = names.split_whitespace().any(|name| name.starts_with("on") || name.starts_with("style"));
            let is_inline = names.starts_with("script") && !names.contains("src=");
            assert!(!is_code && !is_inline, "{path}: <{tag}>");
            for address in
                tag.split('"').skip(1).step_by(2).filter(|_| names.contains("href=") || names.contains("src="))
            {
                assert!(!address.contains("://") && !address.starts_with("javascript:"), "{path}: <{tag}>");
            }
        }
    }
    assert!(pages[0].1.contains(NAME_AS_TEXT), "{}", pages[0].1);
}

#[test]
fn no_address_leads_out_of_the_folder() {
    let desk = hostile();
    let client = desk.client();
    client.waits_for_findings();
    let person = client.key_of(NAME_AS_TEXT);
    for path in [
        "/people/..",
        "/people/%2e%2e%2f%2e%2e%2fetc%2fpasswd/face",
        &format!("/people/{person}/photo/..%2f..%2fpeople.csv"),
        &format!("/people/{person}/photo/people.csv"),
        &format!("/people/{person}/photo/{person}"),
        &format!("/people/{}", "0".repeat(22)),
        "/people/people.csv",
        "/static/..%2fmod.rs",
        "/static/style.css%00",
        "/static/assets",
        "/enrol/draft/..%2f..%2f/0",
        &format!("/enrol/draft/{}/{}", "a".repeat(32), "b".repeat(16)),
        "/doors/..%2f/status",
        "/report/x/who.csv",
        "/people.csv",
        "/people.db",
        "/doors.toml",
    ] {
        let status = client.get(path).status;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
}

/// A link, an image or a page of another site can only make a browser send GET.
#[test]
fn nothing_is_changed_by_an_address_alone() {
    let desk = hostile();
    let client = desk.client();
    client.waits_for_findings();
    let person = client.key_of(NAME_AS_TEXT);
    let before = desk.people();
    for path in [
        format!("/people/{person}/edit?groups=x"),
        format!("/people/{person}/rename?name=x"),
        format!("/people/{person}/remove"),
        "/hours/add?name=x".to_owned(),
        "/enrol/save?name=x&agreed=yes".to_owned(),
        "/enrol/look".to_owned(),
        "/build/keys".to_owned(),
        "/build/ship?door=all".to_owned(),
        "/doors/add?name=x&host=y".to_owned(),
    ] {
        assert_eq!(client.get(&path).status, 404, "{path}");
    }
    assert!(desk.people() == before, "files changed");
    assert!(!desk.file("config").exists() && !desk.file("people.db").exists());
    assert_eq!(fs::read_to_string(desk.file("doors.toml")).unwrap(), DOORS);
}

/// A photo can carry where it was taken, and anything else behind its picture.
#[test]
fn no_byte_of_a_photo_file_reaches_the_browser() {
    const MARK: &[u8] = b"GPS 51.5007 N 0.1246 W";
    let mut photo = fs::read(enrolled_photo()).unwrap();
    // A comment after the first marker (ITU-T T.81, B.2.4.5), and bytes after the end.
    let comment = [&[0xff, 0xfe, 0, MARK.len() as u8 + 2][..], MARK].concat();
    photo.splice(2..2, comment);
    photo.extend(MARK);
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    client.waits_for_findings();
    let key = client.key_of("Bo");
    let page = client.page(&format!("/people/{key}"));
    let photo = page.split(&format!("/people/{key}/photo/")).nth(1).unwrap().split('"').next().unwrap();
    for path in [format!("/people/{key}/photo/{photo}"), format!("/people/{key}/face")] {
        let answered = client.get(&path);
        assert_eq!((answered.status, answered.headers["content-type"].as_str()), (200, "image/jpeg"), "{path}");
        assert!(!answered.body.windows(MARK.len()).any(|bytes| bytes == MARK), "{path}");
        let shown = image::load_from_memory(&answered.body).unwrap();
        assert!(shown.width().max(shown.height()) <= 480, "{path}");
    }
    // What is enrolled is a picture of its own, too.
    let id = &client.new_draft();
    let with_mark = fs::read(desk.file("people/Bo/1.jpg")).unwrap();
    let looked = client.post_bytes(&format!("/enrol/photo?draft={id}"), "image/jpeg", &with_mark);
    assert!(looked.text().contains("The photo is added"), "{}", looked.text());
    let enrolled =
        client.post("/enrol/save", &[("draft", id), ("name", "Cy"), ("basis", "consent"), ("agreed", "yes")]);
    assert_eq!(enrolled.status, 303, "{}", enrolled.text());
    let stored = desk.people().into_iter().find(|(path, _)| path.to_string_lossy().contains("Cy/")).unwrap().1;
    assert!(!stored.windows(MARK.len()).any(|bytes| bytes == MARK));
}

#[test]
fn pictures_that_are_none_or_too_large_are_refused_and_the_desk_works_on() {
    let desk = Desk::with_people(&[]);
    let client = desk.client();
    let id = &client.new_draft();
    // 20000 x 20000 pixels in a few bytes of header.
    let mut bomb = Vec::new();
    PngEncoder::new(&mut bomb).write_image(&[0; 3], 1, 1, ExtendedColorType::Rgb8).unwrap();
    bomb[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let wall = fs::read(door_photo("wall.jpg")).unwrap();
    let large = vec![0xff; 5 << 20];
    for (path, body, status, expected) in [
        ("/enrol/look", &b"<svg/>"[..], 422, "cannot be used"),
        ("/enrol/look", &bomb, 422, "cannot be used"),
        ("/enrol/look", &wall[..wall.len() / 2], 422, "cannot be used"),
        ("/enrol/look", &large, 413, ""),
        ("/enrol/look", b"", 422, "cannot be used"),
        ("/enrol/photo", b"%PDF-1.7", 200, "cannot be used"),
        ("/enrol/photo", &bomb, 200, "cannot be used"),
        ("/enrol/photo", &wall, 200, "no face"),
        ("/check/look", &bomb, 200, ""),
        ("/check/look", b"no picture", 200, ""),
    ] {
        let answered = client.post_bytes(&format!("{path}?draft={id}"), "application/octet-stream", body);
        assert_eq!(answered.status, status, "{path} {} bytes: {}", body.len(), answered.text());
        assert!(answered.text().contains(expected), "{path}: {}", answered.text());
    }
    for id in ["", "short", &"a".repeat(32), "../../../../../../../../etc/passwd", &"g".repeat(32)] {
        let face = fs::read(enrolled_photo()).unwrap();
        let answered =
            client.post_bytes(&format!("/enrol/photo?draft={}", id.replace('/', "%2f")), "image/jpeg", &face);
        assert_eq!(answered.status, 422, "{id}");
    }
    assert!(client.page("/people").contains("Nobody is enrolled yet"));
    assert_eq!(desk.people(), []);
}

/// What was typed is never shown again, and no secret half of a key is.
#[test]
fn keys_and_passphrases_stay_in_the_process() {
    const PASSPHRASE: &str = "correct horse battery";
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    client.waits_for_findings();
    let differ = client.post("/build/keys", &[("passphrase", PASSPHRASE), ("again", "another one entirely")]);
    assert!(differ.status == 422 && !differ.text().contains(PASSPHRASE), "{}", differ.text());
    let none = client.post("/build/keys", &[("passphrase", ""), ("again", "")]);
    assert!(none.status == 422 && none.text().contains("give a passphrase"), "{}", none.text());
    let short = client.post("/build/keys", &[("passphrase", "short"), ("again", "short")]);
    assert!(short.status == 422 && !desk.file("config/encoder-tool/signing.key").exists());
    assert_eq!(client.post("/build/keys", &[("passphrase", PASSPHRASE), ("again", PASSPHRASE)]).status, 303);
    let secret = fs::read_to_string(desk.file("config/encoder-tool/signing.key")).unwrap();
    assert!(secret.starts_with("-----BEGIN AGE"), "{secret}");
    let again = client.post("/build/keys", &[("passphrase", PASSPHRASE), ("again", PASSPHRASE)]);
    assert_eq!(again.status, 422, "a key is never replaced by a click");
    let wrong = client.post("/build", &[("passphrase", "another passphrase")]);
    assert!(wrong.status == 422 && wrong.text().contains("passphrase is wrong"), "{}", wrong.text());
    assert!(!desk.file("people.db").exists());
    assert_eq!(client.post("/build", &[("passphrase", PASSPHRASE)]).status, 303);
    let progress = client.waits_until("/build/progress", |progress| !progress.contains("data-running"));
    assert!(progress.contains("is written") && desk.file("people.db").exists(), "{progress}");
    for path in ["/people", "/build", "/build/progress", "/doors", "/report", "/state"] {
        let page = client.page(path);
        for secret in [PASSPHRASE, "another passphrase", "SECRET", &secret[40..80]] {
            assert!(!page.contains(secret), "{path}: {page}");
        }
    }
    let elsewhere = desk.file("elsewhere.db");
    let more = format!("--output={}", elsewhere.display());
    let more = client.post("/build", &[("passphrase", PASSPHRASE), ("allow", &more)]);
    assert_eq!(more.status, 303, "an argument that is not on the page is left out");
    client.waits_until("/build/progress", |progress| !progress.contains("data-running"));
    assert!(!elsewhere.exists());
}

/// Two people at two browsers, or a page that was open over lunch.
#[test]
fn a_form_that_is_too_old_changes_nothing() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo), ("people.csv", b"name,groups\nBo,staff\n")]);
    let client = desk.client();
    let key = client.key_of("Bo");
    let version = hidden(&client.page(&format!("/people/{key}")), "version");
    fs::write(desk.file("people/people.csv"), "name,groups\nBo,night\n").unwrap();
    let stale = client.post(&format!("/people/{key}/edit"), &[("version", &version), ("groups", "board")]);
    assert!(stale.status == 422 && stale.text().contains("somebody changed this meanwhile"), "{}", stale.text());
    assert!(stale.text().contains("value=\"night\"") && stale.text().contains("Groups: board"), "{}", stale.text());
    assert_eq!(fs::read_to_string(desk.file("people/people.csv")).unwrap(), "name,groups\nBo,night\n");
    let version = hidden(&client.page("/hours"), "version");
    fs::write(
        desk.file("people/schedules.toml"),
        "[[schedule]]\nname = \"n\"\ngroups = [\"night\"]\nhours = [\"mon 9:00-10:00\"]\n",
    )
    .unwrap();
    let stale = client.post("/hours/remove", &[("version", &version), ("number", "0")]);
    assert!(stale.status == 422 && desk.file("people/schedules.toml").exists(), "{}", stale.text());
}
