//! The Raspberry Pi's camera modules, through `rpicam-vid`, which writes raw frames to a pipe.
//!
//! Video4Linux delivers only their raw sensor data on current Raspberry Pi OS. The stream has no frame markers, and the
//! program does not report padding: the end of each frame, and from that the length of its rows, is learnt from the
//! pauses between frames ([`bursts`]). The size that the program reports is compared with the requested one.

mod bursts;

use super::PowerLine;
use super::device::{Device, Fault, Opened};
use super::layout::{Layout, PixelFormat};
use crate::bounded_read::{Received, read};
use crate::reports::{Allowance, since_start};
use bursts::{Beginnings, Bursts};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// How long to wait for a frame.
#[derive(Debug, Clone, Copy)]
struct Patience {
    first: Duration,
    others: Duration,
}

/// The sensor needs a second or two to start.
const PATIENCE: Patience = Patience { first: Duration::from_secs(5), others: Duration::from_secs(2) };

/// The longest line of its messages, in bytes; longer ones are cut.
const MAX_LINE: u64 = 1000;

/// A pause between frames takes at least this share of the interval: writing a frame takes milliseconds.
const PAUSE_SHARE: f64 = 0.5;
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How many bytes to read at a time.
const CHUNK: usize = 1 << 16;

/// The settings of the program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// `rpicam-vid`, or a substitute.
    pub(crate) program: PathBuf,
    /// In pixels, even.
    pub(crate) width: u32,
    /// In pixels, even.
    pub(crate) height: u32,
    /// Frames per second.
    pub(crate) rate: f64,
    /// `None` for automatic exposure.
    pub(crate) exposure_us: Option<u32>,
    /// The gain factor.
    pub(crate) gain: Option<f32>,
    /// In dioptres: 0 is infinity, 2 is half a metre.
    pub(crate) focus: Option<f32>,
    /// The number of the camera in `rpicam-hello --list-cameras`.
    pub(crate) number: Option<u32>,
    pub(crate) power_line: Option<PowerLine>,
    /// Further arguments, passed on unchanged; checked by [`refuse_argument`].
    pub(crate) more: Vec<String>,
}

/// A camera module, through `rpicam-vid`.
pub(crate) struct RpicamCamera {
    settings: Settings,
    patience: Patience,
    running: Option<Running>,
    messages: Arc<Mutex<Allowance>>,
}

struct Running {
    child: Child,
    pictures: ChildStdout,
    output: Arc<Mutex<ProgramOutput>>,
    /// `None` until the row length is learnt.
    rows: Option<Rows>,
}

/// The layout of the frames, and whether they still begin after a pause.
struct Rows {
    layout: Layout,
    beginnings: Beginnings,
}

/// What the program wrote to stderr: its last message, and the size that it configured.
#[derive(Debug, Default)]
struct ProgramOutput {
    last: String,
    /// The size of the frames.
    size: Option<(u32, u32)>,
}

impl RpicamCamera {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, patience: PATIENCE, running: None, messages: Arc::default() }
    }

    /// The requested layout, without padding.
    fn wanted(&self) -> Layout {
        Layout::packed(PixelFormat::Yu12, self.settings.width, self.settings.height)
    }

    fn program(&self) -> String {
        self.settings.program.shown().to_string()
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
            _ => Fault::from_io(error, &self.settings.program),
        })?;
        let output = Arc::new(Mutex::new(ProgramOutput::default()));
        if let Some(messages) = child.stderr.take() {
            let (program, output, allowance) = (self.program(), Arc::clone(&output), Arc::clone(&self.messages));
            let listening = move || listen(&program, messages, &output, &allowance);
            thread::Builder::new().name("rpicam messages".to_owned()).spawn(listening).map_err(Fault::System)?;
        }
        let Some(pictures) = child.stdout.take() else { return Err(Fault::Unplugged) };
        self.running = Some(Running { child, pictures, output, rows: None });
        Ok(Opened {
            description: format!(
                "{}: {}, up to {} frames per second",
                self.program(),
                self.wanted(),
                self.settings.rate
            ),
            usb_port: None,
        })
    }

    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault> {
        let (wanted, program) = (self.wanted(), self.program());
        let (pause, patience) = (self.settings.pause(), self.patience);
        let running = self.running.as_mut().ok_or(Fault::Unplugged)?;
        let end = match running.rows {
            None => running.learn(wanted, pause, patience, picture)?,
            Some(_) => running.next_picture(pause, patience.others, picture)?,
        };
        running.compare_size(wanted)?;
        match (end, &running.rows) {
            (End::OfPicture, Some(rows)) => Ok(rows.layout),
            _ => Err(running.ended(program)),
        }
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

/// Why reading ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    OfPicture,
    OfPipe,
}

impl Running {
    /// Reads frames until the length of their rows is certain, and returns the last one.
    fn learn(
        &mut self,
        wanted: Layout,
        pause: Duration,
        patience: Patience,
        picture: &mut Vec<u8>,
    ) -> Result<End, Fault> {
        let mut bursts = Bursts::new(wanted);
        let mut chunk = vec![0; CHUNK];
        let mut wait = patience.first;
        loop {
            picture.clear();
            let mut bytes = 0;
            while bytes <= bursts.longest() {
                match read(&mut self.pictures, &mut chunk, if bytes == 0 { wait } else { pause })
                    .map_err(Fault::System)?
                {
                    Received::Bytes(more) => {
                        bytes += more;
                        picture.extend(&chunk[..more]);
                    }
                    Received::Nothing if bytes == 0 => return Err(stalled(wait)),
                    Received::Nothing => break,
                    Received::End => return Ok(End::OfPipe),
                }
            }
            self.compare_size(wanted)?;
            match bursts.add(bytes) {
                Ok(Some(layout)) => {
                    tracing::debug!("{layout}: rows of {} bytes", layout.stride);
                    self.rows = Some(Rows { layout, beginnings: Beginnings::default() });
                    return Ok(End::OfPicture);
                }
                Ok(None) => wait = patience.others,
                Err(found) => return Err(Fault::WrongSize { wanted: wanted.to_string(), found }),
            }
        }
    }

    fn next_picture(&mut self, pause: Duration, longest: Duration, picture: &mut Vec<u8>) -> Result<End, Fault> {
        let Some(Rows { layout, beginnings }) = &mut self.rows else { return Ok(End::OfPipe) };
        // The layout was learnt from a frame of this many bytes.
        picture.resize(layout.bytes().unwrap_or_default(), 0);
        let until = Instant::now() + longest;
        let (mut filled, mut paused_before, mut paused_within) = (0, false, false);
        while filled < picture.len() {
            match read(&mut self.pictures, &mut picture[filled..], pause).map_err(Fault::System)? {
                Received::Bytes(more) => filled += more,
                Received::Nothing if Instant::now() >= until => return Err(stalled(longest)),
                Received::Nothing if filled == 0 => paused_before = true,
                Received::Nothing => paused_within = true,
                Received::End => return Ok(End::OfPipe),
            }
        }
        match beginnings.hold(paused_before, paused_within) {
            true => Ok(End::OfPicture),
            false => Err(Fault::WrongSize {
                wanted: layout.to_string(),
                found: "frames that end in the wrong place".to_owned(),
            }),
        }
    }

    /// Compares the requested size with the one that the program reports.
    ///
    /// # Errors
    /// If they differ.
    fn compare_size(&self, wanted: Layout) -> Result<(), Fault> {
        match self.output().size {
            Some((width, height)) if (width, height) != (wanted.width, wanted.height) => {
                Err(Fault::WrongSize { wanted: wanted.to_string(), found: format!("{width}x{height}") })
            }
            _ => Ok(()),
        }
    }

    fn output(&self) -> std::sync::MutexGuard<'_, ProgramOutput> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program has closed its end of the pipe: waits for it, and returns how it exited.
    fn ended(&mut self, program: String) -> Fault {
        self.child.kill().ok();
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        Fault::Ended { program, status, message: self.output().last.clone() }
    }
}

impl Settings {
    /// The silence that separates two frames, and does not occur within one.
    fn pause(&self) -> Duration {
        Duration::from_secs_f64(PAUSE_SHARE / self.rate).min(LONGEST_PAUSE)
    }

    fn arguments(&self) -> Vec<OsString> {
        let Self { width, height, rate, .. } = self;
        let mut arguments: Vec<OsString> =
            ["--codec", "yuv420", "--timeout", "0", "--nopreview", "--flush", "--output", "-"]
                .map(OsString::from)
                .to_vec();
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
        add("--camera", self.number.map(|number| number.to_string()));
        let flicker = self.power_line.map(|power_line| power_line.flicker_period().as_micros());
        add("--flicker-period", flicker.map(|us| format!("{us}us")));
        arguments.extend(self.more.iter().map(OsString::from));
        arguments
    }
}

/// Options that the unit sets itself, or that would change the content or timing of the stream.
const RESERVED: [&str; 29] = [
    "camera",
    "circular",
    "codec",
    "config",
    "flicker-period",
    "flush",
    "frames",
    "framerate",
    "gain",
    "height",
    "help",
    "hflip",
    "initial",
    "keypress",
    "lens-position",
    "list-cameras",
    "metadata",
    "output",
    "pause",
    "rotation",
    "segment",
    "shutter",
    "split",
    "timeout",
    "vflip",
    "version",
    "width",
    "signal",
    "save-pts",
];

/// What is allowed instead, if this argument cannot be passed on. The program accepts abbreviated option names.
pub(crate) fn refuse_argument(argument: &str) -> Option<&'static str> {
    let option = argument.strip_prefix('-')?;
    let Some(name) = option.strip_prefix('-') else {
        let is_number = option.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        return (!is_number).then_some("options by their long names, such as --awb");
    };
    let name = name.split('=').next().unwrap_or_default();
    let is_reserved = RESERVED.iter().any(|reserved| reserved.starts_with(name));
    is_reserved.then_some("options that the unit does not set itself; to rotate frames, use [camera] rotate")
}

fn stalled(waited: Duration) -> Fault {
    Fault::Stalled { waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) }
}

/// Copies the program's messages to the log until it exits.
fn listen(program: &str, messages: ChildStderr, output: &Mutex<ProgramOutput>, allowance: &Mutex<Allowance>) {
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
            // The program repeats its messages at each start, up to twice a second.
            true => match allowance.lock().unwrap_or_else(PoisonError::into_inner).take(since_start()) {
                Some(0) => tracing::warn!("{program}: {text}"),
                Some(more) => tracing::warn!("{program}: {text} ({more} similar messages were not logged)"),
                None => tracing::debug!("{program}: {text}"),
            },
            false => tracing::debug!("{program}: {text}"),
        }
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.size = output.size.or_else(|| configured_size(text));
        if !text.is_empty() {
            text.clone_into(&mut output.last);
        }
    }
}

/// Parses libcamera's message on what it configured: `... configuring streams: (0) 1280x720-YUV420/Rec709 (1)
/// 1536x864-...`.
pub(crate) fn configured_size(line: &str) -> Option<(u32, u32)> {
    let word = line.split_whitespace().find(|word| word.contains("-YUV420"))?;
    let (width, height) = word.split_once("-YUV420")?.0.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

#[cfg(test)]
mod tests;
