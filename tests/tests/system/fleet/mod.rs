//! The workstation's commands for fleets, with a real mosquitto and units from a script.

mod collect;
pub(crate) mod doors;
mod over_ssh;
mod scripted_units;
mod ship;
mod status;
mod through_links;
pub(crate) mod workstation;

use crate::edge_link::mosquitto::Mosquitto;
use scripted_units::{ScriptedUnit, ScriptedUnits};
use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use workstation::{Collector, Known, Workstation};

/// Longer than anything here takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A broker, units, and the office's computer.
struct Office {
    workstation: Workstation,
    mosquitto: Mosquitto,
    units: ScriptedUnits,
}

impl Office {
    /// An office with this many units, each with this many records. All belong to the group `office`, the odd ones also to
    /// `odd`.
    fn start(units: u16, records: usize) -> Self {
        let mosquitto = Mosquitto::start();
        let units: Vec<ScriptedUnit> = (1..=units).map(|number| ScriptedUnit::new(number, records)).collect();
        let known = units.iter().map(Known::of).collect();
        let sections = format!(
            "[broker]\nsocket = {:?}\n[place]\nurl = \"https://files.example/doors\"\nfolder = \"published\"\nallow-unsealed = true\n",
            mosquitto.socket()
        );
        let workstation = Workstation::new(&sections, known);
        let place = workstation.path("published");
        fs::create_dir(&place).unwrap();
        Self { units: ScriptedUnits::start(&mosquitto.socket(), &place, units), mosquitto, workstation }
    }

    fn is_collected(&self, number: usize) -> bool {
        let lines = self.units.with(number as u16, |unit| unit.lines[unit.kept_from as usize - 1..].concat());
        self.collected(number, ".jsonl") == lines
    }

    /// Waits until all these units' logs are collected.
    fn wait_until_collected(&self, units: std::ops::RangeInclusive<usize>) {
        for number in units {
            eventually(|| self.is_collected(number), || format!("door {number}: {}", self.told()));
        }
    }
}

impl Deref for Office {
    type Target = Workstation;

    fn deref(&self) -> &Workstation {
        &self.workstation
    }
}

/// Looks until it is so.
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool, else_say: impl Fn() -> String) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{}", else_say());
        thread::sleep(Duration::from_millis(20));
    }
}

/// A database without people, for all doors.
fn database(path: &Path, sequence: u64) {
    use shared::gallery::{Audience, GalleryBuilder, ModelHash};
    let mut builder = GalleryBuilder::new(sequence, ModelHash([7; 32]), 4).unwrap();
    builder.set_audience(Audience::AllDoors);
    fs::write(path, builder.encode().unwrap()).unwrap();
}
