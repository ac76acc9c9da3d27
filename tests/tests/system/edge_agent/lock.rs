//! `lock`: the lock is driven to its locked level, whatever has become of the unit and of its configuration.

use super::running::{RunningUnit, configuration, photos_of};
use super::{at_the_door, edge_agent};
use std::fs;
use tests::said;

/// A unit is killed in the middle of a pulse, and somebody has broken the configuration meanwhile: what the last good
/// start wrote down is enough.
#[test]
fn lock_works_without_a_configuration_after_a_successful_start() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    unit.status_when(|status| status["door"] == "unlocked");
    let (config, state) = (unit.file("config.toml"), unit.file("last-lock.toml"));
    fs::write(&config, "[door\n").unwrap();
    let locked = said(edge_agent(["lock", "--json", "--config"]).arg(&config).arg("--state").arg(&state));
    assert_eq!(locked.code, 0, "{locked:?}");
    assert_eq!(locked.json()["locked"][0]["lock"], "scripted");
    fs::remove_file(&config).unwrap();
    let locked = said(edge_agent(["lock", "--config"]).arg(&config).arg("--state").arg(&state));
    assert_eq!((locked.code, locked.stdout.starts_with("locked: ")), (0, true), "{locked:?}");
}

#[test]
fn lock_uses_the_configuration_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), "");
    let locked = said(edge_agent(["lock", "--config"]).arg(&config));
    assert_eq!(locked.code, 0, "{locked:?}");
    fs::write(folder.path().join("last-lock.toml"), "lock = \"magic\"\n").unwrap();
    let locked = said(edge_agent(["lock", "--config"]).arg(config));
    assert_eq!(locked.code, 0, "{locked:?}");
    assert!(locked.stderr.contains("last-lock.toml"), "{locked:?}");
}

#[test]
fn lock_without_any_settings_reports_that_the_door_may_be_unlocked() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, "[door]\n").unwrap();
    let state = folder.path().join("none.toml");
    let unknown = said(edge_agent(["lock", "--config"]).arg(config).arg("--state").arg(state));
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""), "{unknown:?}");
    for expected in ["MAY BE UNLOCKED", "none.toml", "[door] lock", "help: "] {
        assert!(unknown.stderr.contains(expected), "{} has no {expected:?}", unknown.stderr);
    }
}
