//! Errors of models.

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
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file of the bundle exceeds the size limit.
    #[error("{} is larger than {limit} bytes, the limit for a file of a bundle", path.shown())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size in bytes.
        limit: u64,
    },
    /// The network's SHA-256 differs from the manifest.
    #[error("{} does not match its manifest: SHA-256 is {found}, not {expected}; copy the bundle again", path.shown())]
    Damaged {
        /// The network's file.
        path: PathBuf,
        /// The SHA-256 in the manifest.
        expected: String,
        /// The SHA-256 of the file.
        found: String,
    },
    /// `--model` was given twice for one kind.
    #[error("{} is a second {kind}: give at most one detector, one encoder and one PAD network", folder.shown())]
    SecondOfKind {
        /// The later of the two folders.
        folder: PathBuf,
        /// `detector`, `encoder` or `PAD network`.
        kind: &'static str,
    },
    /// A manifest, a calibration or another description is invalid.
    #[error("{}: {reason}", path.shown())]
    Description {
        /// The file.
        path: PathBuf,
        /// The invalid key and its valid values.
        reason: String,
    },
    /// The ONNX file is malformed or uses an unsupported feature.
    #[error("the network cannot be used: {0}")]
    Network(String),
    /// The network failed while it ran, or its output does not match its manifest.
    #[error("the network gave no usable output: {0}")]
    Inference(String),
}

impl ModelError {
    /// Adds the folder to the path of a description error, which has only the file name.
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
