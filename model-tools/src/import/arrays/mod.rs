//! Weights that come as many named arrays: from a folder or a zip of `.npy` files, or from a `.safetensors` file. What
//! they are the weights of is not known here.

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

/// The most files of a folder or an archive that are worth reading: a network has a few hundred.
const MAX_FILES: usize = 10_000;

/// How the name of a NumPy file ends.
const NPY: &str = ".npy";

/// Numbers with their shape: as many as the lengths multiplied.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub(super) dims: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// Arrays by name, as they were found.
#[derive(Clone, Debug)]
pub(super) struct Arrays {
    pub(super) by_name: BTreeMap<String, Array>,
    pub(super) format: Format,
    /// Of a `.safetensors` file: its SHA-256. Of `.npy` files: the SHA-256 of what `LC_ALL=C sha256sum *.npy` prints in
    /// their folder, the same for a folder and a zip of it.
    pub(super) sha256: String,
}

/// How arrays are stored, which is a matter of who stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// NumPy's, one array a file; the names are those of the files, without `.npy`.
    Npy,
    /// Hugging Face's safetensors, all arrays in one file.
    Safetensors,
}

impl Arrays {
    /// The `.npy` files of a folder; any other file is left alone.
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

    /// The `.npy` files in a zip archive, whichever folders they are in.
    ///
    /// # Errors
    /// If it is no such archive or a damaged one, or there are none.
    pub(super) fn in_zip(archive: &[u8]) -> Result<Self> {
        let mut files = NpyFiles::default();
        zip::each_file(archive, NPY, onnx::MAX_BYTES, |name, bytes| files.add(name, &bytes))?;
        files.whole()
    }

    /// The array of one `.npy` file.
    ///
    /// # Errors
    /// If it is no such file, or holds something else than 32-bit floats.
    pub(super) fn in_npy(file: &[u8]) -> Result<Self> {
        let mut files = NpyFiles::default();
        files.add(NPY, file)?;
        files.whole()
    }

    /// The arrays of a `.safetensors` file, but for those whose names are not `wanted`.
    ///
    /// # Errors
    /// If it is no such file, or an array that is wanted does not hold 32-bit floats.
    pub(super) fn in_safetensors(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let by_name = safetensors::parse(file, wanted)?;
        Ok(Self { by_name, format: Format::Safetensors, sha256: bundle::sha256(file) })
    }
}

/// Whether a file looks like one in the safetensors format: it has no magic number.
pub(super) fn is_safetensors(file: &[u8]) -> bool {
    safetensors::header(file).is_some()
}

/// `.npy` files as they are read one by one, in any order.
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

/// The number of elements that lengths promise, at most [`onnx::tensor::MAX_NUMBERS`].
fn element_count(dims: &[usize]) -> Result<usize> {
    let product = dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    match product.filter(|&count| count <= onnx::tensor::MAX_NUMBERS) {
        Some(count) => Ok(count),
        None => bail!("the shape {dims:?} is larger than any weights"),
    }
}

fn little_endian(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes).collect()
}
