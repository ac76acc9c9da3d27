//! `check`: could a unit run?

use super::super::encoder_tool::enrolled;
use super::running::{configuration, photos_of};
use super::{another_model, at_the_door, edge_agent, one_file};
use std::fs;
use std::process::Command;
use tests::{program, said};

#[test]
fn a_unit_that_could_run() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &photos_of(&at_the_door("wall.jpg")));
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let before = files();
    let checked = said(edge_agent(["check", "--json", "--config"]).arg(&config));
    assert_eq!(checked.code, 0, "{checked:?}");
    let found = checked.json();
    assert_eq!((&found["people"], &found["encodings"]), (&2.into(), &3.into()));
    assert_eq!((&found["dimensions"], &found["threshold_from"]), (&128.into(), &"database".into()));
    let words = said(edge_agent(["check", "--config"]).arg(config)).stdout;
    assert!(words.contains("2 people, 3 encodings"), "{words}");
    assert!(words.contains("not tried      to open the photos "), "{words}");
    assert_eq!(files(), before, "it writes something");
}

/// It passed configurations with which no unit starts, the one that is shipped among them.
#[test]
fn check_and_run_refuse_the_same_with_the_same_message() {
    let (wall, other) = (photos_of(&at_the_door("wall.jpg")), another_model());
    let other = format!("[model]\nbundles = [{:?}]\n[audit]", other.path());
    for (was, is, expected) in [
        ("lock = \"scripted\"", "", "[door] lock is not set"),
        ("source = \"files\"", "", "[camera] source is not set"),
        ("path = ", "path = \"/nowhere/people.db\" # ", "/nowhere/people.db"),
        ("[audit]\npath = ", "[audit]\npath = \"/nowhere/audit.jsonl\" # ", "/nowhere/audit.jsonl"),
        ("key = ", "key = \"/nowhere/audit.key\" # ", "/nowhere/audit.key"),
        ("key = ", "key = \"/etc/passwd\" # ", "/etc/passwd"),
        ("memory = ", "memory = \"/tmp/..\" # ", "[door] memory"),
        ("[audit]", "[model]\nbundles = [\"/nowhere\"]\n[audit]", "[model] bundles"),
        ("[audit]", &other, "this program runs model"),
        ("mode = \"face\"", "threshold = 1.9", "threshold 1.9"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = configuration(folder.path(), &wall);
        let text = fs::read_to_string(&config).unwrap();
        assert_ne!(text.replacen(was, is, 1), text, "{was}");
        fs::write(&config, text.replacen(was, is, 1)).unwrap();
        let checked = said(edge_agent(["check", "--config"]).arg(&config));
        // Should it start after all, it is ended.
        let run =
            said(Command::new("timeout").arg("60").arg(program("edge-agent")).args(["run", "--config"]).arg(&config));
        assert_eq!((checked.code, run.code), (2, 2), "{is}: {checked:?} {run:?}");
        let error = |stderr: &str| stderr.lines().filter(|line| !line.contains("WARN")).collect::<Vec<_>>().join("\n");
        assert!(error(&checked.stderr).contains(expected), "{is}: {checked:?}");
        assert_eq!(error(&checked.stderr), error(&run.stderr), "{is}");
    }
}

#[test]
fn the_shipped_configuration_names_the_missing_settings() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/config.toml");
    for verb in ["check", "run"] {
        let refused = said(edge_agent([verb, "--config", shipped]).arg("-q"));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains("[camera] source and [door] lock are not set"), "{refused:?}");
    }
}

#[test]
fn errors_are_reported_with_their_location() {
    let database = enrolled();
    let database = database.display();
    let other = another_model();
    let model = other.path().display();
    for (text, expected) in [
        ("[door]\nunlock_seconds = 5.0\n".to_owned(), &["config.toml", "unlock_seconds"][..]),
        ("[door]\nunlock-seconds = 0.0\n".to_owned(), &["config.toml", "door.unlock-seconds"]),
        ("[policy]\nthreshold = 1.9\n".to_owned(), &["config.toml", "threshold 1.9", "smaller is stricter"]),
        (
            "[door]\nlock = \"gpio\"\npin = 17\n".to_owned(),
            &["config.toml", "door.locked-level is required", "would open it"],
        ),
        ("[lights]\nred-pin = 5\ngreen-pin = 5\n".to_owned(), &["lights.green-pin and lights.red-pin are both GPIO5"]),
        ("not toml".to_owned(), &["config.toml"]),
        ("[database]\npath = \"/nowhere/people.db\"\n".to_owned(), &["[database] path", "/nowhere/people.db"]),
        ("[database]\npath = \"/tmp\"\n".to_owned(), &["[database] path", "/tmp", "a folder, not a file"]),
        (format!("[database]\npath = \"{database}\"\n[model]\nbundles = [\"/nowhere\"]\n"), &["[model]", "/nowhere"]),
        (
            format!("[database]\npath = \"{database}\"\n[model]\nbundles = [\"{model}\"]\n"),
            &["was made with model", "this program runs model"],
        ),
    ] {
        let (folder, config) = one_file("config.toml", "");
        let log = folder.path().join("audit");
        let door = if text.contains("[door]") { "" } else { "[door]\nlock = \"scripted\"\n" };
        let around = format!(
            "[camera]\nsource = \"rpicam\"\n{door}[audit]\npath = \"{0}.jsonl\"\nkey = \"{0}.key\"\n",
            log.display()
        );
        fs::write(&config, format!("{text}{around}")).unwrap();
        let refused = said(edge_agent(["check", "--config"]).arg(config));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{text}: {refused:?}");
        for expected in expected {
            assert!(refused.stderr.contains(expected), "{text}: {} has no {expected:?}", refused.stderr);
        }
    }
}

fn lock(pin: u8, level: &str, board: &str) -> String {
    let database = enrolled();
    format!(
        "[database]\npath = {database:?}\nunsigned = \"accepted\"\n[door]\nlock = \"gpio\"\npin = {pin}\nlocked-level = \"{level}\"\n\
         board = \"{board}\"\nwiring = \"strike\"\n[camera]\nsource = \"rpicam\"\n\
         [audit]\npath = \"/tmp/audit-that-is-not.jsonl\"\nkey = \"/tmp/audit-that-is-not.key\"\n"
    )
}

/// Garage doors that opened themselves after a power cut are the oldest bug of such units: the pin is pulled to the level
/// that the relay board takes for "on" until the program has started.
#[test]
fn a_pin_that_unlocks_during_boot_is_refused_with_a_remedy() {
    for board in ["pi-3", "pi-4", "pi-5", "zero-2-w"] {
        for (pin, level, pulled, line, pins) in [
            (17, "high", "low", "gpio=17=op,dh", "GPIO4 to GPIO8"),
            (5, "low", "high", "gpio=5=op,dl", "GPIO9 to GPIO13, GPIO16 to GPIO27"),
        ] {
            let (_folder, config) = one_file("config.toml", lock(pin, level, board));
            let refused = said(edge_agent(["check", "--config"]).arg(&config));
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
            let pulled = format!("GPIO{pin} is pulled {pulled} from power-on");
            for expected in [pulled.as_str(), "unlocked while the Pi boots", "help: ", line, pins] {
                assert!(refused.stderr.contains(expected), "{board}: {} has no {expected:?}", refused.stderr);
            }
            let (_folder, boot_config) = one_file("config.txt", format!("dtparam=audio=on\n{line}\n"));
            let mut cured = edge_agent(["check", "--json", "--config"]);
            let cured = said(cured.arg(&config).arg("--boot-config").arg(&boot_config));
            assert_eq!(cured.code, 0, "{cured:?}");
            let lock = &cured.json()["lock"];
            assert_eq!((&lock["locked_at_boot_by"], &lock["boards"][0]), (&"config_txt".into(), &board.into()));
            assert!(cured.json()["warnings"].to_string().contains("10 k"), "{cured:?}");
        }
    }
}

#[test]
fn a_pin_that_is_pulled_to_locked_is_fine_until_config_txt_says_otherwise() {
    let (_folder, config) = one_file("config.toml", lock(17, "low", "pi-4"));
    let checked = said(edge_agent(["check", "--config"]).arg(&config));
    assert_eq!(checked.code, 0, "{checked:?}");
    for expected in ["GPIO17, locked at low", "its pull at reset (pi-4)", "normally-open contact"] {
        assert!(checked.stdout.contains(expected), "{}", checked.stdout);
    }
    let (_folder, boot_config) = one_file("config.txt", "[pi5]\ngpio=17=op,dl\n[pi4]\ngpio=17=op,dh\n");
    let refused = said(edge_agent(["check", "--config"]).arg(&config).arg("--boot-config").arg(&boot_config));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("config.txt drives GPIO17 high") && refused.stderr.contains("gpio=17=op,dl"));
    let refused = said(edge_agent(["check", "--config"]).arg(&config).arg("--boot-config").arg("/nowhere/config.txt"));
    assert_eq!(refused.code, 2, "{refused:?}");
}
