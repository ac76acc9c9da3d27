//! Formats the result of a frame: as JSON for programs, as a sentence for people.

use crate::camera::CameraError;
use crate::loop_turn::{Admitted, Granted, Timings, Turn, Verdict};
use policy::{Neighbour, Reason, Refusal};
use serde::Serialize;
use shared::gallery::{Gallery, PersonId};
use std::path::Path;
use terminal::{ShowPath, ShownPath, counted};

/// The result of one frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    /// Name of the file.
    frame: ShownPath,
    /// `grant`, `deny` or `nobody`.
    decision: &'static str,
    /// The credential of a grant: `face`, `card`, `card_and_face` or `pass`.
    credential: Option<&'static str>,
    /// The person within the threshold, or the holder of the card.
    person: Option<String>,
    person_id: Option<String>,
    /// L2 distance to the nearest person, known or not, or to the card's holder.
    distance: Option<f32>,
    /// The threshold of this frame: frames without colour may have another one.
    threshold: f32,
    runner_up: Option<RunnerUp>,
    /// The id of the visitor pass that somebody was let in with, or that was refused.
    pass: Option<String>,
    /// The stable code of the reason of a refusal.
    reason: Option<&'static str>,
    /// `locked` or `unlocked`, after the decision.
    door: &'static str,
    /// The number of faces in the frame.
    faces: usize,
    ms: Milliseconds,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct RunnerUp {
    name: String,
    distance: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Milliseconds {
    detect: Option<f64>,
    align: Option<f64>,
    encode: Option<f64>,
    r#match: Option<f64>,
    total: f64,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Unreadable {
    frame: ShownPath,
    error: String,
}

impl Line {
    pub(super) fn new(file: &Path, turn: &Turn, gallery: &Gallery, threshold: f32) -> Self {
        let credential = match turn.verdict {
            Verdict::Granted(granted) => Some(granted.credential.code()),
            Verdict::Admitted(_) => Some("pass"),
            _ => None,
        };
        let (decision, person, distance, runner_up, reason) = match turn.verdict {
            Verdict::Granted(Granted { person, distance, runner_up, .. }) => {
                ("grant", Some(person), distance, runner_up, None)
            }
            Verdict::Admitted(_) => ("grant", None, None, None, None),
            Verdict::Refused(Refusal { reason, person, distance, runner_up, .. }) => {
                ("deny", person, distance, runner_up, Some(reason.code()))
            }
            Verdict::Nobody => ("nobody", None, None, None, None),
        };
        let pass = match turn.verdict {
            Verdict::Admitted(Admitted { pass }) => Some(pass),
            Verdict::Refused(Refusal { pass, .. }) => pass,
            _ => None,
        };
        let named = |other: Neighbour| RunnerUp { name: name_of(gallery, &other.person), distance: other.distance };
        Self {
            frame: name_of_file(file),
            decision,
            credential,
            person: person.map(|person| name_of(gallery, &person)),
            person_id: person.map(|person| person.to_string()),
            distance,
            threshold,
            runner_up: runner_up.map(named),
            pass: pass.map(|pass| pass.to_string()),
            reason,
            door: turn.door.code(),
            faces: turn.faces,
            ms: turn.timings.into(),
        }
    }
}

impl Unreadable {
    pub(super) fn new(file: &Path, error: &CameraError) -> Self {
        Self { frame: name_of_file(file), error: error.to_string() }
    }
}

impl From<Timings> for Milliseconds {
    fn from(timings: Timings) -> Self {
        let to_microseconds = |ms: f64| (ms * 1e3).round() / 1e3;
        Self {
            detect: timings.detect_ms.map(to_microseconds),
            align: timings.align_ms.map(to_microseconds),
            encode: timings.encode_ms.map(to_microseconds),
            r#match: timings.match_ms.map(to_microseconds),
            total: to_microseconds(timings.total_ms),
        }
    }
}

/// One sentence about a file, printed after its last frame.
pub(super) fn in_words(line: &Line, frames: u64) -> String {
    let Line { frame, door, threshold, .. } = line;
    let compared = match line.distance {
        Some(distance) => format!("distance {distance:.3}, threshold {threshold:.3}"),
        None => "not compared".to_owned(),
    };
    let after = if frames == 1 { String::new() } else { format!(", after {}", counted(frames, "frame")) };
    let door = format!("the door is {door}");
    let greeting = match (line.decision, &line.person, line.reason) {
        ("grant", Some(person), _) => match line.credential {
            Some("card") => format!("It's {person}'s card, welcome in!"),
            Some("card_and_face") => format!("It's {person} with their card, welcome in!"),
            _ => format!("It's {person}, welcome in!"),
        },
        ("grant", None, _) => {
            format!("It's a visitor with the pass {}, welcome in!", line.pass.as_deref().unwrap_or("?"))
        }
        ("deny", person, Some(code)) => {
            let why = Reason::from_code(code).map_or(code, Reason::in_words);
            match person {
                Some(person) if line.distance.is_none() => format!("It's {person}'s card, but not now: {why}"),
                Some(person) if code == "not_card_holder" => format!("It's {person}'s card, but {why}"),
                Some(person) => format!("It looks like {person}, but not now: {why}"),
                None => format!("Not let in: {why}"),
            }
        }
        _ => return format!("{frame}: There is nobody: {door}"),
    };
    format!("{frame}: {greeting} ({compared}{after}): {door}")
}

fn name_of_file(file: &Path) -> ShownPath {
    file.file_name().unwrap_or(file.as_os_str()).shown()
}

fn name_of(gallery: &Gallery, person: &PersonId) -> String {
    let found = gallery.person_by_id(person).and_then(|index| gallery.people().get(index));
    found.map_or_else(|| person.to_string(), |person| person.name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::to_json;

    fn line(decision: &'static str, person: Option<&str>, reason: Option<&'static str>) -> Line {
        Line {
            frame: "a.jpg".shown(),
            decision,
            credential: (decision == "grant").then_some("face"),
            person: person.map(str::to_owned),
            person_id: person.map(|_| "00ff".to_owned()),
            distance: Some(0.5),
            threshold: 1.0,
            runner_up: Some(RunnerUp { name: "kian".to_owned(), distance: 1.25 }),
            pass: None,
            reason,
            door: "locked",
            faces: 1,
            ms: Timings { detect_ms: Some(1.23456), total_ms: 2.0, ..Timings::default() }.into(),
        }
    }

    #[test]
    fn words() {
        for (line, frames, expected) in [
            (
                Line { door: "unlocked", ..line("grant", Some("younes"), None) },
                3,
                "a.jpg: It's younes, welcome in! (distance 0.500, threshold 1.000, after 3 frames): the door is unlocked",
            ),
            (
                line("deny", Some("younes"), Some("card_needed")),
                1,
                "a.jpg: It looks like younes, but not now: a card is needed as well (distance 0.500, threshold 1.000): the door is locked",
            ),
            (
                Line { distance: None, ..line("deny", None, Some("too_far")) },
                20,
                "a.jpg: Not let in: the face is too small: come closer (not compared, after 20 frames): the door is locked",
            ),
            (
                Line { credential: Some("card_and_face"), ..line("grant", Some("younes"), None) },
                3,
                "a.jpg: It's younes with their card, welcome in! (distance 0.500, threshold 1.000, after 3 frames): the door is locked",
            ),
            (
                Line { credential: Some("card"), distance: None, ..line("grant", Some("younes"), None) },
                1,
                "a.jpg: It's younes's card, welcome in! (not compared): the door is locked",
            ),
            (
                line("deny", Some("younes"), Some("not_card_holder")),
                1,
                "a.jpg: It's younes's card, but the face is not that of the card's holder (distance 0.500, threshold 1.000): the door is locked",
            ),
            (
                Line { distance: None, ..line("deny", Some("younes"), Some("face_needed")) },
                1,
                "a.jpg: It's younes's card, but not now: the face of the card's holder must be seen as well (not compared): the door is locked",
            ),
            (
                line("deny", None, Some("card_needed")),
                1,
                "a.jpg: Not let in: a card is needed as well (distance 0.500, threshold 1.000): the door is locked",
            ),
            (
                Line {
                    distance: None,
                    pass: Some("00112233aabb".to_owned()),
                    door: "unlocked",
                    ..line("grant", None, None)
                },
                1,
                "a.jpg: It's a visitor with the pass 00112233aabb, welcome in! (not compared): the door is unlocked",
            ),
            (line("nobody", None, None), 20, "a.jpg: There is nobody: the door is locked"),
            (
                Line { frame: "a\nb.jpg".shown(), ..line("nobody", None, None) },
                1,
                r"a\u000ab.jpg: There is nobody: the door is locked",
            ),
        ] {
            assert_eq!(in_words(&line, frames), expected);
        }
    }

    #[test]
    fn json() {
        let expected = concat!(
            r#"{"schema":1,"frame":"a.jpg","decision":"deny","credential":null,"person":null,"person_id":null,"distance":0.5,"threshold":1.0,"#,
            r#""runner_up":{"name":"kian","distance":1.25},"pass":null,"reason":"not_known","door":"locked","faces":1,"#,
            r#""ms":{"detect":1.235,"align":null,"encode":null,"match":null,"total":2.0}}"#
        );
        assert_eq!(to_json(&line("deny", None, Some("not_known"))).unwrap(), expected);
    }
}
