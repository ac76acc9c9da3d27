//! The gaps of a unit's chain: records that the unit had removed before they were collected.

use super::names::Names;
use files::Storage;
use policy::audit::MAX_LINE_BYTES;
use serde::{Deserialize, Serialize};
use std::io;

/// Records that were never collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The first of them.
    pub from: u64,
    /// The last of them.
    pub through: u64,
    /// The first of the records right before the gap that the unit had not signed; `None` if it had signed all. Nobody can say
    /// any more whether the unit wrote them.
    pub unsigned_from: Option<u64>,
    /// The number of the record in which the unit says that it removes them. The unit has signed it.
    pub removed_by: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenGap {
    schema: u32,
    #[serde(flatten)]
    gap: Gap,
    /// When this was written, milliseconds since 1970, UTC.
    utc_ms: i64,
}

/// Writes a gap down, once.
///
/// # Errors
/// The error of the disk.
pub(crate) fn write(storage: &mut dyn Storage, names: &Names, gap: Gap, utc_ms: i64) -> io::Result<()> {
    let file = names.gaps();
    let length = storage.length(&file)?.unwrap_or(0);
    let mut line = serde_json::to_vec(&WrittenGap { schema: 1, gap, utc_ms })?;
    line.push(b'\n');
    if length > 0 {
        let start = length.saturating_sub(MAX_LINE_BYTES as u64);
        let end = storage.read_from(&file, start, MAX_LINE_BYTES)?;
        let whole = end.iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
        if whole < end.len() {
            // A power cut tore the last line.
            storage.truncate(&file, start + whole as u64)?;
        }
        let last = end[..whole].strip_suffix(b"\n").and_then(|lines| lines.rsplit(|&byte| byte == b'\n').next());
        if last.is_some_and(|last| serde_json::from_slice::<WrittenGap>(last).is_ok_and(|written| written.gap == gap)) {
            return storage.sync(&file);
        }
    }
    storage.append(&file, &line)?;
    storage.sync(&file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::Memory;

    #[test]
    fn a_gap_is_written_once() {
        let names = Names::of("5f0c-8a71-0000-1111-2222".parse().unwrap());
        let mut disk = Memory::default();
        let gap = Gap { from: 3, through: 9, unsigned_from: None, removed_by: 12 };
        let later = Gap { from: 40, through: 41, unsigned_from: Some(38), removed_by: 50 };
        for gap in [gap, gap, later, later] {
            write(&mut disk, &names, gap, 5).unwrap();
        }
        let text = String::from_utf8(disk.read(&names.gaps()).unwrap().unwrap()).unwrap();
        let expected = "{\"schema\":1,\"from\":3,\"through\":9,\"unsigned_from\":null,\"removed_by\":12,\"utc_ms\":5}\n\
                        {\"schema\":1,\"from\":40,\"through\":41,\"unsigned_from\":38,\"removed_by\":50,\"utc_ms\":5}\n";
        assert_eq!(text, expected);
        disk.append(&names.gaps(), b"{\"sch").unwrap();
        write(&mut disk, &names, gap, 6).unwrap();
        let text = String::from_utf8(disk.read(&names.gaps()).unwrap().unwrap()).unwrap();
        assert_eq!(text.lines().count(), 3);
    }
}
