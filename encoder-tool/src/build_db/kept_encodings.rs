//! Keeps what was found in each photo, so that a photo is encoded only once.
//!
//! This is biometric data: it is in the cache folder, which only its owner may enter, and `forget` and `cache clear`
//! erase it. An entry is used only for the same file, networks, gate, smallest size and version of this program. A photo
//! that could not be examined has no entry: the next run tries again.

use super::encoded::{Encoded, FaceInPhoto};
use super::quality::LeftOut;
use crate::portrait::Portrait;
use crate::user_folders;
use accuracy::{Store, forget};
use models::gate::Gate;
use models::{FaceBox, Recogniser};
use postcard::{from_bytes, to_allocvec};
use serde::{Deserialize, Serialize};
use shared::encoding::Encoding;
use shared::gallery::{Gallery, GateDigest, ModelHash, PhotoDigest};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use terminal::{ShowPath, Verbosity};

/// The kind of entry, with the version of its format.
const KIND: &str = "enrolled-1";

/// What was found in photos with certain networks and their gate.
pub(crate) struct KeptEncodings {
    root: PathBuf,
    store: Store,
    gate: Option<GateDigest>,
}

/// What an entry depends on, besides the networks.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Conditions<'a> {
    /// The version of this program.
    program: &'a str,
    /// SHA-256 of the file.
    photo: [u8; 32],
    /// SHA-256 of the gate.
    gate: Option<[u8; 32]>,
    /// The smallest accepted face in pixels.
    least: u32,
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    conditions: Conditions<'a>,
    found: Found,
}

#[derive(Serialize, Deserialize)]
enum Found {
    Face {
        encoding: Vec<f32>,
        is_plain: bool,
        is_grey: bool,
        /// Left, top, width and height.
        bounds: [f32; 4],
        photo: [u32; 2],
        turned: u16,
        portrait: Portrait,
    },
    NoFace,
    SeveralFaces {
        second_share: f32,
    },
    FaceTooSmall {
        pixels: f32,
    },
    Blurred {
        sharpness: f32,
    },
    HardlyAFace,
    LikeManyOthers,
}

impl KeptEncodings {
    /// Opens the entries of these networks in the user's cache folder. `None` if they are not wanted, the folder is
    /// unknown, or it cannot be used, which is said.
    pub(crate) fn open(is_wanted: bool, recogniser: &Recogniser, verbosity: Verbosity) -> Option<Self> {
        let root = user_folders::cache().filter(|_| is_wanted)?;
        let opened = Self::open_in(&root, &recogniser.model_hash(), recogniser.gate().map(Gate::digest));
        let cannot = |error: &io::Error| {
            let shown = root.shown();
            verbosity.note(&format!("cannot use the cache {shown}, so every photo is encoded (--no-cache): {error}"));
        };
        opened.inspect_err(cannot).ok()
    }

    fn open_in(root: &Path, model: &ModelHash, gate: Option<GateDigest>) -> io::Result<Self> {
        Ok(Self { root: root.to_owned(), store: Store::open(root, KIND, model)?, gate })
    }

    /// What was found in the photo with this SHA-256; `None` if nothing is kept that holds for these conditions.
    pub(super) fn read(&self, photo: &[u8; 32], least: u32) -> Option<Result<Encoded, LeftOut>> {
        self.decode(&self.store.read(PhotoDigest::from_sha256(photo))?, photo, least)
    }

    /// Keeps what was found in the photo with this SHA-256. If that fails, the photo is encoded again next time.
    pub(super) fn write(&self, photo: &[u8; 32], least: u32, result: &Result<Encoded, LeftOut>) {
        let Some(found) = Found::of(result) else { return };
        let entry = Entry { conditions: self.conditions(photo, least), found };
        let written = to_allocvec(&entry).map_err(io::Error::other).and_then(|bytes| {
            match self.decode(&bytes, photo, least).as_ref() == Some(result) {
                true => self.store.write(PhotoDigest::from_sha256(photo), &bytes),
                false => Err(io::Error::other("it would not be read back exactly")),
            }
        });
        if let Err(error) = written {
            tracing::debug!("not kept: {error}");
        }
    }

    /// Erases what the cache holds of these photos, also for other networks and of `evaluate`.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub(super) fn erase(&self, photos: &[PhotoDigest]) -> io::Result<()> {
        forget(&self.root, photos).map(drop)
    }

    /// Erases what the cache holds of photos that the replaced database had and the new one has not.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub(super) fn erase_unused(&self, replaced: &Gallery, new: &Gallery) -> io::Result<()> {
        let photos_of = |gallery: &Gallery| -> HashSet<PhotoDigest> {
            let people = 0..gallery.people().len();
            people.flat_map(|person| gallery.encodings_of(person).map(|encoding| encoding.photo)).collect()
        };
        let unused: Vec<PhotoDigest> = photos_of(replaced).difference(&photos_of(new)).copied().collect();
        self.erase(&unused)
    }

    fn conditions<'a>(&self, photo: &[u8; 32], least: u32) -> Conditions<'a> {
        let gate = self.gate.map(|gate| gate.0);
        Conditions { program: env!("CARGO_PKG_VERSION"), photo: *photo, gate, least }
    }

    fn decode(&self, bytes: &[u8], photo: &[u8; 32], least: u32) -> Option<Result<Encoded, LeftOut>> {
        let entry: Entry<'_> = from_bytes(bytes).ok()?;
        (entry.conditions == self.conditions(photo, least)).then(|| entry.found.result(photo, least))?
    }
}

impl Found {
    /// `None` if the photo could not be examined, or the reason is not about this photo alone.
    fn of(result: &Result<Encoded, LeftOut>) -> Option<Self> {
        Some(match result {
            Ok(Encoded { digest: _, encoding, is_plain, is_grey, face, portrait }) => {
                let FaceInPhoto { bounds: FaceBox { x, y, width, height }, photo, turned } = *face;
                Self::Face {
                    encoding: encoding.numbers().to_vec(),
                    is_plain: *is_plain,
                    is_grey: *is_grey,
                    bounds: [x, y, width, height],
                    photo,
                    turned,
                    portrait: portrait.clone(),
                }
            }
            Err(LeftOut::NoFace) => Self::NoFace,
            Err(LeftOut::SeveralFaces { second_share }) => Self::SeveralFaces { second_share: *second_share },
            Err(LeftOut::FaceTooSmall { pixels, least: _ }) => Self::FaceTooSmall { pixels: *pixels },
            Err(LeftOut::Blurred { sharpness }) => Self::Blurred { sharpness: *sharpness },
            Err(LeftOut::HardlyAFace) => Self::HardlyAFace,
            Err(LeftOut::LikeManyOthers) => Self::LikeManyOthers,
            Err(
                LeftOut::Unreadable(_)
                | LeftOut::Heif(_)
                | LeftOut::NotEncoded(_)
                | LeftOut::SameAs(_)
                | LeftOut::AlsoOf(_)
                | LeftOut::TooMany { .. },
            ) => return None,
        })
    }

    /// `None` if the encoding is not one.
    fn result(self, photo: &[u8; 32], least: u32) -> Option<Result<Encoded, LeftOut>> {
        Some(Err(match self {
            Self::Face {
                encoding,
                is_plain,
                is_grey,
                bounds: [x, y, width, height],
                photo: size,
                turned,
                portrait,
            } => {
                let bounds = FaceBox { x, y, width, height };
                return Some(Ok(Encoded {
                    digest: PhotoDigest::from_sha256(photo),
                    encoding: Encoding::from_network(&encoding).ok()?,
                    is_plain,
                    is_grey,
                    face: FaceInPhoto { bounds, photo: size, turned },
                    portrait,
                }));
            }
            Self::NoFace => LeftOut::NoFace,
            Self::SeveralFaces { second_share } => LeftOut::SeveralFaces { second_share },
            Self::FaceTooSmall { pixels } => LeftOut::FaceTooSmall { pixels, least },
            Self::Blurred { sharpness } => LeftOut::Blurred { sharpness },
            Self::HardlyAFace => LeftOut::HardlyAFace,
            Self::LikeManyOthers => LeftOut::LikeManyOthers,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::Crop;

    const PHOTO: [u8; 32] = [7; 32];
    const MODEL: ModelHash = ModelHash([1; 32]);
    const GATE: Option<GateDigest> = Some(GateDigest([3; 32]));

    fn encoded() -> Encoded {
        Encoded {
            digest: PhotoDigest::from_sha256(&PHOTO),
            encoding: Encoding::from_network(&[0.1, -0.7, 0.3]).unwrap(),
            is_plain: true,
            is_grey: true,
            face: FaceInPhoto {
                bounds: FaceBox { x: -1.5, y: 0.1, width: 60.25, height: 70.0 },
                photo: [480, 640],
                turned: 270,
            },
            portrait: Portrait::of(&Crop::from_rgb(2, (0..12).collect()).unwrap()),
        }
    }

    #[test]
    fn results_are_kept_exactly_and_failures_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let text = || "why".to_owned();
        for (result, is_kept) in [
            (Ok(encoded()), true),
            (Err(LeftOut::NoFace), true),
            (Err(LeftOut::SeveralFaces { second_share: 0.1 + 0.2 }), true),
            (Err(LeftOut::FaceTooSmall { pixels: 23.9, least: 24 }), true),
            (Err(LeftOut::Blurred { sharpness: 1.0 / 3.0 }), true),
            (Err(LeftOut::HardlyAFace), true),
            (Err(LeftOut::LikeManyOthers), true),
            (Err(LeftOut::Unreadable(text())), false),
            (Err(LeftOut::Heif(text())), false),
            (Err(LeftOut::NotEncoded(text())), false),
            (Err(LeftOut::SameAs(text())), false),
            (Err(LeftOut::AlsoOf(text())), false),
            (Err(LeftOut::TooMany { most: 16 }), false),
        ] {
            let kept = KeptEncodings::open_in(root.path(), &MODEL, GATE).unwrap();
            kept.write(&PHOTO, 24, &result);
            assert_eq!(kept.read(&PHOTO, 24), is_kept.then(|| result.clone()), "{result:?}");
            kept.erase(&[PhotoDigest::from_sha256(&PHOTO)]).unwrap();
            assert_eq!(kept.read(&PHOTO, 24), None, "{result:?}");
        }
    }

    #[test]
    fn an_entry_holds_only_for_the_same_conditions() {
        let root = tempfile::tempdir().unwrap();
        let opened = |model, gate| KeptEncodings::open_in(root.path(), &model, gate).unwrap();
        let kept = opened(MODEL, GATE);
        let result = Ok(encoded());
        kept.write(&PHOTO, 24, &result);
        let mut same_name = PHOTO;
        same_name[31] = 0;
        let other_model = ModelHash([2; 32]);
        for (kept, photo, least, is_known) in [
            (&kept, PHOTO, 24, true),
            (&kept, same_name, 24, false),
            (&kept, [8; 32], 24, false),
            (&kept, PHOTO, 25, false),
            (&opened(other_model, GATE), PHOTO, 24, false),
            (&opened(MODEL, Some(GateDigest([4; 32]))), PHOTO, 24, false),
            (&opened(MODEL, None), PHOTO, 24, false),
        ] {
            assert_eq!(kept.read(&photo, least).is_some(), is_known, "{photo:?} {least}");
        }

        let of_version = |program| {
            let conditions = Conditions { program, ..kept.conditions(&PHOTO, 24) };
            let entry = Entry { conditions, found: Found::of(&result).unwrap() };
            kept.decode(&to_allocvec(&entry).unwrap(), &PHOTO, 24)
        };
        assert_eq!(of_version(env!("CARGO_PKG_VERSION")), Some(result.clone()));
        assert_eq!(of_version("0.1.0"), None);
    }
}
