//! Cache of encodings and crops of photos, with which a second evaluation takes seconds.
//!
//! This is biometric data: only its owner may enter the folder, and `encoder-tool cache clear` empties it. An entry's
//! name contains the model's hash and the photo's digest, so that it cannot be mistaken for another.

use super::colours::Colours;
use models::Crop;
use postcard::{from_bytes, to_allocvec};
use serde::{Deserialize, Serialize};
use shared::encoding::{Encoded, Encoding};
use shared::gallery::{ModelHash, PhotoDigest};
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the subfolder, with the version of the entry format: entries of other versions are not found.
const FORM: &str = "measured-3";
/// Name of the subfolder for photos converted to grey.
const GREY_FORM: &str = "measured-3-grey";

/// The measurements of one face.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Encoding of the aligned crop.
    pub aligned: Encoding,
    /// Encoding of the crop at the detector's box, not aligned.
    pub unaligned: Encoding,
    /// The aligned crop.
    pub crop: Crop,
    /// Length of the network's output for the aligned crop, before it was scaled to unit length.
    pub length: f32,
    /// The detector's, 0 to 1.
    pub confidence: f32,
}

impl Measured {
    /// The input of the gate.
    pub fn encoded(&self) -> Encoded {
        Encoded { encoding: self.aligned.clone(), length: self.length }
    }
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    aligned: Vec<f32>,
    unaligned: Vec<f32>,
    length: f32,
    confidence: f32,
    side: u32,
    #[serde(borrow)]
    pixels: &'a [u8],
}

/// A folder with the entries of one model, and another one for photos converted to grey.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    grey_folder: PathBuf,
}

impl Cache {
    /// Opens the entries of one model, in folders that only their owner may enter.
    ///
    /// # Errors
    /// If a folder cannot be created or its permissions cannot be set.
    pub fn open(root: &Path, model: &ModelHash) -> io::Result<Self> {
        make_private(root)?;
        let [folder, grey_folder] = [FORM, GREY_FORM].map(|form| root.join(form).join(model.to_string()));
        for (form, folder) in [(FORM, &folder), (GREY_FORM, &grey_folder)] {
            make_private(&root.join(form))?;
            make_private(folder)?;
        }
        Ok(Self { folder, grey_folder })
    }

    /// Reads the entry of a photo: `None` without an entry, `Some(None)` if the photo has no face.
    pub fn read(&self, photo: &str, colours: Colours) -> Option<Option<Measured>> {
        let bytes = fs::read(self.folder_of(colours).join(photo)).ok()?;
        decode(&bytes)
    }

    /// Writes the entry of a photo. If that fails, the photo is measured again next time.
    pub fn write(&self, photo: &str, colours: Colours, measured: Option<&Measured>) {
        let folder = self.folder_of(colours);
        let written = encode(measured).map_err(io::Error::other).and_then(|bytes| {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            io::Write::write_all(&mut file, &bytes)?;
            file.persist(folder.join(photo)).map(drop).map_err(|refused| refused.error)
        });
        if let Err(error) = written {
            tracing::debug!("not cached: {error}");
        }
    }

    fn folder_of(&self, colours: Colours) -> &Path {
        match colours {
            Colours::AsTaken => &self.folder,
            Colours::Grey => &self.grey_folder,
        }
    }
}

/// Removes every entry and the folder. Returns the number of removed bytes.
///
/// # Errors
/// If a file or folder cannot be removed.
pub fn clear(root: &Path) -> io::Result<u64> {
    let bytes = size(root)?;
    match fs::remove_dir_all(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        removed => removed.map(|()| bytes),
    }
}

/// Removes the entries of these photos for all models. Returns the removed files.
///
/// # Errors
/// If a file cannot be removed.
pub fn forget(root: &Path, photos: &[PhotoDigest]) -> io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for form in subfolders(root)? {
        for model in subfolders(&form)? {
            for photo in photos {
                let entry = model.join(photo.to_string());
                match fs::remove_file(&entry) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    outcome => outcome.map(|()| removed.push(entry))?,
                }
            }
        }
    }
    Ok(removed)
}

/// The folders in a folder; none if it does not exist.
fn subfolders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

/// Total size of all files below a folder, in bytes; 0 if it does not exist.
///
/// # Errors
/// If the folder cannot be read.
pub fn size(root: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() { size(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

fn encode(measured: Option<&Measured>) -> postcard::Result<Vec<u8>> {
    let entry = measured.map(|Measured { aligned, unaligned, crop, length, confidence }| Entry {
        aligned: aligned.numbers().to_vec(),
        unaligned: unaligned.numbers().to_vec(),
        length: *length,
        confidence: *confidence,
        side: crop.side(),
        pixels: crop.pixels(),
    });
    to_allocvec(&entry)
}

fn decode(bytes: &[u8]) -> Option<Option<Measured>> {
    let Some(entry) = from_bytes::<Option<Entry<'_>>>(bytes).ok()? else { return Some(None) };
    Some(Some(Measured {
        aligned: Encoding::from_network(&entry.aligned).ok()?,
        unaligned: Encoding::from_network(&entry.unaligned).ok()?,
        crop: Crop::from_rgb(entry.side, entry.pixels.to_vec())?,
        length: entry.length,
        confidence: entry.confidence,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Colours::{AsTaken, Grey};
    use proptest::prelude::*;

    fn measured() -> Measured {
        Measured {
            aligned: Encoding::from_network(&[3.0, 4.0]).unwrap(),
            unaligned: Encoding::from_network(&[1.0, 0.0]).unwrap(),
            crop: Crop::from_rgb(2, (0..12).collect()).unwrap(),
            length: 12.5,
            confidence: 0.75,
        }
    }

    #[test]
    fn entries_are_found_only_under_their_own_name() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::open(root.path(), &ModelHash([1; 32])).unwrap();
        assert_eq!(cache.read("a", AsTaken), None);
        cache.write("a", AsTaken, Some(&measured()));
        cache.write("b", AsTaken, None);
        assert_eq!(cache.read("a", AsTaken), Some(Some(measured())));
        assert_eq!(cache.read("b", AsTaken), Some(None));
        assert_eq!(cache.read("a", Grey), None);
        cache.write("a", Grey, None);
        assert_eq!((cache.read("a", Grey), cache.read("a", AsTaken)), (Some(None), Some(Some(measured()))));
        let other = Cache::open(root.path(), &ModelHash([2; 32])).unwrap();
        assert_eq!(other.read("a", AsTaken), None);
    }

    #[test]
    fn forgetting_a_photo_removes_its_entries_of_every_model() {
        let root = tempfile::tempdir().unwrap();
        let [ada, ben] = [PhotoDigest([1; 8]), PhotoDigest([2; 8])];
        let caches = [1, 2].map(|model| Cache::open(root.path(), &ModelHash([model; 32])).unwrap());
        for (cache, photo) in caches.iter().flat_map(|cache| [(cache, ada), (cache, ben)]) {
            cache.write(&photo.to_string(), AsTaken, Some(&measured()));
            cache.write(&photo.to_string(), Grey, Some(&measured()));
        }
        assert_eq!(forget(root.path(), &[ada]).unwrap().len(), 4);
        for (cache, colours) in caches.iter().flat_map(|cache| [(cache, AsTaken), (cache, Grey)]) {
            assert!(cache.read(&ada.to_string(), colours).is_none());
            assert!(cache.read(&ben.to_string(), colours).is_some());
        }
        assert!(forget(root.path(), &[ada]).unwrap().is_empty());
        assert!(forget(&root.path().join("none"), &[ada]).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn an_existing_folder_is_restricted_to_its_owner_too() {
        use std::os::unix::fs::PermissionsExt;
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("cache");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let cache = Cache::open(&root, &ModelHash([1; 32])).unwrap();
        cache.write("a", AsTaken, Some(&measured()));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&root), mode(&cache.folder)), (0o700, 0o700));
        assert_eq!(mode(&cache.folder.join("a")), 0o600);
        assert!(clear(&root).unwrap() > 0);
        assert!(!root.exists());
        assert_eq!(clear(&root).unwrap(), 0);
    }

    proptest! {
        #[test]
        fn a_damaged_entry_is_measured_again(cut in 0_usize..60, byte in any::<u8>()) {
            let mut bytes = encode(Some(&measured())).unwrap();
            let at = cut % bytes.len();
            prop_assert_eq!(decode(&bytes[..at]).flatten(), None);
            bytes[at] = byte;
            decode(&bytes);
        }
    }
}
