//! `aim`: shows somebody who aims the camera what the unit sees.

mod own_camera;

use super::running_unit::follow;
use crate::config::{self, Config};
use crate::control::{self, AimSeconds, Request};
use anyhow::{Context, anyhow};
use clap::Args;
use fleet_messages::aim::{AimEnd, AimMessage, MAX_AIM_SECONDS};
use std::io::{self, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use terminal::{Answer, Help};

/// Watch what the unit's camera sees, to aim it: face, light, sharpness, what the gate says, and what to turn.
///
/// Prints a line a second. `encoder-tool aim` shows the pictures as well, through ssh. The door works on meanwhile; if no
/// unit runs, this opens the camera itself. Nobody is named, and nothing is kept. Only root and the unit's own user may do this; the audit log records who did, and for how long.
/// If somebody else begins to watch, this ends.
///
/// Exit codes: 0 if the time is over or you interrupted it, 1 if it ended before, 2 if the unit refuses, or the camera cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Aim {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// For how long
    #[arg(long, value_name = "SECONDS", default_value_t = MAX_AIM_SECONDS,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_AIM_SECONDS)))]
    seconds: u16,
    /// Print one JSON object for each picture, without the picture
    #[arg(long)]
    json: bool,
    /// Write the pictures and what is measured in them to stdout, for `encoder-tool aim`
    #[arg(long, conflicts_with = "json")]
    stream: bool,
}

/// The time from one line for people to the next.
const EVERY: Duration = Duration::from_secs(1);

/// Watches until the end. Yes if the time is over or nobody reads what is printed any more.
///
/// # Errors
/// If the unit does not answer or refuses, or none runs and the camera cannot be used.
pub(crate) fn run(arguments: &Aim) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    let seconds = AimSeconds::try_from(arguments.seconds).map_err(anyhow::Error::msg)?;
    match control::unit_at(&config.control_socket(), &config.status.socket)? {
        Some(unit) => arguments.show(follow(unit, &Request::Aim { seconds })?),
        None => {
            let (pictures, seeing) = own_camera::watch(&config, seconds.into())?;
            let shown = arguments.show(pictures);
            seeing.join().map_err(|_| anyhow!("the thread that looks at the frames panicked"))?;
            shown
        }
    }
}

impl Aim {
    /// Prints messages until the last one. The connection ends with this.
    fn show(&self, mut pictures: BufReader<UnixStream>) -> anyhow::Result<Answer> {
        let mut printed_at = None;
        loop {
            let Some(message) = AimMessage::read(&mut pictures).context("the unit's pictures")? else {
                return Err(anyhow!("the unit closed the connection"))
                    .help("check with `systemctl status edge-agent` whether it still runs");
            };
            match self.print(&message, &mut printed_at) {
                // Nobody reads it any more.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Answer::Yes),
                printed => printed.context("cannot write to stdout")?,
            }
            if let AimMessage::Ended(end) = message {
                return Ok(Answer::yes_if(matches!(end, AimEnd::TimeOver | AimEnd::ViewerGone)));
            }
        }
    }

    fn print(&self, message: &AimMessage, printed_at: &mut Option<Instant>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let is_picture = matches!(message, AimMessage::Picture(_));
        if self.stream {
            message.write(&mut stdout)?;
        } else if self.json {
            stdout.write_all(message.line()?.as_bytes())?;
        } else if !is_picture || printed_at.is_none_or(|at| at.elapsed() >= EVERY) {
            *printed_at = Some(Instant::now());
            writeln!(stdout, "{message}")?;
        }
        stdout.flush()
    }
}
