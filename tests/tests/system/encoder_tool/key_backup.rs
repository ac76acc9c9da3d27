//! A workstation that is destroyed: its keys come back from a backup, or the units are told to trust new ones.

use super::super::edge_agent::edge_agent;
use super::{encoder_tool, made, names_in};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use serde_json::Value;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Said, photos, program, said};

const PASSPHRASE: &str = "five words drawn at random";
/// A fleet that is never reached.
const FLEET: &str = "\
[[unit]]
name = \"front\"
id = \"5f0c-8a71-0930-754b-cb43\"
log-key = \"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c\"
ssh = \"front\"
";
const KEYS: [&str; 3] = ["signing.key", "sealing.key", "pass.key"];

/// A workstation with photos of one person, and the folder of a unit.
struct Office {
    folder: TempDir,
}

impl Office {
    fn new() -> Self {
        let office = Self { folder: made::folder(&[("passphrase", PASSPHRASE.as_bytes())]) };
        fs::set_permissions(office.at("passphrase"), Permissions::from_mode(0o600)).unwrap();
        let photo = fs::read(photos().join("enrol/Barack Obama/official_portrait.jpg")).unwrap();
        made::put(&office.at("people"), "Barack Obama/official_portrait.jpg", &photo);
        made::put(&office.at("unit"), "config.toml", office.configuration(&[]).as_bytes());
        let unit = said(edge_agent(["keygen", "--config"]).arg(office.at("unit/config.toml")));
        assert_eq!(unit.code, 0, "{unit:?}");
        office
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In `~/.config/encoder-tool`.
    fn key(&self, name: &str) -> PathBuf {
        self.at("home/.config/encoder-tool").join(name)
    }

    /// `encoder-tool`, in the folder of the office.
    fn tool(&self, line: &str) -> Said {
        let mut tool = encoder_tool([]);
        tool.args(line.split(' ')).current_dir(self.folder.path());
        said(tool.env("HOME", self.at("home")).env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME"))
    }

    fn done(&self, line: &str) -> Said {
        let done = self.tool(line);
        assert_eq!(done.code, 0, "{line}: {done:?}");
        done
    }

    fn sign(&self, database: &str) -> Said {
        let key = self.key("signing.key").display().to_string();
        self.tool(&format!("build-db people -o {database} --sign {key} --encrypt-to unit/device.key.pub"))
    }

    fn configuration(&self, signers: &[&str]) -> String {
        let (unit, signers) = (self.at("unit"), signers.iter().map(|name| self.at("unit").join(name)));
        let signers: Vec<PathBuf> = signers.collect();
        format!(
            "[database]\nidentity = {:?}\nsigners = {signers:?}\n[door]\nlock = \"scripted\"\n[camera]\nsource = \"rpicam\"\n\
             [audit]\npath = {:?}\nkey = {:?}\n[policy]\nmode = \"face\"\n",
            unit.join("device.key"),
            unit.join("audit.jsonl"),
            unit.join("audit.key")
        )
    }

    /// What a unit that trusts these keys says of Barack Obama: 0 he is let in, 2 the database is refused.
    fn at_the_door(&self, signers: &[&str], database: &str) -> Said {
        fs::write(self.at("unit/config.toml"), self.configuration(signers)).unwrap();
        let mut simulate = edge_agent(["simulate", "--json", "--db"]);
        simulate.arg(self.at(database)).arg("--config").arg(self.at("unit/config.toml"));
        said(simulate.arg("--frames").arg(photos().join("door/barack_obama_speaking.jpg")))
    }

    fn id_in(&self, database: &str) -> Value {
        self.done(&format!("list --json {database}")).json()["people"][0]["id"].clone()
    }
}

#[test]
fn a_destroyed_workstation_comes_back_from_its_backup() {
    let office = Office::new();
    office.done("keygen");
    office.done("pass keygen");
    fs::copy(office.key("signing.key.pub"), office.at("unit/signing.key.pub")).unwrap();
    assert_eq!(office.sign("people.db").code, 0);
    let id = office.id_in("people.db");
    let backed_up = office.done("keygen --backup keys.age --passphrase-file passphrase --json").json();
    assert_eq!(backed_up["keys"].as_array().map(Vec::len), Some(3), "{backed_up:#}");
    assert_eq!(backed_up["missing"], Value::Array(vec![]));
    let folder = office.at("home/.config/encoder-tool");
    let texts: Vec<String> = KEYS.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect();
    let names = names_in(&folder);

    fs::remove_dir_all(office.at("home")).unwrap();
    assert_eq!(office.sign("people.db").code, 2);
    assert_eq!(office.tool("list people.db").code, 2);
    made::put(office.folder.path(), "wrong", b"another passphrase");
    fs::set_permissions(office.at("wrong"), Permissions::from_mode(0o600)).unwrap();
    let refused = office.tool("keygen --restore keys.age --passphrase-file wrong");
    assert!(refused.code == 2 && refused.stderr.contains("the passphrase is wrong"), "{refused:?}");
    assert!(!office.at("home").exists());

    let restored = office.done("keygen --restore keys.age --passphrase-file passphrase --json").json();
    assert!(restored["keys"].as_array().unwrap().iter().all(|key| key["restored"] == true), "{restored:#}");
    assert_eq!(names_in(&folder), names, "with the public halves");
    for (name, text) in KEYS.iter().zip(&texts) {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), *text);
        assert_eq!(fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(office.id_in("people.db"), id, "the sealing key is back");
    let built = office.sign("people.db");
    assert_eq!(built.code, 0, "{built:?}");
    assert_eq!(office.id_in("people.db"), id);
    let let_in = office.at_the_door(&["signing.key.pub"], "people.db");
    assert_eq!(let_in.code, 0, "{let_in:?}");

    let again = office.done("keygen --restore keys.age --passphrase-file passphrase");
    assert_eq!(again.stdout.matches("was there").count(), 3, "{again:?}");
    assert!(again.stdout.contains("Nothing was written"), "{again:?}");
    office.done("keygen --replace");
    let new = fs::read(office.key("signing.key")).unwrap();
    let refused = office.tool("keygen --restore keys.age --passphrase-file passphrase");
    assert!(refused.code == 2 && refused.stderr.contains("signing.key already exists"), "{refused:?}");
    assert_eq!(fs::read(office.key("signing.key")).unwrap(), new);
}

#[test]
fn a_fleet_moves_to_new_keys() {
    let office = Office::new();
    office.done("keygen");
    fs::copy(office.key("signing.key.pub"), office.at("unit/old.pub")).unwrap();
    assert_eq!(office.sign("old.db").code, 0);
    fs::remove_dir_all(office.at("home")).unwrap();
    office.done("keygen");
    fs::copy(office.key("signing.key.pub"), office.at("unit/new.pub")).unwrap();
    assert_eq!(office.sign("new.db").code, 0);
    for (signers, database, code) in [
        (&["old.pub"][..], "new.db", 2),
        (&["old.pub", "new.pub"], "old.db", 0),
        (&["old.pub", "new.pub"], "new.db", 0),
        (&["new.pub"], "new.db", 0),
        (&["new.pub"], "old.db", 2),
    ] {
        let answer = office.at_the_door(signers, database);
        assert_eq!(answer.code, code, "{signers:?} {database}: {answer:?}");
        assert!(code == 0 || answer.stderr.contains("only databases signed by"), "{answer:?}");
    }
}

#[test]
fn what_is_not_a_backup_is_refused_with_advice() {
    let office = Office::new();
    let nothing = office.tool("keygen --backup keys.age --passphrase-file passphrase");
    assert!(nothing.code == 2 && nothing.stderr.contains("there are no keys"), "{nothing:?}");
    office.done("keygen");
    office.done("keygen --backup keys.age --passphrase-file passphrase");
    let text = fs::read_to_string(office.at("keys.age")).unwrap();
    let write = |name: &str, content: &[u8], mode| {
        fs::write(office.at(name), content).unwrap();
        fs::set_permissions(office.at(name), Permissions::from_mode(mode)).unwrap();
    };
    write("short", b"eleven char", 0o600);
    write("open", PASSPHRASE.as_bytes(), 0o644);
    write("bytes.age", &[0xff; 100], 0o600);
    write("cut.age", &text.as_bytes()[..text.find("-----END").unwrap()], 0o600);
    write("torn.age", &text.as_bytes()[..text.len() / 2], 0o600);
    write("large.age", &[b'A'; 200 * 1024], 0o600);
    for (line, expected) in [
        ("--backup keys.age --passphrase-file passphrase", "already exists"),
        ("--backup none/keys.age --passphrase-file passphrase", "cannot write"),
        ("--backup new.age --passphrase-file short", "at least 12"),
        ("--backup new.age --passphrase-file open", "chmod 600"),
        ("--backup new.age --passphrase-file none", "cannot read"),
        ("--restore none.age --passphrase-file passphrase", "cannot read"),
        ("--restore people --passphrase-file passphrase", "not a file"),
        ("--restore bytes.age --passphrase-file passphrase", "it is not a file that a passphrase opens"),
        ("--restore cut.age --passphrase-file passphrase", "it is damaged or cut off"),
        ("--restore torn.age --passphrase-file passphrase", "it is damaged or cut off"),
        ("--restore large.age --passphrase-file passphrase", "larger than the limit"),
        ("--restore passphrase --passphrase-file passphrase", "it is not a file that a passphrase opens"),
    ] {
        let refused = office.tool(&format!("keygen {line}"));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{line}: {refused:?}");
        assert!(refused.stderr.contains(expected), "{line}: {refused:?}");
    }
    assert!(!office.at("new.age").exists());
}

/// A copy of a locked key's file signs nothing. The key still signs, is backed up and comes back.
#[test]
fn a_locked_key_signs_with_its_passphrase_only() {
    let office = Office::new();
    let no_key = office.tool("keygen --lock --passphrase-file passphrase");
    assert!(no_key.code == 2 && no_key.stderr.contains("`encoder-tool keygen` creates"), "{no_key:?}");
    office.done("keygen");
    lock_at_a_terminal(&office);
    assert!(!fs::read_to_string(office.key("signing.key")).unwrap().contains("SECRET"));
    assert_eq!(fs::metadata(office.key("signing.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = office.tool("keygen --lock --passphrase-file passphrase");
    assert!(again.code == 2 && again.stderr.contains("locked already"), "{again:?}");

    let key = office.key("signing.key").display().to_string();
    fs::write(office.at("fleet.toml"), FLEET).unwrap();
    made::put(office.folder.path(), "wrong", b"another passphrase");
    fs::set_permissions(office.at("wrong"), Permissions::from_mode(0o600)).unwrap();
    let build = format!("build-db people -o people.db --for all --sign {key}");
    for (options, expected) in [
        ("", "help: give it in a file, with --passphrase-file FILE"),
        (" --passphrase-file wrong", "the passphrase is wrong"),
        (" --passphrase-file none", "none"),
    ] {
        let refused = office.tool(&format!("{build}{options}"));
        assert!(refused.code == 2 && refused.stderr.contains(expected), "{options}: {refused:?}");
        assert!(!office.at("people.db").exists() && !office.at("home/.cache").exists(), "before photos are encoded");
    }
    office.done(&format!("{build} --passphrase-file passphrase"));
    let line = format!("{} {build}", program("encoder-tool").display());
    let (code, shown) = at_a_terminal(&office, &line, &[("of the signing key: ", &typed)]);
    assert!(code == 0 && !shown.contains(PASSPHRASE), "{shown}");
    office.done(&format!("calibrate --db people.db --write --sign {key} --passphrase-file passphrase"));
    let forget = format!("forget Nobody --db people.db --sign {key}");
    for command in [&forget, "fleet clear-lockouts --to all"] {
        let refused = office.tool(command);
        assert!(refused.code == 2 && refused.stderr.contains("a passphrase locks"), "{command}: {refused:?}");
        assert!(refused.stderr.contains("with --passphrase-file FILE"), "{command}: {refused:?}");
    }
    let nobody = office.tool(&format!("{forget} --passphrase-file passphrase"));
    assert_eq!(nobody.code, 1, "{nobody:?}");
    let wrong = office.tool("fleet clear-lockouts --to all --passphrase-file wrong");
    assert!(wrong.code == 2 && wrong.stderr.contains("the passphrase is wrong"), "{wrong:?}");
}

/// A key that is locked is in the backup, and comes back without its own passphrase.
#[test]
fn a_locked_key_is_backed_up_and_comes_back() {
    let office = Office::new();
    office.done("keygen");
    let plain = fs::read(office.key("signing.key")).unwrap();
    let folder = office.at("home/.config/encoder-tool");
    let names = names_in(&folder);
    // A write that fails in the middle.
    let full = format!(
        "ulimit -f 1; {} keygen --dir {} --lock --passphrase-file passphrase",
        program("encoder-tool").display(),
        folder.display()
    );
    let refused = said(Command::new("sh").args(["-c", &full]).current_dir(office.folder.path()));
    assert!(refused.code == 2 && refused.stderr.contains("cannot write the key"), "{refused:?}");
    assert_eq!((fs::read(office.key("signing.key")).unwrap(), names_in(&folder)), (plain.clone(), names.clone()));

    let locked = office.done("keygen --lock --passphrase-file passphrase --json").json();
    assert_eq!(locked["locked"], true, "{locked}");
    let locked = fs::read(office.key("signing.key")).unwrap();
    let backup = "keygen --backup keys.age --passphrase-file passphrase";
    let refused = office.tool(backup);
    assert!(refused.code == 2 && refused.stderr.contains("with --key-passphrase-file FILE"), "{refused:?}");
    assert!(!office.at("keys.age").exists());
    let line = format!("{} {backup} --dir {}", program("encoder-tool").display(), folder.display());
    let (code, shown) = at_a_terminal(&office, &line, &[("of the signing key: ", &typed)]);
    assert!(code == 0 && !shown.contains(PASSPHRASE), "{shown}");
    let tried = office.done("keygen --restore keys.age --passphrase-file passphrase");
    assert!(tried.stdout.contains("Nothing was written") && tried.stdout.contains("locked"), "{tried:?}");
    assert_eq!(fs::read(office.key("signing.key")).unwrap(), locked);

    let refused = office.tool("keygen --unlock --passphrase-file wrong");
    assert!(refused.code == 2, "{refused:?}");
    let unlocked = office.done("keygen --unlock --passphrase-file passphrase --json").json();
    assert_eq!(unlocked["locked"], false, "{unlocked}");
    assert_eq!(fs::read(office.key("signing.key")).unwrap(), plain);
    // Its passphrase is forgotten: the key comes back from the backup.
    fs::write(office.key("signing.key"), &locked).unwrap();
    fs::rename(office.key("signing.key"), office.key("forgotten")).unwrap();
    office.done("keygen --restore keys.age --passphrase-file passphrase");
    assert_eq!(fs::read(office.key("signing.key")).unwrap(), plain);
}

fn typed(_: &str) -> String {
    format!("{PASSPHRASE}\n")
}

/// The passphrase is typed twice, and not shown.
fn lock_at_a_terminal(office: &Office) {
    let folder = office.at("home/.config/encoder-tool");
    let line = format!("{} keygen --lock --dir {}", program("encoder-tool").display(), folder.display());
    let other = |_: &str| "not the same passphrase\n".to_owned();
    let twice: [(&str, Answer<'_>); 3] = [("made up: ", &typed), ("again: ", &other), ("once more: ", &typed)];
    let (code, shown) = at_a_terminal(office, &line, &twice);
    assert!(code == 0 && !shown.contains(PASSPHRASE), "{shown}");
    assert!(shown.contains("is locked") && shown.contains("If you forget the passphrase"), "{shown}");
}

#[test]
fn the_passphrase_is_typed_without_echo() {
    let office = Office::new();
    office.done("keygen");
    let tool = program("encoder-tool").display().to_string();
    let keygen = format!("{tool} keygen --dir home/.config/encoder-tool");
    let typed = |_: &str| format!("{PASSPHRASE}\n");
    let other = |_: &str| "not the same passphrase\n".to_owned();
    let enter = |_: &str| "\n".to_owned();
    let control_c = |_: &str| "\x03".to_owned();
    let made_up = |shown: &str| {
        let (_, after) = shown.split_once("The passphrase is  ").unwrap();
        format!("{}\n", after.split_whitespace().next().unwrap())
    };

    let differ: [(&str, Answer); 4] =
        [("made up: ", &typed), ("again: ", &other), ("once more: ", &other), ("once more: ", &other)];
    let (code, shown) = at_a_terminal(&office, &format!("{keygen} --backup no.age"), &differ);
    assert!(code == 2 && shown.contains("the two passphrases differ"), "{shown}");
    assert!(!office.at("no.age").exists() && !shown.contains(PASSPHRASE), "{shown}");

    let line = format!("{keygen} --backup no.age; code=$?; stty --all; exit $code");
    let (code, shown) = at_a_terminal(&office, &line, &[("made up: ", &typed), ("again: ", &control_c)]);
    assert!(code == 2 && shown.contains("interrupted") && !office.at("no.age").exists(), "{shown}");
    assert!(shown.contains(" echo ") && shown.contains(" icanon "), "the terminal is as before: {shown}");

    let twice: [(&str, Answer); 2] = [("made up: ", &typed), ("again: ", &typed)];
    let (code, shown) = at_a_terminal(&office, &format!("{keygen} --backup own.age"), &twice);
    assert!(code == 0 && !shown.contains(PASSPHRASE), "{shown}");
    let (code, shown) =
        at_a_terminal(&office, &format!("{tool} keygen --dir new --restore own.age"), &[("of the backup: ", &typed)]);
    assert!(code == 0 && !shown.contains(PASSPHRASE), "{shown}");
    assert_eq!(names_in(&office.at("new")), names_in(&office.at("home/.config/encoder-tool")));

    let (code, shown) = at_a_terminal(
        &office,
        &format!("{keygen} --backup made.age"),
        &[("made up: ", &enter), ("Type it: ", &made_up)],
    );
    assert_eq!(code, 0, "{shown}");
    let passphrase = made_up(&shown);
    assert_eq!(shown.matches(passphrase.trim_end()).count(), 1, "{shown}");
    made::put(office.folder.path(), "passphrase", passphrase.as_bytes());
    office.done("keygen --restore made.age --dir from-made-up --passphrase-file passphrase");
}

#[test]
fn the_program_age_opens_our_backup_and_we_open_its_file() {
    if !Path::new("/usr/bin/age").exists() {
        eprintln!("skipped: age is not installed; apt install age");
        return;
    }
    let office = Office::new();
    office.done("keygen");
    office.done("keygen --backup ours.age --passphrase-file passphrase");
    let typed = |_: &str| format!("{PASSPHRASE}\n");
    let (code, shown) =
        at_a_terminal(&office, "/usr/bin/age --decrypt -o plain ours.age", &[("Enter passphrase: ", &typed)]);
    assert_eq!(code, 0, "{shown}");
    let plain = fs::read_to_string(office.at("plain")).unwrap();
    for name in ["signing.key", "sealing.key"] {
        let key = fs::read_to_string(office.key(name)).unwrap();
        assert!(plain.contains(&format!("[{name}]\n{key}")), "{name}");
    }
    for (armour, theirs) in [("--armor ", "text.age"), ("", "bytes.age")] {
        let encrypt = format!("/usr/bin/age --encrypt --passphrase {armour}-o {theirs} plain");
        let twice: [(&str, Answer); 2] = [("autogenerate a secure one): ", &typed), ("Confirm passphrase: ", &typed)];
        let (code, shown) = at_a_terminal(&office, &encrypt, &twice);
        assert_eq!(code, 0, "{shown}");
        let checked = office.done(&format!("keygen --restore {theirs} --passphrase-file passphrase"));
        assert!(checked.stdout.contains("Nothing was written"), "{checked:?}");
        office.done(&format!("keygen --restore {theirs} --dir of-{theirs} --passphrase-file passphrase"));
        assert_eq!(names_in(&office.at(&format!("of-{theirs}"))), names_in(&office.at("home/.config/encoder-tool")));
    }
}

/// What is typed, given everything that was shown before.
type Answer<'a> = &'a dyn Fn(&str) -> String;

/// Runs a line of shell on a terminal and answers what it asks; the exit code and everything that the terminal showed.
fn at_a_terminal(office: &Office, line: &str, answers: &[(&str, Answer<'_>)]) -> (i32, String) {
    let OpenptyResult { master, slave } = openpty(None, None).unwrap();
    let slave = move || Stdio::from(slave.try_clone().unwrap());
    let mut shell = Command::new("setsid");
    shell.args(["--ctty", "sh", "-c", line]).current_dir(office.folder.path());
    let mut child = shell.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
    drop((shell, slave));
    let mut terminal = File::from(master);
    let (mut shown, mut answered) = (String::new(), 0);
    for (prompt, answer) in answers {
        while !shown[answered..].contains(prompt) {
            assert!(read(&mut terminal, &mut shown), "it did not ask {prompt:?}: {shown}");
        }
        answered = shown.len();
        wait_until_nothing_is_echoed(&terminal);
        terminal.write_all(answer(&shown).as_bytes()).unwrap();
    }
    while read(&mut terminal, &mut shown) {}
    (child.wait().unwrap().code().unwrap(), shown)
}

/// Whether there was something to read: a terminal that no program has open any more is an error.
fn read(terminal: &mut File, shown: &mut String) -> bool {
    let mut bytes = [0; 1024];
    let read = terminal.read(&mut bytes).unwrap_or(0);
    shown.push_str(str::from_utf8(&bytes[..read]).unwrap());
    read > 0
}

/// Programs ask before they turn the echo off.
fn wait_until_nothing_is_echoed(terminal: &File) {
    let patience = Instant::now() + Duration::from_secs(60);
    while tcgetattr(terminal).unwrap().local_flags.contains(LocalFlags::ECHO) {
        assert!(Instant::now() < patience, "what is typed would be shown");
        thread::sleep(Duration::from_millis(1));
    }
}
