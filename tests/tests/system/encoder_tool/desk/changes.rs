//! A change on a page changes the files, and a change of the files is on the page.

use super::super::{door_photo, enrolled_photo};
use super::Desk;
use super::client::hidden;
use std::fs;

#[test]
fn pages_and_files_say_the_same() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    let key = client.key_of("Bo");
    let version = hidden(&client.page(&format!("/people/{key}")), "version");
    let saved = client.post(
        &format!("/people/{key}/edit"),
        &[
            ("version", &version),
            ("groups", "staff"),
            ("cards", "123:45678"),
            ("mode", "card-and-face"),
            ("note", "a\r\nb"),
        ],
    );
    assert_eq!(saved.status, 303, "{}", saved.text());
    let table = fs::read_to_string(desk.file("people/people.csv")).unwrap();
    assert_eq!(table, "name,groups,mode,cards,note\nBo,staff,card-and-face,123:45678,\"a\nb\"\n");

    let version = hidden(&client.page("/hours"), "version");
    let hours = [
        ("version", version.as_str()),
        ("name", "office"),
        ("days0", "0"),
        ("days0", "1"),
        ("days0", "2"),
        ("days0", "3"),
        ("days0", "4"),
        ("from0", "06:00"),
        ("until0", "20:00"),
        ("days1", "5"),
        ("from1", "10:00"),
        ("until1", "12:00"),
        ("from2", ""),
        ("until2", ""),
        ("groups", "staff"),
    ];
    let added = client.post("/hours/add", &hours);
    assert_eq!(added.status, 303, "{}", added.text());
    let schedules = fs::read_to_string(desk.file("people/schedules.toml")).unwrap();
    assert!(schedules.contains("hours = [\"mon-fri 06:00-20:00\", \"sat 10:00-12:00\"]"), "{schedules}");
    assert!(client.page(&format!("/people/{key}")).contains("office (mon-fri 06:00-20:00, sat 10:00-12:00)"));

    assert_eq!(client.post(&format!("/people/{key}/rename"), &[("name", "Bo Lee")]).status, 303);
    assert!(desk.file("people/Bo Lee/1.jpg").exists());
    super::super::made::put(desk.folder.path(), "people/Cy/1.jpg", b"no photo");
    let page = client.page("/people");
    assert!(page.contains("Bo Lee") && page.contains(">Cy<"), "{page}");

    let key = client.key_of("Cy");
    let removed = client.post(&format!("/people/{key}/remove"), &[]);
    assert!(removed.status == 200 && removed.text().contains("with 1 photo"), "{}", removed.text());
    assert!(!desk.file("people/Cy").exists());
    assert_eq!(client.get(&format!("/people/{key}")).status, 404);
}

/// The folder is refused as a whole if a file in it has a mistake: the page says which.
#[test]
fn a_mistake_in_a_file_is_named_and_nothing_is_changed() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo), ("people.csv", b"name,mode\nBo,sesame\n")]);
    let client = desk.client();
    let page = client.get("/people");
    assert!(page.status == 422 && page.text().contains("line 2, mode"), "{}", page.text());
    fs::write(desk.file("people/people.csv"), "name,mode\nBo,face\n").unwrap();
    assert!(client.page("/people").contains(">Bo<"));
    fs::write(desk.file("people/schedules.toml"), "[[schedule]]\nname = 1\n").unwrap();
    let page = client.get("/hours");
    assert!(page.status == 422 && page.text().contains("schedules.toml"), "{}", page.text());
}

/// Regression test: the photo was being encoded while the person was removed, and stayed in the cache.
#[test]
fn a_removed_person_is_in_no_cache() {
    let photo = fs::read(enrolled_photo()).unwrap();
    for _ in 0..4 {
        let desk = Desk::with_people(&[
            ("Bo/1.jpg", &photo),
            ("Cy/1.jpg", &fs::read(door_photo("eileen_collins.jpg")).unwrap()),
        ]);
        let client = desk.client();
        // Without waiting: the photos are being looked at.
        let removed = client.post(&format!("/people/{}/remove", client.key_of("Bo")), &[]);
        assert_eq!(removed.status, 200, "{}", removed.text());
        client.waits_for_findings();
        let cached = desk.cached();
        assert!(cached.len() <= 1, "{cached:?}");
    }
}

#[test]
fn a_photo_that_comes_from_elsewhere_is_looked_at() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    client.waits_for_findings();
    super::super::made::put(desk.folder.path(), "people/Bo/2.jpg", &photo);
    let page = format!("/people/{}", client.key_of("Bo"));
    client.waits_until(&page, |page| page.contains("2.jpg is not used: the same photo as Bo/1.jpg"));
}

/// Regression test: the last person could not be taken off the doors.
#[test]
fn the_last_person_leaves_a_database_without_people() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    assert!(
        client.post("/build/keys", &[("without", "yes")]).status == 303 && client.post("/build", &[]).status == 303
    );
    let done = |word: &str| {
        client.waits_until("/build/progress", |page| !page.contains("data-running") && page.contains(word))
    };
    done("with 1 person");
    let removed = client.post(&format!("/people/{}/remove", client.key_of("Bo")), &[]);
    assert_eq!(removed.status, 200, "{}", removed.text());
    assert_eq!(client.post("/build", &[]).status, 303);
    done("to remove everybody from the database");
    assert_eq!(client.post("/build", &[("allow", "--allow-removals")]).status, 303);
    done("to remove everybody from the database");
    let page = client.page("/build");
    assert!(
        page.contains("Nobody is enrolled any more") && page.contains("Remove everybody (1 person) from"),
        "{page}"
    );
    assert_eq!(client.post("/build", &[("allow", "--remove-everybody")]).status, 303);
    done("with 0 people");
    super::super::made::put(desk.folder.path(), "people/Cy/1.jpg", &photo);
    // A page from before.
    assert_eq!(client.post("/build", &[("allow", "--remove-everybody")]).status, 303);
    done("there are still people");
}

/// What has begun is finished, although nobody looks any more.
#[test]
fn a_build_is_finished_when_the_desk_is_stopped() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let mut desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    assert_eq!(client.post("/build/keys", &[("without", "yes")]).status, 303);
    assert_eq!(client.post("/build", &[]).status, 303);
    assert_eq!(desk.stop(), Some(0));
    assert!(desk.file("people.db").exists());
}

/// What was typed into a form that is refused is still there.
#[test]
fn a_refused_form_keeps_what_was_typed() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo)]);
    let client = desk.client();
    let key = client.key_of("Bo");
    let page = client.page(&format!("/people/{key}"));
    let version = hidden(&page, "version");
    let hours = hidden(&client.page("/hours"), "version");
    let person = |verb: &str| format!("/people/{key}/{verb}");
    for (path, fields, typed, expected) in [
        (person("edit"), &[("version", version.as_str()), ("cards", "hello")][..], "hello", "Cards: card 1"),
        (
            person("edit"),
            &[("version", &version), ("keep_until", "2020-01-01")],
            "2020-01-01",
            "is over; choose a later day",
        ),
        (person("rename"), &[("name", "people.csv")], "people.csv", "cannot be the name of a person"),
        (
            "/hours/add".to_owned(),
            &[("version", &hours), ("name", "n"), ("people", "Bo"), ("days0", "2"), ("from0", "09:15"), ("until0", "")],
            "09:15",
            "Wednesday: give both times",
        ),
    ] {
        let refused = client.post(&path, fields);
        assert_eq!(refused.status, 422, "{path}: {}", refused.text());
        let page = refused.text();
        assert!(page.contains(&format!("value=\"{typed}\"")) && page.contains(expected), "{path}: {page}");
    }
}

/// Regression test: the refused form had the old texts and the new version, so a second click undid the other change.
#[test]
fn a_second_click_undoes_no_change_of_somebody_else() {
    let desk = Desk::with_people(&[("people.csv", b"name,mode,cards,groups\nBo,card,55,\n")]);
    let client = desk.client();
    let path = format!("/people/{}", client.key_of("Bo"));
    let edit = format!("{path}/edit");
    let old = hidden(&client.page(&path), "version");
    assert_eq!(client.post(&edit, &[("version", &old), ("cards", "66"), ("groups", "")]).status, 303);
    let refused = client.post(&edit, &[("version", &old), ("cards", "55"), ("groups", "visitors")]);
    let page = refused.text();
    assert!(refused.status == 422 && page.contains("here is the new state"), "{page}");
    assert!(page.contains("name=\"cards\" value=\"66\"") && page.contains("Groups: visitors"), "{page}");

    let schedule = |hours: &str| format!("[[schedule]]\nname = \"s\"\npeople = [\"Bo\"]\nhours = [\"{hours}\"]\n");
    fs::write(desk.file("people/schedules.toml"), schedule("mon 09:00-10:00")).unwrap();
    let old = hidden(&client.page("/hours"), "version");
    fs::write(desk.file("people/schedules.toml"), schedule("mon 09:00-11:00")).unwrap();
    let fields = [("version", old.as_str()), ("number", "0"), ("name", "s"), ("people", "Bo"), ("days0", "0")];
    let refused = client.post("/hours/set", &[&fields[..], &[("from0", "09:00"), ("until0", "10:00")]].concat());
    let page = refused.text();
    assert!(refused.status == 422 && page.contains("value=\"11:00\"") && !page.contains("value=\"10:00\""), "{page}");
}

/// What the door check says, and why. A stranger is not called by anybody's name.
#[test]
fn the_door_check_says_why() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let stranger = fs::read(door_photo("eileen_collins.jpg")).unwrap();
    let table = "name,mode,cards\nBo,,1\nCy,card,2\n";
    let hours = "[[schedule]]\nname = \"early\"\npeople = [\"Bo\"]\nhours = [\"mon-fri 06:00-09:00\"]\n";
    let files: [(&str, &[u8]); 3] =
        [("Bo/1.jpg", &photo), ("people.csv", table.as_bytes()), ("schedules.toml", hours.as_bytes())];
    let desk = Desk::with_people(&files);
    let client = desk.client();
    client.waits_for_findings();
    let page = client.page("/check");
    let card_of = |name: &str| {
        let (before, _) = page.split_once(&format!("\">the card of {name}<")).unwrap();
        before.rsplit_once('"').unwrap().1.to_owned()
    };
    let (bo, cy) = (card_of("Bo"), card_of("Cy"));
    let (open, late) = ("2026-11-27T08:00", "2026-11-27T12:00");
    for (photo, mode, card, at, expected) in [
        (&photo, "face", "", open, &["Opens for Bo.", "Recognised. Bo: L2 distance"][..]),
        (&photo, "face", "", late, &["outside the person", "Recognised. Bo", "early (mon-fri 06:00-09:00)"]),
        (&photo, "card-and-face", "", open, &["a card is needed", "Recognised. Bo"]),
        (&photo, "card-and-face", "unknown", open, &["the card is unknown", "Recognised. Bo"]),
        (&photo, "card-and-face", bo.as_str(), open, &["Opens for Bo.", "Recognised. Bo"]),
        (&photo, "card-and-face", cy.as_str(), open, &["Opens for Cy.", "The card is enough"]),
        (&stranger, "face", "", open, &["no enrolled person", "Not recognised. Nearest person"]),
        (&stranger, "card-and-face", "", open, &["a card is needed", "Not recognised"]),
        (&stranger, "card-and-face", bo.as_str(), open, &["not that of the card", "Not recognised"]),
    ] {
        let said =
            client.post_bytes(&format!("/check/photo?mode={mode}&card={card}&at={at}"), "image/jpeg", photo).text();
        for expected in expected {
            assert!(said.contains(expected), "{mode} {card} {at}: {expected} in {said}");
        }
        let is_named = said.contains("Bo") || said.contains("Cy");
        assert!(photo != &stranger || !is_named, "a stranger is nobody: {said}");
    }
}

#[test]
fn a_door_is_edited_and_keeps_what_is_not_in_the_form() {
    let doors = "[[door]]\nname = \"Front\"\nhost = \"pi@nowhere\"\nssh-options = [\"LogLevel=ERROR\"]\n";
    let folder = tempfile::tempdir().unwrap();
    super::super::made::put(folder.path(), "doors.toml", doors.as_bytes());
    let desk = Desk::start(folder);
    let client = desk.client();
    let page = client.page("/doors");
    let key = page.split("<a href=\"/doors/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/doors/{key}/edit");
    let refused = client.post(&path, &[("name", "Front"), ("host", "a b")]);
    assert!(refused.status == 422 && refused.text().contains("value=\"a b\""), "{}", refused.text());
    assert_eq!(fs::read_to_string(desk.file("doors.toml")).unwrap(), doors);
    let edited = client.post(&path, &[("name", "Back"), ("host", "pi@back"), ("port", "2222"), ("sudo", "yes")]);
    assert_eq!(edited.status, 303, "{}", edited.text());
    let text = fs::read_to_string(desk.file("doors.toml")).unwrap();
    for expected in ["\"Back\"", "\"pi@back\"", "2222", "sudo = true", "LogLevel=ERROR"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
