//! Pins through the kernel's GPIO character device (uAPI v2), with gpiocdev.

use super::requested::{Edges, Input, OnEdge, Output};
use super::{GpioError, Level, Pin};
use gpiocdev::Request;
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Value};
use gpiocdev::request::Builder;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The user of the lines in the output of `gpioinfo`.
const CONSUMER: &str = "edge-agent";

/// How many edges the kernel buffers: more than two 64-bit cards.
const EDGES_KEPT: u32 = 256;

/// Also pulls the pin to this level, so that it stays there if the kernel makes the released pin an input.
pub(super) fn output(chip: &Path, pin: Pin, level: Level) -> Result<Box<dyn Output>, GpioError> {
    let mut builder = line(chip, pin);
    // The kernel sets the level before the direction.
    let request = builder.as_output(value(level)).with_bias(pull(level)).request();
    Ok(Box::new(OutputLine { request: request.map_err(|error| refused(pin, &error))?, pin }))
}

pub(super) fn listen(
    chip: &Path,
    pin: Pin,
    at_rest: Level,
    edges: Edges,
    on_edge: OnEdge,
) -> Result<Box<dyn Input>, GpioError> {
    let detection = match edges {
        Edges::Falling => EdgeDetection::FallingEdge,
        Edges::Both => EdgeDetection::BothEdges,
    };
    let mut builder = line(chip, pin);
    builder.as_input().with_bias(pull(at_rest)).with_edge_detection(detection);
    let request = builder.with_kernel_event_buffer_size(EDGES_KEPT).request();
    let request = Arc::new(request.map_err(|error| refused(pin, &error))?);
    let system = |error: std::io::Error| GpioError::Refused { pin, reason: error.to_string() };
    let (wanted, end) = UnixStream::pair().map_err(system)?;
    let listened_to = Arc::clone(&request);
    let listening = move || {
        if let Err(reason) = pass_on(&listened_to, &end, on_edge) {
            tracing::error!("the edges of {pin} are no longer read: {reason}");
        }
    };
    thread::Builder::new().name(format!("edges of {pin}")).spawn(listening).map_err(system)?;
    Ok(Box::new(InputLine { request, pin, _wanted: wanted }))
}

struct OutputLine {
    request: Request,
    pin: Pin,
}

struct InputLine {
    request: Arc<Request>,
    pin: Pin,
    /// The thread runs for as long as this is open.
    _wanted: UnixStream,
}

impl Output for OutputLine {
    fn drive(&mut self, level: Level) -> Result<(), GpioError> {
        self.request.set_lone_value(value(level)).map_err(|error| refused(self.pin, &error))
    }
}

impl Input for InputLine {
    fn level(&self) -> Result<Level, GpioError> {
        let value = self.request.lone_value().map_err(|error| refused(self.pin, &error))?;
        Ok(if value == Value::Active { Level::High } else { Level::Low })
    }
}

/// Reports edges until the other end of `end` is closed.
fn pass_on(request: &Request, end: &UnixStream, mut on_edge: OnEdge) -> Result<(), String> {
    loop {
        let mut watched = [PollFd::new(request, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
        match poll(&mut watched, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno.to_string()),
        }
        let [edges, ended] = watched.map(|watched| watched.revents());
        if !ended.is_empty() {
            return Ok(());
        }
        if edges.contains(PollFlags::IN) {
            let edge = request.read_edge_event().map_err(|error| error.to_string())?;
            let level = if edge.kind == EdgeKind::Rising { Level::High } else { Level::Low };
            on_edge(level, Duration::from_nanos(edge.timestamp_ns));
        } else if !edges.is_empty() {
            return Err("the chip is gone".to_owned());
        }
    }
}

fn line(chip: &Path, pin: Pin) -> Builder {
    let mut builder = Request::builder();
    builder.on_chip(chip).with_consumer(CONSUMER).with_line(pin.number().into());
    builder
}

const fn value(level: Level) -> Value {
    match level {
        Level::Low => Value::Inactive,
        Level::High => Value::Active,
    }
}

const fn pull(level: Level) -> Bias {
    match level {
        Level::Low => Bias::PullDown,
        Level::High => Bias::PullUp,
    }
}

fn refused(pin: Pin, error: &gpiocdev::Error) -> GpioError {
    GpioError::Refused { pin, reason: error.to_string() }
}
