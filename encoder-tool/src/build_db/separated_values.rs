//! Parses a table as spreadsheets and editors save it: fields separated by commas, semicolons or tabs, in UTF-8.
//! `people_csv` interprets the columns.
//!
//! Accepts what spreadsheets produce: a first line `sep=;`, empty columns and rows, and rows that are shorter than the
//! first. Line numbers are those of an editor: each CRLF, LF or CR counts, also within quoted fields.

use csv::{ByteRecord, ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use std::io;

/// U+FEFF in UTF-8, with which some spreadsheets begin a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A line of the table, with trimmed fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) fields: StringRecord,
}

/// Why a file is not a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TableError {
    /// It is UTF-16.
    #[error("it is UTF-16 (\"Unicode text\"): save it as CSV in UTF-8")]
    Utf16,
    /// It is not UTF-8.
    #[error("line {line} is not UTF-8 text: save it as CSV in UTF-8")]
    NotUtf8 {
        /// Counted from 1.
        line: u64,
    },
    /// A quotation mark is not closed: the rest of the file would become one field, and its people would be missing.
    #[error(
        "line {line}: a quotation mark is not closed; for a quotation mark within a field, double it and quote the field"
    )]
    OpenQuote {
        /// Counted from 1.
        line: u64,
    },
}

/// How a table is written: what a spreadsheet that reads it again expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    has_byte_order_mark: bool,
    names_delimiter: bool,
    delimiter: u8,
    ends_lines_with_crlf: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self { has_byte_order_mark: false, names_delimiter: false, delimiter: b',', ends_lines_with_crlf: false }
    }
}

impl Form {
    /// The form of this table.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK);
        let (delimiter, skipped) = delimiter_of(text.unwrap_or(bytes));
        Self {
            has_byte_order_mark: text.is_some(),
            names_delimiter: skipped > 0,
            delimiter,
            ends_lines_with_crlf: bytes.windows(2).any(|pair| pair == b"\r\n"),
        }
    }

    /// What comes before the first line.
    pub(crate) fn beginning(&self) -> Vec<u8> {
        let mut bytes = if self.has_byte_order_mark { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        if self.names_delimiter {
            bytes.extend(b"sep=");
            bytes.push(self.delimiter);
            bytes.extend(if self.ends_lines_with_crlf { &b"\r\n"[..] } else { b"\n" });
        }
        bytes
    }

    /// Writes lines in this form.
    pub(crate) fn writer<W: io::Write>(&self, to: W) -> csv::Writer<W> {
        let end = if self.ends_lines_with_crlf { Terminator::CRLF } else { Terminator::Any(b'\n') };
        WriterBuilder::new().delimiter(self.delimiter).terminator(end).flexible(true).from_writer(to)
    }
}

/// All non-empty lines; the first contains the column names.
///
/// # Errors
/// [`TableError`]
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Line>, TableError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(TableError::Utf16);
    }
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let (delimiter, skipped) = delimiter_of(text);
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(&text[skipped..]);
    let mut lines = Vec::new();
    let (mut record, mut place) = (ByteRecord::new(), Place { text, at: 0, line: 1 });
    loop {
        // The reader consumes blank lines, and the LF of a CRLF, with the record that follows them.
        let start = skipped + reader.position().byte() as usize;
        // Reading from memory does not fail, and any bytes are a valid table.
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            return Ok(lines);
        }
        let number = place.line_of(start);
        let raw = &text[start..skipped + reader.position().byte() as usize];
        if raw.iter().filter(|&&byte| byte == b'"').count() % 2 == 1 {
            return Err(TableError::OpenQuote { line: number });
        }
        let mut fields =
            StringRecord::from_byte_record(record.clone()).map_err(|_| TableError::NotUtf8 { line: number })?;
        fields.trim();
        if fields.iter().any(|field| !field.is_empty()) {
            lines.push(Line { number, fields });
        }
    }
}

/// The field delimiter, and the length in bytes of a `sep=` line (0 if there is none).
fn delimiter_of(text: &[u8]) -> (u8, usize) {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len());
    let first = &text[..end];
    if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter @ (b',' | b';' | b'\t' | b'|')] = first {
        return (*delimiter, end);
    }
    (*[b',', b';', b'\t'].iter().find(|delimiter| first.contains(delimiter)).unwrap_or(&b','), 0)
}

/// A position in a text with its line number; it only moves forward.
struct Place<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Place<'_> {
    /// The line number of the first character at or after a position that is not a line break.
    fn line_of(&mut self, place: usize) -> u64 {
        while let Some(&byte) = self.text.get(self.at) {
            let breaks = match byte {
                b'\n' => true,
                b'\r' => self.text.get(self.at + 1) != Some(&b'\n'),
                _ if self.at >= place => break,
                _ => false,
            };
            self.line += u64::from(breaks);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: &[(u64, &[&str])]) {
        let lines = parse(text).unwrap_or_else(|error| panic!("{:?}: {error}", text.escape_ascii().to_string()));
        let found: Vec<(u64, Vec<&str>)> =
            lines.iter().map(|line| (line.number, line.fields.iter().collect())).collect();
        let expected: Vec<(u64, Vec<&str>)> =
            expected.iter().map(|(number, fields)| (*number, fields.to_vec())).collect();
        assert_eq!(found, expected, "{}", text.escape_ascii());
    }

    #[test]
    fn line_numbers_match_an_editor() {
        for text in [&b"a,b\nc,d\ne,f\n"[..], b"a,b\r\nc,d\r\ne,f\r\n", b"a,b\rc,d\re,f", b"a,b\r\nc,d\ne,f"] {
            check(text, &[(1, &["a", "b"]), (2, &["c", "d"]), (3, &["e", "f"])]);
        }
        check(b"\n\r\na\r\n\r\n\n\nb\n", &[(3, &["a"]), (7, &["b"])]);
        check(b"a,\"b\r\nc\nd\"\r\ne\n", &[(1, &["a", "b\r\nc\nd"]), (4, &["e"])]);
        check(b"\xef\xbb\xbfa\n,,\n \nb", &[(1, &["a"]), (4, &["b"])]);
    }

    #[test]
    fn what_spreadsheets_add_is_ignored() {
        check(b"sep=;\r\na;b\r\nc;d\r\n", &[(2, &["a", "b"]), (3, &["c", "d"])]);
        check(b"\xef\xbb\xbfsep=,\na,b;c\n", &[(2, &["a", "b;c"])]);
        check(b"SEP=;\na;b\n", &[(2, &["a", "b"])]);
        check(b"sep=\t\na\tb\n", &[(2, &["a", "b"])]);
        check(b"a\tb;c\n", &[(1, &["a\tb", "c"])]);
        check(b"a\tb\n", &[(1, &["a", "b"])]);
        check(b"a;b;;\n;;;\nc;d;;\n;\n", &[(1, &["a", "b", "", ""]), (3, &["c", "d", "", ""])]);
        check(b"sep=;", &[]);
        check(b"", &[]);
    }

    #[test]
    fn what_is_not_a_table_is_named_with_its_line() {
        for (text, expected) in [
            (&b"\xff\xfea\0,\0"[..], TableError::Utf16),
            (b"\xfe\xff\0a", TableError::Utf16),
            (b"a\0,\0b\0", TableError::Utf16),
            (b"a\r\nb\r\nM\xfcller\r\n", TableError::NotUtf8 { line: 3 }),
            (b"name,note\nAnn,\"half\nBo,face\n", TableError::OpenQuote { line: 2 }),
        ] {
            assert_eq!(parse(text), Err(expected), "{}", text.escape_ascii());
        }
    }
}
