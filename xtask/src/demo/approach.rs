//! A visitor's approach to the door, and whether the door's decision is right.

use super::frame::{Decision, Door, Frame};

/// The person in a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    Enrolled(String),
    Stranger(String),
    Nobody,
}

/// The frames of one photo, from its first frame to the door's decision; at least one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Approach {
    pub(super) photo: String,
    pub(super) frames: Vec<Frame>,
    /// The door's state when the next approach begins; `None` for the last approach.
    pub(super) door_afterwards: Option<Door>,
}

impl Visitor {
    pub(super) fn new(name: Option<String>, is_enrolled: impl Fn(&str) -> bool) -> Self {
        match name {
            None => Self::Nobody,
            Some(name) if is_enrolled(&name) => Self::Enrolled(name),
            Some(name) => Self::Stranger(name),
        }
    }
}

/// Groups the frames by photo, in order.
pub(super) fn approaches(frames: &[Frame]) -> Vec<Approach> {
    let mut approaches: Vec<Approach> = Vec::new();
    for of_one_photo in frames.chunk_by(|a, b| a.frame == b.frame) {
        let first = &of_one_photo[0];
        if let Some(before) = approaches.last_mut() {
            before.door_afterwards = Some(first.door);
        }
        approaches.push(Approach { photo: first.frame.clone(), frames: of_one_photo.to_vec(), door_afterwards: None });
    }
    approaches
}

impl Approach {
    /// Whether the door opened for the right visitor: for an enrolled visitor it must open, for any other it must not.
    pub(super) fn is_right_for(&self, visitor: &Visitor) -> bool {
        match visitor {
            Visitor::Enrolled(name) => {
                self.let_in() == Some(name) && self.frames.iter().all(|frame| is_closed_or_for(frame, name))
            }
            Visitor::Stranger(_) => self.stays_closed_with(Decision::Deny),
            Visitor::Nobody => self.stays_closed_with(Decision::Nobody),
        }
    }

    /// The person who was let in.
    pub(super) fn let_in(&self) -> Option<&str> {
        self.frames.iter().find(|frame| frame.decision == Decision::Grant)?.person.as_deref()
    }

    fn stays_closed_with(&self, decision: Decision) -> bool {
        self.frames.iter().all(|frame| frame.decision == decision && frame.door == Door::Locked)
    }
}

/// Whether the door is locked, or unlocked by a grant for that person.
fn is_closed_or_for(frame: &Frame, name: &str) -> bool {
    match frame.decision {
        Decision::Grant => frame.person.as_deref() == Some(name) && frame.door == Door::Unlocked,
        Decision::Deny | Decision::Nobody => frame.door == Door::Locked,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::frame::Milliseconds;
    use super::*;

    pub(in super::super) fn frame(decision: Decision, person: Option<&str>, door: Door) -> Frame {
        Frame {
            frame: "a.jpg".to_owned(),
            decision,
            person: person.map(str::to_owned),
            distance: (decision != Decision::Nobody).then_some(0.75),
            threshold: 1.0,
            reason: (decision == Decision::Deny)
                .then(|| if person.is_some() { "deciding" } else { "not_known" }.to_owned()),
            door,
            ms: Milliseconds { total: 40.0 },
        }
    }

    pub(in super::super) fn approach(frames: Vec<Frame>) -> Approach {
        Approach { photo: "a.jpg".to_owned(), frames, door_afterwards: Some(Door::Locked) }
    }

    #[test]
    fn only_the_right_decision_is_right() {
        use Decision::{Deny, Grant, Nobody};
        use Door::{Locked, Unlocked};
        let (deciding, let_in) = (frame(Deny, Some("ann"), Locked), frame(Grant, Some("ann"), Unlocked));
        let (unknown, empty) = (frame(Deny, None, Locked), frame(Nobody, None, Locked));
        let open = frame(Deny, Some("ann"), Unlocked);
        // The right results for Ann, who is enrolled, for a stranger, and for an empty scene.
        let cases = [
            (vec![deciding.clone(), let_in.clone()], [true, false, false]),
            (vec![deciding.clone(), deciding], [false, true, false]),
            (vec![unknown.clone(), unknown.clone()], [false, true, false]),
            (vec![unknown, empty.clone()], [false, false, false]),
            (vec![empty], [false, false, true]),
            (vec![frame(Grant, Some("bo"), Unlocked)], [false, false, false]),
            (vec![frame(Grant, Some("ann"), Locked)], [false, false, false]),
            (vec![open, let_in], [false, false, false]),
            (vec![frame(Nobody, None, Unlocked)], [false, false, false]),
        ];
        let visitors = [Visitor::Enrolled("ann".to_owned()), Visitor::Stranger("zoe".to_owned()), Visitor::Nobody];
        for (frames, expected) in cases {
            let approach = approach(frames);
            assert_eq!(visitors.each_ref().map(|visitor| approach.is_right_for(visitor)), expected, "{approach:?}");
        }
    }

    #[test]
    fn frames_of_a_photo_are_one_approach() {
        let of = |photo: &str, door| Frame { frame: photo.to_owned(), ..frame(Decision::Nobody, None, door) };
        let frames = [of("b.jpg", Door::Locked), of("b.jpg", Door::Locked), of("a.jpg", Door::Unlocked)];
        let b =
            Approach { photo: "b.jpg".to_owned(), frames: frames[..2].to_vec(), door_afterwards: Some(Door::Unlocked) };
        let a = Approach { photo: "a.jpg".to_owned(), frames: frames[2..].to_vec(), door_afterwards: None };
        assert_eq!(approaches(&frames), [b, a]);
    }

    #[test]
    fn visitors_are_enrolled_or_not() {
        let visitor = |name: Option<&str>| Visitor::new(name.map(str::to_owned), |name| name == "ann");
        assert_eq!(visitor(Some("ann")), Visitor::Enrolled("ann".to_owned()));
        assert_eq!(visitor(Some("zoe")), Visitor::Stranger("zoe".to_owned()));
        assert_eq!(visitor(None), Visitor::Nobody);
    }
}
