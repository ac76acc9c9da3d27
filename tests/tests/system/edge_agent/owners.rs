//! Whose files they are, and which process has them: root and the unit's user, and two units.

use super::super::encoder_tool::{build, enrolled};
use super::running::{BETWEEN_LOOKS, RunningUnit, configuration_with, photos_of};
use super::{at_the_door, edge_agent};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use tempfile::TempDir;
use tests::runnable::copy_program;
use tests::{Said, program, said};

/// Nobody's number: the unit's user here.
const USER: u32 = 54_321;
const PRECIOUS: &str = "root's own\n";

fn root_is_here() -> bool {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        eprintln!("SKIPPED: only root can try what root must not do");
    }
    is_root
}

/// As the package lays it out: folders of the unit's user in a folder of root's, where everybody may look.
fn installed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    for name in ["state", "log", "run"] {
        fs::create_dir(at(name)).unwrap();
    }
    fs::copy(enrolled(), at("state/people.db")).unwrap();
    fs::copy(at_the_door("wall.jpg"), at("wall.jpg")).unwrap();
    configuration_with(folder.path(), &at("state/people.db"), &photos_of(&at("wall.jpg")));
    let text = fs::read_to_string(at("config.toml")).unwrap();
    let place = |text: String, file: &str, folder_of_it: &str| {
        text.replace(&at(file).display().to_string(), &at(folder_of_it).join(file).display().to_string())
    };
    let text =
        ["last-lock.toml", "memory.json", "audit.key"].iter().fold(text, |text, file| place(text, file, "state"));
    let text = place(place(text, "audit.jsonl", "log"), "status.sock", "run");
    let identity = format!("[database]\nidentity = \"{}\"", at("state/device.key").display());
    fs::write(at("config.toml"), text.replace("[database]", &identity)).unwrap();
    for name in ["state", "log", "run", "state/people.db"] {
        chown(at(name), Some(USER), Some(USER)).unwrap();
    }
    folder
}

fn as_root(folder: &Path, arguments: &[&str]) -> Said {
    said(edge_agent(arguments).arg("--config").arg(folder.join("config.toml")))
}

/// Files below the folders of the unit that are not its user's.
fn foreign_files(folder: &Path) -> Vec<PathBuf> {
    let entries = ["state", "log", "run"].map(|name| fs::read_dir(folder.join(name)).unwrap());
    let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.filter(|path| fs::symlink_metadata(path).unwrap().uid() != USER).collect()
}

/// Root started the unit once by hand, and the service could not start any more: its log was root's.
#[test]
fn the_service_starts_after_root_ran_the_unit_by_hand() {
    if !root_is_here() {
        return;
    }
    let mut by_hand = RunningUnit::start_configured(installed());
    by_hand.status_at("run/status.sock");
    assert_eq!(by_hand.stop("-TERM"), 0);
    let folder = by_hand.into_folder();
    assert_eq!(foreign_files(folder.path()), Vec::<PathBuf>::new(), "nothing of root's is left");
    for command in [&["doctor"][..], &["keygen"], &["rollback"], &["forget", "Nobody"], &["check"]] {
        as_root(folder.path(), command);
        assert_eq!(foreign_files(folder.path()), Vec::<PathBuf>::new(), "{command:?}");
    }
    let theirs = folder.path().join("edge-agent");
    copy_program(&program("edge-agent"), &theirs);
    let mut service = RunningUnit::start_changed(folder, |command| {
        *command = Command::new(theirs);
        command.args(["run", "-v", "--config"]).uid(USER).gid(USER);
    });
    service.status_at("run/status.sock");
    assert_eq!(service.stop("-TERM"), 0);
}

/// An older version left root's files. The help was to move the log away, which would have broken the record.
#[test]
fn files_of_another_owner_are_named_with_the_remedy() {
    if !root_is_here() {
        return;
    }
    let folder = installed();
    fs::write(folder.path().join("log/audit.jsonl"), "").unwrap();
    fs::set_permissions(folder.path().join("log/audit.jsonl"), Permissions::from_mode(0o600)).unwrap();
    let refused = as_root(folder.path(), &["run"]);
    let cure = format!("chown -R {USER}: {}", folder.path().join("log").display());
    assert!(refused.code == 2 && refused.stderr.contains(&cure), "{refused:?}");
    assert!(!refused.stderr.contains("move the log away"), "{refused:?}");
}

/// `check` was content with a log that the service's user could not write: the service started and let nobody in.
#[test]
fn check_refuses_and_run_names_unwritable_paths() {
    if !root_is_here() {
        return;
    }
    for (unwritable, named) in [
        ("log", &["[audit] path"][..]),
        ("state", &["[database] path", "[door] memory", "[door] last-lock"]),
        ("run", &["[status] socket", "[control] socket"]),
    ] {
        // Without what is there from the first start on, such as the key of its log, a unit does not start at all.
        let mut first = RunningUnit::start_configured(installed());
        first.status_at("run/status.sock");
        assert_eq!(first.stop("-TERM"), 0);
        let folder = first.into_folder();
        assert_eq!(as_root(folder.path(), &["check"]).code, 0);
        let place = folder.path().join(unwritable);
        chown(&place, Some(0), Some(0)).unwrap();
        let checked = as_root(folder.path(), &["check"]);
        assert_eq!(checked.code, 2, "{unwritable}: {checked:?}");
        for key in named {
            assert!(checked.stderr.contains(&format!("{key}: ")), "{unwritable}: {checked:?}");
        }
        assert!(checked.stderr.contains(&format!("cannot be written by {USER}")), "{checked:?}");
        if unwritable != "log" {
            continue;
        }
        let mut unit = RunningUnit::start_configured(folder);
        unit.status_at("run/status.sock");
        assert_eq!(unit.stop("-TERM"), 0);
        let said = unit.stderr();
        assert!(said.contains("[audit] path: ") && said.contains("cannot be written by"), "{said}");
    }
}

/// Names beside which, or as which, commands once wrote on their way. Nothing may stop at them any more.
const PASSING_NAMES: [&str; 14] = [
    "people.db.part",
    "people.db.accepted.part",
    "people.db.previous.part",
    "people.db.rollback.part",
    "last-lock.new",
    "memory.json.part",
    "audit.key.part",
    "audit.key.pub.part",
    "device.key.part",
    "device.key.pub.part",
    "audit.jsonl.head.part",
    "audit.jsonl.names.part",
    "export.jsonl.part",
    ".edge-agent-doctor",
];

/// Names that stay.
const NAMES: [&str; 19] = [
    "people.db.incoming",
    "people.db.staged",
    "people.db.accepted",
    "people.db.rollback",
    "people.db.previous",
    "people.db.exchanged",
    "last-lock.toml",
    "memory.json",
    "audit.key",
    "audit.key.pub",
    "device.key",
    "device.key.pub",
    "audit.jsonl",
    "audit.jsonl.next",
    "audit.jsonl.head",
    "audit.jsonl.names",
    "export.jsonl",
    "status.sock",
    "unit.lock",
];

/// The unit's user leaves links under every name that a command might write.
#[test]
fn root_follows_no_links_of_the_units_user() {
    if !root_is_here() {
        return;
    }
    for leads_to in ["victim", "missing"] {
        try_everything_with_links(&PASSING_NAMES, leads_to);
    }
    for (index, name) in NAMES.iter().enumerate() {
        try_everything_with_links(&[name], ["victim", "missing"][index % 2]);
    }
}

fn try_everything_with_links(names: &[&str], leads_to: &str) {
    let folder = installed();
    let roots = tempfile::tempdir().unwrap();
    let victim = roots.path().join("victim");
    fs::write(&victim, PRECIOUS).unwrap();
    fs::set_permissions(&victim, Permissions::from_mode(0o640)).unwrap();
    for (name, place) in names.iter().flat_map(|name| ["state", "log", "run"].map(|place| (name, place))) {
        let link = folder.path().join(place).join(name);
        symlink(roots.path().join(leads_to), &link).unwrap();
        lchown(&link, Some(USER), Some(USER)).unwrap();
    }
    let nothing_happened = |command: &str| {
        let found = fs::metadata(&victim).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), PRECIOUS, "{names:?}, {command}");
        assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o640), "{names:?}, {command}");
        assert!(!roots.path().join("missing").exists(), "{names:?}, {command}");
        assert_eq!(foreign_files(folder.path()), Vec::<PathBuf>::new(), "{names:?}, {command}");
    };
    run_until_it_runs_or_ends(folder.path());
    nothing_happened("run");
    let export = folder.path().join("log/export.jsonl").display().to_string();
    for command in [
        &["doctor"][..],
        &["keygen", "--replace"],
        &["rollback"],
        &["forget", "Barack Obama"],
        &["audit", "export", "--output", &export],
    ] {
        as_root(folder.path(), command);
        nothing_happened(command[0]);
    }
}

/// Some of the links keep a unit from starting.
fn run_until_it_runs_or_ends(folder: &Path) {
    let messages = folder.join("messages");
    let mut command = edge_agent(["run", "-v", "--config"]);
    command.arg(folder.join("config.toml")).stderr(File::create(&messages).unwrap());
    let mut unit = command.spawn().unwrap();
    while unit.try_wait().unwrap().is_none() && !fs::read_to_string(&messages).unwrap().contains("the unit runs") {
        thread::sleep(BETWEEN_LOOKS);
    }
    Command::new("kill").arg(unit.id().to_string()).output().unwrap();
    unit.wait().unwrap();
    assert!(!fs::read_to_string(&messages).unwrap().contains("panicked"));
}

/// The configuration names a folder that the unit's user has exchanged for one of root's.
#[test]
fn root_does_not_write_to_an_exchanged_folder() {
    if !root_is_here() {
        return;
    }
    let folder = installed();
    let roots = tempfile::tempdir().unwrap();
    symlink(roots.path(), folder.path().join("state/deeper")).unwrap();
    let config = folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("/state/device.key", "/state/deeper/device.key")).unwrap();
    let refused = as_root(folder.path(), &["keygen"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(fs::read_dir(roots.path()).unwrap().count(), 0);

    // A log of somebody else's: root does not choose between them.
    chown(folder.path().join("log"), Some(USER + 1), Some(USER + 1)).unwrap();
    let refused = as_root(folder.path(), &["run"]);
    assert!(refused.code == 2 && refused.stderr.contains("different users"), "{refused:?}");
}

/// `sudo encoder-tool build-db -o` into a folder of the unit's user, who left a link there.
#[test]
fn the_encoder_tool_follows_no_links_as_root() {
    if !root_is_here() {
        return;
    }
    let folder = installed();
    let roots = tempfile::tempdir().unwrap();
    let victim = roots.path().join("victim");
    fs::copy(enrolled(), &victim).unwrap();
    let before = fs::read(&victim).unwrap();
    let database = folder.path().join("state/people.db");
    let photos = tests::photos().join("enrol");
    assert_eq!(build(&photos, &database, &[]).code, 0);
    assert_eq!(foreign_files(folder.path()), Vec::<PathBuf>::new(), "it is the unit's to use");
    fs::remove_file(&database).unwrap();
    symlink(&victim, &database).unwrap();
    assert_eq!(build(&photos, &database, &[]).code, 2);
    assert_eq!(fs::read(&victim).unwrap(), before);
}

/// The second unit had a status socket of its own, as the message proposed, and both wrote one log.
#[test]
fn a_second_unit_with_another_socket_is_refused_and_names_the_first() {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let text = fs::read_to_string(unit.file("config.toml")).unwrap();
    let shared = [
        ("another socket", text.replace("status.sock", "two.sock")),
        ("another log", text.replace("status.sock", "two.sock").replace("/audit.jsonl", "/log/audit.jsonl")),
    ];
    fs::create_dir(unit.file("log")).unwrap();
    for (what, text) in shared {
        fs::write(unit.file("second.toml"), text).unwrap();
        let second = said(edge_agent(["run", "--config"]).arg(unit.file("second.toml")));
        let names_it = second.stderr.contains(&format!("pid {}", unit.process()));
        assert!(second.code == 2 && second.stderr.contains("a unit runs already") && names_it, "{what}: {second:?}");
    }
    assert_eq!(unit.stop("-TERM"), 0);
    assert_eq!(unit.events(), ["started", "database_loaded", "stopped"]);
    let verified = said(edge_agent(["audit", "verify", "--log"]).arg(unit.file("audit.jsonl")));
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// The socket's folder was missing, so `rollback` took it that no unit ran, and wrote the log beside the one that did.
#[test]
fn a_unit_that_does_not_answer_is_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    super::running::configuration(folder.path(), &photos_of(&at_the_door("wall.jpg")));
    let config = folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap().replace("status.sock", "none/status.sock");
    fs::write(&config, text).unwrap();
    fs::copy(enrolled(), folder.path().join("people.db.previous")).unwrap();
    let mut unit = RunningUnit::start_configured(folder);
    let log = fs::read(unit.file("audit.jsonl")).unwrap();
    let refused = said(edge_agent(["rollback", "--config"]).arg(unit.file("config.toml")));
    assert!(refused.code == 2 && refused.stderr.contains("a unit runs"), "{refused:?}");
    assert_eq!(fs::read(unit.file("audit.jsonl")).unwrap(), log);
    assert_eq!(unit.stop("-TERM"), 0);
}

/// The lock goes with the process, not with the file.
#[test]
fn a_stale_lock_file_of_a_killed_unit_does_not_block() {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    unit.kill();
    assert!(unit.file("unit.lock").exists());
    let mut again = RunningUnit::start_configured(unit.into_folder());
    assert_eq!(again.stop("-TERM"), 0);
}
