//! A Python virtual environment for packages from PyPI.

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
    /// Creates the environment if it is missing. Installs Python from Debian if there is none.
    ///
    /// # Errors
    /// If Python is not available.
    pub(crate) fn make() -> Result<Self> {
        let environment = Self { folder: workspace::target().join("peers") };
        if !succeeds(&mut environment.python(["-m", "pip", "--version"])) {
            requirements::ensure(&[PYTHON])?;
            process::run(command("python3", ["-m", "venv"]).arg(&environment.folder))?;
        }
        Ok(environment)
    }

    /// A command of the environment's Python.
    pub(crate) fn python<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        command(&self.folder.join("bin/python").to_string_lossy(), arguments)
    }

    /// Runs pip with `verb`: `install` or `download`.
    ///
    /// # Errors
    /// If pip fails.
    pub(crate) fn pip<A: AsRef<OsStr>>(&self, verb: &str, arguments: impl IntoIterator<Item = A>) -> Result<()> {
        process::run(self.python(["-m", "pip", verb, "--quiet", "--disable-pip-version-check"]).args(arguments))
    }
}
