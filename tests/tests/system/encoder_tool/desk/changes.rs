//! A change on a page changes the files, and a change of the files is on the page.

use super::super::{door_photo, enrolled_photo};
use super::Desk;
use super::client::hidden;
use image::{ImageFormat, RgbImage};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use tests::photos;

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

/// A photo of two people, as a PNG.
fn of_two_people(is_mirrored: bool) -> Vec<u8> {
    let portrait = photos().join("enrol/Barack Obama/official_portrait.jpg");
    let face = |path: &Path| image::open(path).unwrap().crop_imm(140, 0, 220, 250).into_rgb8();
    let mut both = RgbImage::new(440, 250);
    image::imageops::replace(&mut both, &face(&portrait), 0, 0);
    image::imageops::replace(&mut both, &face(&door_photo("eileen_collins.jpg")), 220, 0);
    if is_mirrored {
        image::imageops::flip_horizontal_in_place(&mut both);
    }
    let mut png = Vec::new();
    both.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    png
}

/// Regression test: the answer for one photo was taken for all.
#[test]
fn each_group_photo_has_its_own_question() {
    let desk = Desk::with_people(&[]);
    let client = desk.client();
    let id = &client.new_draft();
    for is_mirrored in [false, true] {
        let photo = of_two_people(is_mirrored);
        let looked = client.post_bytes(&format!("/enrol/photo?draft={id}"), "image/png", &photo).text();
        assert!(looked.contains("Choose the face."), "{looked}");
    }
    let post =
        |verb: &str, photo: &str| client.post(&format!("/enrol/{verb}"), &[("draft", id), ("photo", photo)]).text();
    let faces = |looked: &str| -> Vec<String> {
        let each = looked.split(r#"data-draft=\"choose\" data-photo=\""#).skip(1);
        each.map(|after| after.split('\\').next().unwrap().to_owned()).collect()
    };
    let first = faces(&post("choose", "nothing"));
    assert_eq!(first.len(), 2);
    let looked = post("choose", &first[0]);
    let second = faces(&looked);
    assert!(second.len() == 2 && second.iter().all(|face| !first.contains(face)), "{looked}");
    let refused = client.post("/enrol/save", &[("draft", id), ("name", "Bo"), ("agreed", "yes"), ("basis", "consent")]);
    assert!(refused.status == 422 && refused.text().contains("first choose"), "{}", refused.text());
    let looked = post("none", "");
    assert!(faces(&looked).is_empty() && looked.matches("<li").count() == 1, "{looked}");
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
    assert!(page.contains("Nobody is enrolled any more") && page.contains("Remove all of 1 person from"), "{page}");
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

/// Regression test: photos of somebody else were added to a person without a question.
#[test]
fn photos_of_somebody_else_are_added_only_with_a_tick() {
    let (photo, other) = (fs::read(enrolled_photo()).unwrap(), fs::read(door_photo("eileen_collins.jpg")).unwrap());
    let desk =
        Desk::with_people(&[("Bo/1.jpg", &photo), ("people.csv", b"name,basis,informed_on\nBo,contract,2026-01-01\n")]);
    let client = desk.client();
    client.waits_for_findings();
    let bo = client.key_of("Bo");
    let id = &client.new_draft();
    let looked = client.post_bytes(&format!("/enrol/photo?draft={id}&person={bo}"), "image/jpeg", &other).text();
    assert!(looked.contains("Does not resemble the photos of Bo"), "{looked}");
    let (_, after) = looked.split_once(r#"name=\"confirmed\" value=\""#).unwrap();
    let marked = after.split('\\').next().unwrap();
    let save = |more: &[(&str, &str)]| {
        client.post("/enrol/save", &[&[("draft", id.as_str()), ("person", &bo)], more].concat())
    };
    for fields in [&[][..], &[("confirmed", "yes")]] {
        let refused = save(fields);
        assert!(refused.status == 422 && refused.text().contains("look at the photos first"), "{}", refused.text());
    }
    assert_eq!(fs::read_dir(desk.file("people/Bo")).unwrap().count(), 1);
    assert_eq!(save(&[("confirmed", marked)]).status, 303);
    assert_eq!(fs::read_dir(desk.file("people/Bo")).unwrap().count(), 2);
}

/// Regression test: before the photos had been looked at, or with a mistake in a file, nothing was compared, and everything
/// was stored.
#[test]
fn photos_that_cannot_be_compared_are_added_only_with_a_tick() {
    let photo = fs::read(enrolled_photo()).unwrap();
    let nobody = b"[[schedule]]\nname = \"s\"\npeople = [\"Nobody\"]\nhours = [\"9:00-10:00\"]\n";
    let files: [(&str, &[u8]); 3] = [
        ("Bo/1.jpg", &photo),
        ("people.csv", b"name,basis,informed_on\nBo,contract,2026-01-01\n"),
        ("schedules.toml", nobody),
    ];
    let desk = Desk::with_people(&files);
    let client = desk.client();
    client.waits_for_findings();
    let bo = client.key_of("Bo");
    let id = &client.new_draft();
    let other = fs::read(door_photo("eileen_collins.jpg")).unwrap();
    let looked = client.post_bytes(&format!("/enrol/photo?draft={id}&person={bo}"), "image/jpeg", &other).text();
    assert!(looked.contains("could not be compared"), "{looked}");
    let refused = client.post("/enrol/save", &[("draft", id), ("person", &bo)]);
    assert!(refused.status == 422 && refused.text().contains("look at the photos first"), "{}", refused.text());
}

/// Regression test: a change of the times split a name with a semicolon, and freed its owner from the hours.
#[test]
fn what_a_form_does_not_change_stays_in_the_schedule() {
    let schedules = "schedule = [{ name = \"s\", people = [\"Lee; Ann\"], hours = [\"Monday 9:00-10:00\", \"fri 17:00-9:00\"], closed = [\"2026-12-24\"] }]\n";
    let table = "name,mode,cards\n\"Lee; Ann\",card,1\nLee,card,2\nAnn,card,3\n";
    let desk = Desk::with_people(&[("people.csv", table.as_bytes()), ("schedules.toml", schedules.as_bytes())]);
    let client = desk.client();
    let person = client.page(&format!("/people/{}", client.key_of("Lee; Ann")));
    assert!(person.contains("s (Monday 9:00-10:00, fri 17:00-9:00 the next day, and other limits)"), "{person}");
    let page = client.page("/hours");
    let set = |until: &str| {
        let version = hidden(&client.page("/hours"), "version");
        let fields = [
            ("version", version.as_str()),
            ("number", "0"),
            ("name", "s"),
            ("people", "Lee; Ann"),
            ("days0", "0"),
            ("from0", "09:00"),
            ("until0", until),
        ];
        client.post("/hours/set", &fields)
    };
    assert!(page.contains("value=\"Lee; Ann\"") && page.contains("closed days"), "{page}");
    let refused = set("09:00");
    assert!(refused.status == 422 && refused.text().contains("the times are the same"), "{}", refused.text());
    assert_eq!(fs::read_to_string(desk.file("people/schedules.toml")).unwrap(), schedules);
    assert_eq!(set("11:00").status, 303);
    let written = fs::read_to_string(desk.file("people/schedules.toml")).unwrap();
    assert!(written.contains("people = [\"Lee; Ann\"]") && written.contains("closed = [\"2026-12-24\"]"), "{written}");
    assert!(written.contains("hours = [\"mon 09:00-11:00\"]"), "{written}");
}

/// Regression test: a file with a mistake counted as a file without schedules.
#[test]
fn nobody_is_enrolled_while_the_hours_are_unknown() {
    let desk = Desk::with_people(&[
        ("people.csv", b"name,mode,cards\nBo,card,1\n"),
        ("schedules.toml", b"[[schedule]]\nname = 1\n"),
    ]);
    let client = desk.client();
    let bo = client.key_of("Bo");
    let page = client.page(&format!("/people/{bo}"));
    assert!(page.contains("Hours: unknown, because schedules.toml has a mistake"), "{page}");
    let id = &client.new_draft();
    let refused = client.post("/enrol/save", &[("draft", id), ("name", "Cy"), ("mode", "card"), ("cards", "4711")]);
    assert!(refused.status == 422 && refused.text().contains("schedules.toml"), "{}", refused.text());
    let removed = client.post(&format!("/people/{bo}/remove"), &[]);
    let receipt = removed.text();
    assert!(
        removed.status == 200 && receipt.contains("Not deleted.") && receipt.contains("the line in people.csv"),
        "{receipt}"
    );
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
