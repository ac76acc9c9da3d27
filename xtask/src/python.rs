//! A Python environment of our own, for what comes from PyPI.

use crate::process::{self, command, succeeds};
use crate::requirements::{self, PYTHON};
use crate::workspace;
use anyhow::Result;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// A virtual environment in `target/peers`.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it unless it is there, with Python from Debian if there is none.
    ///
    /// # Errors
    /// If Python cannot be had.
    pub(crate) fn make() -> Result<Self> {
        let environment = Self { folder: workspace::target().join("peers") };
        if !succeeds(&mut environment.python(["-m", "pip", "--version"])) {
            requirements::ensure(&[PYTHON])?;
            process::run(command("python3", ["-m", "venv"]).arg(&environment.folder))?;
        }
        Ok(environment)
    }

    /// Python, with what is installed in this environment.
    pub(crate) fn python<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        command(&self.folder.join("bin/python").to_string_lossy(), arguments)
    }

    /// Does with pip what `verb` says: `install` or `download`.
    ///
    /// # Errors
    /// If pip cannot.
    pub(crate) fn pip<A: AsRef<OsStr>>(&self, verb: &str, arguments: impl IntoIterator<Item = A>) -> Result<()> {
        process::run(self.python(["-m", "pip", verb, "--quiet", "--disable-pip-version-check"]).args(arguments))
    }
}
