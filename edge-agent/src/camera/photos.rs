//! Photos in place of a live camera: each is shown for a while, sorted by name, in a loop. The folder may change
//! meanwhile.

use super::device::{Device, Fault, Opened};
use super::files::FileFrames;
use super::layout::{Layout, PixelFormat};
use super::{CameraError, Captured, FrameSource};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// Photos as a camera.
pub(crate) struct PhotoCamera {
    path: PathBuf,
    each: Duration,
    interval: Duration,
    camera: FileFrames,
    shown: Option<Shown>,
}

struct Shown {
    photo: PathBuf,
    until: Instant,
    next_frame: Instant,
}

impl PhotoCamera {
    /// Shows a photo, or a folder of photos, each for the time `each`, at `rate` frames per second.
    pub(crate) fn new(path: PathBuf, each: Duration, rate: f64) -> Self {
        let interval = Duration::from_secs_f64(1.0 / rate);
        Self { path, each, interval, camera: FileFrames::default(), shown: None }
    }

    fn show_next(&mut self) -> Result<(), Fault> {
        let photos = FileFrames::list(&self.path).map_err(|error| self.unusable(&self.path, &error))?;
        let last = self.shown.take().map(|shown| shown.photo);
        let after = photos.iter().find(|photo| last.as_ref().is_none_or(|last| *photo > last));
        // The list is never empty: an empty one is an error.
        let photo = after.or(photos.first()).ok_or(Fault::Unplugged)?.clone();
        self.camera.show(&photo).map_err(|error| self.unusable(&photo, &error))?;
        let now = Instant::now();
        self.shown = Some(Shown { photo, until: now + self.each, next_frame: now });
        Ok(())
    }

    fn unusable(&self, place: &Path, error: &CameraError) -> Fault {
        Fault::Unusable { place: place.to_owned(), reason: error.to_string() }
    }
}

impl Device for PhotoCamera {
    fn open(&mut self) -> Result<Opened, Fault> {
        self.show_next()?;
        Ok(Opened { description: format!("the photos of {}", self.path.shown()), usb_port: None })
    }

    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault> {
        if self.shown.as_ref().is_none_or(|shown| shown.until <= Instant::now()) {
            self.show_next()?;
        }
        if let Some(shown) = &mut self.shown {
            thread::sleep(shown.next_frame.saturating_duration_since(Instant::now()));
            shown.next_frame += self.interval;
        }
        match self.camera.next_frame() {
            Ok(Captured::Frame(frame, _)) => {
                picture.extend_from_slice(frame.pixels());
                Ok(Layout::packed(PixelFormat::Rgb3, frame.width(), frame.height()))
            }
            _ => Err(Fault::Unplugged),
        }
    }

    fn close(&mut self) {
        self.camera.hide();
        self.shown = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A black frame of this width and one row.
    fn photo(path: &Path, width: u32) {
        image::RgbImage::new(width, 1).save(path).unwrap();
    }

    #[test]
    fn photos_are_shown_in_a_loop() {
        let folder = tempfile::tempdir().unwrap();
        for (name, width) in [("a.png", 1), ("c.png", 3)] {
            photo(&folder.path().join(name), width);
        }
        // With no time for each, every frame is the next photo.
        let mut camera = PhotoCamera::new(folder.path().to_owned(), Duration::ZERO, 1000.0);
        camera.open().unwrap();
        let mut width = || camera.capture(&mut Vec::new()).map(|layout| layout.width).map_err(|fault| fault.code());
        assert_eq!([width(), width(), width()], [Ok(3), Ok(1), Ok(3)]);
        photo(&folder.path().join("b.png"), 2);
        assert_eq!([width(), width(), width()], [Ok(1), Ok(2), Ok(3)]);
        fs::write(folder.path().join("d.png"), "no photo").unwrap();
        assert_eq!(width(), Err("unusable"));
        for name in ["a.png", "b.png", "c.png", "d.png"] {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
        assert_eq!(width(), Err("unusable"));
    }
}
