//! The source of an import: a network from a file or a folder, its name, and its hash, by which known files are found.

use super::arrays::{self, Arrays};
use super::facenet;
use anyhow::{Context, Result, bail, ensure};
use files::read_bounded;
use models::bundle;
use models::onnx::{self, pb::ModelProto};
use std::ops::RangeInclusive;
use std::path::Path;
use terminal::{Help, ShowPath};

/// A network that has been read.
pub(super) struct Source {
    name: String,
    sha256: String,
    network: ModelProto,
    kind: Kind,
}

/// The kind of file that a network was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An ONNX file of any network.
    Onnx,
    /// Weights of FaceNet's Inception-ResNet-v1.
    FaceNet,
}

/// Supported versions of ONNX's operator set.
const OPERATORS: RangeInclusive<i64> = 9..=21;

const ACCEPTED: &str = "accepted are an ONNX file (an encoder, or YuNet), and the weights of FaceNet's \
    Inception-ResNet-v1: a folder or zip of .npy files with Keras names, or facenet-pytorch's state dict as .safetensors";

const ONNX_ACCEPTED: &str =
    "an ONNX file with one graph is accepted, its weights 32-bit floats or 8-bit integers in the file itself";

/// First bytes of files that are often mistaken for ONNX files, with a description.
const FOREIGN: [(usize, &[u8], &str); 8] = [
    (0, b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it"),
    (0, b"\x80\x02", "a Python pickle (a PyTorch file); export it to ONNX"),
    (0, b"\x89HDF", "an HDF5 file (a Keras model); export it to ONNX"),
    (4, b"TFL3", "a TensorFlow Lite model; export it to ONNX"),
    (0, b"<", "a web page or XML"),
    (0, b"\x93NUMPY", "one NumPy array; give the folder of all of them"),
    (0, b"GGUF", "a GGUF file; export the network to ONNX"),
];

impl Source {
    /// Reads a file, or a folder of `.npy` files.
    ///
    /// # Errors
    /// If it cannot be read, or is not a network. The error says what it is instead.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.shown().to_string();
        if path.is_dir() {
            let weights = Arrays::in_folder(path).with_context(|| format!("{name}, a folder")).help(ACCEPTED)?;
            return Self::of_weights(name, weights);
        }
        let bytes = read_bounded(path, onnx::MAX_BYTES).help(ACCEPTED)?;
        Self::from_file(name, &bytes)
    }

    /// Reads the network in a file.
    ///
    /// # Errors
    /// If the file is not a network, with what it is instead, or if the network is invalid.
    pub(super) fn from_file(name: String, file: &[u8]) -> Result<Self> {
        if file.is_empty() {
            return Err(anyhow::anyhow!("{name} is empty")).help(ACCEPTED);
        }
        if file.starts_with(b"PK\x03\x04") {
            let named = || format!("{name} is a zip archive (perhaps a wheel, or a PyTorch file)");
            return Self::of_weights(name.clone(), Arrays::in_zip(file).with_context(named).help(ACCEPTED)?);
        }
        if arrays::is_safetensors(file) {
            let arrays = Arrays::in_safetensors(file, facenet::is_wanted_of_safetensors);
            return Self::of_weights(name.clone(), arrays.with_context(|| name.clone()).help(ACCEPTED)?);
        }
        let begins = |&&(at, magic, _): &&(usize, &[u8], &str)| file.get(at..).is_some_and(|b| b.starts_with(magic));
        if let Some((_, _, what)) = FOREIGN.iter().find(begins) {
            return Err(anyhow::anyhow!("{name} is not an ONNX file but {what}")).help(ACCEPTED);
        }
        let network = onnx::decode(file).with_context(|| name.clone()).help(ONNX_ACCEPTED)?;
        require_operators(&network).with_context(|| name.clone())?;
        Ok(Self { sha256: bundle::sha256(file), name, network, kind: Kind::Onnx })
    }

    fn of_weights(name: String, weights: Arrays) -> Result<Self> {
        let sha256 = weights.sha256.clone();
        let network = facenet::network(weights).with_context(|| name.clone()).help(ACCEPTED)?;
        Ok(Self { name, sha256, network, kind: Kind::FaceNet })
    }

    /// The name of the source.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The last part of the name.
    pub(super) fn file_name(&self) -> String {
        let name = Path::new(&self.name).file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// SHA-256 of the file or, for `.npy` files, of their list: lower-case hexadecimal.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The network as it was read.
    pub(super) fn network(&self) -> &ModelProto {
        &self.network
    }

    /// The kind of file that it was read from.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

fn require_operators(model: &ModelProto) -> Result<()> {
    let of_onnx = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let Some(operators) = model.opset_import.iter().find(|operators| of_onnx(&operators.domain)) else {
        bail!("its version of ONNX's operators (opset) is missing");
    };
    let (first, last) = (OPERATORS.start(), OPERATORS.end());
    let version = operators.version;
    ensure!(
        OPERATORS.contains(&version),
        "it uses version {version} of ONNX's operators (opset); {first} to {last} are supported"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_named_in_the_error() {
        for (bytes, named) in [
            (&b""[..], "empty"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (b"PK\x03\x04\x14\x00", "zip"),
            (b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"),
            (b"<!DOCTYPE html>", "web page"),
            (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "holds 0 arrays"),
            (b"\x93NUMPY\x01\x00", "one NumPy array"),
            (b"once upon a time", "not an ONNX file"),
            (b"\x08", "not an ONNX file"),
            (b"\x08\x06", "no graph"),
        ] {
            let refused = Source::from_file("a.onnx".to_owned(), bytes).err().unwrap();
            let message = format!("{refused:#}");
            assert!(message.contains(named) && message.contains("a.onnx"), "{named}: {message}");
        }
    }
}
