//! `status`: what a unit says about itself, and that no asker can hold it.

use super::at_the_door;
use super::edge_agent;
use super::running::{RunningUnit, configuration, photos_of};
use ed25519_dalek::VerifyingKey;
use fleet_messages::SignedStatement;
use policy::audit::LineHash;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use tests::said;

#[test]
fn what_a_unit_says_about_itself() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    let status = unit.status_when(|status| status["turns"]["granted"].as_u64() >= Some(1));
    assert_eq!(status["database"]["people"], 2, "{status:#}");
    assert!(status["database"]["sequence"].as_u64() > Some(1_700_000_000), "{status:#}");
    assert_eq!(status["camera"]["state"], "streaming");
    assert!(status["turns"]["per_second"].as_f64() > Some(0.0) && status["uptime_seconds"].as_f64() > Some(0.0));
    for stage in ["detect", "align", "encode", "match", "frame_to_decision"] {
        let latency = &status["latency_ms"][stage];
        assert!(latency["p50"].as_f64() > Some(0.0) && latency["p99"].as_f64() >= latency["p50"].as_f64(), "{latency}");
    }
    let decisions = status["decisions"].as_array().unwrap();
    let granted = decisions.iter().find(|decision| decision["decision"] == "grant").unwrap();
    assert_eq!(granted["person_id"].as_str().map(str::len), Some(32), "{granted}");
    let mode = std::fs::metadata(unit.file("status.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);

    let words = unit.status("-q").stdout;
    let prometheus = unit.status("--prometheus").stdout;
    for (text, expected) in [
        (&words, "door              unlocked"),
        (&words, "frame to decision"),
        (&prometheus, "edge_agent_door_unlocked 1"),
    ] {
        assert!(text.contains(expected), "{text} has no {expected:?}");
    }
    for text in [status.to_string(), words, prometheus] {
        assert!(!text.contains("Obama"), "{text}");
    }
}

/// One sends a megabyte without a line, one sends nothing, one hangs up, one asks for something else, one takes no
/// answer: the next who asks is answered, and the loop turns.
#[test]
fn no_client_can_block_the_unit() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let connect = || UnixStream::connect(unit.file("status.sock")).unwrap();
    let before = unit.status_when(|_| true)["turns"]["count"].as_u64();
    let (_silent, mut slow) = (connect(), connect());
    slow.write_all(b"st").unwrap();
    // The unit may have hung up before the end of it.
    connect().write_all(&vec![b'x'; 1 << 20]).ok();
    drop(connect());
    let mut other = connect();
    other.write_all(b"unlock!\n").unwrap();
    let mut refusal = String::new();
    other.read_to_string(&mut refusal).unwrap();
    assert!(refusal.contains("\"error\""), "{refusal}");
    let mut takes_no_answer = connect();
    takes_no_answer.write_all(b"status\n").unwrap();
    let after = unit.status_when(|status| status["turns"]["count"].as_u64() > before);
    assert_eq!(after["door"], "locked", "{after:#}");
}

/// Two units would write one log and move one lock.
#[test]
fn a_second_unit_is_refused() {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let second = said(edge_agent(["run", "--config"]).arg(unit.file("config.toml")));
    assert_eq!(second.code, 2, "{second:?}");
    assert!(second.stderr.contains("a unit runs already") && second.stderr.contains("help: "), "{second:?}");
    assert_eq!(unit.status("--json").code, 0);
    assert_eq!(unit.stop("-TERM"), 0);
    assert_eq!(unit.events(), ["started", "database_loaded", "stopped"]);
}

/// Somebody who has taken over a unit must not have the last word on the terminal of the person who asks it how it is.
#[test]
fn escape_sequences_from_a_unit_are_shown_and_not_executed() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("status.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/status-report/report.json");
    let honest = std::fs::read_to_string(seed).unwrap();
    let answer = honest.replace("\"door\":\"locked\"", r#""door":"\u001b[8munlocked\u009b0mlocked""#);
    assert_ne!(answer, honest);
    std::thread::spawn(move || {
        for asker in listener.incoming() {
            let mut asker = asker.unwrap();
            // Who hangs up on a question that was not read is not heard.
            BufReader::new(&asker).read_line(&mut String::new()).unwrap();
            asker.write_all(answer.as_bytes()).unwrap();
        }
    });
    for form in ["-q", "--json", "--prometheus"] {
        let shown = said(edge_agent(["status", form, "--socket"]).arg(&socket)).stdout;
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        assert_eq!(shown.contains(r"\u001b[8munlocked\u009b0mlocked"), form != "--prometheus", "{shown}");
    }
}

#[test]
fn without_a_unit_there_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let refused = said(edge_agent(["status", "--json", "--socket"]).arg(folder.path().join("none.sock")));
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
    assert!(refused.stderr.contains("none.sock") && refused.stderr.contains("help: "), "{}", refused.stderr);
}

/// A link asks for the records, and asks again from the one after the last that it has: it gets the log, byte for byte.
#[test]
fn a_client_can_follow_the_log() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    unit.status_when(|status| status["turns"]["granted"].as_u64() >= Some(1));
    let follow = |from: u64| {
        let mut client = UnixStream::connect(unit.file("status.sock")).unwrap();
        client.write_all(format!("records {from}\n").as_bytes()).unwrap();
        let mut lines = BufReader::new(client).lines().map(Result::unwrap);
        let beginning: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
        assert_eq!(beginning["kept_from"], 1);
        lines
    };
    let mut whole = follow(1);
    let mut told: Vec<String> = whole.by_ref().take_while(|line| !line.contains("\"granted\"")).collect();
    let (mut second, mut third) = (follow(1), follow(2));
    assert_eq!((second.next().as_ref(), third.next().as_ref()), (told.first(), told.get(1)));
    let log = std::fs::read_to_string(unit.file("audit.jsonl")).unwrap();
    told.iter_mut()
        .zip(log.lines())
        .for_each(|(told, line)| assert_eq!(*told, format!("{{\"schema\":1,\"record\":{line}}}")));
    assert!(told.len() >= 2 && !told.concat().contains("names"));
    // A full house: the unit turns away the fifth, and goes on.
    let _fourth = follow(u64::MAX);
    let mut fifth = UnixStream::connect(unit.file("status.sock")).unwrap();
    fifth.write_all(b"records 1\n").unwrap();
    let mut refusal = String::new();
    fifth.read_to_string(&mut refusal).unwrap();
    assert!(refusal.contains("too many clients"), "{refusal}");
    assert_eq!(unit.status("--json").code, 0);
}

/// A broker in between could change a report or send an old one.
#[test]
fn a_signed_report_is_by_the_unit_and_answers_the_question() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), &photos_of(&at_the_door("wall.jpg")));
    let identity = format!("[database]\nidentity = \"{}\"\n", folder.path().join("device.key").display());
    let text = std::fs::read_to_string(&config).unwrap().replace("[database]\n", &identity);
    std::fs::write(&config, text).unwrap();
    assert_eq!(said(edge_agent(["keygen", "--config"]).arg(&config)).code, 0);
    let unit = RunningUnit::start_configured(folder);
    unit.status_when(|status| status["audit"]["sequence"].as_u64() >= Some(2));
    let ask = |request: &str| {
        let mut client = UnixStream::connect(unit.file("status.sock")).unwrap();
        client.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        answer
    };
    let key: LineHash = std::fs::read_to_string(unit.file("audit.key.pub")).unwrap().trim().parse().unwrap();
    let key = VerifyingKey::from_bytes(&key.0).unwrap();
    let statement = SignedStatement::parse(&ask("signed-status 0123abcd\n")).unwrap().verify(&key).unwrap();
    assert_eq!(statement.nonce.as_str(), "0123abcd");
    assert_eq!(Some(statement.unit), statement.report.unit_id);
    let log = std::fs::read(unit.file("audit.jsonl")).unwrap();
    let line = log.split(|byte| *byte == b'\n').nth(statement.report.audit.sequence as usize - 1).unwrap();
    assert_eq!(statement.log_hash, LineHash::from_line(line));
    assert_eq!(statement.report.database.people, 2);
    let refusal = String::from_utf8(ask("signed-status not-a-nonce\n")).unwrap();
    assert!(refusal.contains("the requests are these lines"), "{refusal}");
}
