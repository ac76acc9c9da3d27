//! The files of a log: the current one, older ones whose names end with the number of their first record
//! (`audit.jsonl.0000000001`), and files beside the log.

use files::Storage;
use std::io;

/// A rotated file of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) name: String,
    /// Sequence number of its first record, from the file name.
    pub(crate) first: u64,
}

/// The name of a rotated file that begins with this record.
pub(crate) fn segment_name(log: &str, first: u64) -> String {
    format!("{log}.{first:010}")
}

/// The name of the file that is prepared as the next current file.
pub(super) fn next_name(log: &str) -> String {
    format!("{log}.next")
}

/// The name of the file with the last signed head.
pub(crate) fn head_name(log: &str) -> String {
    format!("{log}.head")
}

/// The older files of this log among all file names of its folder, oldest first.
pub(crate) fn segments_among(log: &str, names: impl IntoIterator<Item = String>) -> Vec<Segment> {
    let numbered = |name: &String| {
        let digits = name.strip_prefix(log)?.strip_prefix('.')?;
        (digits.len() >= 10 && digits.bytes().all(|digit| digit.is_ascii_digit())).then(|| digits.parse().ok())?
    };
    let mut segments: Vec<Segment> =
        names.into_iter().filter_map(|name| Some(Segment { first: numbered(&name)?, name })).collect();
    segments.sort_by_key(|segment| segment.first);
    segments
}

/// The rotated files of this log, oldest first.
pub(crate) fn segments(storage: &mut dyn Storage, log: &str) -> io::Result<Vec<Segment>> {
    Ok(segments_among(log, storage.list()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_rotated_files_are_listed() {
        let names = ["log", "log.0000000012", "log.0000000003", "log.head", "log.next", "log.123", "blog.0000000001"];
        let names = names.map(str::to_owned).into_iter().chain([segment_name("log", u64::MAX)]);
        let firsts: Vec<u64> = segments_among("log", names).iter().map(|segment| segment.first).collect();
        assert_eq!(firsts, [3, 12, u64::MAX]);
    }
}
