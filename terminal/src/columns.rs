//! Wraps lines to the width of the terminal.

use std::io::{self, IsTerminal};
use terminal_size::{Width, terminal_size_of};
use textwrap::{Options, WordSplitter, wrap};

/// The width of lines if the width of the terminal is unknown.
const DEFAULT: usize = 80;
/// The largest width of lines. Wider lines are hard to read, even on a wide terminal.
const WIDEST: usize = 120;

/// The width of stdout in columns, 40 to 120; 80 if it is not a terminal.
pub fn columns() -> usize {
    let width = terminal_size_of(io::stdout()).map_or(DEFAULT, |(Width(width), _)| usize::from(width));
    width.clamp(40, WIDEST)
}

/// Whether stdout is a terminal. Otherwise a program may read it, which expects one record for each line.
pub fn is_read_by_a_person() -> bool {
    io::stdout().is_terminal()
}

/// Wraps the text to lines of at most this many columns, and indents all lines but the first. Longer words are not
/// broken, and paths are not split at hyphens.
pub fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let options = Options::new(columns).subsequent_indent(&indent).break_words(false);
    wrap(text, options.word_splitter(WordSplitter::NoHyphenation)).join("\n")
}

/// The text for the reader of stdout. On a terminal, each line is wrapped to its width, and what does not fit continues
/// `indent` columns to the right of the line's start. A program gets the text unchanged: one record for each line.
pub fn for_reader(text: &str, indent: usize) -> String {
    match is_read_by_a_person() {
        true => wrapped_lines(text, columns(), indent),
        false => text.to_owned(),
    }
}

fn wrapped_lines(text: &str, columns: usize, indent: usize) -> String {
    let wrap = |line: &str| wrapped(line, columns, line.len() - line.trim_start().len() + indent);
    text.split('\n').map(wrap).collect::<Vec<String>>().join("\n")
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

    #[test]
    fn each_line_of_a_text_keeps_its_own_indentation() {
        let text = "the first line\n  the second line\n\nend";
        assert_eq!(wrapped_lines(text, 14, 4), "the first line\n  the second\n      line\n\nend");
        assert_eq!(wrapped_lines(text, 80, 4), text);
    }
}
