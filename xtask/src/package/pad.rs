//! A PAD network in the package: its bundle, which the packaged configuration does not name.

use crate::process;
use crate::programs::{self, encoder_tool};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The files of a bundle.
const FILES: [&str; 3] = ["calibration.toml", "manifest.toml", "model.onnx"];
/// The folder in the build folder from which the package takes them.
const FOLDER: &str = "package/pad";

/// The variant in `edge-agent/Cargo.toml` that has the bundle.
pub(super) const VARIANT: &str = "with-pad";

/// Copies a bundle to where the package takes it from.
///
/// # Errors
/// If the folder is not the bundle of a PAD network.
pub(super) fn add(bundle: &Path) -> Result<()> {
    programs::build()?;
    let inspected = process::answer_of(encoder_tool(["model", "inspect", "--json"]).arg(bundle), &[0]);
    let inspected: Value = serde_json::from_str(&inspected.context("--with-pad takes the folder of a bundle")?)?;
    ensure!(is_pad(&inspected), "{}: --with-pad takes a PAD network, not a {}", bundle.display(), inspected["kind"]);
    let folder = workspace::empty_folder(FOLDER)?;
    for file in FILES {
        let from = bundle.join(file);
        fs::copy(&from, folder.join(file)).with_context(|| format!("{}: cannot be copied", from.display()))?;
    }
    Ok(())
}

fn is_pad(inspected: &Value) -> bool {
    inspected["kind"] == "pad"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variant_takes_the_files_from_the_folder() {
        let manifest = include_str!("../../../edge-agent/Cargo.toml");
        assert!(manifest.contains(&format!("[package.metadata.deb.variants.{VARIANT}]")));
        assert!(manifest.contains(&format!("[\"../target/{FOLDER}/*\", \"usr/lib/edge-agent/pad/\", \"644\"]")));
        let config = include_str!("../../../deploy/config.toml");
        assert!(
            config.contains("bundles = [\"/usr/lib/edge-agent/pad\"]"),
            "the configuration does not say how to use it"
        );
    }

    #[test]
    fn only_a_pad_network_is_packaged() {
        for (kind, expected) in [("pad", true), ("encoder", false)] {
            assert_eq!(is_pad(&serde_json::json!({ "kind": kind })), expected);
        }
    }
}
