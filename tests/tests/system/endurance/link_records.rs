//! A million records through real links, a real broker that keeps what it has, and a real collector, while each of them is
//! killed and disks are full: nothing is lost and nothing is there twice.

use super::collection::Collection;
use super::memory::Resident;
use crate::edge_agent::disks::Disk;
use crate::edge_link::RunningLink;
use crate::edge_link::mosquitto::{Certificates, Mosquitto};
use crate::fleet::doors::Doors;
use crate::fleet::eventually;
use crate::fleet::workstation::{Collector, Workstation};
use fastrand::Rng;
use std::env;
use std::time::Instant;

const DOORS: u16 = 4;

/// How much of it there is.
struct Size {
    records: usize,
    /// How often the broker, the collector and each link are killed.
    kills: usize,
    disk_megabytes: u64,
}

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn a_million_records_are_collected_once_though_everything_is_killed_a_hundred_times() {
    trial(&Size { records: 1_000_000, kills: 100, disk_megabytes: 600 });
}

#[test]
fn records_are_collected_once_though_everything_is_killed_and_disks_are_full() {
    trial(&Size { records: 8_000, kills: 2, disk_megabytes: 16 });
}

/// The programs that carry records.
struct Carriers {
    mosquitto: Mosquitto,
    links: Vec<RunningLink>,
    collector: Collector,
    /// How often each was killed: the broker, the collector, the links.
    kills: Vec<usize>,
    /// The most memory that any of them took, in kilobytes: the broker, the collector, a link.
    most: [u64; 3],
}

fn trial(size: &Size) {
    let seed = env::var("SOAK_SEED").map_or(1, |text| text.parse().unwrap());
    let mut random = Rng::with_seed(seed);
    let [logs, kept] = [(); 2].map(|()| Disk::mounted(size.disk_megabytes));
    let folder = tempfile::tempdir().unwrap();
    let on = |disk: &Option<Disk>| disk.as_ref().map_or(folder.path(), Disk::path).to_owned();

    let (mosquitto, certificates) = (Mosquitto::start_that_keeps(&on(&kept)), Certificates::make());
    let broker = format!("socket = {:?}", mosquitto.socket());
    let doors = Doors::start(DOORS, 0);
    let office = Workstation::collecting(&format!("[broker]\n{broker}\n"), doors.known(), &on(&logs).join("logs"));
    let collection = Collection::of(doors, office);
    let links: Vec<RunningLink> =
        collection.numbers.clone().map(|number| collection.doors.link(number, &broker, &certificates)).collect();
    let collector = collection.office.collector(&[]);
    let kills = vec![0; 2 + links.len()];
    let mut carriers = Carriers { mosquitto, links, collector, kills, most: [0; 3] };

    let began = Instant::now();
    let mut victims: Vec<usize> = (0..carriers.kills.len()).flat_map(|victim| vec![victim; size.kills]).collect();
    random.shuffle(&mut victims);
    let at_once = size.records / victims.len() / usize::from(DOORS) + 1;
    for (round, victim) in victims.iter().enumerate() {
        let before = collection.written();
        collection.write(at_once);
        let share = (collection.written() - before) * 2;
        match round {
            _ if round == victims.len() / 3 => {
                logs.iter().for_each(|disk| full_under_the_collector(disk, &collection, &mut carriers));
            }
            _ if round == victims.len() / 2 => kept.iter().for_each(Disk::fill),
            _ if round == victims.len() * 2 / 3 => kept.iter().for_each(Disk::empty),
            _ => {}
        }
        let enough = (collection.collected() + random.u64(1..=share)).min(collection.written());
        collection.wait_until_collected(enough, || carriers.said());
        carriers.kill(*victim, &collection.office);
    }
    collection.wait_until_collected(collection.written(), || carriers.said());
    let (seconds, records) = (began.elapsed().as_secs_f64(), collection.records());
    carriers.look();
    assert_eq!(carriers.collector.terminate(), Some(0));
    let (lost, duplicated) = collection.lost_and_duplicated();

    let [broker, collector, links @ ..] = &carriers.kills[..] else { unreachable!() };
    let asked: usize = collection.numbers.clone().map(|number| collection.doors.asked(number)).sum();
    println!("seed {seed}: {records} records of {DOORS} doors, {lost} lost, {duplicated} duplicated");
    println!("killed: the broker {broker} times, the collector {collector} times, the links {links:?} times");
    println!("{seconds:.0} s, {:.0} records a second; doors were asked {asked} times", records as f64 / seconds);
    let [broker, collector, link] = carriers.most;
    println!("most memory: broker {broker} kB, collector {collector} kB, link {link} kB");
    assert!(records >= size.records && carriers.kills.iter().all(|kills| *kills >= size.kills));
}

/// Nothing can be written for a time, while records go on and the others are killed.
fn full_under_the_collector(disk: &Disk, collection: &Collection, carriers: &mut Carriers) {
    disk.fill();
    collection.write(100);
    carriers.tells(collection, "disk_fails");
    for victim in [0, 2] {
        carriers.kill(victim, &collection.office);
        collection.write(10);
    }
    disk.empty();
    carriers.tells(collection, "disk_works");
}

impl Carriers {
    fn kill(&mut self, victim: usize, office: &Workstation) {
        self.look();
        self.kills[victim] += 1;
        match victim {
            0 => {
                self.mosquitto.kill();
                self.mosquitto.start_again();
            }
            1 => {
                self.collector.kill();
                self.collector = office.collector(&[]);
            }
            link => {
                self.links[link - 2].kill();
                self.links[link - 2].start_again();
            }
        }
    }

    /// Looks how much memory they take.
    fn look(&mut self) {
        let most = |process: u32| Resident::new(&process.to_string()).most;
        let links = self.links.iter().map(|link| most(link.process())).max();
        let found = [most(self.mosquitto.process()), most(self.collector.process()), links.unwrap_or_default()];
        self.most.iter_mut().zip(found).for_each(|(known, found)| *known = found.max(*known));
    }

    /// Waits until the collector has told this.
    fn tells(&self, collection: &Collection, note: &str) {
        let told = || collection.office.told();
        eventually(|| told().contains(note), || told() + &self.said());
    }

    fn said(&self) -> String {
        self.links.iter().map(RunningLink::stderr).collect::<Vec<_>>().join("\n")
    }
}
