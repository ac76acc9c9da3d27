//! Whether face recognition is switched off, by an order or a request. What that means for people is decided in `policy`.
//!
//! It survives a restart, as a lockdown does.

mod file;

pub use file::FaceRecognitionFile;

use crate::lockdown::Source;
use file::Kept;
use std::io;

/// The state. The default is on, and is kept nowhere.
#[derive(Default)]
pub struct FaceRecognition {
    file: Option<FaceRecognitionFile>,
    off: Option<Source>,
    /// Why a restart may switch it on.
    unsaved: Option<String>,
}

impl FaceRecognition {
    /// Reads the state from before the restart.
    pub fn restored(mut file: FaceRecognitionFile) -> Self {
        let off = match file.read() {
            Kept::On => None,
            Kept::Off => Some(Source::Restart),
            Kept::Damaged(why) => {
                tracing::error!(
                    "FACE RECOGNITION IS OFF, because the file that says whether it is {why}; \
                     `edge-agent face-recognition on` writes a new one"
                );
                Some(Source::DamagedFile)
            }
        };
        Self { file: Some(file), off, unsaved: None }
    }

    /// What has switched it off; `None` while it is on.
    pub fn off(&self) -> Option<Source> {
        self.off
    }

    /// Why a restart may switch it on; `None` if it does not.
    pub fn unsaved(&self) -> Option<&str> {
        self.unsaved.as_deref()
    }

    /// Switches it off. It is off even if that cannot be saved.
    ///
    /// # Errors
    /// If a restart may switch it on.
    pub fn turn_off(&mut self, by: Source) -> io::Result<()> {
        let saved = self.file.as_mut().map_or(Ok(()), |file| file.save(true));
        self.unsaved = saved.as_ref().err().map(io::Error::to_string);
        self.off = Some(by);
        saved
    }

    /// Switches it on.
    ///
    /// # Errors
    /// If that cannot be saved; it stays off then.
    pub fn turn_on(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.save(false))?;
        (self.off, self.unsaved) = (None, None);
        Ok(())
    }
}

/// Whether this is the content of the file, for fuzzing.
pub(crate) fn is_state(text: &[u8]) -> bool {
    !matches!(file::parse(text), Kept::Damaged(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_off_over_a_restart_and_damage_switches_it_off() {
        let files = files::Memory::default();
        let restart = || FaceRecognition::restored(FaceRecognitionFile::new(Box::new(files.clone()), "f"));
        let mut first = restart();
        assert_eq!(first.off(), None);
        first.turn_off(Source::Link).unwrap();
        assert_eq!((first.off(), restart().off()), (Some(Source::Link), Some(Source::Restart)));
        first.turn_on().unwrap();
        assert_eq!((first.off(), restart().off()), (None, None));
        files::Storage::replace(&mut files.clone(), "f", b"?").unwrap();
        assert_eq!(restart().off(), Some(Source::DamagedFile));
    }

    #[test]
    fn what_cannot_be_saved_stays_off() {
        let files = files::Memory::default();
        let mut state = FaceRecognition::restored(FaceRecognitionFile::new(Box::new(files.clone()), "f"));
        files.fail_at(Some(files::Operation::Rename));
        assert!(state.turn_off(Source::Command).is_err());
        assert!(state.off().is_some() && state.unsaved().is_some());
        assert!(state.turn_on().is_err());
        assert!(state.off().is_some());
        files.fail_at(None);
        state.turn_off(Source::Command).unwrap();
        assert_eq!(state.unsaved(), None);
    }
}
