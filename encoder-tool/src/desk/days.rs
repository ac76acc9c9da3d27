//! Days in forms: a last day that is over, or a day of information that is ahead, is a mistake, unless it was there before.

use super::texts::{Texts, fill};
use jiff::ZonedDateTime;
use jiff::civil::Date;

/// # Errors
/// If a new value of `keep_until` is a day that is over: the person would be left out at once. If a new value of
/// `informed_on` is ahead.
pub(super) fn require_plausible<'f>(
    t: &Texts,
    fields: &[(&str, &str)],
    before: impl Fn(&str) -> &'f str,
) -> anyhow::Result<()> {
    let today = ZonedDateTime::now().date();
    for (column, text) in fields.iter().filter(|(column, text)| before(column) != *text) {
        let Some(day) = text.get(..10).and_then(|day| day.parse::<Date>().ok()) else { continue };
        match *column {
            "keep_until" if day < today => anyhow::bail!("{}", fill(t.day_is_over, &[t.keep_until, text])),
            "informed_on" if day > today => anyhow::bail!("{}", fill(t.day_is_ahead, &[t.informed_on, text])),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::texts::ENGLISH;

    #[test]
    fn a_day_that_makes_no_sense_is_refused_only_if_it_is_new() {
        for (column, text, before, is_refused) in [
            ("keep_until", "2020-01-01", "", true),
            ("keep_until", "2020-01-01", "2020-01-01", false),
            ("keep_until", "2999-01-01", "", false),
            ("keep_until", "", "2020-01-01", false),
            ("keep_until", "soon", "", false),
            ("valid_to", "2020-01-01", "", false),
            ("informed_on", "2020-01-01", "", false),
            ("informed_on", "2999-01-01", "", true),
            ("informed_on", "2999-01-01", "2999-01-01", false),
        ] {
            let refused = require_plausible(&ENGLISH, &[(column, text)], |_| before).is_err();
            assert_eq!(refused, is_refused, "{column} {text} {before}");
        }
    }
}
