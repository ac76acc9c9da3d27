//! The control socket: who may ask, what is recorded, and that nobody holds it.

use super::super::encoder_tool::enrolled;
use super::running::{RunningUnit, configuration, photos_of};
use super::{at_the_door, edge_agent};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use tests::runnable::copy_program;
use tests::{program, said};

fn answer(mut asker: UnixStream, request: &[u8]) -> String {
    // The unit may have answered and hung up before all of it was sent.
    asker.write_all(request).ok();
    asker.shutdown(Shutdown::Write).ok();
    let mut answer = String::new();
    asker.read_to_string(&mut answer).ok();
    answer
}

/// What is asked for is in the log before it is done, also if it cannot be done; the status socket does nothing of it.
#[test]
fn requests_are_recorded_and_unknown_requests_are_refused() {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let control = unit.file("control.sock");
    assert_eq!(fs::metadata(&control).unwrap().permissions().mode() & 0o777, 0o600);
    let rollback = format!("{{\"schema\":1,\"request\":{{\"rollback\":{{\"digest\":\"{}\"}}}}}}\n", "07".repeat(32));
    let connect = |socket: &str| UnixStream::connect(unit.file(socket)).unwrap();
    let refused = answer(connect("status.sock"), rollback.as_bytes());
    assert!(refused.is_empty() || refused.contains("\"error\""), "{refused}");
    assert_eq!(unit.events(), ["started", "database_loaded"]);
    let reply: Value = serde_json::from_str(&answer(connect("control.sock"), rollback.as_bytes())).unwrap();
    assert!(reply["refused"].as_str().unwrap().contains("does not exist"), "{reply}");
    for other in ["{\"schema\":1,\"request\":{\"unlock\":{}}}\n", "unlock\n", "\n", ""] {
        let reply: Value = serde_json::from_str(&answer(connect("control.sock"), other.as_bytes())).unwrap();
        assert!(reply["refused"].as_str().unwrap().contains("not a request"), "{other:?}: {reply}");
    }
    assert_eq!(unit.stop("-TERM"), 0);
    assert_eq!(unit.events(), ["started", "database_loaded", "requested", "database_refused", "stopped"]);
}

/// The real unit, whose photos show somebody who is enrolled.
#[test]
fn a_lockdown_refuses_everybody_until_it_is_ended() {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    let ask = |unit: &RunningUnit, arguments: &[&str]| {
        let mut command = edge_agent(["lockdown"]);
        said(command.args(arguments).arg("--config").arg(unit.file("config.toml")))
    };
    let on = ask(&unit, &["on", "--json"]);
    assert_eq!((on.code, &on.json()["lockdown"]["admitted"]), (0, &Value::from(0)), "{on:?}");
    let refused = |status: &Value| {
        let decisions = status["decisions"].as_array().unwrap();
        decisions.last().is_some_and(|last| last["reason"] == "locked_down")
    };
    let status = unit.status_when(refused);
    assert_eq!((&status["door"], &status["access"]["lockdown"]["locked_by"][0]), (&"locked".into(), &"command".into()));
    assert_eq!(unit.stop("-TERM"), 0);
    let unit = RunningUnit::start_configured(unit.into_folder());
    let status = unit.status_when(refused);
    assert_eq!(status["access"]["lockdown"]["locked_by"][0], "restart", "a restart does not end it");
    let off = ask(&unit, &["off"]);
    assert_eq!((off.code, off.stdout.trim()), (0, "the unit is not locked down"), "{off:?}");
    unit.status_when(|status| status["door"] == "unlocked");
    let events = unit.events();
    let of_lockdown: Vec<&String> = events.iter().filter(|event| event.starts_with("lockdown")).collect();
    assert_eq!(of_lockdown, ["lockdown_began", "lockdown_began", "lockdown_ended"], "{events:?}");
}

/// The real unit, whose photos show somebody who is enrolled.
#[test]
fn nobody_is_let_in_by_a_face_while_face_recognition_is_off() {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    let ask = |unit: &RunningUnit, arguments: &[&str]| {
        let mut command = edge_agent(["face-recognition"]);
        said(command.args(arguments).arg("--config").arg(unit.file("config.toml")))
    };
    let off = ask(&unit, &["off", "--json"]);
    assert_eq!((off.code, &off.json()["face_recognition_off"]), (0, &Value::from(true)), "{off:?}");
    let refused = |status: &Value| {
        let decisions = status["decisions"].as_array().unwrap();
        decisions.last().is_some_and(|last| last["reason"] == "face_recognition_off")
    };
    let encoded = |status: &Value| status["latency_ms"]["encode"]["count"].as_u64();
    let first = unit.status_when(refused);
    let turns = first["turns"]["count"].as_u64().unwrap();
    let later = unit.status_when(|status| status["turns"]["count"].as_u64().unwrap() > turns + 3);
    assert_eq!(encoded(&later), encoded(&first), "no face is encoded");
    assert_eq!(unit.stop("-TERM"), 0);
    let unit = RunningUnit::start_configured(unit.into_folder());
    let status = unit.status_when(refused);
    assert_eq!(status["access"]["face_recognition_off"], true, "a restart does not switch it on");
    assert_eq!(encoded(&status), None, "no face is encoded");
    let on = ask(&unit, &["on"]);
    assert_eq!((on.code, on.stdout.trim()), (0, "face recognition is on"), "{on:?}");
    unit.status_when(|status| status["door"] == "unlocked");
    let events = unit.events();
    let of_faces: Vec<&String> = events.iter().filter(|event| event.starts_with("face_recognition")).collect();
    assert_eq!(of_faces, ["face_recognition_off", "face_recognition_off", "face_recognition_on"], "{events:?}");
}

/// One sends a megabyte, one sends nothing, one hangs up, one takes no answer: the next who asks is answered, and the loop
/// turns.
#[test]
fn no_client_can_block_the_unit() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let connect = || UnixStream::connect(unit.file("control.sock")).unwrap();
    let before = unit.status_when(|_| true)["turns"]["count"].as_u64();
    let (_silent, mut slow, mut takes_no_answer) = (connect(), connect(), connect());
    slow.write_all(b"{\"schema\"").unwrap();
    takes_no_answer.write_all(b"x\n").unwrap();
    assert!(!answer(connect(), &vec![b'x'; 1 << 20]).contains("null"));
    drop(connect());
    let refused = answer(connect(), b"{}\n");
    assert!(refused.contains("not a request"), "{refused}");
    let after = unit.status_when(|status| status["turns"]["count"].as_u64() > before);
    assert_eq!(after["door"], "locked", "{after:#}");
}

/// The mode of the socket is not the only lock: who asks is known from the system.
#[test]
fn another_user_is_refused_even_with_access_to_the_socket() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let (folder, socket) = (unit.file(""), unit.file("control.sock"));
    if fs::metadata(&socket).unwrap().uid() != 0 {
        eprintln!("skipped: only root can be another user");
        return;
    }
    // Whatever another user needs to get that far.
    let (own, previous) = (folder.join("edge-agent"), folder.join("people.db.previous"));
    copy_program(&program("edge-agent"), &own);
    fs::copy(enrolled(), &previous).unwrap();
    let lock = folder.join("unit.lock");
    for (path, mode) in [(&folder, 0o755), (&socket, 0o666), (&lock, 0o666), (&previous, 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let text = fs::read_to_string(folder.join("config.toml")).unwrap();
    let shown = |path: std::path::PathBuf| path.display().to_string();
    let text = text.replace(&shown(enrolled().to_owned()), &shown(folder.join("people.db")));
    fs::write(folder.join("other.toml"), text).unwrap();
    let rollback =
        |command: &mut Command| said(command.args(["rollback", "--json", "--config"]).arg(folder.join("other.toml")));
    let refused = rollback(Command::new(&own).uid(65534).gid(65534));
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.json()["refused"].as_str().unwrap().contains("user 65534 may not"), "{refused:?}");
    assert!(!unit.events().contains(&"requested".to_owned()));
    let asked = rollback(&mut edge_agent(Vec::<&str>::new()));
    assert_eq!(asked.code, 1, "{asked:?}");
    assert!(unit.events().contains(&"requested".to_owned()), "root is heard: {asked:?}");
}

/// A stranger has failed too often: faces are refused, an administrator ends it, and the log says who asked.
#[test]
fn an_administrator_sees_and_ends_a_lockout() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &photos_of(&at_the_door("eileen_collins.jpg")));
    let text = fs::read_to_string(&config).unwrap() + "lockout-after = 1\nlockout-ms = 800000\n";
    fs::write(&config, text).unwrap();
    let mut unit = RunningUnit::start_configured(folder);
    let config = unit.file("config.toml");
    let lockout = |verb: &[&str]| said(edge_agent(["lockout"]).args(verb).args(["--json", "--config"]).arg(&config));
    assert_eq!(lockout(&["clear", "card"]).code, 1, "there was nothing of that kind");
    assert_eq!(lockout(&["clear", "nobody known"]).code, 2);
    unit.status_when(|status| {
        let decisions = status["decisions"].as_array().unwrap();
        decisions.iter().any(|decision| decision["reason"] == "locked_out")
    });
    let listed = lockout(&["list"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    let locked = &listed.json()["lockouts"][0];
    assert_eq!((&locked["tried"], &locked["person_id"]), (&"face".into(), &Value::Null), "{locked}");
    assert!(locked["failures"].as_u64() >= Some(1) && locked["seconds_left"].as_u64() > Some(60), "{locked}");
    let cleared = lockout(&["clear", "face"]);
    assert_eq!((cleared.code, &cleared.json()["lockouts"][0]["tried"]), (0, &"face".into()), "{cleared:?}");
    assert_eq!(unit.stop("-TERM"), 0);
    let events = unit.events();
    assert!(events.windows(2).any(|pair| pair == ["requested", "lockout_cleared"]), "{events:?}");
    assert_eq!(lockout(&["list"]).code, 2, "no unit runs");
}
