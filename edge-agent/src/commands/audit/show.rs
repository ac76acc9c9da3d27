//! `audit show`: prints records as text or JSON.

use super::args::{Filters, Show, Where};
use super::filter::{Filter, names, person};
use super::words::{Detail, in_words, tone};
use crate::audit_log::names::Names;
use crate::audit_log::read::{Line, lines_of};
use jiff::tz::TimeZone;
use policy::audit::Record;
use serde::Serialize;
use std::path::Path;
use terminal::{Answer, Verbosity, for_reader, print, print_json, print_toned, say};

/// Shows the selected records. Returns yes if there were any.
///
/// # Errors
/// If the log cannot be read.
pub(super) fn run(arguments: &Show, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let log = arguments.place.log()?;
    let form = if arguments.json { Form::Json } else { Form::Words(Detail::wanted(verbosity)) };
    let printer = Printer::new(&arguments.filters, &arguments.place, &log, form)?;
    let mut shown = 0_usize;
    for line in lines_of(&log)? {
        shown += usize::from(printer.show(&line?)?);
    }
    Ok(Answer::yes_if(shown > 0))
}

/// Prints the selected records.
pub(super) struct Printer {
    filter: Filter,
    names: Names,
    form: Form,
    zone: TimeZone,
}

/// How a record is printed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Words(Detail),
    Json,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    record: &'a Record,
    /// The person's name, if it is stored beside the log.
    name: Option<&'a str>,
}

impl Printer {
    /// # Errors
    /// If names cannot be read, or a filter names an unknown person or an impossible time.
    pub(super) fn new(filters: &Filters, place: &Where, log: &Path, form: Form) -> anyhow::Result<Self> {
        let (names, zone) = (names(filters, place, log)?, place.zone());
        Ok(Self { filter: Filter::new(filters, &names, &zone)?, names, form, zone })
    }

    /// Whether a record was printed. A line that is not a record is reported and skipped.
    pub(super) fn show(&self, line: &Line) -> anyhow::Result<bool> {
        let Some(record) = line.record() else {
            if line.bytes.ends_with(b"\n") {
                say(&format!("{} is not a valid record: run `edge-agent audit verify`", line.place));
            }
            return Ok(false);
        };
        if !self.wants(&record) {
            return Ok(false);
        }
        match self.form {
            Form::Json => {
                let name = person(&record.event).and_then(|id| self.names.name(&id));
                print_json(&Shown { record: &record, name })?;
            }
            Form::Words(detail) => {
                let line = for_reader(&in_words(&record, &self.names, &self.zone, detail), detail.indent());
                match tone(&record.event) {
                    Some(tone) => print_toned(tone, &line)?,
                    None => print(&line)?,
                }
            }
        }
        Ok(true)
    }

    pub(super) fn wants(&self, record: &Record) -> bool {
        self.filter.wants(record)
    }
}
