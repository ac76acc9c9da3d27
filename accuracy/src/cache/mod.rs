//! Cache of encodings and crops of photos, with which a second evaluation takes seconds.
//!
//! This is biometric data, which [`Store`] keeps from others; `encoder-tool cache clear` erases it.

mod store;

pub use store::{Store, clear, forget, size};

use super::colours::Colours;
use models::Crop;
use postcard::{from_bytes, to_allocvec};
use serde::{Deserialize, Serialize};
use shared::encoding::{Encoded, Encoding};
use shared::gallery::{ModelHash, PhotoDigest};
use std::io;
use std::path::Path;

/// The kind of entry, with the version of its format.
const KIND: &str = "measured-3";
/// The same for photos converted to grey.
const GREY_KIND: &str = "measured-3-grey";

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

/// The entries of one model, and others for photos converted to grey.
#[derive(Clone, Debug)]
pub struct Cache {
    as_taken: Store,
    grey: Store,
}

impl Cache {
    /// Opens the entries of one model, in folders that only their owner may enter.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open(root: &Path, model: &ModelHash) -> io::Result<Self> {
        Ok(Self { as_taken: Store::open(root, KIND, model)?, grey: Store::open(root, GREY_KIND, model)? })
    }

    /// Reads the entry of a photo: `None` without an entry, `Some(None)` if the photo has no face.
    pub fn read(&self, photo: PhotoDigest, colours: Colours) -> Option<Option<Measured>> {
        decode(&self.store_of(colours).read(photo)?)
    }

    /// Writes the entry of a photo. If that fails, the photo is measured again next time.
    pub fn write(&self, photo: PhotoDigest, colours: Colours, measured: Option<&Measured>) {
        let contents = encode(measured).map_err(io::Error::other);
        if let Err(error) = contents.and_then(|contents| self.store_of(colours).write(photo, &contents)) {
            tracing::debug!("not cached: {error}");
        }
    }

    fn store_of(&self, colours: Colours) -> &Store {
        match colours {
            Colours::AsTaken => &self.as_taken,
            Colours::Grey => &self.grey,
        }
    }
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
        let [a, b] = [PhotoDigest([1; 8]), PhotoDigest([2; 8])];
        assert_eq!(cache.read(a, AsTaken), None);
        cache.write(a, AsTaken, Some(&measured()));
        cache.write(b, AsTaken, None);
        assert_eq!(cache.read(a, AsTaken), Some(Some(measured())));
        assert_eq!(cache.read(b, AsTaken), Some(None));
        assert_eq!(cache.read(a, Grey), None);
        cache.write(a, Grey, None);
        assert_eq!((cache.read(a, Grey), cache.read(a, AsTaken)), (Some(None), Some(Some(measured()))));
        let other = Cache::open(root.path(), &ModelHash([2; 32])).unwrap();
        assert_eq!(other.read(a, AsTaken), None);
    }

    proptest! {
        #[test]
        fn damaged_contents_are_measured_again(cut in 0_usize..60, byte in any::<u8>()) {
            let mut bytes = encode(Some(&measured())).unwrap();
            let at = cut % bytes.len();
            prop_assert_eq!(decode(&bytes[..at]).flatten(), None);
            bytes[at] = byte;
            decode(&bytes);
        }
    }
}
