//! `check`: could a unit run?

use super::super::encoder_tool::enrolled;
use super::{another_model, edge_agent, one_file};
use tests::said;

#[test]
fn a_unit_that_could_run() {
    let (_folder, config) = one_file("config.toml", format!("[database]\npath = {:?}\n", enrolled()));
    let checked = said(edge_agent(["check", "--json", "--config"]).arg(&config));
    assert_eq!(checked.code, 0, "{checked:?}");
    let found = checked.json();
    assert_eq!((&found["people"], &found["encodings"]), (&2.into(), &3.into()));
    assert_eq!((&found["dimensions"], &found["threshold_from"]), (&128.into(), &"database".into()));
    let words = said(edge_agent(["check", "--config"]).arg(config)).stdout;
    assert!(words.contains("2 people, 3 encodings"), "{words}");
}

#[test]
fn what_is_wrong_is_said_with_where() {
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
            &["config.toml", "door.locked-level is missing", "would open it"],
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
        let (_folder, config) = one_file("config.toml", &text);
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
         board = \"{board}\"\nwiring = \"strike\"\n"
    )
}

/// Garage doors that opened themselves after a power cut are the oldest bug of such units: the pin is pulled to the level
/// that the relay board takes for "on" until the program has started.
#[test]
fn a_pin_that_opens_the_door_while_the_pi_boots_is_refused_with_its_cure() {
    for board in ["pi-3", "pi-4", "pi-5", "zero-2-w"] {
        for (pin, level, pulled, line, pins) in [
            (17, "high", "low", "gpio=17=op,dh", "GPIO4 to GPIO8"),
            (5, "low", "high", "gpio=5=op,dl", "GPIO9 to GPIO13, GPIO16 to GPIO27"),
        ] {
            let (_folder, config) = one_file("config.toml", lock(pin, level, board));
            let refused = said(edge_agent(["check", "--config"]).arg(&config));
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
            let pulled = format!("GPIO{pin} is pulled {pulled} from power-on");
            for expected in [pulled.as_str(), "open while the Pi boots", "help: ", line, pins] {
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
