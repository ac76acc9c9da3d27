//! Reads pair files in the format of Labeled Faces in the Wild: `pairs.txt` and `pairsDevTest.txt`.
//!
//! | line | meaning |
//! |---|---|
//! | `10 300` (first) | ten folds, each of 300 mated and then 300 non-mated pairs; `300` alone is one fold |
//! | `Name 1 4` | photos 1 and 4 of one person |
//! | `Name 1 Other 2` | photo 1 of one person and photo 2 of another |
//!
//! Fields are separated by tabs, so a name may contain spaces. The caller knows where the photos are.

use std::num::ParseIntError;

/// A photo, by the folder of its person and its number, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoName {
    /// The person's folder.
    pub person: String,
    /// Number of the photo, from 1.
    pub number: u32,
}

/// Two photos, and whether they show the same person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPair {
    /// One photo.
    pub a: PhotoName,
    /// The other photo.
    pub b: PhotoName,
    /// True if they show the same person.
    pub mated: bool,
    /// Number of the fold, from 0.
    pub fold: usize,
}

/// Why a text is not a pair file.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PairFileError {
    /// The first line does not contain the number of pairs.
    #[error("line 1: {found:?} is not the number of folds and of mated pairs in each, such as \"10<tab>300\"")]
    Header {
        /// The line.
        found: String,
    },
    /// A line is not a pair.
    #[error("line {line}: {found:?} is neither \"Name<tab>1<tab>4\" nor \"Name<tab>1<tab>Other<tab>2\"")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The line.
        found: String,
    },
    /// A mated pair instead of a non-mated one, or vice versa.
    #[error(
        "line {line}: fold {fold} has its {due} pairs here, but this line is not one: is a line missing before it?"
    )]
    Order {
        /// Line number, from 1.
        line: usize,
        /// Number of the fold, from 1.
        fold: usize,
        /// `mated` or `non-mated`.
        due: &'static str,
    },
    /// The number of pairs differs from that in the first line.
    #[error("{found} pairs, but {expected} according to the first line: is the file cut off?")]
    Count {
        /// Number of pairs according to the first line.
        expected: usize,
        /// Number of lines with pairs.
        found: usize,
    },
}

/// Reads all pairs, in the order of the file.
///
/// # Errors
/// [`PairFileError`], with the line.
pub fn parse(text: &str) -> Result<Vec<NamedPair>, PairFileError> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let (folds, mated_in_fold) = counts(header).ok_or_else(|| PairFileError::Header { found: header.to_owned() })?;
    let expected = folds.saturating_mul(mated_in_fold).saturating_mul(2);
    let mut pairs = Vec::new();
    for (index, line) in lines {
        let wrong = || PairFileError::Line { line: index + 1, found: line.to_owned() };
        let (a, b, mated) = pair(line).ok_or_else(wrong)?;
        let fold = pairs.len() / (2 * mated_in_fold);
        let mated_due = pairs.len() % (2 * mated_in_fold) < mated_in_fold;
        if mated != mated_due {
            let due = if mated_due { "mated" } else { "non-mated" };
            return Err(PairFileError::Order { line: index + 1, fold: fold + 1, due });
        }
        pairs.push(NamedPair { a, b, mated, fold });
    }
    if pairs.len() == expected { Ok(pairs) } else { Err(PairFileError::Count { expected, found: pairs.len() }) }
}

fn counts(header: &str) -> Option<(usize, usize)> {
    let numbers: Vec<usize> = header.split_whitespace().map(str::parse).collect::<Result<_, ParseIntError>>().ok()?;
    match numbers.as_slice() {
        [mated] if *mated > 0 => Some((1, *mated)),
        [folds, mated] if *folds > 0 && *mated > 0 => Some((*folds, *mated)),
        _ => None,
    }
}

fn pair(line: &str) -> Option<(PhotoName, PhotoName, bool)> {
    let fields: Vec<&str> = match line.contains('\t') {
        true => line.split('\t').map(str::trim).collect(),
        false => line.split_whitespace().collect(),
    };
    let photo = |person: &str, number: &str| {
        let number = number.parse().ok().filter(|&number| number > 0)?;
        (!person.is_empty()).then(|| PhotoName { person: person.to_owned(), number })
    };
    match fields.as_slice() {
        [person, a, b] => Some((photo(person, a)?, photo(person, b)?, true)),
        [one, a, other, b] if one != other => Some((photo(one, a)?, photo(other, b)?, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pair: &NamedPair) -> String {
        let NamedPair { a, b, mated, fold } = pair;
        format!("{} {} {} {} {mated} {fold}", a.person, a.number, b.person, b.number)
    }

    #[test]
    fn both_headers_and_both_shapes_of_lines() {
        for (text, expected) in [
            (
                "2\t1\nAnn Lee\t1\t4\nAnn Lee\t1\tBo\t2\nBo\t2\t3\nBo\t1\tAnn Lee\t2\n",
                &["Ann Lee 1 Ann Lee 4 true 0", "Ann Lee 1 Bo 2 false 0", "Bo 2 Bo 3 true 1", "Bo 1 Ann Lee 2 false 1"]
                    [..],
            ),
            ("1\r\nBo\t1\t2\r\nBo\t1\tCy\t1\r\n\r\n", &["Bo 1 Bo 2 true 0", "Bo 1 Cy 1 false 0"]),
            ("1\nBo 1 2\nBo 1 Cy 1", &["Bo 1 Bo 2 true 0", "Bo 1 Cy 1 false 0"]),
        ] {
            let pairs = parse(text).unwrap();
            assert_eq!(pairs.iter().map(shown).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, expected) in [
            ("", "line 1"),
            ("Bo\t1\t2\n", "line 1"),
            ("0\t300\n", "line 1"),
            ("1\nBo\t1\n", "line 2"),
            ("1\nBo\t0\t2\n", "line 2"),
            ("1\nBo\t1\t-2\n", "line 2"),
            ("1\n\t1\t2\n", "line 2"),
            ("1\nBo\t1\t2\nBo\t1\tBo\t2\n", "line 3"),
            ("1\nBo\t1\tCy\t2\n", "line 2: fold 1 has its mated pairs here"),
            ("1\nBo\t1\t2\nBo\t1\t3\n", "line 3: fold 1 has its non-mated pairs here"),
            ("2\t1\nBo\t1\t2\nBo\t1\tCy\t1\n", "2 pairs, but 4 according to the first line"),
            ("18446744073709551615\t2\nBo\t1\t2\n", "1 pairs"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }
}
