//! A Python virtual environment for packages from PyPI.

use crate::process::{self, command, succeeds};
use crate::requirements::{self, PYTHON};
use crate::workspace;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A virtual environment in `target`.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Creates the environment `peers` if it is missing. Installs Python from Debian if there is none.
    ///
    /// # Errors
    /// If Python is not available.
    pub(crate) fn make() -> Result<Self> {
        Self::named("peers")
    }

    /// The same for one of this name, for packages that do not go together with others.
    ///
    /// # Errors
    /// If Python is not available.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let environment = Self { folder: workspace::target().join(name) };
        if !succeeds(&mut environment.python(["-m", "pip", "--version"])) {
            requirements::ensure(&[PYTHON])?;
            process::run(command("python3", ["-m", "venv"]).arg(&environment.folder))?;
        }
        Ok(environment)
    }

    /// Removes it.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| format!("{}: cannot be removed", self.folder.display()))
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
