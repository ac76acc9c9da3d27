//! A site whose line to the broker is cut, while its doors go on: afterwards every record arrives, in order for each door.

use super::collection::Collection;
use super::site::Site;
use crate::edge_link::RunningLink;
use crate::edge_link::mosquitto::{Certificates, Mosquitto, free_port};
use crate::fleet::doors::Doors;
use crate::fleet::workstation::Workstation;
use std::thread;
use std::time::{Duration, Instant};

const DOORS: u16 = 3;
/// Records of each door before the cut.
const BEFORE: usize = 2_000;
/// Records of each door in each part of the cut.
const MEANWHILE: usize = 20;
const PARTS: u32 = 100;

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn a_site_that_was_cut_off_for_five_minutes_delivers_every_record_in_order() {
    cut_off_for(Duration::from_secs(5 * 60));
}

#[test]
fn a_site_that_was_cut_off_delivers_every_record_in_order() {
    cut_off_for(Duration::from_secs(3));
}

fn cut_off_for(time: Duration) {
    let Some(site) = Site::start() else { return };
    let (certificates, port) = (Certificates::make_for(&site.office().to_string()), free_port());
    let mosquitto = Mosquitto::start_with(&certificates.listener_at(&site.office().to_string(), port, "broker"));
    let [ca, certificate, key] = ["house.crt", "door.crt", "door.key"].map(|name| certificates.file(name));
    let broker =
        format!("address = \"{}:{port}\"\nca = {ca:?}\ncertificate = {certificate:?}\nkey = {key:?}\n", site.office());
    let doors = Doors::start(DOORS, BEFORE);
    let office = Workstation::new(&format!("[broker]\nsocket = {:?}\n", mosquitto.socket()), doors.known());
    let collection = Collection::of(doors, office);
    let inside = site.inside();
    let inside = inside.each_ref().map(String::as_str);
    let link = |number| collection.doors.link_under(&inside, number, &broker, &certificates);
    let mut links: Vec<RunningLink> = collection.numbers.clone().map(link).collect();
    let mut collector = collection.office.collector(&[]);
    let said = |links: &[RunningLink]| links.iter().map(RunningLink::stderr).collect::<Vec<_>>().join("\n");
    collection.wait_until_collected(collection.written(), || said(&links));

    site.cut();
    let (cut, before) = (Instant::now(), collection.records());
    for part in 1..=PARTS {
        collection.write(MEANWHILE);
        if part == PARTS / 2 {
            links[0].kill();
            links[0].start_again();
        }
        thread::sleep((time * part / PARTS).saturating_sub(cut.elapsed()));
    }
    let (arrived, written) = (collection.collected(), collection.written());
    site.mend();
    let (mended, cut_for) = (Instant::now(), cut.elapsed());
    assert!(arrived < written, "the line was not cut");
    collection.wait_until_collected(arrived + 1, || said(&links));
    let first = mended.elapsed();
    collection.wait_until_collected(written, || said(&links));
    let all = mended.elapsed();
    assert_eq!(collector.terminate(), Some(0));
    let (lost, duplicated) = collection.lost_and_duplicated();
    println!(
        "cut off for {:.0} s, {} records of {DOORS} doors meanwhile: {lost} lost, {duplicated} duplicated, all in order",
        cut_for.as_secs_f64(),
        collection.records() - before
    );
    println!("after that the first came in {:.1} s, the last in {:.1} s", first.as_secs_f64(), all.as_secs_f64());
}
