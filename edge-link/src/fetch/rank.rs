//! Which of two notices is worked on.

use fleet_messages::DatabaseNotice;

/// Whether a notice takes the place of the one that is worked on: a newer database does, and after a failure any other
/// notice. So an old notice that arrives again does not hinder a new one, and a forged one with the highest number does not
/// keep its place.
pub(super) fn takes_the_place(of: &DatabaseNotice, has_failed: bool, other: &DatabaseNotice) -> bool {
    other != of && (has_failed || other.sequence > of.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::DatabaseDigest;

    #[test]
    fn newer_notices_come_first_and_failed_ones_last() {
        let notice = |sequence, digest| DatabaseNotice::new(sequence, DatabaseDigest([digest; 32]), 9, "p".into(), 0);
        for (of, has_failed, other, expected) in [
            (notice(7, 1), false, notice(7, 1), false),
            (notice(7, 1), true, notice(7, 1), false),
            (notice(7, 1), false, notice(8, 2), true),
            (notice(7, 1), false, notice(6, 2), false),
            (notice(7, 1), false, notice(7, 2), false),
            (notice(7, 1), true, notice(6, 2), true),
            (notice(u64::MAX, 1), true, notice(6, 2), true),
        ] {
            assert_eq!(takes_the_place(&of, has_failed, &other), expected, "{of:?} {has_failed} {other:?}");
        }
    }
}
