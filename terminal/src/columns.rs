//! Lines that fit the reader's terminal.

use std::io::{self, IsTerminal};
use terminal_size::{Width, terminal_size_of};
use textwrap::{Options, WordSplitter, wrap};

/// How wide a line may be where nobody knows the width of the terminal.
const DEFAULT: usize = 80;
/// Wider lines are hard to read, however wide the terminal is.
const WIDEST: usize = 120;

/// How many columns stdout has, 40 to 120; 80 if it is not a terminal.
pub fn columns() -> usize {
    let width = terminal_size_of(io::stdout()).map_or(DEFAULT, |(Width(width), _)| usize::from(width));
    width.clamp(40, WIDEST)
}

/// Whether stdout is a terminal: then a person reads it, and not a program that wants one record a line.
pub fn is_read_by_a_person() -> bool {
    io::stdout().is_terminal()
}

/// The text in lines of at most this many columns, all but the first indented. Words that are longer
/// stay whole, and paths are not split at hyphens.
pub fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let options = Options::new(columns).subsequent_indent(&indent).break_words(false);
    wrap(text, options.word_splitter(WordSplitter::NoHyphenation)).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_are_indented() {
        for (text, columns, expected) in [
            ("door  it is locked", 80, "door  it is locked"),
            ("door  it is locked", 12, "door  it is\n      locked"),
            ("door  /var/lib/edge-agent", 12, "door\n      /var/lib/edge-agent"),
            ("ÄÖÜ  ß ß", 6, "ÄÖÜ  ß\n      ß"),
        ] {
            assert_eq!(wrapped(text, columns, 6), expected, "{text} in {columns}");
        }
    }
}
