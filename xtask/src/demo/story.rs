//! Describes in words what happened at the door.

use super::approach::{Approach, Visitor};
use super::frame::{Decision, Door, Frame};
use std::path::Path;

/// Describes one approach: the visitor, the door's decision frame by frame, and the result.
pub(super) fn render(visitor: &Visitor, approach: &Approach) -> String {
    let mut lines = vec![format!("{}: {}", approach.photo, introduction(visitor))];
    lines.extend(stretches(&approach.frames).iter().map(|stretch| format!("  {}", stretch.in_words())));
    if approach.let_in().is_some() {
        lines.extend(approach.door_afterwards.map(|door| format!("  {:12} {}", "afterwards", in_words(door))));
    }
    lines.join("\n")
}

/// One line for each approach, with the verdict.
pub(super) fn summary(visits: &[(Visitor, Approach)]) -> String {
    let lines: Vec<String> = visits
        .iter()
        .map(|(visitor, approach)| {
            let mark = if approach.is_right_for(visitor) { "right" } else { "WRONG" };
            let ending = match approach.let_in() {
                Some(name) => format!("the door opened for {name}"),
                None => "the door stayed locked".to_owned(),
            };
            format!("{mark}  {}: {ending}", subject(visitor))
        })
        .collect();
    lines.join("\n")
}

/// The next steps for the user.
pub(super) fn what_next(database: &Path) -> String {
    let database = database.display();
    format!(
        "\
Now with your own photos: a folder for each person, two or three photos in each, and another photo to ask about.
  target/release/encoder-tool build-db MY_PEOPLE -o my.db
  target/release/encoder-tool identify ANOTHER_PHOTO.jpg --db my.db
  target/release/edge-agent simulate --frames ANOTHER_PHOTO.jpg --db my.db
The people of this demonstration are in {database}. README.md says what else there is."
    )
}

fn introduction(visitor: &Visitor) -> String {
    match visitor {
        Visitor::Enrolled(name) => format!("{name} comes to the door"),
        Visitor::Stranger(name) => format!("{name}, a stranger, comes to the door"),
        Visitor::Nobody => "nobody is at the door".to_owned(),
    }
}

fn subject(visitor: &Visitor) -> String {
    match visitor {
        Visitor::Enrolled(name) => format!("{name}, enrolled"),
        Visitor::Stranger(name) => format!("{name}, a stranger"),
        Visitor::Nobody => "Nobody".to_owned(),
    }
}

/// Consecutive frames with the same decision.
struct Stretch<'a> {
    /// Number of the first frame, counted from 1.
    first: usize,
    frames: &'a [Frame],
}

fn stretches(frames: &[Frame]) -> Vec<Stretch<'_>> {
    let mut first = 1;
    let of_one_decision = frames
        .chunk_by(|a, b| a.decision == b.decision && a.person == b.person && a.reason == b.reason && a.door == b.door);
    of_one_decision
        .map(|frames| {
            let stretch = Stretch { first, frames };
            first += frames.len();
            stretch
        })
        .collect()
}

impl Stretch<'_> {
    fn in_words(&self) -> String {
        let frame = &self.frames[0];
        let last = self.first + self.frames.len() - 1;
        let numbers =
            if self.first == last { format!("frame {last}") } else { format!("frames {}-{last}", self.first) };
        format!("{numbers:12} {}; {} ({:.0} ms a frame)", thought(frame), in_words(frame.door), self.mean_ms())
    }

    fn mean_ms(&self) -> f64 {
        self.frames.iter().map(|frame| frame.ms.total).sum::<f64>() / self.frames.len() as f64
    }
}

fn in_words(door: Door) -> &'static str {
    match door {
        Door::Locked => "the door is locked",
        Door::Unlocked => "the door is UNLOCKED",
    }
}

/// Describes the door's decision about a frame.
fn thought(frame: &Frame) -> String {
    let threshold = frame.threshold;
    let far = |distance: f32| format!("distance {distance:.2}, threshold {threshold:.2}");
    let distance = frame.distance.map(far).unwrap_or_else(|| "not compared".to_owned());
    match (frame.decision, &frame.person, frame.reason.as_deref()) {
        (Decision::Grant, person, _) => {
            format!("It's {}, welcome in! ({distance})", person.as_deref().unwrap_or("somebody"))
        }
        (Decision::Nobody, _, _) => "I see nobody".to_owned(),
        (Decision::Deny, Some(person), Some("deciding")) => {
            format!("It looks like {person}, but let me be sure ({distance})")
        }
        (Decision::Deny, None, Some("not_known")) => format!("I don't know you, please go away ({distance})"),
        (Decision::Deny, Some(person), reason) => {
            format!("It looks like {person}, but not now: {} ({distance})", why(reason))
        }
        (Decision::Deny, None, reason) => {
            format!("Please go away: {} ({distance})", why(reason))
        }
    }
}

/// Describes each reason code of a refusal.
fn why(reason: Option<&str>) -> String {
    let clause = match reason {
        None => "no reason was given",
        Some("not_known") => "no enrolled person looks enough like this face",
        Some("too_far") => "the face is too small: come closer",
        Some("too_dark") => "there is too little light on the face",
        Some("too_bright") => "there is too much light on the face",
        Some("blurred") => "the face is not sharp: hold still",
        Some("turned_away") => "the face looks aside: look into the camera",
        Some("ambiguous") => "two enrolled people look too much like this face",
        Some("several_faces") => "there is more than one face",
        Some("already_granted") => "the person was let in already and has been in view since",
        Some("card_needed") => "a card is needed as well",
        Some(other) => return other.replace('_', " "),
    };
    clause.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::approach::tests::{approach, frame};
    use super::*;

    #[test]
    fn reasons_are_sentences() {
        for (reason, expected) in [
            (Some("several_faces"), "Please go away: there is more than one face (not compared)"),
            (Some("made_up_later"), "Please go away: made up later (not compared)"),
            (None, "Please go away: no reason was given (not compared)"),
        ] {
            let reason = reason.map(str::to_owned);
            let refused = Frame { reason, distance: None, ..frame(Decision::Deny, None, Door::Locked) };
            assert_eq!(thought(&refused), expected);
        }
    }

    fn granted() -> Approach {
        let deciding = frame(Decision::Deny, Some("Ann"), Door::Locked);
        approach(vec![deciding.clone(), deciding, frame(Decision::Grant, Some("Ann"), Door::Unlocked)])
    }

    fn refused() -> Approach {
        approach(vec![frame(Decision::Deny, None, Door::Locked)])
    }

    #[test]
    fn a_story() {
        let expected = "\
a.jpg: Ann comes to the door
  frames 1-2   It looks like Ann, but let me be sure (distance 0.75, threshold 1.00); the door is locked (40 ms a frame)
  frame 3      It's Ann, welcome in! (distance 0.75, threshold 1.00); the door is UNLOCKED (40 ms a frame)
  afterwards   the door is locked";
        assert_eq!(render(&Visitor::Enrolled("Ann".to_owned()), &granted()), expected);
    }

    #[test]
    fn every_reason_is_told() {
        let reason = |person, reason: &str| Frame {
            reason: Some(reason.to_owned()),
            ..frame(Decision::Deny, person, Door::Locked)
        };
        for (frame, expected) in [
            (
                frame(Decision::Deny, None, Door::Locked),
                "I don't know you, please go away (distance 0.75, threshold 1.00)",
            ),
            (
                reason(Some("Ann"), "card_needed"),
                "It looks like Ann, but not now: a card is needed as well (distance 0.75, threshold 1.00)",
            ),
            (
                Frame { distance: None, ..reason(None, "too_far") },
                "Please go away: the face is too small: come closer (not compared)",
            ),
            (frame(Decision::Nobody, None, Door::Locked), "I see nobody"),
        ] {
            assert_eq!(thought(&frame), expected);
        }
    }

    #[test]
    fn the_summary_says_what_went_wrong() {
        let (ann, zoe) = (Visitor::Enrolled("Ann".to_owned()), Visitor::Stranger("Zoe".to_owned()));
        let expected = "\
right  Ann, enrolled: the door opened for Ann
WRONG  Zoe, a stranger: the door opened for Ann
WRONG  Ann, enrolled: the door stayed locked";
        assert_eq!(summary(&[(ann.clone(), granted()), (zoe, granted()), (ann, refused())]), expected);
    }
}
