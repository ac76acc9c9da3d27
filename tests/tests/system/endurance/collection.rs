//! Doors, and an office that collects their logs: what has arrived, and whether all of it is right.

use crate::fleet::doors::Doors;
use crate::fleet::workstation::Workstation;
use std::collections::HashSet;
use std::fs;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything pauses here: links that were refused wait for a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// Doors and their office.
pub(super) struct Collection {
    pub(super) doors: Doors,
    pub(super) office: Workstation,
    pub(super) numbers: RangeInclusive<usize>,
}

impl Collection {
    pub(super) fn of(doors: Doors, office: Workstation) -> Self {
        let numbers = 1..=doors.known().len();
        Self { doors, office, numbers }
    }

    /// Writes this many records at each door.
    pub(super) fn write(&self, records: usize) {
        self.numbers.clone().for_each(|number| self.doors.write(number, records));
    }

    /// The number of records that were written at all doors.
    pub(super) fn records(&self) -> usize {
        self.numbers.clone().map(|number| self.doors.len(number)).sum()
    }

    /// The number of bytes of all collected logs.
    pub(super) fn collected(&self) -> u64 {
        let length = |number| fs::metadata(self.office.log(number, ".jsonl")).map_or(0, |file| file.len());
        self.numbers.clone().map(length).sum()
    }

    /// The number of bytes of all doors' logs.
    pub(super) fn written(&self) -> u64 {
        self.numbers.clone().map(|number| self.doors.bytes(number)).sum()
    }

    /// Waits until there are this many bytes of collected logs.
    pub(super) fn wait_until_collected(&self, bytes: u64, said: impl Fn() -> String) {
        let (mut before, mut since) = (self.collected(), Instant::now());
        while before < bytes {
            thread::sleep(Duration::from_millis(5));
            let now = self.collected();
            if now != before {
                (before, since) = (now, Instant::now());
            }
            let told = || format!("{now} of {bytes} bytes\n{}\n{}", self.office.told(), said());
            assert!(since.elapsed() < PATIENCE, "{}", told());
        }
    }

    /// Checks that each collected log is its door's, byte for byte, and that the unit's own program says so too. Returns the
    /// numbers of lost and of duplicated records.
    pub(super) fn lost_and_duplicated(&self) -> (usize, usize) {
        let (mut lost, mut duplicated) = (0, 0);
        for number in self.numbers.clone() {
            let (log, collected) = (self.doors.log(number), self.office.collected(number, ".jsonl"));
            let lines = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').count();
            let distinct: HashSet<&[u8]> = collected.split_inclusive(|byte| *byte == b'\n').collect();
            lost += log.split_inclusive(|byte| *byte == b'\n').filter(|line| !distinct.contains(line)).count();
            duplicated += lines(&collected) - distinct.len();
            assert!(collected == log, "door {number}: {lost} lost, {duplicated} duplicated");
            let verified = self.office.verify(number, ".jsonl");
            assert_eq!(verified.code, 0, "{verified:?}");
            assert_eq!(verified.json()["records"], self.doors.len(number));
        }
        let told = self.office.told();
        assert!(!told.contains("\"problem\":\"gap\"") && !told.contains("\"problem\":\"forged\""), "{told}");
        (lost, duplicated)
    }
}
