//! What is refused of a person's fields, in the words of their form. The commands speak of columns and lines of `people.csv`.

use super::texts::{Texts, fill};
use crate::build_db::people_csv::{COLUMNS, CsvError};
use crate::build_db::roster::RosterError;
use anyhow::{Error, anyhow};

/// The error in the words of the form; others stay as they are.
pub(super) fn in_words(t: &Texts, refused: Error) -> Error {
    if let Some(CsvError::Field { column, problem, .. }) = refused.downcast_ref() {
        // A problem may name another column.
        let problem = COLUMNS.iter().fold(problem.clone(), |problem, other| match other.contains('_') {
            true => problem.replace(other, &format!("“{}”", label_of(t, other))),
            false => problem,
        });
        return anyhow!("{}: {problem}", label_of(t, column));
    }
    if let Some(RosterError::CardTaken { one, other, .. }) = refused.downcast_ref() {
        return anyhow!("{}", fill(t.card_taken, &[one, other]));
    }
    refused
}

/// What the form calls a column.
pub(super) fn label_of<'t>(t: &'t Texts, column: &'t str) -> &'t str {
    match column {
        "groups" => t.groups,
        "mode" => t.mode,
        "cards" => t.cards,
        "valid_from" => t.valid_from,
        "valid_to" => t.valid_to,
        "note" => t.note,
        "basis" => t.basis,
        "informed_on" => t.informed_on,
        "keep_until" => t.keep_until,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::texts::ENGLISH;
    use anyhow::Context;

    #[test]
    fn a_field_is_called_as_in_the_form() {
        for column in COLUMNS.into_iter().filter(|column| !["id", "name"].contains(column)) {
            let error = CsvError::Field { line: 3, column, problem: "it is before valid_from".to_owned() };
            let refused = Err::<(), _>(error).context("nothing was changed").unwrap_err();
            let words = in_words(&ENGLISH, refused).to_string();
            assert_eq!(words, format!("{}: it is before “First day”", label_of(&ENGLISH, column)));
            assert!(!words.contains('_') && !words.starts_with(column), "{words}");
        }
        let taken =
            RosterError::CardTaken { one: "Ada".to_owned(), one_line: 2, other: "Bo".to_owned(), other_line: 3 };
        let words = in_words(&ENGLISH, anyhow::Error::new(taken).context("nothing was changed")).to_string();
        assert!(words.contains("Ada and Bo") && !words.contains("line"), "{words}");
        assert_eq!(in_words(&ENGLISH, anyhow!("other")).to_string(), "other");
    }
}
