//! `encoder-tool model …`: everything that is done to a network before a unit runs it.

mod import;

use anyhow::Result;
use clap::Subcommand;

/// Work on models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Turn an ONNX file into a bundle
    Import(import::Import),
}

impl ModelCommand {
    /// Does what was asked.
    ///
    /// # Errors
    /// As the command's own `run`.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Import(import) => import.run(),
        }
    }
}
