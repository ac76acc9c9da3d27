//! Decides when to look for codes: while the database names a pass key, and until shortly after a face was in view. The
//! phone hides the face that held it up.

use super::codes::CodeReader;
use super::presented::{UnitDoors, presented};
use models::Frame;
use policy::PresentedPass;
use shared::gallery::{DoorGroup, Gallery};
use shared::pass::DoorTag;
use shared::seal::Fingerprint;

/// How long after a face codes are looked for, in milliseconds.
const AFTER_A_FACE_MS: u64 = 5000;

/// The shortest time between two pictures that are looked at, in milliseconds: so the loop stays as fast as without.
const EACH_MS: u64 = 200;

/// The place where visitors show their passes.
pub struct PassDesk {
    codes: Box<dyn CodeReader>,
    doors: UnitDoors,
    face_seen_ms: Option<u64>,
    looked_ms: Option<u64>,
}

impl PassDesk {
    /// A desk of the unit with this id, if it has a key of its own, in these groups of doors.
    pub fn new(codes: Box<dyn CodeReader>, unit: Option<Fingerprint>, groups: &[DoorGroup]) -> Self {
        let groups = groups.iter().map(|group| DoorTag::of_group(&group.to_string())).collect();
        Self {
            codes,
            doors: UnitDoors { unit: unit.map(DoorTag::of_unit), groups },
            face_seen_ms: None,
            looked_ms: None,
        }
    }

    /// The pass that was shown since the last call.
    pub(crate) fn next_pass(&mut self, gallery: &Gallery) -> Option<PresentedPass> {
        let text = self.codes.next_code()?;
        (!gallery.passes().is_empty()).then(|| presented(&text, gallery, &self.doors))
    }

    /// Looks at the picture of this turn, in which there is a face or not.
    pub(crate) fn look(&mut self, frame: Option<&Frame>, has_face: bool, gallery: &Gallery, now_ms: u64) {
        if has_face {
            self.face_seen_ms = Some(now_ms);
        }
        // A time in the future means that the clock went back.
        let is_within = |past_ms: u64, ms: u64| now_ms >= past_ms && now_ms - past_ms <= ms;
        self.face_seen_ms = self.face_seen_ms.filter(|seen_ms| is_within(*seen_ms, AFTER_A_FACE_MS));
        let has_just_looked = self.looked_ms.is_some_and(|looked_ms| is_within(looked_ms, EACH_MS - 1));
        let looks = self.face_seen_ms.is_some() && !has_just_looked && !gallery.passes().is_empty();
        if let Some(frame) = frame.filter(|_| looks) {
            self.looked_ms = Some(now_ms);
            self.codes.offer(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes::ScriptedCodes;
    use super::super::presented::tests::{doors, gallery, signed};
    use super::*;
    use crate::unit::testing::nobody;

    #[test]
    fn codes_are_looked_for_until_shortly_after_a_face() {
        let frame = Frame::from_rgb(1, 1, vec![0; 3]).unwrap();
        let codes = ScriptedCodes::default();
        let mut desk = PassDesk::new(Box::new(codes.clone()), None, &[]);
        let mut offered = 0;
        for (now_ms, has_face, has_key, is_offered) in [
            (0, false, true, false),
            (1000, true, true, true),
            (1199, true, true, false),
            (1200, true, true, true),
            (2000, true, false, false),
            (2001, false, true, true),
            (7000, false, true, true),
            (7201, false, true, false),
            (9000, true, true, true),
            (8999, false, true, false),
            (9500, false, true, false),
        ] {
            let gallery = if has_key { gallery() } else { nobody() };
            desk.look(Some(&frame), has_face, &gallery, now_ms);
            offered += usize::from(is_offered);
            assert_eq!(codes.offered(), offered, "{now_ms}");
        }
        desk.look(None, true, &gallery(), 10_000);
        assert_eq!(codes.offered(), offered, "there is no picture");
    }

    #[test]
    fn a_code_that_was_read_before_the_key_was_removed_is_no_pass() {
        let codes = ScriptedCodes::default();
        let mut desk = PassDesk { doors: doors(), ..PassDesk::new(Box::new(codes.clone()), None, &[]) };
        for (gallery, is_pass) in [(gallery(), true), (nobody(), false)] {
            codes.show(&signed(1, Some(1), "this unit", None));
            assert_eq!(matches!(desk.next_pass(&gallery), Some(PresentedPass::Of(_))), is_pass);
            assert_eq!(desk.next_pass(&gallery), None);
        }
    }
}
