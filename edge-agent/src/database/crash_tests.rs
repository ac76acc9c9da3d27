//! Power cuts at every operation of a swap and of a rollback. After each, the next start finds the whole old or new
//! database, reports no fallback to the previous one, and continues.

use super::store::{Opened, Store};
use super::tests::{file, judge, put, sequence};
use files::Storage;
use files::power_cut::{Loss, PowerCut};
use shared::gallery::DatabaseDigest;

const OLD: u64 = 5;
const NEW: u64 = 7;

fn open(disk: &PowerCut) -> Store {
    let Opened { store, returned, .. } = Store::open(Box::new(disk.clone()), "db", judge()).unwrap();
    assert!(returned.is_none(), "{returned:?}");
    store
}

/// A unit that used [`OLD`], with [`NEW`] ready to be taken.
fn before_the_swap() -> PowerCut {
    let disk = PowerCut::default();
    put(&disk, "db.previous", &file(OLD - 1));
    put(&disk, "db", &file(OLD));
    open(&disk);
    put(&disk, "db.incoming", &file(NEW));
    disk
}

/// A unit that uses [`NEW`] and is asked to roll back to [`OLD`].
fn before_the_rollback() -> PowerCut {
    let disk = before_the_swap();
    open(&disk).take_in().unwrap();
    disk
}

/// Cuts the power at every operation of `work`, with every kind of loss. Counts which sequence numbers were found.
fn cut_everywhere(prepared: fn() -> PowerCut, work: fn(&mut Store) -> bool, after: fn(&PowerCut, u64)) -> [usize; 2] {
    let mut found = [0, 0];
    for operation in 0.. {
        for does_it in [false, true] {
            let disk = prepared();
            let mut store = open(&disk);
            disk.cut_at(operation, does_it);
            let done = work(&mut store);
            if !disk.is_off() {
                assert!(done, "nothing was in the way");
                return found;
            }
            // The last write may be lost completely, partly, or by one byte.
            let bytes = disk.last_append();
            let worth_it = |loss: &Loss| match *loss {
                Loss::LastBytes(lost) | Loss::LastBytesZero(lost) => lost == 1 || lost == bytes || lost % 37 == 0,
                _ => true,
            };
            for loss in Loss::kinds(bytes).filter(worth_it) {
                let disk = disk.after(loss);
                let sequence = sequence(&open(&disk));
                assert!([OLD, NEW].contains(&sequence), "{operation} {does_it} {loss:?}: {sequence}");
                found[usize::from(sequence == NEW)] += 1;
                after(&disk, sequence);
            }
        }
    }
    found
}

/// An interrupted swap is completed: a new database that arrived is not lost.
fn the_new_database_is_taken(disk: &PowerCut, _: u64) {
    let mut store = open(disk);
    store.take_in().unwrap();
    assert_eq!(sequence(&store), NEW);
    let mut disk = disk.clone();
    assert_eq!(disk.read("db").unwrap(), Some(file(NEW)));
    assert_eq!(disk.read("db.previous").unwrap(), Some(file(OLD)));
    assert_eq!(sequence(&open(&disk)), NEW);
}

/// Both databases still exist, and a rollback to either is possible.
fn both_databases_exist(disk: &PowerCut, sequence_found: u64) {
    let mut store = open(disk);
    let other = if sequence_found == OLD { NEW } else { OLD };
    store.roll_back(DatabaseDigest::from_file(&file(other))).unwrap();
    assert_eq!(sequence(&store), other);
    assert_eq!(sequence(&open(disk)), other);
}

#[test]
fn the_power_is_cut_at_every_operation_of_a_swap() {
    let [old, new] = cut_everywhere(before_the_swap, |store| store.take_in().is_ok(), the_new_database_is_taken);
    assert!(old >= 50 && new >= 10, "{old} {new}");
}

#[test]
fn the_power_is_cut_at_every_operation_of_a_rollback() {
    let roll_back = |store: &mut Store| store.roll_back(DatabaseDigest::from_file(&file(OLD))).is_ok();
    let [old, new] = cut_everywhere(before_the_rollback, roll_back, both_databases_exist);
    assert!(old >= 10 && new >= 50, "{old} {new}");
}
