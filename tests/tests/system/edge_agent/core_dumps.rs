//! Names, faces and keys stay in the unit's memory, however it ends.

use super::super::encoder_tool::enrolled;
use super::edge_agent;
use super::running::{configuration_with, photos_of};
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};
use tests::service_file;

/// Somebody other than root, whose processes show whether they may be dumped: the files in `/proc` of one that may not be
/// are root's.
const SOMEBODY: u32 = 65534;

/// The watchdog's SIGABRT made a core dump with the names of all people and the log's key in it.
#[test]
fn no_core_dump_is_made_and_no_other_process_reads_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(enrolled(), &database).unwrap();
    let config = configuration_with(folder.path(), &database, &photos_of(folder.path()));
    let mut command = edge_agent(["run", "--config"]);
    command.arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (mine, is_root) = (fs::metadata(folder.path()).unwrap().uid(), fs::metadata("/proc/self").unwrap().uid() == 0);
    if is_root {
        for file in [folder.path(), &database, &config] {
            chown(file, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        }
        command.uid(SOMEBODY).gid(SOMEBODY);
    }
    let mut unit = command.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(120);
    while !folder.path().join("audit.jsonl").exists() {
        assert!(Instant::now() < until && unit.try_wait().unwrap().is_none(), "it does not start");
        thread::sleep(Duration::from_millis(20));
    }
    let process = format!("/proc/{}", unit.id());
    let user = fs::read_to_string(format!("{process}/status")).unwrap();
    let user = user.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap().split_whitespace().next().unwrap();
    let expected = if is_root { SOMEBODY } else { mine };
    assert_eq!(user.parse::<u32>().unwrap(), expected);
    assert_eq!(
        fs::metadata(format!("{process}/mem")).unwrap().uid(),
        0,
        "its own user may read it, and dumps are made"
    );
    unit.kill().unwrap();
    unit.wait().unwrap();
    assert!(service_file().lines().any(|line| line == "LimitCORE=0"));
}
