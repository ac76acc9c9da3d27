//! Weights as named arrays, from a folder or a zip of `.npy` files, or from a `.safetensors` file. Independent of the
//! network that they belong to.

mod npy;
mod safetensors;
#[cfg(test)]
pub(super) mod testing;
mod zip;

use anyhow::{Result, bail, ensure};
use files::read_bounded;
use models::{bundle, onnx};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Largest number of files to read from a folder or an archive: a network has a few hundred.
const MAX_FILES: usize = 10_000;

/// File name extension of NumPy files.
const NPY: &str = ".npy";

/// Numbers with their shape: the count is the product of the dimensions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub(super) dims: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// Arrays by name, in their original layout.
#[derive(Clone, Debug)]
pub(super) struct Arrays {
    pub(super) by_name: BTreeMap<String, Array>,
    pub(super) format: Format,
    /// SHA-256 of a `.safetensors` file. For `.npy` files, the SHA-256 of the output of `LC_ALL=C sha256sum *.npy` in
    /// their folder, which is the same for a folder and a zip of it.
    pub(super) sha256: String,
}

/// File format of the arrays, which determines their names and layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// NumPy's format, one array per file. The names are those of the files, without `.npy`.
    Npy,
    /// Hugging Face's safetensors, all arrays in one file.
    Safetensors,
}

impl Arrays {
    /// Reads the `.npy` files of a folder and ignores other files.
    ///
    /// # Errors
    /// If there are none, or one cannot be read.
    pub(super) fn in_folder(folder: &Path) -> Result<Self> {
        let mut left = onnx::MAX_BYTES;
        let mut files = NpyFiles::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(NPY)) else {
                continue;
            };
            let bytes = read_bounded(&path, left)?;
            left -= bytes.len() as u64;
            files.add(name, &bytes)?;
        }
        files.whole()
    }

    /// Reads the `.npy` files in a zip archive, in any folder of it.
    ///
    /// # Errors
    /// If it is not a zip archive, is damaged, or contains no such file.
    pub(super) fn in_zip(archive: &[u8]) -> Result<Self> {
        let mut files = NpyFiles::default();
        zip::each_file(archive, NPY, onnx::MAX_BYTES, |name, bytes| files.add(name, &bytes))?;
        files.whole()
    }

    /// Reads the array of one `.npy` file.
    ///
    /// # Errors
    /// If it is not such a file, or contains anything other than 32-bit floats.
    pub(super) fn in_npy(file: &[u8]) -> Result<Self> {
        let mut files = NpyFiles::default();
        files.add(NPY, file)?;
        files.whole()
    }

    /// Reads the arrays of a `.safetensors` file whose names are `wanted`.
    ///
    /// # Errors
    /// If it is not such a file, or a wanted array does not contain 32-bit floats.
    pub(super) fn in_safetensors(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let by_name = safetensors::parse(file, wanted)?;
        Ok(Self { by_name, format: Format::Safetensors, sha256: bundle::sha256(file) })
    }
}

/// Whether a file looks like a safetensors file. The format has no magic number.
pub(super) fn is_safetensors(file: &[u8]) -> bool {
    safetensors::header(file).is_some()
}

/// Collects `.npy` files, in any order.
#[derive(Default)]
struct NpyFiles {
    arrays: BTreeMap<String, Array>,
    hashes: BTreeMap<String, String>,
}

impl NpyFiles {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        ensure!(self.arrays.len() < MAX_FILES, "there are more than {MAX_FILES} {NPY} files");
        let array = npy::parse(bytes).map_err(|error| error.context(format!("`{name}` cannot be read")))?;
        self.hashes.insert(name.to_owned(), bundle::sha256(bytes));
        if self.arrays.insert(name.trim_end_matches(NPY).to_owned(), array).is_some() {
            bail!("there are two files with the name `{name}`");
        }
        Ok(())
    }

    fn whole(self) -> Result<Arrays> {
        ensure!(!self.arrays.is_empty(), "there is no {NPY} file in it");
        let mut lines = Sha256::new();
        self.hashes.iter().for_each(|(name, hash)| lines.update(format!("{hash}  {name}\n")));
        let sha256 = lines.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Arrays { by_name: self.arrays, format: Format::Npy, sha256 })
    }
}

/// The number of elements of a shape, at most [`onnx::tensor::MAX_NUMBERS`].
fn element_count(dims: &[usize]) -> Result<usize> {
    let product = dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    match product.filter(|&count| count <= onnx::tensor::MAX_NUMBERS) {
        Some(count) => Ok(count),
        None => bail!("the shape {dims:?} is larger than the limit for weights"),
    }
}

fn little_endian(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes).collect()
}
