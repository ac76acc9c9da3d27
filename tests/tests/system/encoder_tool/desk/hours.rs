//! Hours: schedules in forms and in the file, and the people in them.

use super::super::enrolled_photo;
use super::Desk;
use super::client::hidden;
use std::fs;

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
