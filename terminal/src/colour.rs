//! Colour, where a person reads it: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::io;

/// What a line is about, as a colour shows it. The words say the same without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// The text in that tone, if it is coloured at all.
pub(crate) fn toned(text: &str, tone: Tone, choice: ColorChoice) -> String {
    match choice {
        ColorChoice::Never => text.to_owned(),
        _ => format!("{style}{text}{style:#}", style = tone.style()),
    }
}

pub(crate) fn of_stdout() -> ColorChoice {
    AutoStream::choice(&io::stdout())
}

pub(crate) fn of_stderr() -> ColorChoice {
    AutoStream::choice(&io::stderr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_colour_is_chosen() {
        for (choice, expected) in
            [(ColorChoice::Never, "let in"), (ColorChoice::AlwaysAnsi, "\u{1b}[32mlet in\u{1b}[0m")]
        {
            assert_eq!(toned("let in", Tone::Good, choice), expected);
        }
    }
}
