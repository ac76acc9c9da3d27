//! The commands for fleets over ssh, with a real unit. What they start as `ssh` runs the line here, as the unit's server
//! would; `shipped.rs` has a real server.

use super::{Collector, eventually};
use crate::edge_agent::link_socket::{own_key, unit, workstation};
use crate::edge_agent::running::RunningUnit;
use shared::gallery::{Gallery, GalleryBuilder, Protection};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tests::runnable::write_script;
use tests::{Said, program, said};

struct Office {
    folder: TempDir,
    unit: RunningUnit,
}

impl Office {
    fn start() -> Self {
        let (folder, unit) = (tempfile::tempdir().unwrap(), unit());
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        };
        let bin = folder.path().join("bin");
        // The last argument is the line for the host.
        let ssh = format!("for line; do :; done\nPATH={}:$PATH exec sh -c \"$line\"", bin.display());
        write_script(&bin.join("ssh"), &ssh);
        write_script(&bin.join("sudo"), "shift 3\nexec \"$@\"");
        let (real, config) = (program("edge-agent"), unit.file("config.toml"));
        let on_the_unit = format!("exec {} \"$@\" --config {}", real.display(), config.display());
        write_script(&bin.join("edge-agent"), &on_the_unit);
        write("signing.key", &workstation().to_text());
        let key = fs::read_to_string(unit.file("audit.key.pub")).unwrap();
        let id = own_key().recipient().fingerprint();
        let fleet = format!(
            "[[unit]]\nname = \"front\"\nid = \"{id}\"\nlog-key = \"{}\"\ngroups = [\"office\"]\nssh = \"pi@front\"\n",
            key.trim()
        );
        write("fleet.toml", &fleet);
        Self { folder, unit }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("encoder-tool"));
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).current_dir(self.folder.path()).arg("fleet").args(words);
        command
    }

    fn fleet(&self, words: &[&str]) -> Said {
        said(&mut self.command(words))
    }
}

#[test]
fn a_real_unit_answers_obeys_and_takes_a_database_over_ssh() {
    let office = Office::start();
    office.unit.status_when(|status| status["door"] == "unlocked");
    let status = office.fleet(&["status", "--json"]);
    let stated = &status.json()["units"][0]["stated"];
    assert!(stated["door"] == "unlocked" && stated["people"].as_u64() > Some(0), "{status:?}");

    let locked =
        office.fleet(&["lockdown", "on", "--to", "all", "--sign", "signing.key", "--receipts", "receipts", "--json"]);
    assert_eq!(locked.code, 0, "{locked:?}");
    let receipt = &locked.json()["units"][0];
    assert_eq!((&receipt["state"], &receipt["receipt"]["schema"]), (&"carried_out".into(), &1.into()), "{receipt}");
    assert_eq!(fs::read_dir(office.folder.path().join("receipts")).unwrap().count(), 1);
    office.unit.status_when(|status| status["door"] == "locked");
    let ended = office.fleet(&["lockdown", "off", "--to", "front", "--sign", "signing.key"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    office.unit.status_when(|status| status["access"]["lockdown"].is_null());

    let people = Gallery::decode(&fs::read(office.unit.file("people.db")).unwrap()).unwrap();
    let sequence = people.header().sequence + 1;
    let newer = GalleryBuilder::from_gallery(people, sequence);
    let bytes = newer.gallery().encode_protected(&Protection { sign: Some(&workstation()), seal: None }).unwrap();
    fs::write(office.folder.path().join("newer.db"), bytes).unwrap();
    let shipped = office.fleet(&["ship", "newer.db", "--to", "office"]);
    assert_eq!(shipped.code, 0, "{shipped:?}");
    office.unit.status_when(|status| status["database"]["sequence"] == sequence);
}

#[test]
fn a_real_log_is_collected_over_ssh_and_goes_on_after_the_unit_was_restarted() {
    let mut office = Office::start();
    let mut command = office.command(&["collect", "--to", "logs"]);
    let mut collector = Collector(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let id = own_key().recipient().fingerprint();
    let collected = office.folder.path().join(format!("logs/{id}.jsonl"));
    for _ in 0..2 {
        office.unit.status_when(|status| status["door"] == "unlocked");
        let is_collected = || {
            let (log, collected) =
                (fs::read(office.unit.file("audit.jsonl")).unwrap(), fs::read(&collected).unwrap_or_default());
            collected.len() > 1000 && log.starts_with(&collected)
        };
        eventually(is_collected, || "the log is not collected".to_owned());
        assert_eq!(office.unit.stop("-TERM"), 0);
        let length = fs::metadata(office.unit.file("audit.jsonl")).unwrap().len();
        let restarted = RunningUnit::start_configured(office.unit.into_folder());
        office = Office { folder: office.folder, unit: restarted };
        eventually(
            || fs::metadata(&collected).is_ok_and(|found| found.len() > length),
            || "it does not go on".to_owned(),
        );
    }
    assert_eq!(collector.terminate(), Some(0));
    let mut verify = Command::new(program("edge-agent"));
    verify
        .args(["audit", "verify", "--json", "--log"])
        .arg(&collected)
        .arg("--key")
        .arg(office.unit.file("audit.key.pub"));
    let verified = said(&mut verify);
    assert_eq!(verified.code, 0, "{verified:?}");
}
