//! `audit follow`: prints each record as it is written, across log rotation.

use super::args::Follow;
use super::show::{Form, Printer};
use super::words::Detail;
use crate::audit_log::tail::Tail;
use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use terminal::{Answer, Verbosity};

const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Shows the last records and all new ones, until SIGINT or SIGTERM.
///
/// # Errors
/// If the log cannot be read.
pub(super) fn run(arguments: &Follow, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let log = arguments.place.log()?;
    let form = if arguments.json { Form::Json } else { Form::Words(Detail::wanted(verbosity)) };
    let printer = Printer::new(&arguments.filters, &arguments.place, &log, form)?;
    let end = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&end)).context("cannot register the signal handlers")?;
    }
    let mut tail = Tail::begin(&log)?;
    let mut last = VecDeque::new();
    tail.read_on(|line| {
        if line.record().is_some_and(|record| printer.wants(&record)) {
            last.push_back(line);
            if last.len() > arguments.last {
                last.pop_front();
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for line in last {
        printer.show(&line)?;
    }
    while !end.load(Ordering::Relaxed) {
        thread::sleep(LOOK_AGAIN);
        tail.read_on(|line| {
            printer.show(&line)?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(Answer::Yes)
}
