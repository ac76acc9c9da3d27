//! Reads the files in a bundle's folder. Each has a size limit.

use super::{EncoderManifest, GOLDEN_FILE, Golden, Manifest, sha256};
use crate::ModelError;
use crate::gate::{GATE_FILE, Gate, MAX_GATE_BYTES};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

const MAX_TEXT_BYTES: u64 = 1 << 20;
/// Four crops of 512x512 pixels.
const MAX_GOLDEN_BYTES: u64 = 4 << 20;

/// Checks that the network's file is the one that the manifest names.
pub(super) fn require_sha256(manifest: &Manifest, network: &[u8], path: &Path) -> Result<(), ModelError> {
    let expected = &manifest.network().sha256;
    let found = sha256(network);
    if *expected == found {
        return Ok(());
    }
    Err(ModelError::Damaged { path: path.to_owned(), expected: expected.clone(), found })
}

/// The self-test's data; `None` if the folder has none.
pub(super) fn golden(folder: &Path) -> Result<Option<Golden>, ModelError> {
    match bounded(&folder.join(GOLDEN_FILE), MAX_GOLDEN_BYTES) {
        Err(ModelError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Golden::decode(&read?).map(Some).map_err(|error| error.in_folder(folder)),
    }
}

/// The gate; `None` if the folder has none.
pub(super) fn gate(folder: &Path, manifest: &EncoderManifest) -> Result<Option<Arc<Gate>>, ModelError> {
    let path = folder.join(GATE_FILE);
    let bytes = match bounded(&path, MAX_GATE_BYTES) {
        Err(ModelError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    decoded_gate(&bytes, manifest).map(Some).map_err(|error| error.in_folder(folder))
}

/// The gate in a file's bytes.
pub(super) fn decoded_gate(bytes: &[u8], manifest: &EncoderManifest) -> Result<Arc<Gate>, ModelError> {
    let gate = Gate::decode(bytes)?;
    gate.require_dimensions(manifest.dimensions)?;
    Ok(Arc::new(gate))
}

/// The text of a file of the folder.
pub(super) fn text(folder: &Path, name: &str) -> Result<String, ModelError> {
    let path = folder.join(name);
    String::from_utf8(bounded(&path, MAX_TEXT_BYTES)?)
        .map_err(|_| ModelError::Description { path, reason: "it is not UTF-8 text".to_owned() })
}

/// The bytes of a file with at most that many.
pub(super) fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ModelError> {
    let failed = |source| ModelError::Read { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(ModelError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_long_is_refused() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundled/sface/manifest.toml");
        let size = fs::metadata(&file).unwrap().len();
        assert_eq!(bounded(&file, size).unwrap().len() as u64, size);
        let refused = bounded(&file, size - 1).unwrap_err();
        assert!(matches!(refused, ModelError::TooLarge { .. }), "{refused}");
    }
}
