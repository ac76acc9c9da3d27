//! Kills a process with `kill -9` five hundred times while it swaps databases and rolls back on a real disk. The next
//! start finds the database in use or the new one, whole, and continues.

use super::store::{Opened, Store};
use super::tests::{file, judge};
use files::{Folder, Storage};
use shared::gallery::{DatabaseDigest, DatabaseFile};
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

const KILLS: u64 = 500;
const FOLDER: &str = "KILLED_SWAP_FOLDER";
const FIRST: &str = "KILLED_SWAP_FIRST";
/// A process takes fewer databases than this before it is killed.
const SEQUENCES_PER_LIFE: u64 = 10_000;
/// Every fifth swap is a rollback.
const ROLLBACK_EVERY: u64 = 5;

fn open(folder: &Path) -> Store {
    let Opened { store, returned, .. } = Store::open(Box::new(Folder::at(folder)), "db", judge()).unwrap();
    assert!(returned.is_none(), "the current database could not be used: {returned:?}");
    store
}

/// The sequence number of the file in the folder, which must be the one in use.
fn sequence(store: &Store, folder: &Path) -> u64 {
    let file = fs::read(folder.join("db")).unwrap();
    assert_eq!(DatabaseDigest::from_file(&file), store.digest());
    DatabaseFile::parse(&file).unwrap().header().sequence
}

/// Some processes wait to be killed: with a new database that is not taken yet, or after a swap. The others swap until
/// they are killed at a random time.
fn waits_after(kill: u64) -> Option<&'static str> {
    match kill % 8 {
        0 => Some("offered"),
        1 => Some("used"),
        2 => Some("back"),
        _ => None,
    }
}

/// Prints to the real stdout, past the test's capture, in one write.
fn report(what: &str, sequence: u64) {
    let mut out = io::stdout().lock();
    out.write_all(format!("{what} {sequence}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// The process to be killed.
#[test]
#[ignore = "runs until it is killed, by a_process_that_is_killed_leaves_one_database_whole"]
fn swaps_databases_until_it_is_killed() {
    let folder = env::var_os(FOLDER).expect("started by the other test");
    let first: u64 = env::var(FIRST).unwrap().parse().unwrap();
    let folder = Path::new(&folder);
    let mut disk = Folder::at(folder);
    let mut store = open(folder);
    let wait_after = |what| {
        if waits_after(first / SEQUENCES_PER_LIFE - 1) == Some(what) {
            loop {
                thread::park();
            }
        }
    };
    for sequence in first..first + SEQUENCES_PER_LIFE {
        if sequence % ROLLBACK_EVERY == 0 {
            let previous = disk.read("db.previous").unwrap().unwrap();
            let head = shared::gallery::Gallery::decode(&previous).unwrap();
            report("trying", head.header().sequence);
            store.roll_back(DatabaseDigest::from_file(&previous)).unwrap();
            report("back", self::sequence(&store, folder));
            wait_after("back");
        } else {
            report("trying", sequence);
            disk.replace("db.incoming", &file(sequence)).unwrap();
            report("offered", sequence);
            wait_after("offered");
            store.take_in().unwrap().unwrap();
            report("used", self::sequence(&store, folder));
            wait_after("used");
        }
    }
}

#[test]
fn a_process_that_is_killed_leaves_one_database_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, sequence) in [("db.previous", 1), ("db", 2)] {
        Folder::at(folder).replace(name, &file(sequence)).unwrap();
    }
    let (mut finished, mut taken_back, mut waiting) = (0, 0, 0);
    for kill in 0..KILLS {
        let mut used = sequence(&open(folder), folder);
        let (mut tried, mut newest) = (used, used);
        let first = (kill + 1) * SEQUENCES_PER_LIFE;
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["database::kill_tests::swaps_databases_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .envs([(FOLDER, folder.as_os_str()), (FIRST, first.to_string().as_ref())])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut note = |line: &str| {
            let Some((what, sequence)) = line.rsplit_once(' ') else { return false };
            let Ok(sequence) = sequence.parse() else { return false };
            // The test's name comes before the first output of the process.
            match what {
                what if what.ends_with("trying") => tried = sequence,
                what if what.ends_with("used") || what.ends_with("back") => {
                    used = sequence;
                    newest = newest.max(used);
                }
                what => return what.ends_with("offered"),
            }
            true
        };
        // The process continues meanwhile, so the kill can hit any operation.
        let mut swaps = lines.by_ref().filter(|line| note(line));
        match waits_after(kill) {
            Some(what) => swaps.find(|line| line.starts_with(what)),
            None => swaps.nth((kill % 11) as usize),
        }
        .expect("it swaps");
        (0..kill * 977 % 20_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            note(&line);
        }

        let mut store = open(folder);
        let found = sequence(&store, folder);
        assert!([used, tried].contains(&found), "kill {kill}: found {found}, used {used}, tried {tried}");
        finished += u64::from(found == tried);
        taken_back += u64::from(found == tried && found < newest);
        // A new database that was not taken before the kill is taken now, and is found again at the next start.
        if let Some(came) = store.take_in().unwrap() {
            waiting += 1;
            assert_eq!(came.gallery.header().sequence, tried, "kill {kill}");
        }
        let continues_with = sequence(&store, folder);
        drop(store);
        assert_eq!(sequence(&open(folder), folder), continues_with, "kill {kill}");
    }
    eprintln!("{KILLS} kills: {finished} at a finished swap, {taken_back} of them back, {waiting} with one waiting");
    assert!(finished >= KILLS / 4 && taken_back >= KILLS / 8 && waiting >= KILLS / 8, "it was killed elsewhere");
}
