//! The requirements of a start besides networks and people, checked before any device is opened. `run` and `check`
//! share this code, so that `check` accepts nothing that `run` refuses.

use crate::camera::Device;
use crate::commands::configured;
use crate::config::{Camera, Config, Lock, Reader, Source, WHERE_KEYS_ARE_EXPLAINED};
use crate::door::LockLine;
use crate::memory_file::MemoryFile;
use terminal::{Help, ShowPath};

/// The parts that must be configured and whose files must be usable.
pub(crate) struct Needed {
    pub(crate) lock_line: LockLine,
    /// The camera, not opened.
    pub(crate) camera: Box<dyn Device>,
    /// The infrared camera, not opened; `None` if there is none.
    pub(crate) infrared: Option<Box<dyn Device>>,
    pub(crate) memory: MemoryFile,
}

impl Needed {
    /// # Errors
    /// If a key is not set, or a file cannot be used. If both camera and lock are not set, one error names both.
    pub(crate) fn from_config(config: &Config) -> anyhow::Result<Self> {
        if config.camera.source.is_none() && config.door.lock.is_none() {
            return Err(anyhow::anyhow!("[camera] source and [door] lock are not set"))
                .help(&format!("set the camera and the lock; {WHERE_KEYS_ARE_EXPLAINED}"));
        }
        let lock_line = configured::lock_line(&config.door)?;
        let camera = configured::camera_device(&config.camera)?;
        let infrared = configured::infrared_device(&config.camera)?;
        let memory = MemoryFile::at(&config.door.memory)?;
        configured::examine_audit_log(&config.audit)?;
        Ok(Self { lock_line, camera, infrared, memory })
    }
}

/// The devices that `run` opens and `check` does not, in words.
pub(crate) fn devices(config: &Config) -> Vec<String> {
    let camera = camera_in_words("the camera", &config.camera);
    let infrared = config.camera.second().and_then(|camera| camera_in_words("the infrared camera", &camera));
    let lock = match config.door.lock {
        Some(Lock::Gpio) => config.door.lock_pin().map(|lock| format!("the lock's {}", lock.pin)),
        _ => None,
    };
    let reader = config.reader.as_ref().map(|reader| match reader {
        Reader::Evdev { device, .. } => format!("the card reader {}", device.shown()),
        Reader::Wiegand { d0_pin, d1_pin, .. } => format!("the card reader's {d0_pin} and {d1_pin}"),
        Reader::Osdp { device, address, .. } => format!("the card reader with address {address} at {}", device.shown()),
    });
    let others = config.pins().into_iter().filter(|(key, _)| !key.starts_with("door.") && !key.starts_with("reader."));
    let others = others.map(|(key, pin)| format!("{key} {pin}"));
    camera.into_iter().chain(infrared).chain(lock).chain(reader).chain(others).collect()
}

fn camera_in_words(name: &str, camera: &Camera) -> Option<String> {
    Some(match camera.source? {
        Source::V4l => format!("{name} {}", configured(camera.device.as_deref())),
        Source::Rpicam => format!("{name}, by {}", camera.rpicam_program.shown()),
        Source::Files => format!("the photos {}", configured(camera.files.as_deref())),
    })
}

fn configured(path: Option<&std::path::Path>) -> String {
    path.map_or_else(String::new, |path| path.shown().to_string())
}
