//! Coloured output on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::io;

/// The meaning of a colour. The text is complete without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good.
    Good,
    /// A warning.
    Warning,
    /// An error.
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

/// Colours the text, if colours are enabled.
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
