//! Updates the table in `docs/performance.md`, between two markers. The text around it is not changed.

use super::contest::Verdict;
use crate::process::{self, command};
use anyhow::{Context, Result};
use std::fs;

/// The page with the table.
pub(super) const FILE: &str = "docs/performance.md";

const BEGIN: &str = "<!-- the table of `cargo xtask bench` begins -->";
const END: &str = "<!-- the table of `cargo xtask bench` ends -->";

/// Replaces the table in the page.
///
/// # Errors
/// If the page cannot be read or has no markers.
pub(super) fn write(verdicts: &[Verdict], rounds: u32) -> Result<()> {
    let page = fs::read_to_string(FILE).with_context(|| format!("{FILE}: cannot be read"))?;
    let date = process::answer_of(&mut command("date", ["--utc", "+%Y-%m-%d"]), &[0])?;
    let made = format!("{}, {}; the median of {rounds} rounds.", date.trim(), machine());
    let page = replaced(&page, &format!("{made}\n\n{}", rows(verdicts)))?;
    fs::write(FILE, page).with_context(|| format!("{FILE}: cannot be written"))
}

fn replaced(page: &str, table: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{FILE} has no `{BEGIN}`"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{FILE} has no `{END}`"))?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

fn rows(verdicts: &[Verdict]) -> String {
    let mut lines = vec!["| what | ours | peer's | ratio | peer |".to_owned(), "|---|---|---|---|---|".to_owned()];
    lines.extend(verdicts.iter().map(|Verdict { what, ours_ms, peer, peer_ms, ratio }| {
        format!("| {what} | {ours_ms:.2} ms | {peer_ms:.2} ms | **{ratio:.2}** | {peer} |")
    }));
    lines.join("\n")
}

/// The processor model, with its relevant instruction sets.
fn machine() -> String {
    let description = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = description.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let (model, family, number) = (field("model name"), field("cpu family"), field("model\t"));
    let has = |flag: &str| field("flags").split(' ').any(|have| have == flag);
    let known = [("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_vnni", "VNNI")];
    let instructions: Vec<&str> = known.iter().filter(|(flag, _)| has(flag)).map(|(_, name)| *name).collect();
    format!("{model} (family {family}, model {number}; {})", instructions.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_changes() {
        let page = format!("# Speed\n\n{BEGIN}\nold\n{END}\n\nWhy.\n");
        assert_eq!(replaced(&page, "new").unwrap(), format!("# Speed\n\n{BEGIN}\nnew\n{END}\n\nWhy.\n"));
        assert!(replaced("# Speed\n", "new").is_err());
    }

    #[test]
    fn a_verdict_is_a_row() {
        let verdict = Verdict { what: "sum", ours_ms: 2.0, peer: "abacus", peer_ms: 4.0, ratio: 0.5 };
        assert!(rows(&[verdict]).ends_with("\n| sum | 2.00 ms | 4.00 ms | **0.50** | abacus |"));
    }
}
