//! Which credential a person must show, and whether they may enter now. The person has been recognised by then.

use super::credential::Shown;
use super::enrolled::Enrolled;
use super::observation::{ClockTrust, Now};
use super::openings::Openings;
use super::passages::Passages;
use super::reason::Reason;
use super::rules::Rules;
use super::signals::FaceAlone;
use shared::gallery::{Mode, PersonId};
use shared::schedule::{Hours, Opening, Schedules};

/// What a person's permission depends on, apart from their record.
pub(super) struct Circumstances<'a> {
    pub(super) rules: &'a Rules,
    pub(super) schedules: &'a Schedules,
    pub(super) openings: &'a Openings,
    pub(super) passages: &'a Passages,
    pub(super) now: &'a Now,
}

/// Whether a person has shown the required credential.
pub(super) fn check_shown(rules: &Rules, shown: &Shown) -> Result<(), Reason> {
    match shown {
        Shown::Face(recognised) if !rules.is_face_enough(recognised.holder()) => Err(Reason::CardNeeded),
        Shown::Card(holder) if card_use(rules, holder) != CardUse::Alone => Err(Reason::FaceNeeded),
        Shown::Face(_) | Shown::Card(_) | Shown::CardAndFace(_) => Ok(()),
    }
}

/// Whether a person may enter now.
pub(super) fn check_moment(around: &Circumstances<'_>, holder: &Enrolled) -> Result<(), Reason> {
    check_dates_and_hours(around, holder)?;
    check_passage(around, holder.person)
}

/// Whether a person may enter now, without regard to anti-passback.
pub(super) fn check_dates_and_hours(around: &Circumstances<'_>, holder: &Enrolled) -> Result<(), Reason> {
    check_validity(holder, around.now)?;
    check_hours(around, holder.hours)
}

/// The mode that applies to a person: the person's own, or else the door's.
fn mode_of(rules: &Rules, said: Mode) -> Mode {
    match said {
        Mode::Default => rules.mode,
        said => said,
    }
}

impl Rules {
    /// Whether this person's face alone can let them in, at a permitted time.
    pub fn is_face_enough(&self, person: &Enrolled) -> bool {
        !matches!(mode_of(self, person.mode), Mode::CardAndFace | Mode::Card)
            && !needs_card_as_a_look_alike(self, person)
            && self.is_face_alone_allowed(person.is_challenged)
    }

    /// Whether this person's card alone lets them in, at a permitted time.
    pub fn is_card_enough(&self, person: &Enrolled) -> bool {
        card_use(self, person) == CardUse::Alone
    }

    /// Whether nobody's face alone can let them in, unless their own record says so and a signal is required of them.
    pub fn is_card_door(&self) -> bool {
        matches!(self.mode, Mode::CardAndFace | Mode::Card) || !self.is_face_alone_allowed(true)
    }

    /// A face shows likeness. Presence is shown by a signal or a card, or the risk is accepted.
    fn is_face_alone_allowed(&self, is_marked: bool) -> bool {
        self.face_alone == FaceAlone::Accepted || !self.liveness.required_of(is_marked).is_empty()
    }
}

fn needs_card_as_a_look_alike(rules: &Rules, holder: &Enrolled) -> bool {
    holder.has_look_alike && rules.look_alikes_need_card
}

/// The effect of a card for its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CardUse {
    /// None: the face is enough.
    None,
    /// The card claims an identity, which the face must confirm.
    WithFace,
    /// The card is enough.
    Alone,
}

pub(super) fn card_use(rules: &Rules, holder: &Enrolled) -> CardUse {
    match mode_of(rules, holder.mode) {
        Mode::CardAndFace => CardUse::WithFace,
        Mode::CardOrFace | Mode::Card => CardUse::Alone,
        Mode::Face | Mode::Default if rules.is_face_enough(holder) => CardUse::None,
        Mode::Face | Mode::Default => CardUse::WithFace,
    }
}

/// At a door that requires a card from everybody, asks an unrecognised person for theirs: verification against one
/// person can succeed where identification fails.
pub(super) fn or_ask_for_card(rules: &Rules, reason: Reason) -> Reason {
    match reason {
        Reason::NotKnown | Reason::Ambiguous if rules.is_card_door() => Reason::CardNeeded,
        reason => reason,
    }
}

/// Whether a person may enter today.
fn check_validity(holder: &Enrolled, now: &Now) -> Result<(), Reason> {
    if holder.valid_from.is_none() && holder.valid_until.is_none() {
        return Ok(());
    }
    require_clock(now)?;
    let second = now.utc_ms.div_euclid(1000);
    let has_begun = holder.valid_from.is_none_or(|from| second >= from);
    let has_ended = holder.valid_until.is_some_and(|until| second >= until);
    if has_begun && !has_ended { Ok(()) } else { Err(Reason::OutsideValidity) }
}

/// Whether a person may enter at this time of the day and week.
fn check_hours(around: &Circumstances<'_>, hours: Hours) -> Result<(), Reason> {
    if hours.bound_by.is_empty() {
        return Ok(());
    }
    let Circumstances { schedules, openings, now, .. } = *around;
    require_clock(now)?;
    let opened = |index| openings.minutes_ago(schedules, index, now);
    match schedules.opening(hours.bound_by, now.local(), opened) {
        Opening::Open => Ok(()),
        Opening::NobodyYet => Err(Reason::NobodyHereYet),
        Opening::Closed => Err(Reason::OutsideHours),
    }
}

fn require_clock(now: &Now) -> Result<(), Reason> {
    if now.clock == ClockTrust::Trusted { Ok(()) } else { Err(Reason::ClockUnknown) }
}

fn check_passage(around: &Circumstances<'_>, person: PersonId) -> Result<(), Reason> {
    let Circumstances { rules, passages, now, .. } = *around;
    match rules.anti_passback {
        Some(rule) if passages.blocks(person, rule, now) => Err(Reason::PassedAlready),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognition::recognise;
    use crate::{ObservedFace, Resemblance};

    fn check_alone(rules: &Rules, person: &Enrolled, now: &Now) -> Result<(), Reason> {
        let (schedules, openings, passages) = (&Schedules::default(), &Openings::default(), &Passages::default());
        let face = ObservedFace { resembles: Some(Resemblance::new(*person, 0.5)), ..ObservedFace::default() };
        check_shown(rules, &Shown::Face(recognise(rules, &face)?))?;
        check_moment(&Circumstances { rules, schedules, openings, passages, now }, person)
    }

    #[test]
    fn validity_includes_its_start_and_excludes_its_end() {
        let (early, late) = (Err(Reason::OutsideValidity), Err(Reason::OutsideValidity));
        let cases = [
            (None, None, i64::MIN, Ok(())),
            (Some(100), None, 99_999, early),
            (Some(100), None, 100_000, Ok(())),
            (Some(100), Some(200), 199_999, Ok(())),
            (Some(100), Some(200), 200_000, late),
            (None, Some(200), 200_000, late),
            (None, Some(200), i64::MIN, Ok(())),
            (Some(-1), None, -1_001, early),
            (Some(-1), None, -1_000, Ok(())),
            (Some(-1), Some(0), -1, Ok(())),
            (Some(200), Some(100), 150_000, early),
            (Some(i64::MAX), None, i64::MAX, early),
        ];
        for (valid_from, valid_until, utc_ms, expected) in cases {
            let ada = Enrolled { valid_from, valid_until, ..Enrolled::new(PersonId([1; 16])) };
            let rules = Rules::face_alone(1.0);
            let case = (valid_from, valid_until, utc_ms);
            assert_eq!(check_alone(&rules, &ada, &Now::trusted(utc_ms, 0)), expected, "{case:?}");
            let has_dates = valid_from.is_some() || valid_until.is_some();
            let unknown = if has_dates { Err(Reason::ClockUnknown) } else { Ok(()) };
            assert_eq!(check_alone(&rules, &ada, &Now::new(utc_ms, 0)), unknown, "{case:?}");
        }
    }

    #[test]
    fn a_persons_mode_goes_before_the_doors() {
        use Mode::{Card, CardAndFace, CardOrFace, Default, Face};
        let cases = [
            (Face, [(Default, true), (Face, true), (CardOrFace, true), (CardAndFace, false), (Card, false)]),
            (CardOrFace, [(Default, true), (Face, true), (CardOrFace, true), (CardAndFace, false), (Card, false)]),
            (CardAndFace, [(Default, false), (Face, true), (CardOrFace, true), (CardAndFace, false), (Card, false)]),
            (Card, [(Default, false), (Face, true), (CardOrFace, true), (CardAndFace, false), (Card, false)]),
            (Default, [(Default, true), (Face, true), (CardOrFace, true), (CardAndFace, false), (Card, false)]),
        ];
        for (door, by_person) in cases {
            for (person, face_is_enough) in by_person {
                let rules = Rules { mode: door, ..Rules::face_alone(1.0) };
                let ada = Enrolled { mode: person, ..Enrolled::new(PersonId([1; 16])) };
                let expected = if face_is_enough { Ok(()) } else { Err(Reason::CardNeeded) };
                assert_eq!(check_alone(&rules, &ada, &Now::new(0, 0)), expected, "{door:?}, {person:?}");
            }
        }
    }

    #[test]
    fn look_alikes_need_their_card() {
        use CardUse::{Alone, None, WithFace};
        let cases = [
            (Mode::Face, true, true, Err(Reason::CardNeeded), WithFace),
            (Mode::Face, false, true, Ok(()), None),
            (Mode::Face, true, false, Ok(()), None),
            (Mode::CardOrFace, true, true, Err(Reason::CardNeeded), Alone),
            (Mode::CardOrFace, false, true, Ok(()), Alone),
            (Mode::CardAndFace, false, true, Err(Reason::CardNeeded), WithFace),
            (Mode::CardAndFace, true, false, Err(Reason::CardNeeded), WithFace),
            (Mode::Card, true, true, Err(Reason::CardNeeded), Alone),
            (Mode::Card, false, false, Err(Reason::CardNeeded), Alone),
        ];
        for (mode, has_look_alike, look_alikes_need_card, by_face, by_card) in cases {
            let rules = Rules { look_alikes_need_card, ..Rules::face_alone(1.0) };
            let ada = Enrolled { mode, has_look_alike, ..Enrolled::new(PersonId([1; 16])) };
            let case = (mode, has_look_alike, look_alikes_need_card);
            assert_eq!(check_alone(&rules, &ada, &Now::new(0, 0)), by_face, "{case:?}");
            assert_eq!(card_use(&rules, &ada), by_card, "{case:?}");
        }
    }
}
