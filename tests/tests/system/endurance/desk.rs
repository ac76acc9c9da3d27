//! The desk of an office with a thousand people, three photos each: how long its page takes, what a search takes, and what a
//! change of one person costs.

use super::super::browser::Browser;
use super::super::browser::On::{Css, Role, Text};
use super::super::encoder_tool::desk::Desk;
use image::imageops::brighten;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const PEOPLE: usize = 1000;
/// How much brighter the three photos of a person are, if there is one only.
const BRIGHTER: [i32; 3] = [0, 12, -12];

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn a_thousand_people_are_there_at_once() {
    let people = people_of_shared_data();
    if people.len() < PEOPLE {
        println!("skipped: ../shared/lfw-colour-dev and lfw-colour-strangers are not there");
        return;
    }
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (number, photo) in people.iter().take(PEOPLE).enumerate() {
        let own = folder.path().join(format!("people/Person {number:04}"));
        fs::create_dir_all(&own).unwrap();
        let photo = image::open(photo).unwrap().to_rgb8();
        for (name, more) in BRIGHTER.iter().enumerate() {
            brighten(&photo, *more).save(own.join(format!("{name}.jpg"))).unwrap();
        }
    }
    let desk = Desk::start(folder);
    browser.open(&desk.link);
    let started = Instant::now();
    browser.waits_until("(part => part && !('looking' in part.dataset))(document.getElementById('findings'))");
    println!("{PEOPLE} people with 3 photos each, looked at in {:.1} s", started.elapsed().as_secs_f64());

    for _ in 0..5 {
        browser.reload();
    }
    browser.waits_until("performance.getEntriesByName('first-contentful-paint').length > 0");
    let times = browser.evaluate(
        "(() => { const page = performance.getEntriesByType('navigation')[0]; \
         return [page.responseEnd, performance.getEntriesByName('first-contentful-paint')[0].startTime, \
         page.domContentLoadedEventEnd, page.transferSize]; })()",
    );
    let number = |at: usize| times[at].as_f64().unwrap();
    println!(
        "  the page: answered after {:.0} ms, visible after {:.0} ms, complete after {:.0} ms, {:.0} bytes",
        number(0),
        number(1),
        number(2),
        number(3)
    );
    let keys = browser.evaluate(
        "(async () => { const search = document.getElementById('search'), times = []; \
         for (const key of 'person 0777') { const from = performance.now(); search.value += key; \
         search.dispatchEvent(new Event('input')); \
         await new Promise(done => requestAnimationFrame(() => setTimeout(done))); times.push(performance.now() - from); } \
         return Math.max(...times); })()",
    );
    println!("  the search: at most {:.0} ms from a key to the next picture", keys.as_f64().unwrap());
    browser.sees(Text("1 of 1000 people"));

    for (what, change) in [("first", None), ("after one new photo", Some("people/Person 0777/new.jpg"))] {
        if let Some(path) = change {
            fs::copy(&people[PEOPLE], desk.file(path)).unwrap();
        }
        browser.click(Css("nav a:text-is(\"Build and ship\")"));
        browser.sees(Role("heading", "Build and ship"));
        if change.is_none() {
            browser.click(Css("input[name=without]"));
            browser.click(Role("button", "Create the keys"));
        }
        let started = Instant::now();
        browser.click(Role("button", "Build and sign the database"));
        browser.sees(Text("Ship it now."));
        let known = browser.text(Css("#work li:has-text(\"encoded now\")"));
        println!("  a build, {what}: {:.1} s; {known}", started.elapsed().as_secs_f64());
        let most = usize::from(change.is_some());
        let encoded: usize = known.split(' ').next().unwrap().parse().unwrap();
        assert!(encoded <= most, "{known}");
    }
    // While the desk still answers.
    drop(browser);
}

/// One photo of each of many people; empty without the shared data.
fn people_of_shared_data() -> Vec<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folders = [shared.join("lfw-colour-dev/images"), shared.join("lfw-colour-strangers")];
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let found = fs::read_dir(folder).into_iter().flatten();
        let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let of_person =
        |folder: PathBuf| entries(&folder).into_iter().find(|path| path.extension().is_some_and(|end| end == "jpg"));
    folders.iter().flat_map(|folder| entries(folder)).filter(|path| path.is_dir()).filter_map(of_person).collect()
}
