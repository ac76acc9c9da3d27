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

#[test]
fn who_does_not_agree_is_not_stored() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk = Desk::with_people(&[]);
    let client = desk.client();
    let id = &client.new_draft();
    let looked = client.post_bytes(&format!("/enrol/photo?draft={id}"), "image/jpeg", &photo);
    assert!(looked.text().contains("The photo is added"), "{}", looked.text());
    for (fields, expected) in [
        (&[("name", "Bo"), ("basis", "consent")][..], "the person has to agree first"),
        (&[("name", "Bo"), ("basis", ""), ("agreed", "yes")], "say why the data may be stored"),
        (&[("name", "Bo"), ("basis", "consent"), ("agreed", "yes"), ("mode", "card")], "needs no photo"),
        (&[("name", "../Bo"), ("basis", "consent"), ("agreed", "yes")], "cannot be the name of a folder"),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("draft", id.as_str())]).collect();
        let refused = client.post("/enrol/save", &fields);
        assert!(refused.status == 422 && refused.text().contains(expected), "{fields:?}: {}", refused.text());
        assert!(refused.text().contains(&format!("/enrol/draft/{id}/")), "the photo is still there");
        assert_eq!(desk.people(), []);
    }
    let enrolled =
        client.post("/enrol/save", &[("draft", id), ("name", "Bo"), ("basis", "consent"), ("agreed", "yes")]);
    assert_eq!(enrolled.status, 303, "{}", enrolled.text());
    let table = fs::read_to_string(desk.file("people/people.csv")).unwrap();
    let today = jiff::ZonedDateTime::now().date();
    assert_eq!(table, format!("name,basis,informed_on\nBo,consent {today},{today}\n"));
    assert_eq!(client.post("/enrol/again", &[("draft", id)]).status, 422, "the draft is gone");
}

/// Regression test: a second click removed the next photo, because photos were numbered.
#[test]
fn a_second_click_removes_no_second_photo() {
    let desk = Desk::with_people(&[]);
    let client = desk.client();
    let id = &client.new_draft();
    for photo in [enrolled_photo(), door_photo("eileen_collins.jpg")] {
        let looked =
            client.post_bytes(&format!("/enrol/photo?draft={id}"), "image/jpeg", &fs::read(photo).unwrap()).text();
        assert!(looked.contains("The photo is added"), "{looked}");
    }
    let photos = client.post("/enrol/choose", &[("draft", id), ("photo", "none")]).text();
    let digest =
        photos.split(&format!("/enrol/draft/{id}/")).nth(1).unwrap().split(['\\', '"']).next().unwrap().to_owned();
    for _ in 0..2 {
        let left = client.post("/enrol/drop", &[("draft", id), ("photo", &digest)]).text();
        assert_eq!(left.matches("<img").count(), 1, "{left}");
    }
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

/// A person who says no gets a card, and is asked for no agreement.
#[test]
fn a_card_holder_agrees_to_nothing() {
    let desk = Desk::with_people(&[]);
    let client = desk.client();
    let id = &client.new_draft();
    let fields = [("draft", id.as_str()), ("name", "Bo"), ("mode", "card"), ("cards", "4711"), ("basis", "consent")];
    let enrolled = client.post("/enrol/save", &fields);
    assert_eq!(enrolled.status, 303, "{}", enrolled.text());
    let table = fs::read_to_string(desk.file("people/people.csv")).unwrap();
    assert_eq!(table, "name,mode,cards,basis\nBo,card,4711,\"card only, no data of the face\"\n");
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
        (person("edit"), &[("version", &version), ("keep_until", "2020-01-01")], "2020-01-01", "which is over"),
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

/// Hours of one person, from the day of enrolment until the person is removed.
#[test]
fn a_person_is_put_into_schedules_by_a_tick() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let schedules = "[[schedule]]\nname = \"early\"\npeople = [\"Bo\"]\nhours = [\"6:00-9:00\"] # with coffee\n\n\
                     [[schedule]]\nname = \"late\"\npeople = [\"Bo\"]\nhours = [\"20:00-23:00\"]\n";
    let desk = Desk::with_people(&[("Bo/1.jpg", &photo), ("schedules.toml", schedules.as_bytes())]);
    let client = desk.client();
    let file = || fs::read_to_string(desk.file("people/schedules.toml")).unwrap();
    let id = &client.new_draft();
    let fields = [("draft", id.as_str()), ("name", "Cy"), ("mode", "card"), ("cards", "4711"), ("schedule", "early")];
    assert_eq!(client.post("/enrol/save", &fields).status, 303);
    assert_eq!(file(), schedules.replacen("[\"Bo\"]", "[\"Bo\", \"Cy\"]", 1));

    let bo = client.key_of("Bo");
    let hours = format!("/people/{bo}/hours");
    let version =
        || client.page(&format!("/people/{bo}")).split("/hours\"").nth(1).map(|form| hidden(form, "version")).unwrap();
    let emptied = client.post(&hours, &[("version", &version())]);
    assert!(emptied.status == 422 && emptied.text().contains("would bind nobody"), "{}", emptied.text());
    let stale = client.post(&hours, &[("version", "0"), ("schedule", "late")]);
    assert!(stale.status == 422 && stale.text().contains("somebody changed this meanwhile"), "{}", stale.text());
    assert_eq!(client.post(&hours, &[("version", &version()), ("schedule", "late")]).status, 303);
    assert_eq!(file(), schedules.replacen("\"Bo\"", "\"Cy\"", 1));

    let removed = client.post(&format!("/people/{bo}/remove"), &[]).text();
    assert!(removed.contains("the schedule &quot;late&quot;, which bound nobody else"), "{removed}");
    assert!(!file().contains("late") && file().contains("Cy"), "{}", file());
}

/// Photos of somebody who is enrolled already go to that person, with one click.
#[test]
fn photos_of_somebody_known_are_added_to_that_person() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let desk =
        Desk::with_people(&[("Bo/1.jpg", &photo), ("people.csv", b"name,basis,informed_on\nBo,contract,2026-01-01\n")]);
    let client = desk.client();
    client.waits_for_findings();
    let id = &client.new_draft();
    let looked = client.post_bytes(&format!("/enrol/photo?draft={id}"), "image/jpeg", &photo).text();
    let bo = client.key_of("Bo");
    let address = format!("/enrol?person={bo}&amp;draft={id}");
    assert!(looked.contains("This face looks like Bo") && looked.contains(&address), "{looked}");
    let page = client.page(&address.replace("&amp;", "&"));
    assert!(page.contains("More photos of Bo.") && page.contains(&format!("/enrol/draft/{id}/")), "{page}");
    assert_eq!(client.post("/enrol/save", &[("draft", id), ("person", &bo)]).status, 303);
    assert_eq!(fs::read_dir(desk.file("people/Bo")).unwrap().count(), 2);
    let new = hidden(&client.page(&format!("/enrol?person={bo}&draft={id}")), "draft");
    assert_ne!(&new, id, "a draft that is gone is not used again");
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
