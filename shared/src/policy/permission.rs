//! What a person must show, and whether they may enter now. Who it is was settled before.

use super::observation::{Candidate, CardHolder, ClockTrust, Now};
use super::reason::Reason;
use super::rules::Rules;
use crate::gallery::Mode;

/// Whether a person may enter with their face alone.
pub(super) fn check(rules: &Rules, candidate: &Candidate, now: &Now) -> Result<(), Reason> {
    if mode_of(rules, candidate.mode) == Mode::CardAndFace {
        return Err(Reason::CardNeeded);
    }
    check_validity(&candidate.holder(), now)
}

/// What somebody must show whose record says this.
pub(super) fn mode_of(rules: &Rules, said: Mode) -> Mode {
    match said {
        Mode::Default => rules.mode,
        said => said,
    }
}

/// At a door that asks everybody for a card, whoever is not recognised is asked for theirs: it may be that they are
/// near enough to themselves alone.
pub(super) fn with_card_asked_for(rules: &Rules, reason: Reason) -> Reason {
    match reason {
        Reason::NotKnown | Reason::Ambiguous if rules.mode == Mode::CardAndFace => Reason::CardNeeded,
        reason => reason,
    }
}

/// Whether a person may enter today.
pub(super) fn check_validity(candidate: &CardHolder, now: &Now) -> Result<(), Reason> {
    if candidate.valid_from.is_none() && candidate.valid_until.is_none() {
        return Ok(());
    }
    if now.clock != ClockTrust::Trusted {
        return Err(Reason::ClockUnknown);
    }
    let second = now.utc_ms.div_euclid(1000);
    let has_begun = candidate.valid_from.is_none_or(|from| second >= from);
    let has_ended = candidate.valid_until.is_some_and(|until| second >= until);
    if has_begun && !has_ended { Ok(()) } else { Err(Reason::OutsideValidity) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery::PersonId;

    #[test]
    fn validity_is_from_a_second_until_before_another() {
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
            let candidate = Candidate { valid_from, valid_until, ..Candidate::new(PersonId([1; 16]), 0.5) };
            let rules = Rules::new(1.0);
            let case = (valid_from, valid_until, utc_ms);
            assert_eq!(check(&rules, &candidate, &Now::trusted(utc_ms, 0)), expected, "{case:?}");
            let has_dates = valid_from.is_some() || valid_until.is_some();
            let unknown = if has_dates { Err(Reason::ClockUnknown) } else { Ok(()) };
            assert_eq!(check(&rules, &candidate, &Now::new(utc_ms, 0)), unknown, "{case:?}");
        }
    }

    #[test]
    fn a_persons_mode_goes_before_the_doors() {
        use Mode::{CardAndFace, CardOrFace, Default, Face};
        let cases = [
            (Face, [(Default, true), (Face, true), (CardOrFace, true), (CardAndFace, false)]),
            (CardOrFace, [(Default, true), (Face, true), (CardOrFace, true), (CardAndFace, false)]),
            (CardAndFace, [(Default, false), (Face, true), (CardOrFace, true), (CardAndFace, false)]),
            (Default, [(Default, true), (Face, true), (CardOrFace, true), (CardAndFace, false)]),
        ];
        for (door, by_person) in cases {
            for (person, face_is_enough) in by_person {
                let rules = Rules { mode: door, ..Rules::new(1.0) };
                let candidate = Candidate { mode: person, ..Candidate::new(PersonId([1; 16]), 0.5) };
                let expected = if face_is_enough { Ok(()) } else { Err(Reason::CardNeeded) };
                assert_eq!(check(&rules, &candidate, &Now::new(0, 0)), expected, "{door:?}, {person:?}");
            }
        }
    }
}
