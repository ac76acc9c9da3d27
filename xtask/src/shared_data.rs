//! Data outside the repository, in `../shared`: photos of many people, the weights of FaceNet, the peers' scripts. They
//! are not part of the project, so a plain clone has none of them. This module lists the data and the tests that use
//! each; the checks decide what to do without them.

use crate::workspace::SHARED;
use std::path::{Path, PathBuf};

/// A file or folder in [`SHARED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Data {
    /// Relative to [`SHARED`].
    name: &'static str,
    /// Tests that are skipped without it.
    skipped: &'static [&'static str],
    /// Tests that check less without it.
    shortened: &'static [&'static str],
}

/// FaceNet's weights.
pub(crate) const FACENET: Data = Data {
    name: "models/facenet-vggface2-npy",
    skipped: &[
        "model-tools/src/import/facenet/tests.rs::the_published_weights_give_the_reference_encodings",
        "model-tools/src/import/facenet/tests.rs::the_published_weights_make_the_same_network_under_other_names",
        "model-tools/src/import/facenet/tests.rs::the_published_network_with_another_end_makes_128_numbers",
        "tests/tests/system/encoder_tool/import.rs::facenet_is_imported_from_its_weights_and_used",
    ],
    shortened: &[],
};
/// Grey photos of Labeled Faces in the Wild.
pub(crate) const GREY_PHOTOS: Data = Data {
    name: "lfw-dev/images",
    skipped: &[],
    shortened: &[
        "models/tests/golden.rs::whole_photos_give_the_reference_boxes_and_landmarks",
        "models/tests/golden.rs::whole_photos_give_nearly_the_reference_encodings",
    ],
};
/// The same photos, in colour.
pub(crate) const COLOUR_PHOTOS: Data = Data { name: "lfw-colour-dev/images", skipped: &[], shortened: &[] };
/// Colour photos of other people.
pub(crate) const STRANGERS: Data = Data { name: "lfw-colour-strangers", skipped: &[], shortened: &[] };
/// The photos of the FaceNet exercise.
pub(crate) const EXERCISE: Data = Data { name: "exercise", skipped: &[], shortened: &[] };
/// Scripts that time the peers.
pub(crate) const PEERS: Data = Data { name: "bench", skipped: &[], shortened: &[] };

/// The data that `cargo test` uses.
const OF_TESTS: [Data; 2] = [FACENET, GREY_PHOTOS];

impl Data {
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(SHARED).join(self.name)
    }

    fn is_missing(&self) -> bool {
        !self.path().exists()
    }
}

/// Names the missing items of `data`; `None` if all are there.
pub(crate) fn missing(data: &[Data]) -> Option<String> {
    in_words(&data.iter().filter(|data| data.is_missing()).collect::<Vec<_>>())
}

/// How many tests of `cargo test` are skipped or shortened, and which data are missing; `None` if all tests run in
/// full.
pub(crate) fn missing_from_tests() -> Option<String> {
    let missing: Vec<&Data> = OF_TESTS.iter().filter(|data| data.is_missing()).collect();
    let skipped: usize = missing.iter().map(|data| data.skipped.len()).sum();
    let shortened: usize = missing.iter().map(|data| data.shortened.len()).sum();
    in_words(&missing).map(|data| format!("{skipped} tests were skipped and {shortened} checked less: {data}"))
}

fn in_words(missing: &[&Data]) -> Option<String> {
    let names: Vec<String> = missing.iter().map(|data| data.path().display().to_string()).collect();
    (!names.is_empty()).then(|| format!("missing {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(in_words(&[]), None);
        let expected = "missing ../shared/models/facenet-vggface2-npy, ../shared/exercise";
        assert_eq!(in_words(&[&FACENET, &EXERCISE]).as_deref(), Some(expected));
    }

    #[test]
    fn tests_that_need_data_exist() {
        for test in OF_TESTS.iter().flat_map(|data| data.skipped.iter().chain(data.shortened)) {
            let (file, name) = test.split_once("::").unwrap();
            let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap();
            assert!(source.contains(&format!("fn {name}(")), "{file} has no test {name}");
            assert!(source.contains("../shared"), "{file} does not use ../shared");
        }
    }
}
