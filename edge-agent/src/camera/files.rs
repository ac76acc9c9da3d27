//! Photo files in place of a camera: a photo is seen until it is replaced or hidden.

use super::{CameraError, Captured, FrameSource, Orientation};
use files::read_bounded;
use models::Frame;
use models::photo::Photo;
use std::fs;
use std::path::{Path, PathBuf};

/// A larger file is refused before it is read.
const MAX_BYTES: u64 = 256 << 20;

/// A camera that shows photo files.
#[derive(Debug, Default)]
pub struct FileFrames {
    shown: Option<Frame>,
    orientation: Orientation,
}

impl FileFrames {
    /// A camera whose frames are rotated and mirrored like this.
    pub fn oriented(orientation: Orientation) -> Self {
        Self { orientation, ..Self::default() }
    }

    /// Lists the file itself, or the files in a folder, sorted by name, without hidden files and subfolders.
    ///
    /// # Errors
    /// If there are no files.
    pub fn list(path: &Path) -> Result<Vec<PathBuf>, CameraError> {
        let unreadable = |source| CameraError::Unreadable { path: path.to_owned(), source };
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && !entry.path().is_dir() {
                files.push(entry.path());
            }
        }
        files.sort();
        if files.is_empty() { Err(CameraError::NoFiles { folder: path.to_owned() }) } else { Ok(files) }
    }

    /// Shows a photo.
    ///
    /// # Errors
    /// If the file cannot be read or is not a photo; nothing is shown then.
    pub fn show(&mut self, path: &Path) -> Result<(), CameraError> {
        self.shown = None;
        let bytes = read_bounded(path, MAX_BYTES)?;
        let decoded = Photo::open(&bytes)
            .and_then(Photo::decode)
            .map_err(|source| CameraError::NoPhoto { path: path.to_owned(), source })?;
        self.shown = Some(self.orientation.apply(decoded, &mut Vec::new()));
        Ok(())
    }

    /// Shows nothing.
    pub fn hide(&mut self) {
        self.shown = None;
    }
}

impl FrameSource for FileFrames {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(self.shown.as_ref().map_or(Captured::Nothing, |frame| Captured::Frame(frame, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.jpg", "a.png", ".hidden.jpg", "notes.txt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("c")).unwrap();
        let names = |path: &Path| -> Vec<String> {
            let files = FileFrames::list(path).unwrap();
            files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(folder.path()), ["a.png", "b.jpg", "notes.txt"]);
        assert_eq!(names(&folder.path().join("b.jpg")), ["b.jpg"]);
        assert!(matches!(FileFrames::list(&folder.path().join("c")), Err(CameraError::NoFiles { .. })));
        assert!(matches!(FileFrames::list(&folder.path().join("none")), Err(CameraError::Unreadable { .. })));
    }

    #[test]
    fn a_file_that_is_not_a_photo_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text.jpg");
        fs::write(&file, "not a photo").unwrap();
        let mut camera =
            FileFrames { shown: Some(Frame::from_rgb(1, 1, vec![0; 3]).unwrap()), ..FileFrames::default() };
        assert!(matches!(camera.next_frame().unwrap(), Captured::Frame(..)));
        let refusal = camera.show(&file).unwrap_err().to_string();
        assert!(refusal.contains("text.jpg"), "{refusal}");
        assert!(matches!(camera.next_frame().unwrap(), Captured::Nothing));
    }
}
