//! `audit show`: records, as words or as JSON.

use super::args::Show;
use super::filter::{Filter, names, person};
use super::words::in_words;
use crate::audit_log::names::Names;
use crate::audit_log::read::{Line, lines_of};
use jiff::tz::TimeZone;
use policy::audit::Record;
use serde::Serialize;
use terminal::{Answer, print, print_json, say};

/// Shows what is wanted. Yes if there was something.
///
/// # Errors
/// If the log cannot be read.
pub(super) fn run(arguments: &Show) -> anyhow::Result<Answer> {
    let log = arguments.place.log()?;
    let names = names(&arguments.filters, &arguments.place, &log)?;
    let printer = Printer::new(Filter::new(&arguments.filters, &names)?, names, arguments.json);
    let mut shown = 0_usize;
    for line in lines_of(&log)? {
        shown += usize::from(printer.show(&line?)?);
    }
    Ok(Answer::yes_if(shown > 0))
}

/// Prints records that are wanted.
pub(super) struct Printer {
    filter: Filter,
    names: Names,
    json: bool,
    zone: TimeZone,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    record: &'a Record,
    /// Of the person, as far as it is known here.
    name: Option<&'a str>,
}

impl Printer {
    pub(super) fn new(filter: Filter, names: Names, json: bool) -> Self {
        Self { filter, names, json, zone: TimeZone::system() }
    }

    /// Whether a record was printed. A line that is no record is said, and passed over.
    pub(super) fn show(&self, line: &Line) -> anyhow::Result<bool> {
        let Some(record) = line.record() else {
            if line.bytes.ends_with(b"\n") {
                say(&format!("{} is no record that can be shown: see `edge-agent audit verify`", line.place));
            }
            return Ok(false);
        };
        if !self.wants(&record) {
            return Ok(false);
        }
        if self.json {
            let name = person(&record.event).and_then(|id| self.names.name(&id));
            print_json(&Shown { record: &record, name })?;
        } else {
            print(&in_words(&record, &self.names, &self.zone))?;
        }
        Ok(true)
    }

    pub(super) fn wants(&self, record: &Record) -> bool {
        self.filter.wants(record)
    }
}
