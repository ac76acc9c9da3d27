//! Tests of the databases that are accepted, those that are refused, and the database in use after a start.

use super::store::{Refusal, Store};
use super::{Judge, Opened, Returned};
use files::{Memory, Operation, Storage};
use models::ModelError;
use models::self_test::{GoldenError, Tested};
use shared::encoding::Encoding;
use shared::gallery::{
    Audience, DatabaseDigest, Details, Gallery, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId,
    PersonName, PhotoDigest,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) const MODEL: ModelHash = ModelHash([1; 32]);

/// A database file with one person and this sequence number.
pub(super) fn file(sequence: u64) -> Vec<u8> {
    of_model(sequence, MODEL)
}

fn for_all_doors(sequence: u64) -> Vec<u8> {
    let mut builder = GalleryBuilder::from_gallery(Gallery::decode(&file(sequence)).unwrap(), sequence);
    builder.set_audience(Audience::AllDoors);
    builder.encode().unwrap()
}

fn of_model(sequence: u64, model: ModelHash) -> Vec<u8> {
    let mut builder = GalleryBuilder::new(sequence, model, 2).unwrap();
    let encoding = Encoding::from_network(&[1.0, 0.0]).unwrap();
    let person = NewPerson {
        id: PersonId([7; 16]),
        name: PersonName::parse("Ada").unwrap(),
        details: Details::default(),
        encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true }],
    };
    builder.add_person(person).unwrap();
    builder.build().encode().unwrap()
}

pub(super) fn judge() -> Judge {
    Judge::of_model(MODEL, Box::new(|| Ok(Tested::Passed)))
}

pub(super) fn put(storage: &dyn CloneStorage, name: &str, bytes: &[u8]) {
    storage.other().replace(name, bytes).unwrap();
}

/// Storage whose clones share their content.
pub(super) trait CloneStorage {
    fn other(&self) -> Box<dyn Storage>;
}

impl<S: Storage + Clone + 'static> CloneStorage for S {
    fn other(&self) -> Box<dyn Storage> {
        Box::new(self.clone())
    }
}

fn open(storage: &Memory) -> (Store, Option<Returned>) {
    let Opened { store, returned, .. } = Store::open(Box::new(storage.clone()), "db", judge()).unwrap();
    (store, returned)
}

fn with(files: &[(&str, Vec<u8>)]) -> Memory {
    let storage = Memory::default();
    files.iter().for_each(|(name, bytes)| put(&storage, name, bytes));
    storage
}

/// The sequence number of the database in use.
pub(super) fn sequence(store: &Store) -> u64 {
    let is_in_use = |bytes: &Vec<u8>| DatabaseDigest::from_file(bytes) == store.digest();
    (1..20)
        .find(|&sequence| [file(sequence), for_all_doors(sequence)].iter().any(is_in_use))
        .expect("a file of these tests")
}

fn read(storage: &Memory, name: &str) -> Option<Vec<u8>> {
    storage.clone().read(name).unwrap()
}

fn code(refused: Result<Option<super::InUse>, Refusal>) -> Result<Option<u64>, &'static str> {
    refused.map(|taken| taken.map(|taken| taken.gallery.header().sequence)).map_err(|refusal| refusal.why.code())
}

#[test]
fn a_new_database_is_accepted_or_refused() {
    let mut other_byte = file(9);
    other_byte[40] ^= 1;
    for (came, expected) in [
        (file(9), Ok(Some(9))),
        (file(8), Ok(Some(8))),
        (file(7), Ok(None)),
        (file(6), Err("older")),
        (of_model(9, ModelHash([2; 32])), Err("other_model")),
        (file(9)[..60].to_vec(), Err("damaged")),
        (vec![], Err("damaged")),
        (other_byte, Err("damaged")),
    ] {
        let storage = with(&[("db", file(7))]);
        let mut store = open(&storage).0;
        assert_eq!(code(store.take_in()), Ok(None), "nothing is new");
        put(&storage, "db.incoming", &came);
        assert_eq!(code(store.take_in()), expected);
        assert_eq!(code(store.take_in()), Ok(None), "it is examined only once");
        let now = expected.ok().flatten().unwrap_or(7);
        assert_eq!(sequence(&store), now);
        assert_eq!(read(&storage, "db"), Some(file(now)));
        assert_eq!(read(&storage, "db.refused"), expected.is_err().then_some(came));
        assert_eq!(read(&storage, "db.previous"), (now != 7).then(|| file(7)));
        assert_eq!((read(&storage, "db.incoming"), read(&storage, "db.staged")), (None, None));
        let (store, returned) = open(&storage);
        assert_eq!((sequence(&store), returned.is_none()), (now, true));
    }
}

#[test]
fn an_unusable_database_falls_back_to_the_previous_one() {
    let damaged = b"not a database".to_vec();
    for (files, expected) in [
        (vec![("db", damaged.clone()), ("db.previous", file(6))], Ok((6, Some("damaged")))),
        (vec![("db.previous", file(6))], Ok((6, Some("missing")))),
        (vec![("db", of_model(7, ModelHash([2; 32]))), ("db.previous", file(6))], Ok((6, Some("other_model")))),
        (vec![("db", damaged.clone()), ("db.previous", damaged.clone())], Err("damaged")),
        (vec![], Err("missing")),
        (vec![("db.incoming", file(6))], Ok((6, None))),
        (vec![("db", damaged.clone()), ("db.incoming", file(6))], Ok((6, None))),
        (vec![("db", damaged.clone()), ("db.incoming", damaged.clone())], Err("damaged")),
    ] {
        let storage = with(&files);
        let opened = Store::open(Box::new(storage.clone()), "db", judge());
        let found = opened.as_ref().map(|opened| {
            assert_eq!(sequence(&opened.store), opened.in_use.gallery.header().sequence);
            (sequence(&opened.store), opened.returned.as_ref().map(|returned| returned.why.code()))
        });
        assert_eq!(found.map_err(|refused| refused.code()), expected, "{files:?}");
        let Ok(Opened { mut store, .. }) = opened else { continue };
        // A valid database is accepted again.
        put(&storage, "db.incoming", &file(8));
        assert_eq!(code(store.take_in()), Ok(Some(8)), "{files:?}");
        assert_eq!(sequence(&open(&storage).0), 8);
    }
}

/// Somebody who has seen a database without a certain person must not be able to restore the previous one by copying it
/// back.
#[test]
fn no_database_rolls_back_by_itself() {
    let storage = with(&[("db", file(5))]);
    let mut store = open(&storage).0;
    for came in [6, 7] {
        put(&storage, "db.incoming", &file(came));
        store.take_in().unwrap();
    }
    // An old copy overwrites the current database: the previous database, which was used last, is accepted.
    put(&storage, "db", &file(5));
    let (store, returned) = open(&storage);
    assert_eq!((sequence(&store), returned.unwrap().why.code()), (6, "older"));
    // The database files are deleted: the ledger still knows the highest number.
    for gone in ["db", "db.previous"] {
        storage.clone().remove(gone).unwrap();
    }
    put(&storage, "db.incoming", &file(6));
    let refused = Store::open(Box::new(storage.clone()), "db", judge()).map(drop).unwrap_err();
    assert_eq!(refused.code(), "missing");
    put(&storage, "db.incoming", &file(7));
    assert_eq!(sequence(&open(&storage).0), 7);
}

#[test]
fn a_rollback_can_be_reversed() {
    let storage = with(&[("db", file(5))]);
    let mut store = open(&storage).0;
    put(&storage, "db.incoming", &file(7));
    store.take_in().unwrap();
    let digest = |sequence| DatabaseDigest::from_file(&file(sequence));
    assert_eq!(code(store.roll_back(digest(6)).map(Some)), Err("not_asked_for"));
    for back_to in [5, 7, 5] {
        assert_eq!(code(store.roll_back(digest(back_to)).map(Some)), Ok(Some(back_to)));
        assert_eq!(sequence(&store), back_to);
        let (store, returned) = open(&storage);
        assert_eq!((sequence(&store), returned.is_none()), (back_to, true), "also after a restart");
        assert_eq!(read(&storage, "db.previous"), Some(file(12 - back_to)));
    }
    // After a rollback, a new file that is older than the highest number is still refused.
    put(&storage, "db.incoming", &file(6));
    assert_eq!(code(store.take_in()), Err("older"));
    put(&storage, "db.incoming", &file(7));
    assert_eq!(code(store.take_in()), Ok(Some(7)));
}

/// A unit that was downgraded to this version must not accept an older database because of that.
#[test]
fn the_ledger_of_a_later_version_still_protects_against_older_databases() {
    let digests = [DatabaseDigest::from_file(&file(5))];
    let cases = [
        serde_json::json!({ "schema": 3, "highest_sequence": 6, "digests": digests }),
        serde_json::json!({ "schema": 2, "highest_sequence": 6, "digests": digests, "revoked": [] }),
        serde_json::json!({ "schema": 3, "highest_sequence": 6, "accepted": [{ "digest": digests[0] }] }),
    ];
    for ledger in cases {
        let storage = with(&[("db", file(5)), ("db.accepted", ledger.to_string().into_bytes())]);
        let refused = Store::open(Box::new(storage.clone()), "db", judge()).map(drop).unwrap_err();
        assert_eq!(refused.code(), "older", "{ledger}");
        put(&storage, "db", &file(6));
        assert_eq!(sequence(&open(&storage).0), 6, "{ledger}");
    }
}

/// The ledger of a version without audiences lists the databases it accepted. The next ledger drops those that are no
/// longer used. A ledger of this version lists none.
#[test]
fn only_a_ledger_of_an_older_version_allows_databases_without_audience() {
    let wants_doors = || Judge::of_model(MODEL, Box::new(|| Ok(Tested::Passed))).at_a_door();
    let opened = |storage: &Memory| Store::open(Box::new(storage.clone()), "db", wants_doors());
    let of_older_version = |digests: &[u64]| {
        let digests: Vec<_> = digests.iter().map(|&sequence| DatabaseDigest::from_file(&file(sequence))).collect();
        serde_json::to_vec(&serde_json::json!({ "schema": 1, "highest_sequence": 5, "digests": digests })).unwrap()
    };
    let refused = |storage: &Memory| opened(storage).map(drop).unwrap_err().code();
    assert_eq!(refused(&with(&[("db", file(5))])), "no_audience");
    assert_eq!(refused(&with(&[("db", file(5)), ("db.accepted", of_older_version(&[4]))])), "no_audience");

    let storage = with(&[("db", file(5)), ("db.previous", file(4)), ("db.accepted", of_older_version(&[5, 4]))]);
    let mut store = opened(&storage).unwrap().store;
    assert_eq!(sequence(&store), 5);
    put(&storage, "db.incoming", &file(6));
    assert_eq!(code(store.take_in()), Err("no_audience"), "a new one must name its doors");
    assert_eq!(code(store.roll_back(DatabaseDigest::from_file(&file(4))).map(Some)), Ok(Some(4)), "it was used here");
    let named = for_all_doors(7);
    put(&storage, "db.incoming", &named);
    assert_eq!(code(store.take_in()), Ok(Some(7)));
    assert_eq!(sequence(&opened(&storage).unwrap().store), 7);
    assert_eq!(code(store.roll_back(DatabaseDigest::from_file(&file(4))).map(Some)), Ok(Some(4)));
    put(&storage, "db.incoming", &file(8));
    assert_eq!(code(store.take_in()), Err("no_audience"));

    // This version used it while no lock was configured.
    let storage = with(&[("db", file(5))]);
    drop(open(&storage));
    assert_eq!(refused(&storage), "no_audience");
}

#[test]
fn networks_that_fail_their_self_test_load_no_database() {
    let fails = Arc::new(AtomicBool::new(false));
    let test = Arc::clone(&fails);
    let self_test = move || match test.load(Ordering::Relaxed) {
        true => Err(GoldenError::Model(ModelError::Inference("nonsense".to_owned()))),
        false => Ok(Tested::Passed),
    };
    let storage = with(&[("db", file(5))]);
    let judge = Judge::of_model(MODEL, Box::new(self_test));
    let mut store = Store::open(Box::new(storage.clone()), "db", judge).unwrap().store;
    fails.store(true, Ordering::Relaxed);
    put(&storage, "db.incoming", &file(6));
    assert_eq!(code(store.take_in()), Err("self_test_failed"));
    assert_eq!(sequence(&store), 5);
}

/// On a full or read-only disk, the unit keeps its database, reports the fault once, and accepts a later database.
#[test]
fn a_failing_disk_changes_nothing() {
    for failing in [Operation::Append, Operation::Sync] {
        let storage = with(&[("db", file(5))]);
        let mut store = open(&storage).0;
        put(&storage, "db.incoming", &file(6));
        storage.fail_at(Some(failing));
        assert_eq!(code(store.take_in()), Err("disk"), "{failing:?}");
        assert_eq!(code(store.take_in()), Ok(None), "{failing:?}");
        storage.fail_at(None);
        assert_eq!((sequence(&store), sequence(&open(&storage).0)), (5, 5), "{failing:?}");
        put(&storage, "db.incoming", &file(6));
        assert_eq!(code(store.take_in()), Ok(Some(6)), "{failing:?}");
    }
    let storage = with(&[("db", file(5)), ("db.incoming", file(6))]);
    let mut store = open(&storage).0;
    storage.set_read_only(true);
    assert_eq!(code(store.take_in()), Err("disk"));
    assert_eq!((sequence(&store), sequence(&open(&storage).0)), (5, 5));
}
