//! `status`: what a unit says about itself, and that no asker can hold it.

use super::at_the_door;
use super::edge_agent;
use super::running::{RunningUnit, photos_of};
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
    other.write_all(b"unlock!").unwrap();
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
