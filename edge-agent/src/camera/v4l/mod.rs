//! Video4Linux cameras: USB cameras (UVC), capture sticks, virtual cameras.
//!
//! The binding panics on unexpected errors, also while stopping a stream; the capture thread catches these panics.

mod choice;
mod held;

pub(crate) use choice::Wanted;

use super::PowerLine;
use super::convert::Damaged;
use super::device::{Device, Fault, Opened};
use super::layout::{Layout, PixelFormat};
use crate::reports::{Allowance, since_start};
use crate::usb_port::UsbPort;
use choice::Offer;
use held::HeldControls;
use std::io::{self, ErrorKind};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal::ShowPath;
use v4l::buffer::{Flags, Type};
use v4l::capability::{Capabilities, Flags as Can};
use v4l::control::{Control, Value};
use v4l::format::{Format, FourCC};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::mmap::Stream;
use v4l::io::traits::{CaptureStream, Stream as _};
use v4l::video::Capture;
use v4l::video::capture::Parameters;

/// How long to wait for a frame, or three times the interval between frames if that is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Drivers of the Raspberry Pi's camera connector. They deliver raw sensor data, which only libcamera can convert to
/// frames.
const RASPBERRY_PI_DRIVERS: [&str; 4] = ["unicam", "rp1-cfe", "pispbe", "bcm2835-isp"];

/// Manual settings of the camera, in the units of its driver; `None` leaves a setting unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Adjustments {
    /// In microseconds.
    pub(crate) exposure_us: Option<u32>,
    pub(crate) gain: Option<i64>,
    pub(crate) focus: Option<i64>,
    pub(crate) power_line: Option<PowerLine>,
}

/// A Video4Linux camera.
pub(crate) struct V4lCamera {
    path: PathBuf,
    wanted: Wanted,
    buffers: u32,
    adjustments: Adjustments,
    /// The USB port that it must be plugged into, if any.
    port: Option<UsbPort>,
    /// Limits the warnings: the camera may be reopened twice a second.
    warnings: Allowance,
    open: Option<Open>,
}

struct Open {
    device: v4l::Device,
    held: Option<HeldControls>,
    stream: Stream<'static>,
    layout: Layout,
    waited: Duration,
}

impl Device for V4lCamera {
    fn open(&mut self) -> Result<Opened, Fault> {
        self.start().map_err(|error| match error {
            Refused::System(error) => Fault::from_io(error, &self.path),
            Refused::Unusable(reason) => Fault::Unusable { place: self.path.clone(), reason },
            Refused::OtherPort { found, wanted } => Fault::OtherPort { place: self.path.clone(), found, wanted },
        })
    }

    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault> {
        let Some(Open { stream, layout, waited, .. }) = &mut self.open else { return Err(Fault::Unplugged) };
        let stalled = Fault::Stalled { waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) };
        let (bytes, about) = CaptureStream::next(stream).map_err(|error| match error.kind() {
            // Readable but empty: the driver reports an error instead of a frame.
            ErrorKind::TimedOut | ErrorKind::WouldBlock => stalled,
            _ => Fault::from_io(error, &self.path),
        })?;
        if about.flags.contains(Flags::ERROR) {
            return Err(Damaged::Marked.into());
        }
        let used = usize::try_from(about.bytesused).unwrap_or(usize::MAX).min(bytes.len());
        picture.extend_from_slice(&bytes[..used]);
        Ok(*layout)
    }

    fn hold_exposure(&mut self, is_held: bool) {
        let Some(Open { device, held, .. }) = &mut self.open else { return };
        if is_held {
            *held = Some(HeldControls::hold(device));
        } else if let Some(held) = held.take() {
            held.release(device);
        }
    }

    fn close(&mut self) {
        self.hold_exposure(false);
        let Some(Open { mut stream, .. }) = self.open.take() else { return };
        match stream.stop() {
            // Frees its memory; the caller catches a panic.
            Ok(()) => drop(stream),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => drop(stream),
            // Dropping it would panic while panicking, which aborts the program. So its memory is leaked.
            Err(error) => {
                self.warn(&format!("{}: the stream cannot be stopped: {error}", self.path.shown()));
                mem::forget(stream);
            }
        }
    }
}

/// Why a camera was not opened.
enum Refused {
    System(io::Error),
    Unusable(String),
    OtherPort { found: Option<UsbPort>, wanted: UsbPort },
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl V4lCamera {
    /// `buffers` is the number of frames that the driver may capture in advance.
    pub(crate) fn new(path: PathBuf, wanted: Wanted, buffers: u32, adjustments: Adjustments) -> Self {
        Self { path, wanted, buffers, adjustments, port: None, warnings: Allowance::default(), open: None }
    }

    /// Requires this USB port.
    pub(crate) fn at_port(self, port: Option<UsbPort>) -> Self {
        Self { port, ..self }
    }

    fn start(&mut self) -> Result<Opened, Refused> {
        let device = v4l::Device::with_path(&self.path)?;
        let usb_port = UsbPort::from_descriptor(device.handle().fd());
        if let Some(wanted) = self.port.clone().filter(|wanted| usb_port.as_ref() != Some(wanted)) {
            return Err(Refused::OtherPort { found: usb_port, wanted });
        }
        let about = device.query_caps()?;
        require_capture(&about)?;
        let offers = offers_of(&device, &self.wanted)?;
        let best = Offer::best(&offers, &self.wanted).ok_or_else(|| self.nothing_suits(&offers))?;
        let layout = set_format(&device, &best)?;
        if (layout.width, layout.height, layout.format) != (best.width, best.height, best.format) {
            self.warn(&format!(
                "the camera delivers {layout} instead of {} {}x{}",
                best.format, best.width, best.height
            ));
        }
        let rate = set_rate(&device, self.wanted.rate);
        self.adjust(&device);
        let waited = rate.map_or(LONGEST_WAIT, |rate| LONGEST_WAIT.max(Duration::from_secs_f64(3.0 / rate)));
        let mut stream = Stream::with_buffers(&device, Type::VideoCapture, self.buffers)?;
        stream.set_timeout(waited);
        let rate = rate.map_or_else(String::new, |rate| format!(", {rate:.1} frames per second"));
        let Capabilities { card, driver, .. } = about;
        let description = format!("{card} ({driver}) at {}: {layout}{rate}", self.path.shown());
        self.open = Some(Open { device, held: None, stream, layout, waited });
        let port = usb_port.as_ref().map_or_else(String::new, |port| format!(", USB port {}", port.as_str()));
        Ok(Opened { description: description + &port, usb_port })
    }

    fn warn(&mut self, what: &str) {
        if self.warnings.take(since_start()).is_some() {
            tracing::warn!("{what}");
        }
    }

    fn nothing_suits(&self, offers: &[Offer]) -> Refused {
        let mut formats: Vec<String> = offers.iter().map(|offer| offer.format.to_string()).collect();
        formats.dedup();
        Refused::Unusable(match self.wanted.format {
            Some(format) => format!("it does not support the configured format {format}, only {}", formats.join(", ")),
            None => "it supports none of YUYV, NV12, YU12, GREY, Y10, Y16, RGB3 and MJPG".to_owned(),
        })
    }

    fn adjust(&mut self, device: &v4l::Device) {
        const MANUAL: i64 = 1;
        let Adjustments { exposure_us, gain, focus, power_line } = self.adjustments;
        let integer = |id, value| Control { id, value: Value::Integer(value) };
        let switched_off = |id| Control { id, value: Value::Boolean(false) };
        // The driver refuses the manual value while the automatic mode is on.
        let settings = [
            (
                "exposure-us",
                exposure_us
                    .map(|us| [integer(AUTOMATIC_EXPOSURE, MANUAL), integer(EXPOSURE, (i64::from(us) / 100).max(1))]),
            ),
            ("gain", gain.map(|gain| [switched_off(AUTOMATIC_GAIN), integer(GAIN, gain)])),
            ("focus", focus.map(|focus| [switched_off(AUTOMATIC_FOCUS), integer(FOCUS, focus)])),
        ];
        if let Some(power_line) = power_line
            && let Err(error) = device.set_control(integer(POWER_LINE_FREQUENCY, menu_item(power_line)))
        {
            tracing::warn!("[camera] power-line-hz: {} refuses the value: {error}", self.path.shown());
        }
        for (key, controls) in settings {
            let Some([automatic, manual]) = controls else { continue };
            // Ignored: many cameras have no automatic gain to switch off.
            device.set_control(automatic).ok();
            if let Err(error) = device.set_control(manual) {
                self.warn(&format!("[camera] {key}: {} refuses the value: {error}", self.path.shown()));
            }
        }
    }
}

// Control IDs of the kernel's `linux/v4l2-controls.h`. The unit of the exposure is 100 microseconds.
const AUTOMATIC_GAIN: u32 = 0x0098_0912;
const POWER_LINE_FREQUENCY: u32 = 0x0098_0918;
const GAIN: u32 = 0x0098_0913;
const AUTOMATIC_EXPOSURE: u32 = 0x009a_0901;
const EXPOSURE: u32 = 0x009a_0902;
const FOCUS: u32 = 0x009a_090a;
const AUTOMATIC_FOCUS: u32 = 0x009a_090c;

/// `V4L2_CID_POWER_LINE_FREQUENCY_50HZ` and `_60HZ`.
const fn menu_item(power_line: PowerLine) -> i64 {
    match power_line {
        PowerLine::Hz50 => 1,
        PowerLine::Hz60 => 2,
    }
}

fn require_capture(about: &Capabilities) -> Result<(), Refused> {
    if RASPBERRY_PI_DRIVERS.contains(&about.driver.as_str()) {
        let reason = "it is the Raspberry Pi's camera connector: set [camera] source = \"rpicam\"";
        return Err(Refused::Unusable(reason.to_owned()));
    }
    match about.capabilities.contains(Can::VIDEO_CAPTURE | Can::STREAMING) {
        true => Ok(()),
        false => Err(Refused::Unusable(format!("{} ({}) cannot capture frames", about.card, about.driver))),
    }
}

fn offers_of(device: &v4l::Device, wanted: &Wanted) -> io::Result<Vec<Offer>> {
    let mut offers = Vec::new();
    for description in device.enum_formats()? {
        let Some(format) = PixelFormat::from_fourcc(&description.fourcc.repr) else { continue };
        for (width, height) in sizes_of(device, description.fourcc, wanted) {
            let rate = fastest(device, description.fourcc, width, height);
            offers.push(Offer { format, width, height, rate });
        }
    }
    Ok(offers)
}

/// The sizes that the driver lists. For a range, the nearest size to the wanted one; without a list, the wanted size.
fn sizes_of(device: &v4l::Device, fourcc: FourCC, wanted: &Wanted) -> Vec<(u32, u32)> {
    let Ok(sizes) = device.enum_framesizes(fourcc) else { return vec![(wanted.width, wanted.height)] };
    let within = |wanted: u32, min: u32, max: u32, step: u32| {
        let wanted = wanted.clamp(min, max.max(min));
        min + (wanted - min).div_ceil(step.max(1)) * step.max(1)
    };
    sizes
        .into_iter()
        .map(|size| match size.size {
            FrameSizeEnum::Discrete(size) => (size.width, size.height),
            FrameSizeEnum::Stepwise(range) => (
                within(wanted.width, range.min_width, range.max_width, range.step_width),
                within(wanted.height, range.min_height, range.max_height, range.step_height),
            ),
        })
        .collect()
}

fn fastest(device: &v4l::Device, fourcc: FourCC, width: u32, height: u32) -> Option<f64> {
    let intervals = device.enum_frameintervals(fourcc, width, height).ok()?;
    let rates = intervals.into_iter().filter_map(|interval| match interval.interval {
        FrameIntervalEnum::Discrete(interval) => rate_of(interval),
        FrameIntervalEnum::Stepwise(range) => rate_of(range.min),
    });
    rates.max_by(f64::total_cmp)
}

fn rate_of(interval: v4l::Fraction) -> Option<f64> {
    let rate = f64::from(interval.denominator) / f64::from(interval.numerator);
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// Sets the format, and returns the layout that the driver has chosen, which may differ from its offer.
fn set_format(device: &v4l::Device, best: &Offer) -> Result<Layout, Refused> {
    let asked = Format::new(best.width, best.height, FourCC::new(best.format.fourcc()));
    let Format { width, height, fourcc, stride, .. } = device.set_format(&asked)?;
    let format = PixelFormat::from_fourcc(&fourcc.repr)
        .ok_or_else(|| Refused::Unusable(format!("it delivers {fourcc} instead of {}", best.format)))?;
    let mut layout = Layout::packed(format, width, height);
    // Some drivers report 0.
    layout.stride = layout.stride.max(stride as usize);
    Ok(layout)
}

/// Sets the rate, and returns the actual one; many drivers have a fixed rate.
fn set_rate(device: &v4l::Device, wanted: f64) -> Option<f64> {
    let interval = v4l::Fraction::new(1000, (wanted * 1000.0).round() as u32);
    let set = device.set_params(&Parameters::new(interval)).or_else(|_| device.params());
    set.ok().and_then(|parameters| rate_of(parameters.interval))
}

/// Whether the path is a device node whose number may change when devices are plugged in or out.
pub(crate) fn may_be_renumbered(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let digits = name.strip_prefix("video").unwrap_or_default();
    path.parent() == Some(Path::new("/dev")) && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(path: &Path) -> V4lCamera {
        let wanted = Wanted { width: 1280, height: 720, rate: 15.0, format: None };
        V4lCamera::new(path.to_owned(), wanted, 3, Adjustments::default())
    }

    #[test]
    fn a_file_that_is_not_a_camera_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "no camera").unwrap();
        for (path, code) in
            [(folder.path().join("none"), "not_there"), (file, "system"), ("/dev/null".into(), "system")]
        {
            let fault = camera(&path).open().unwrap_err();
            assert_eq!(fault.code(), code, "{}: {fault}", path.shown());
        }
    }

    #[test]
    fn device_numbers_can_change_and_ids_cannot() {
        for (path, moves) in [
            ("/dev/video0", true),
            ("/dev/video12", true),
            ("/dev/v4l/by-id/usb-046d_HD_Pro_Webcam-video-index0", false),
            ("/dev/v4l/by-path/video0", false),
            ("/dev/video", false),
        ] {
            assert_eq!(may_be_renumbered(Path::new(path)), moves, "{path}");
        }
    }
}
