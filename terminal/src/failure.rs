//! Errors for the user, with a hint what to do next.

use anyhow::Error;

/// An error with a hint what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{}", on_one_line(error))]
struct WithHelp {
    error: Error,
    help: String,
}

/// Adds a hint to a result.
pub trait Help<T> {
    /// Adds a hint what to do next if this is an error.
    fn help(self, text: &str) -> anyhow::Result<T>;

    /// Adds a hint what to do next if this is an error without one.
    fn or_help(self, text: &str) -> anyhow::Result<T>;
}

impl<T, E: Into<Error>> Help<T> for Result<T, E> {
    fn help(self, text: &str) -> anyhow::Result<T> {
        self.map_err(|error| WithHelp { error: error.into(), help: text.to_owned() }.into())
    }

    fn or_help(self, text: &str) -> anyhow::Result<T> {
        let refused = self.map_err(Into::into);
        if matches!(&refused, Err(error) if error.is::<WithHelp>()) { refused } else { refused.help(text) }
    }
}

/// Formats the error: one line for the error with its causes, and one for the hint if there is one.
pub fn in_words(error: &Error) -> String {
    let line = on_one_line(error);
    match error.downcast_ref::<WithHelp>() {
        Some(with_help) => format!("error: {line}\nhelp: {}", with_help.help),
        None => format!("error: {line}"),
    }
}

/// Formats the error with its causes on one line. Omits a cause whose text the error already contains.
pub fn on_one_line(error: &Error) -> String {
    let mut line = String::new();
    for said in error.chain().map(ToString::to_string).filter(|said| !said.is_empty()) {
        if line.is_empty() {
            line = said;
        } else if !line.contains(&said) {
            line = format!("{line}: {said}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn causes_on_one_line_and_help_on_the_next() {
        let plain = anyhow!("no such file").context("cannot open a.db");
        assert_eq!(in_words(&plain), "error: cannot open a.db: no such file");
        let helped = Err::<(), _>(plain).help("make it").context("nothing done").unwrap_err();
        assert_eq!(in_words(&helped), "error: nothing done: cannot open a.db: no such file\nhelp: make it");
    }

    #[test]
    fn a_hint_for_errors_without_one_leaves_the_others_theirs() {
        let refused = || Err::<(), _>(anyhow!("no such key"));
        for (result, expected) in [
            (refused(), "make one"),
            (refused().help("chmod 600 a.key"), "chmod 600 a.key"),
            (refused().help("chmod 600 a.key").context("a.key"), "chmod 600 a.key"),
        ] {
            let said = in_words(&result.or_help("make one").unwrap_err());
            assert!(said.ends_with(&format!("no such key\nhelp: {expected}")), "{said}");
        }
    }

    /// Most errors of this project have their cause both in their message and as their source.
    #[test]
    fn a_cause_is_named_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot write a.db: {source}; it is unchanged")]
        struct Refused {
            source: std::io::Error,
        }
        let refused = || Refused { source: std::io::Error::other("disk full") };
        assert_eq!(on_one_line(&refused().into()), "cannot write a.db: disk full; it is unchanged");
        let helped = Err::<(), _>(refused()).help("make room").unwrap_err();
        assert_eq!(in_words(&helped), "error: cannot write a.db: disk full; it is unchanged\nhelp: make room");
    }
}
