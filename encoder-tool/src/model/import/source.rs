//! The file that is imported: what it is called, what it holds, and whether it is one that we know.

use anyhow::{Context, Result, bail};
use models::bundle;
use models::onnx::{self, pb::ModelProto};
use std::path::Path;
use terminal::{Help, read_bounded};

/// A file that has been read.
pub(super) struct Source {
    name: String,
    sha256: String,
    bytes: Vec<u8>,
}

/// How the files that people take for ONNX files begin, and what they are.
const FOREIGN: [(usize, &[u8], &str); 8] = [
    (0, b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (0, b"PK\x03\x04", "a zip archive (a wheel, or a PyTorch file); unpack it, or export to ONNX"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it"),
    (0, b"\x80\x02", "a Python pickle (a PyTorch file); export it to ONNX"),
    (0, b"\x89HDF", "an HDF5 file (a Keras model); export it to ONNX"),
    (4, b"TFL3", "a TensorFlow Lite model; export it to ONNX"),
    (0, b"<", "a web page or XML"),
    (0, b"\x93NUMPY", "a NumPy array"),
];

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = read_bounded(path, onnx::MAX_BYTES).help("give an ONNX file")?;
        Ok(Self::new(path.display().to_string(), bytes))
    }

    pub(super) fn new(name: String, bytes: Vec<u8>) -> Self {
        Self { name, sha256: bundle::sha256(&bytes), bytes }
    }

    /// What the file is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The last part of its name.
    pub(super) fn file_name(&self) -> String {
        let name = Path::new(&self.name).file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// SHA-256 of the file, lower-case hexadecimal.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The network in the file.
    ///
    /// # Errors
    /// What the file is instead, or what is wrong with its network.
    pub(super) fn decode(&self) -> Result<ModelProto> {
        if self.bytes.is_empty() {
            bail!("{} is empty, not an ONNX file", self.name);
        }
        let begins =
            |&&(at, magic, _): &&(usize, &[u8], &str)| self.bytes.get(at..).is_some_and(|b| b.starts_with(magic));
        if let Some((_, _, what)) = FOREIGN.iter().find(begins) {
            bail!("{} is not an ONNX file but {what}", self.name);
        }
        onnx::decode(&self.bytes).with_context(|| self.name.clone()).help(
            "an ONNX file with one graph is accepted, its weights 32-bit floats or 8-bit integers in the file itself",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_onnx_file_is_called_by_its_name() {
        for (bytes, named) in [
            (&b""[..], "empty"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (b"PK\x03\x04\x14\x00", "zip"),
            (b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"),
            (b"<!DOCTYPE html>", "web page"),
            (b"once upon a time", "no ONNX file"),
            (b"\x08", "no ONNX file"),
            (b"\x08\x06", "no graph"),
        ] {
            let refused = Source::new("a.onnx".to_owned(), bytes.to_vec()).decode().unwrap_err();
            let message = format!("{refused:#}");
            assert!(message.contains(named) && message.contains("a.onnx"), "{named}: {message}");
        }
    }
}
