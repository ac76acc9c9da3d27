//! Lines that were refused, kept beside a unit's chain for somebody who looks into it. Bounded for each unit and in all.

use super::names::{Names, REFUSED};
use files::Storage;
use serde::Serialize;
use std::io;

/// The most bytes of refused lines of one unit.
const MOST_OF_A_UNIT: u64 = 256 << 10;
/// The most bytes of refused lines of all units.
const MOST_OF_ALL: u64 = 64 << 20;

/// How much is kept so far.
#[derive(Debug)]
pub(crate) struct Refused {
    bytes: u64,
}

#[derive(Serialize)]
struct RefusedLine<'a> {
    schema: u32,
    utc_ms: i64,
    problem: &'a str,
    line: &'a str,
}

impl Refused {
    /// Counts what earlier collectors have kept.
    ///
    /// # Errors
    /// The error of the disk.
    pub(crate) fn open(storage: &mut dyn Storage) -> io::Result<Self> {
        let mut bytes = 0;
        for name in storage.list()?.iter().filter(|name| name.ends_with(REFUSED)) {
            bytes += storage.length(name)?.unwrap_or(0);
        }
        Ok(Self { bytes })
    }

    /// Keeps lines if there is room. They are not synced, and a full disk loses them.
    pub(crate) fn keep(&mut self, storage: &mut dyn Storage, names: &Names, problem: &str, lines: &[u8], utc_ms: i64) {
        let file = names.refused();
        for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line);
            let Ok(mut text) = serde_json::to_vec(&RefusedLine { schema: 1, utc_ms, problem, line: &line }) else {
                return;
            };
            text.push(b'\n');
            let added = text.len() as u64;
            let of_unit = storage.length(&file).ok().flatten().unwrap_or(0);
            if of_unit + added > MOST_OF_A_UNIT || self.bytes + added > MOST_OF_ALL {
                return;
            }
            if storage.append(&file, &text).is_err() {
                return;
            }
            self.bytes += added;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::Memory;

    #[test]
    fn refused_lines_are_kept_up_to_a_bound() {
        let names = |number: u8| Names::of(format!("{number:02x}0c-8a71-0000-1111-2222").parse().unwrap());
        let mut disk = Memory::default();
        let mut refused = Refused::open(&mut disk).unwrap();
        refused.keep(&mut disk, &names(0), "forged", b"a\n\xff\n", 7);
        let text = String::from_utf8(disk.read(&names(0).refused()).unwrap().unwrap()).unwrap();
        assert_eq!(text.lines().next().unwrap(), r#"{"schema":1,"utc_ms":7,"problem":"forged","line":"a"}"#);
        for _ in 0..1000 {
            refused.keep(&mut disk, &names(0), "forged", &[b'x'; 4000], 7);
        }
        assert!(disk.length(&names(0).refused()).unwrap().unwrap() <= MOST_OF_A_UNIT);
        let mut refused = Refused::open(&mut disk).unwrap();
        assert_eq!(refused.bytes, disk.used());
        refused.bytes = MOST_OF_ALL;
        refused.keep(&mut disk, &names(1), "forged", b"a", 7);
        assert_eq!(disk.length(&names(1).refused()).unwrap(), None);
    }
}
