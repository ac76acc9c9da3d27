//! The Raspberry Pi's own camera modules: `rpicam-vid` reads them and writes raw pictures to a pipe.
//!
//! Plain Video4Linux sees only their raw sensor data on today's Raspberry Pi OS. The pipe has no frame marks, so the
//! size that the program says it configured is compared with the one asked for.

use super::device::{Device, Fault, Opened};
use super::layout::{Layout, PixelFormat};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The sensor needs a second or two to start.
const LONGEST_WAIT_FOR_THE_FIRST: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A longer line of its messages is cut.
const MAX_LINE: u64 = 1000;

/// Rows lie at multiples of so many bytes; at other widths there is padding that nobody tells of.
pub(crate) const WIDTH_MULTIPLE: u32 = 64;

/// What is asked of the program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// `rpicam-vid`, or what stands in for it.
    pub(crate) program: PathBuf,
    /// In pixels, a multiple of [`WIDTH_MULTIPLE`].
    pub(crate) width: u32,
    /// In pixels, even.
    pub(crate) height: u32,
    /// Pictures a second.
    pub(crate) rate: f64,
    /// `None` leaves it to the camera.
    pub(crate) exposure_us: Option<u32>,
    /// Times.
    pub(crate) gain: Option<f32>,
    /// In dioptres: 0 is far away, 2 is half a metre.
    pub(crate) focus: Option<f32>,
}

/// `rpicam-vid` as a camera.
pub(crate) struct RpicamCamera {
    settings: Settings,
    running: Option<Running>,
}

struct Running {
    child: Child,
    pictures: ChildStdout,
    said: Arc<Mutex<Said>>,
    has_given_one: bool,
}

/// What the program wrote to stderr.
#[derive(Debug, Default)]
struct Said {
    last: String,
    /// The size of its pictures.
    size: Option<(u32, u32)>,
}

impl RpicamCamera {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, running: None }
    }

    fn layout(&self) -> Layout {
        Layout::packed(PixelFormat::Yu12, self.settings.width, self.settings.height)
    }

    fn program(&self) -> String {
        self.settings.program.display().to_string()
    }
}

impl Device for RpicamCamera {
    fn open(&mut self) -> Result<Opened, Fault> {
        let mut command = Command::new(&self.settings.program);
        command.args(self.settings.arguments());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Fault::Unusable {
                place: self.settings.program.clone(),
                reason: "it is not installed: `apt install rpicam-apps`".to_owned(),
            },
            _ => Fault::of(error, &self.settings.program),
        })?;
        let said = Arc::new(Mutex::new(Said::default()));
        if let Some(messages) = child.stderr.take() {
            let (program, said) = (self.program(), Arc::clone(&said));
            let listening = move || listen(&program, messages, &said);
            thread::Builder::new().name("rpicam messages".to_owned()).spawn(listening).map_err(Fault::System)?;
        }
        let Some(pictures) = child.stdout.take() else { return Err(Fault::Unplugged) };
        self.running = Some(Running { child, pictures, said, has_given_one: false });
        Ok(Opened {
            description: format!(
                "{}: {}, up to {} pictures a second",
                self.program(),
                self.layout(),
                self.settings.rate
            ),
        })
    }

    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault> {
        let layout = self.layout();
        let program = self.program();
        let running = self.running.as_mut().ok_or(Fault::Unplugged)?;
        let wait = if running.has_given_one { LONGEST_WAIT } else { LONGEST_WAIT_FOR_THE_FIRST };
        // A multiple of 64 and an even number: there is such a size.
        picture.resize(layout.bytes().unwrap_or_default(), 0);
        if !fill(&mut running.pictures, picture, wait)? {
            return Err(running.ended(program));
        }
        let size = running.said().size;
        if let Some((width, height)) = size.filter(|&size| size != (layout.width, layout.height)) {
            let (wanted, found) = (layout.to_string(), format!("{width}x{height}"));
            return Err(Fault::WrongSize { wanted, found });
        }
        running.has_given_one = true;
        Ok(layout)
    }

    fn close(&mut self) {
        if let Some(Running { mut child, .. }) = self.running.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

impl Drop for RpicamCamera {
    fn drop(&mut self) {
        self.close();
    }
}

impl Running {
    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has closed its end of the pipe, and is about to be waited for.
    fn ended(&mut self, program: String) -> Fault {
        self.child.kill().ok();
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        Fault::Ended { program, status, said: self.said().last.clone() }
    }
}

impl Settings {
    fn arguments(&self) -> Vec<OsString> {
        let Self { width, height, rate, .. } = self;
        let mut arguments: Vec<OsString> =
            ["--codec", "yuv420", "--timeout", "0", "--nopreview", "--output", "-"].map(OsString::from).to_vec();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.extend([name.into(), value.into()]);
            }
        };
        add("--width", Some(width.to_string()));
        add("--height", Some(height.to_string()));
        add("--framerate", Some(rate.to_string()));
        add("--shutter", self.exposure_us.map(|us| us.to_string()));
        add("--gain", self.gain.map(|gain| gain.to_string()));
        add("--lens-position", self.focus.map(|focus| focus.to_string()));
        arguments
    }
}

/// Fills the picture; false if the pipe ended before.
fn fill(pipe: &mut ChildStdout, picture: &mut [u8], wait: Duration) -> Result<bool, Fault> {
    let until = Instant::now() + wait;
    let mut filled = 0;
    while filled < picture.len() {
        if !is_readable(pipe, until.saturating_duration_since(Instant::now())).map_err(Fault::System)? {
            return Err(Fault::Stalled { waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) });
        }
        match pipe.read(&mut picture[filled..]) {
            Ok(0) => return Ok(false),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::System(error)),
        }
    }
    Ok(true)
}

fn is_readable(pipe: &ChildStdout, wait: Duration) -> io::Result<bool> {
    let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        // Nothing has been read; the next turn waits for the rest of the time.
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(errno) => Err(errno.into()),
    }
}

/// Until the program ends: its messages go to our log.
fn listen(program: &str, messages: ChildStderr, said: &Mutex<Said>) {
    let mut messages = BufReader::new(messages);
    let mut line = Vec::new();
    loop {
        line.clear();
        match messages.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        match text.contains("ERROR") {
            true => tracing::warn!("{program}: {text}"),
            false => tracing::info!("{program}: {text}"),
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.size = said.size.or_else(|| configured_size(text));
        if !text.is_empty() {
            text.clone_into(&mut said.last);
        }
    }
}

/// libcamera says what it configured: `... configuring streams: (0) 1280x720-YUV420/Rec709 (1) 1536x864-...`.
pub(crate) fn configured_size(line: &str) -> Option<(u32, u32)> {
    let word = line.split_whitespace().find(|word| word.contains("-YUV420"))?;
    let (width, height) = word.split_once("-YUV420")?.0.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests;
