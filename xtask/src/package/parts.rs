//! The software bill of materials of a program, to find out whether a vulnerable library is in the door unit. Format:
//! CycloneDX (version 1.5, ECMA-424), made by `cargo-cyclonedx` from cargo's metadata.

use crate::cross::ARM;
use crate::process;
use crate::tools::CARGO_CYCLONEDX;
use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The file name of the lists, which the tool writes next to the Cargo.toml of every member.
const LIST_NAME: &str = "parts.cdx";

/// Crates that must not be in the list: only tests and builds need them.
const FORBIDDEN: [&str; 2] = ["proptest", "bindgen"];

/// The bill of materials of one package of the workspace, built for a Raspberry Pi. `required` is a crate that must be in
/// it, as an indirect dependency.
///
/// # Errors
/// If the tool cannot be installed, or makes no list or an implausible one.
pub(super) fn list(package: &str, required: &str) -> Result<String> {
    let manifest = format!("{package}/Cargo.toml");
    let mut list = CARGO_CYCLONEDX.command(&["cyclonedx", "--format", "json", "--spec-version", "1.5"])?;
    list.args(["--no-build-deps", "--target", ARM, "--override-filename", LIST_NAME, "--manifest-path", &manifest]);
    // No time stamp and no path of the build folder, so that the list is reproducible.
    let made = process::run(list.env("SOURCE_DATE_EPOCH", "0"));
    let text = fs::read_to_string(left_in(Path::new(package)));
    remove_all()?;
    made?;
    let here = std::path::absolute(".")?;
    let text = text.context("cargo-cyclonedx left no list")?.replace(&format!("{}/", here.display()), "/");
    let names = names(&text).context("cannot parse the list of cargo-cyclonedx")?;
    ensure!(are_plausible(&names, required), "the bill of materials is not plausible: {}", names.join(", "));
    Ok(text)
}

fn left_in(member: &Path) -> PathBuf {
    member.join(LIST_NAME).with_extension("cdx.json")
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

fn are_plausible(names: &[String], required: &str) -> bool {
    let has = |name: &str| names.iter().any(|found| found == name);
    has(required) && !FORBIDDEN.iter().any(|name| has(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_tests_and_builds_are_not_listed() {
        let list = |parts: &[&str]| {
            let parts: Vec<Value> = parts.iter().map(|name| serde_json::json!({ "name": name })).collect();
            names(&serde_json::json!({ "components": parts }).to_string()).unwrap()
        };
        assert!(are_plausible(&list(&["shared", "tract-onnx"]), "tract-onnx"));
        for wrong in [&["shared"][..], &["tract-onnx", "proptest"], &["bindgen", "tract-onnx"], &[]] {
            assert!(!are_plausible(&list(wrong), "tract-onnx"), "{wrong:?}");
        }
        assert_eq!(names("{}"), None);
    }

    #[test]
    fn lists_are_removed_by_the_name_they_are_left_by() {
        assert_eq!(left_in(Path::new("edge-agent")), Path::new("edge-agent/parts.cdx.json"));
    }
}
