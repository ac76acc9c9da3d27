//! What a program is made of, for everybody who has to know whether a hole in a library is one in the door: a list in
//! CycloneDX's format (version 1.5, ECMA-424), which `cargo-cyclonedx` makes of what cargo says.

use crate::cross::ARM;
use crate::process;
use crate::tools::CARGO_CYCLONEDX;
use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The lists as they are called where the tool leaves them, which is beside the Cargo.toml of every member.
const LEFT: &str = "parts.cdx";

/// Is in the program, through other crates.
const CERTAIN: &str = "tract-onnx";
/// What only tests and builds need is not in the program.
const NEVER: [&str; 2] = ["proptest", "bindgen"];

/// The list for one package of the workspace, on a Raspberry Pi: everything that ends up in the program.
///
/// # Errors
/// If the tool cannot be installed or makes no list, or one that cannot be right.
pub(super) fn of(package: &str) -> Result<String> {
    let manifest = format!("{package}/Cargo.toml");
    let mut list = CARGO_CYCLONEDX.command(&["cyclonedx", "--format", "json", "--spec-version", "1.5"])?;
    list.args(["--no-build-deps", "--target", ARM, "--override-filename", LEFT, "--manifest-path", &manifest]);
    // The same list for the same parts: without the time, and without the folder that it was made in.
    let made = process::run(list.env("SOURCE_DATE_EPOCH", "0"));
    let text = fs::read_to_string(left_in(Path::new(package)));
    remove_all()?;
    made?;
    let here = std::path::absolute(".")?;
    let text = text.context("cargo-cyclonedx left no list")?.replace(&format!("{}/", here.display()), "/");
    let names = names(&text).context("cargo-cyclonedx's list is not understood")?;
    ensure!(are_plausible(&names), "the list of parts cannot be right: {}", names.join(", "));
    Ok(text)
}

fn left_in(member: &Path) -> PathBuf {
    member.join(LEFT).with_extension("cdx.json")
}

fn remove_all() -> Result<()> {
    for list in workspace::sorted_entries(Path::new("."))?.iter().map(|member| left_in(member)) {
        if list.exists() {
            fs::remove_file(&list).with_context(|| format!("{}: cannot be removed", list.display()))?;
        }
    }
    Ok(())
}

fn names(list: &str) -> Option<Vec<String>> {
    let list: Value = serde_json::from_str(list).ok()?;
    let parts = list["components"].as_array()?;
    parts.iter().map(|part| Some(part["name"].as_str()?.to_owned())).collect()
}

fn are_plausible(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|found| found == name);
    has(CERTAIN) && !NEVER.iter().any(|name| has(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_and_builds_need_is_no_part() {
        let list = |parts: &[&str]| {
            let parts: Vec<Value> = parts.iter().map(|name| serde_json::json!({ "name": name })).collect();
            names(&serde_json::json!({ "components": parts }).to_string()).unwrap()
        };
        assert!(are_plausible(&list(&["shared", "tract-onnx"])));
        for wrong in [&["shared"][..], &["tract-onnx", "proptest"], &["bindgen", "tract-onnx"], &[]] {
            assert!(!are_plausible(&list(wrong)), "{wrong:?}");
        }
        assert_eq!(names("{}"), None);
    }

    #[test]
    fn lists_are_removed_by_the_name_they_are_left_by() {
        assert_eq!(left_in(Path::new("edge-agent")), Path::new("edge-agent/parts.cdx.json"));
    }
}
