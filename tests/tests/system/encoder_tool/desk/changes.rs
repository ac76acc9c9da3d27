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
        ("hours", "mon-fri 06:00-20:00; sat 10:00-12:00"),
        ("groups", "staff"),
    ];
    assert_eq!(client.post("/hours/add", &hours).status, 303);
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
        (person("edit"), &[("version", version.as_str()), ("cards", "hello")][..], "hello", "it is not a number"),
        (person("edit"), &[("version", &version), ("keep_until", "2020-01-01")], "2020-01-01", "which is over"),
        (person("rename"), &[("name", "people.csv")], "people.csv", "cannot be the name of a person"),
        (
            "/hours/add".to_owned(),
            &[("version", &hours), ("name", "n"), ("people", "Bo"), ("hours", "9 to 5")],
            "9 to 5",
            "mon-fri",
        ),
    ] {
        let refused = client.post(&path, fields);
        assert_eq!(refused.status, 422, "{path}: {}", refused.text());
        let page = refused.text();
        assert!(page.contains(&format!("value=\"{typed}\"")) && page.contains(expected), "{path}: {page}");
    }
}
