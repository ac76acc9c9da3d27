//! The camera is aimed at a running unit: what a viewer gets, what the log says, and that the door works on.

use super::running::{RunningUnit, photos_of};
use super::shipped::Server;
use super::{at_the_door, edge_agent};
use fleet_messages::aim::{AimEnd, AimMessage};
use models::{Photo, Recogniser};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use tests::runnable::copy_program;
use tests::{program, said};

/// Somebody who is enrolled.
const ENROLLED: &str = "barack_obama_speaking.jpg";

fn unit(photo: &str) -> RunningUnit {
    RunningUnit::start(&photos_of(&at_the_door(photo)))
}

fn aim(unit: &RunningUnit, options: &[&str]) -> Command {
    let mut aim = edge_agent(["aim"]);
    aim.args(options).arg("--config").arg(unit.file("config.toml"));
    aim
}

fn messages(mut stream: &[u8]) -> Vec<AimMessage> {
    std::iter::from_fn(|| AimMessage::read(&mut stream).unwrap()).collect()
}

/// The last record of a viewer, once it is there.
fn record_of_end(unit: &RunningUnit, before: usize) -> Value {
    let ends = || {
        let log = fs::read_to_string(unit.file("audit.jsonl")).unwrap();
        let records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records.filter(|record| record["event"] == "aim_ended").collect::<Vec<Value>>()
    };
    // Each question takes the loop a turn on.
    unit.status_when(|_| ends().len() > before);
    ends().pop().unwrap()
}

#[test]
fn pictures_and_the_box_arrive_without_a_name_and_the_door_opens_meanwhile() {
    let mut unit = unit(ENROLLED);
    // Long enough for two pictures on a busy computer.
    let output = aim(&unit, &["--stream", "--seconds", "8"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut messages = messages(&output.stdout);
    assert_eq!(messages.pop(), Some(AimMessage::Ended(AimEnd::TimeOver)));
    let photo = Photo::open(&fs::read(at_the_door(ENROLLED)).unwrap()).unwrap().decode().unwrap();
    let face = Recogniser::bundled().unwrap().detect(&photo).unwrap()[0].bounds;
    let mut pictures = 0;
    for message in &messages {
        let AimMessage::Picture(picture) = message else { continue };
        pictures += 1;
        let (view, shown) = (&picture.view, image::load_from_memory(&picture.jpeg).unwrap());
        assert_eq!((view.width, view.height), (shown.width(), shown.height()));
        let (scale, at) = (view.width as f32 / photo.width() as f32, view.boxes[0]);
        let expected = [face.x, face.y, face.width, face.height].map(|length| scale * length);
        let is_near = [at.x, at.y, at.width, at.height].iter().zip(expected).all(|(a, b)| (a - b).abs() < 5.0);
        assert!(is_near, "{at:?} {expected:?}");
        assert_eq!((view.gate.refused_because.as_deref(), view.rotate), (None, None), "{view}");
        let line = message.line().unwrap();
        let spoken = line.to_lowercase();
        assert!(
            !["obama", "barack", "person", "distance", "name", "known"].iter().any(|word| spoken.contains(word)),
            "{line}"
        );
    }
    assert!(pictures >= 2, "{messages:?}");
    unit.status_when(|status| status["turns"]["granted"].as_u64() >= Some(1));
    let end = record_of_end(&unit, 0);
    assert_eq!((&end["ended_because"], end["pictures"].as_u64()), (&"time_over".into(), Some(pictures)));
    assert_eq!(unit.stop("-TERM"), 0);
    let events = unit.events();
    let at = |event: &str| events.iter().position(|found| found == event).unwrap();
    assert_eq!(at("aim_began"), at("requested") + 1, "{events:?}");
    assert!(at("aim_began") < at("aim_ended") && events.contains(&"granted".to_owned()), "{events:?}");
}

#[test]
fn people_on_a_ladder_read_lines_and_programs_read_json() {
    let unit = unit("wall.jpg");
    let lines = said(&mut aim(&unit, &["--seconds", "1"]));
    assert_eq!(lines.code, 0, "{lines:?}");
    assert!(
        lines.stdout.starts_with("no face; light ") && lines.stdout.contains("gate: there is no face"),
        "{lines:?}"
    );
    assert!(lines.stdout.ends_with("no more pictures: the time is over\n"), "{lines:?}");
    let json = said(&mut aim(&unit, &["--seconds", "1", "--json"]));
    let first: Value = serde_json::from_str(json.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&first["schema"], &first["picture"]["face"]), (&1.into(), &Value::Null), "{first}");
}

/// The second viewer ends what the first one watches.
#[test]
fn there_is_one_viewer_at_a_time() {
    let unit = unit("wall.jpg");
    let mut first = aim(&unit, &["--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"picture\""));
    assert_eq!(said(&mut aim(&unit, &["--seconds", "1"])).code, 0);
    assert!(lines.last().unwrap().contains("another_viewer"));
    assert_eq!(first.wait().unwrap().code(), Some(1));
    assert_eq!(record_of_end(&unit, 1)["ended_because"], "time_over");
    let events = unit.events();
    let of_aim: Vec<&String> = events.iter().filter(|event| event.starts_with("aim")).collect();
    assert_eq!(of_aim, ["aim_began", "aim_ended", "aim_began", "aim_ended"]);
}

/// One takes no picture, and hangs up. The loop turns meanwhile, and lets somebody in.
#[test]
fn a_viewer_who_takes_nothing_does_not_hold_up_the_door() {
    let mut unit = unit(ENROLLED);
    let connect = || {
        let mut viewer = UnixStream::connect(unit.file("control.sock")).unwrap();
        viewer.write_all(b"{\"schema\":1,\"request\":{\"aim\":{\"seconds\":600}}}\n").unwrap();
        viewer
    };
    let mut gone = connect();
    let mut reply = String::new();
    BufReader::new(&mut gone).read_line(&mut reply).unwrap();
    assert!(reply.contains("\"refused\":null"), "{reply}");
    drop(gone);
    assert_eq!(record_of_end(&unit, 0)["ended_because"], "viewer_gone");
    let stalled = connect();
    let turns = unit.status_when(|_| unit.events().ends_with(&["aim_began".to_owned()]))["turns"]["count"].as_u64();
    let later = unit.status_when(|status| status["turns"]["count"].as_u64() > turns.map(|turns| turns + 100));
    assert!(later["turns"]["granted"].as_u64() >= Some(1), "{later:#}");
    assert_eq!(unit.stop("-TERM"), 0);
    drop(stalled);
    let end = record_of_stop(&unit);
    assert!(["stopping", "viewer_stalled"].contains(&end.as_str()), "{end}");
}

/// The code of the last viewer's end in the log of a unit that has stopped.
fn record_of_stop(unit: &RunningUnit) -> String {
    let log = fs::read_to_string(unit.file("audit.jsonl")).unwrap();
    let last = log.lines().rfind(|line| line.contains("\"aim_ended\"")).unwrap();
    serde_json::from_str::<Value>(last).unwrap()["ended_because"].as_str().unwrap().to_owned()
}

/// The mode of the socket is not the only lock.
#[test]
fn another_user_sees_nothing() {
    let unit = unit(ENROLLED);
    let (folder, socket) = (unit.file(""), unit.file("control.sock"));
    if fs::metadata(&socket).unwrap().uid() != 0 {
        eprintln!("skipped: only root can be another user");
        return;
    }
    let own = folder.join("edge-agent");
    copy_program(&program("edge-agent"), &own);
    for (path, mode) in [(&folder, 0o755), (&folder.join("config.toml"), 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let refused = |expected: &str| {
        let mut other = Command::new(&own);
        other.uid(65534).gid(65534).args(["aim", "--stream", "--config"]).arg(folder.join("config.toml"));
        let refused = said(&mut other);
        assert!(refused.code == 2 && refused.stdout.is_empty() && refused.stderr.contains(expected), "{refused:?}");
    };
    refused("cannot be reached");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    refused("user 65534 may not");
    assert!(!unit.events().contains(&"aim_began".to_owned()));
}

/// While a unit is being installed, none runs.
#[test]
fn without_a_unit_the_camera_is_opened_and_the_log_says_so() {
    let mut unit = unit(ENROLLED);
    assert_eq!(unit.stop("-TERM"), 0);
    let output = aim(&unit, &["--stream", "--seconds", "2"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut views = messages(&output.stdout).into_iter().filter_map(|message| match message {
        AimMessage::Picture(picture) => Some(picture.view),
        _ => None,
    });
    let last = views.next_back().unwrap();
    assert!(last.boxes.len() == 1 && last.gate.refused_because.is_none(), "{last}");
    let events = unit.events();
    assert_eq!(events[events.len() - 3..], ["stopped", "aim_began", "aim_ended"], "{events:?}");
    let mut interrupted = aim(&unit, &["--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(interrupted.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().is_some());
    assert!(Command::new("kill").args(["-INT", &interrupted.id().to_string()]).status().unwrap().success());
    assert!(lines.last().unwrap().contains("viewer_gone"));
    assert_eq!(interrupted.wait().unwrap().code(), Some(0));
    assert_eq!(record_of_stop(&unit), "viewer_gone");
    let whole = said(edge_agent(["audit", "verify", "--log"]).arg(unit.file("audit.jsonl")));
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(!RunningUnit::start_configured(unit.into_folder()).events().is_empty(), "a unit can start again");
}

/// Through a real OpenSSH server.
#[test]
fn the_workstation_watches_through_ssh() {
    let Some(server) = Server::start() else { return };
    let unit = unit(ENROLLED);
    let picture = unit.file("newest.jpg");
    let watch = |options: &[&str]| {
        let mut watch = Command::new(program("encoder-tool"));
        watch.args(["aim", "localhost"]);
        server.reached_by(&mut watch, options);
        watch.arg("--remote-config").arg(unit.file("config.toml"));
        watch
    };
    let seen = said(watch(&["--seconds", "3", "--json"]).arg("--picture").arg(&picture));
    assert_eq!(seen.code, 0, "{seen:?}");
    let lines: Vec<Value> = seen.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown = lines.iter().rev().find(|line| line["picture"].is_object()).unwrap();
    assert_eq!(shown["picture"]["boxes"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(lines.last().unwrap()["ended"]["because"], "time_over");
    assert!(!seen.stdout.contains("Obama"));
    let kept = image::open(&picture).unwrap();
    assert_eq!(u64::from(kept.width()), shown["picture"]["width"].as_u64().unwrap());
    assert_eq!(fs::metadata(&picture).unwrap().permissions().mode() & 0o777, 0o600);

    let mut interrupted = watch(&[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(interrupted.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("face "));
    interrupted.kill().unwrap();
    interrupted.wait().unwrap();
    assert_eq!(record_of_end(&unit, 1)["ended_because"], "viewer_gone", "the unit notices");

    for (options, expected) in
        [(&["-o", "HostName=no-such-host.invalid"][..], "no host of this name"), (&["--sudo"], "sudo")]
    {
        let failed = said(&mut watch(options));
        assert!(failed.code == 2 && failed.stderr.contains(expected), "{options:?}: {failed:?}");
        assert!(failed.stderr.contains("help: "), "{failed:?}");
    }
}
