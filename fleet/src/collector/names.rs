//! The names of a unit's files in the folder of a collector.

use shared::seal::Fingerprint;

/// The names of one unit's files. No name is that of a rotated log, whose files `edge-agent audit verify` reads together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    unit: String,
}

impl Names {
    pub(crate) fn of(unit: Fingerprint) -> Self {
        Self { unit: unit.to_string() }
    }

    /// The chain.
    pub(crate) fn log(&self) -> String {
        format!("{}.jsonl", self.unit)
    }

    /// The chain before a gap, up to this record.
    pub(crate) fn before_gap(&self, last: u64) -> String {
        format!("{}{last:010}.jsonl", self.before_gaps())
    }

    fn before_gaps(&self) -> String {
        format!("{}.to-", self.unit)
    }

    /// The last record of a chain before a gap, if this is its file.
    pub(crate) fn last_before_gap(&self, name: &str) -> Option<u64> {
        let digits = name.strip_prefix(&self.before_gaps())?.strip_suffix(".jsonl")?;
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    /// The chain after a gap that is not proven yet.
    pub(crate) fn after_gap(&self) -> String {
        format!("{}.other.jsonl", self.unit)
    }

    /// A chain between two gaps, up to this record, which was never proven.
    pub(crate) fn between_gaps(&self, last: u64) -> String {
        format!("{}{last:010}.jsonl", self.all_between_gaps())
    }

    /// How the names of all those files begin.
    pub(crate) fn all_between_gaps(&self) -> String {
        format!("{}.part-", self.unit)
    }

    /// The gaps.
    pub(crate) fn gaps(&self) -> String {
        format!("{}.gaps.jsonl", self.unit)
    }

    /// Lines that were refused.
    pub(crate) fn refused(&self) -> String {
        format!("{}{REFUSED}", self.unit)
    }
}

/// The ending of files with refused lines.
pub(crate) const REFUSED: &str = ".refused.jsonl";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_before_a_gap_is_found_by_its_name() {
        let names = Names::of("5f0c-8a71-0000-1111-2222".parse().unwrap());
        assert_eq!(names.last_before_gap(&names.before_gap(42)), Some(42));
        for name in [names.log(), names.after_gap(), "5f0c-8a71-0000-1111-2222.to-.jsonl".to_owned(), "x".to_owned()] {
            assert_eq!(names.last_before_gap(&name), None, "{name}");
        }
    }
}
