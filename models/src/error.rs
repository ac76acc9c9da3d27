//! Everything that can be wrong with a model.

use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file of the bundle cannot be read.
    #[error("cannot read {}: {source}; a bundle is a folder made by `encoder-tool model import`", path.shown())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the bundle is larger than any that we make.
    #[error("{} has more than the {limit} bytes that a file of a bundle may have", path.shown())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size in bytes.
        limit: u64,
    },
    /// The network is not the one that the manifest describes.
    #[error("{} is not the network of its manifest: SHA-256 is {found}, not {expected}; copy the bundle again", path.shown())]
    Damaged {
        /// The network's file.
        path: PathBuf,
        /// What the manifest says.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// `--model` was given twice for one kind.
    #[error("{} is a second {kind}: give at most one detector and one encoder", folder.shown())]
    SecondOfKind {
        /// The later of the two folders.
        folder: PathBuf,
        /// `detector` or `encoder`.
        kind: &'static str,
    },
    /// A bundle is sound, but of a kind that nothing runs.
    #[error("{}: a network for presentation attack detection; there is a place for one, but nothing runs it yet", folder.shown())]
    NotRun {
        /// The folder.
        folder: PathBuf,
    },
    /// A manifest or a calibration is not one.
    #[error("{}: {reason}", path.shown())]
    Description {
        /// The file.
        path: PathBuf,
        /// The key that is wrong and what it may be.
        reason: String,
    },
    /// The ONNX file is malformed or uses what we do not support.
    #[error("the network cannot be used: {0}")]
    Network(String),
    /// The network failed while it ran, or gave what its manifest does not promise.
    #[error("the network gave no usable answer: {0}")]
    Inference(String),
}

impl ModelError {
    /// Says in which folder the file is, where only its name was known.
    pub(crate) fn in_folder(self, folder: &Path) -> Self {
        match self {
            Self::Description { path, reason } => Self::Description { path: folder.join(path), reason },
            other => other,
        }
    }

    pub(crate) fn from_tract(error: tract_onnx::tract_core::internal::TractError) -> Self {
        Self::Network(format!("{error:#}"))
    }
}
