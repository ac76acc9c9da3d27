//! Enrol: what is asked before anything is stored, and what becomes of the photos.

use super::super::{door_photo, enrolled_photo};
use super::Desk;
use super::client::hidden;
use image::{ImageFormat, RgbImage};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use tests::photos;

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
