//! Real disks that are full, or that become read-only under a running unit: the door stays closed, the unit says why, and
//! goes on when it can. They need a user who may mount.

use super::running::{RunningUnit, configuration, photos_of};
use super::{at_the_door, edge_agent, simulate};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tests::said;

/// A small disk of its own.
pub(crate) struct Disk(TempDir);

impl Disk {
    /// `None` where this user may not mount one.
    pub(crate) fn mounted(megabytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(folder.path());
        let is_mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if !is_mounted {
            eprintln!("SKIPPED: this user may not mount a small disk");
        }
        is_mounted.then_some(Self(folder))
    }

    fn remount(&self, how: &str) {
        let remounted = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.0.path()).status();
        assert!(remounted.unwrap().success(), "{how}");
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("somebody else's")
    }

    /// Takes all space that nobody has reserved.
    pub(crate) fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.filler()).unwrap();
        while std::io::Write::write(&mut file, &[1; 4096]).is_ok_and(|written| written > 0) {}
    }

    /// Gives the space back.
    pub(crate) fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.0.path()).status().ok();
    }
}

fn is_whole(log: &Path) -> bool {
    said(edge_agent(["audit", "verify", "--config", "/nowhere", "--log"]).arg(log)).code == 0
}

#[test]
fn the_reserve_holds_records_on_a_full_disk_until_it_is_used_up() {
    let Some(disk) = Disk::mounted(6) else { return };
    let log = disk.0.path().join("audit.jsonl");
    let photo = at_the_door("barack_obama_speaking.jpg");
    let simulate = || said(simulate(&photo).args(["--json", "--audit"]).arg(&log));
    assert_eq!(simulate().code, 0);
    disk.fill();
    assert_eq!(simulate().code, 0, "the record has space");
    assert!(is_whole(&log));

    // What is reserved goes when the file is given its own length, and somebody else takes it.
    File::options().write(true).open(&log).unwrap().set_len(fs::metadata(&log).unwrap().len()).unwrap();
    disk.fill();
    // The last page of the file still has room for some lines.
    let closed = (0..10).map(|_| simulate()).find(|simulated| simulated.code != 0).expect("a door that stays closed");
    assert_eq!(closed.code, 1, "{closed:?}");
    assert!(closed.stdout.contains("not_recorded"), "{closed:?}");
    assert!(is_whole(&log), "nothing is half written");
}

/// A file system that found a fault is mounted read-only by the kernel, under the running unit.
#[test]
fn a_disk_that_becomes_read_only_closes_the_door_until_it_can_be_written() {
    let Some(disk) = Disk::mounted(64) else { return };
    let photos = tempfile::tempdir().unwrap();
    fs::copy(at_the_door("wall.jpg"), photos.path().join("1.jpg")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &photos_of(photos.path()));
    let log = disk.0.path().join("audit.jsonl");
    let elsewhere = fs::read_to_string(&config)
        .unwrap()
        .replace(&folder.path().join("audit.jsonl").display().to_string(), &log.display().to_string());
    fs::write(config, elsewhere).unwrap();
    let unit = RunningUnit::start_configured(folder);
    unit.status_when(|status| status["turns"]["nobody"].as_u64() > Some(0));

    disk.remount("ro");
    fs::copy(at_the_door("barack_obama_speaking.jpg"), photos.path().join("2.jpg")).unwrap();
    let is_not_recorded = |decision: &Value| decision["reason"] == "not_recorded";
    let closed = unit.status_when(|status| status["decisions"].as_array().unwrap().iter().any(is_not_recorded));
    assert_ne!(closed["audit"]["failing"], Value::Null, "{closed:#}");
    assert_eq!((&closed["door"], &closed["turns"]["granted"]), (&"locked".into(), &0.into()), "{closed:#}");
    assert_eq!(unit.status("--json").code, 1);
    let words = unit.status("-v").stdout;
    assert!(words.contains("NOBODY IS LET IN"), "{words}");

    disk.remount("rw");
    let open = unit.status_when(|status| status["turns"]["granted"].as_u64() > Some(0));
    assert_eq!(open["audit"]["failing"], Value::Null, "{open:#}");
    drop(unit);
    assert!(is_whole(&log));
}
