//! Whether a person's data may be stored: the columns `basis`, `informed_on` and `keep_until` of `people.csv`. A column that
//! the file does not have asks for nothing.

/// What `people.csv` says about the storage of one person's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Whether there is a basis, or the file has no such column.
    pub(crate) has_basis: bool,
    /// Whether the person was informed, or the file has no such column.
    pub(crate) is_informed: bool,
    /// First second at which the data may no longer be stored, Unix time; `None` for no limit.
    pub(crate) keep_until: Option<i64>,
}

impl Retention {
    /// Of somebody who is not in the file. `needs_basis` is whether it has the column `basis`.
    pub(super) fn of_unlisted(needs_basis: bool) -> Self {
        Self { has_basis: !needs_basis, is_informed: true, keep_until: None }
    }

    /// Why this person must be left out at this time (Unix seconds); `None` if nothing speaks against storing the data.
    pub(crate) fn objection(&self, now: i64) -> Option<&'static str> {
        if !self.has_basis {
            return Some("no basis in people.csv");
        }
        let is_over = self.keep_until.is_some_and(|until| now >= until);
        is_over.then_some("keep_until has passed: delete the photos and the line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_and_a_day_that_has_not_passed() {
        for (has_basis, keep_until, now, expected) in [
            (true, None, i64::MAX, None),
            (true, Some(100), 99, None),
            (true, Some(100), 100, Some("keep_until has passed")),
            (false, None, 0, Some("no basis")),
            (false, Some(100), 200, Some("no basis")),
        ] {
            let objection = Retention { has_basis, is_informed: true, keep_until }.objection(now);
            assert_eq!(objection.is_some(), expected.is_some(), "{objection:?}");
            assert!(objection.is_none_or(|said| said.starts_with(expected.unwrap())), "{objection:?}");
        }
        assert_eq!(Retention::of_unlisted(true).objection(0), Some("no basis in people.csv"));
        assert_eq!(Retention::of_unlisted(false).objection(0), None);
    }
}
