//! Parses `people.csv`: an administrator's data about people. `roster` matches the lines with the folders of photos.
//!
//! The first line names the columns; only `name` is required. `table` parses the table itself.

use super::retention::Retention;
use super::separated_values::{self, Line, TableError};
use csv::StringRecord;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use shared::card::CardNumber;
use shared::gallery::{Details, MAX_CARDS, MAX_GROUP_BYTES, MAX_GROUPS, MAX_NOTE_BYTES, Mode, NameError, PersonName};

/// The largest `people.csv` that is read, in bytes.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// The names of the columns.
pub(crate) const COLUMNS: [&str; 11] =
    ["id", "name", "groups", "mode", "valid_from", "valid_to", "cards", "note", "basis", "informed_on", "keep_until"];

/// Columns that a short line may omit: spreadsheets leave out empty fields at the end, and omitting one of these gives
/// nobody more access. A line without its mode or its last day may be truncated.
const MAY_BE_CUT_OFF: [&str; 2] = ["cards", "note"];

/// One person's line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Counted from 1, including the line of column names.
    pub(crate) line: u64,
    /// The text in the column `id`, if any.
    pub(crate) id: Option<String>,
    pub(crate) name: PersonName,
    /// All details except the cards, which are hashed later, in the database.
    pub(crate) details: Details,
    pub(crate) cards: Vec<CardNumber>,
    pub(super) retention: Retention,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Listed {
    pub(crate) rows: Vec<Row>,
    /// Whether nobody may be stored without a basis.
    pub(super) needs_basis: bool,
}

/// What is wrong with `people.csv`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CsvError {
    /// It is not a table in UTF-8.
    #[error("people.csv: {0}")]
    NotATable(#[from] TableError),
    /// Fewer or more fields than columns.
    #[error("people.csv line {line}: {problem}")]
    Fields {
        /// Counted from 1.
        line: u64,
        /// The missing or extra field.
        problem: String,
    },
    /// The first line does not name the columns.
    #[error("people.csv: {problem}; the columns are {}", COLUMNS.join(", "))]
    Columns {
        /// What is wrong with the line.
        problem: String,
    },
    /// A name cannot be used.
    #[error("people.csv line {line}: {source}")]
    Name {
        /// Counted from 1.
        line: u64,
        /// The reason.
        source: NameError,
    },
    /// Another field cannot be used.
    #[error("people.csv line {line}, {column}: {problem}")]
    Field {
        /// Counted from 1.
        line: u64,
        /// The name of the column.
        column: &'static str,
        /// What is wrong with the field, and what is allowed.
        problem: String,
    },
}

/// Reads all lines. Dates are days in `zone`.
///
/// # Errors
/// [`CsvError`] names the line and the allowed values.
pub(crate) fn parse(bytes: &[u8], zone: &TimeZone) -> Result<Listed, CsvError> {
    let lines = separated_values::parse(bytes)?;
    let (first, others) = lines
        .split_first()
        .map_or((StringRecord::default(), &[][..]), |(first, others)| (first.fields.clone(), others));
    let columns = Columns::find(&first)?;
    let rows = others.iter().map(|line| columns.row(line, zone)).collect::<Result<_, _>>()?;
    Ok(Listed { rows, needs_basis: columns.place("basis").is_some() })
}

/// The file with no other line than the names of the columns and this one, counted from 1.
///
/// # Errors
/// If it is not a table, or the line cannot be written.
pub(crate) fn only_line(bytes: &[u8], number: u64) -> anyhow::Result<Vec<u8>> {
    let lines = separated_values::parse(bytes)?;
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let wanted = lines.iter().enumerate().filter(|(index, line)| *index == 0 || line.number == number);
    wanted.map(|(_, line)| line).try_for_each(|line| writer.write_record(&line.fields))?;
    writer.into_inner().map_err(|error| error.into_error().into())
}

impl Row {
    /// First second at which the data may no longer be stored, Unix time; `None` for no limit.
    pub(crate) fn keep_until(&self) -> Option<i64> {
        self.retention.keep_until
    }
}

struct Columns {
    /// The position of each of [`COLUMNS`].
    places: [Option<usize>; COLUMNS.len()],
    /// The number of columns, including those without a name.
    count: usize,
}

impl Columns {
    fn find(headers: &StringRecord) -> Result<Self, CsvError> {
        let mut places = [None; COLUMNS.len()];
        for (place, header) in headers.iter().enumerate().filter(|(_, header)| !header.is_empty()) {
            let known = COLUMNS.iter().position(|column| header.eq_ignore_ascii_case(column));
            let Some(column) = known else {
                return Err(CsvError::Columns { problem: format!("the first line has an unknown column {header:?}") });
            };
            if places[column].replace(place).is_some() {
                return Err(CsvError::Columns { problem: format!("the column {header:?} occurs twice") });
            }
        }
        let columns = Self { places, count: headers.len() };
        match columns.place("name") {
            Some(_) => Ok(columns),
            None => Err(CsvError::Columns { problem: "the first line has no column \"name\"".to_owned() }),
        }
    }

    fn place(&self, column: &str) -> Option<usize> {
        COLUMNS.iter().position(|known| *known == column).and_then(|at| self.places[at])
    }

    /// Refuses a line with a field that belongs to no column, or without a field that may restrict the person.
    fn require_fields(&self, &Line { number: line, ref fields }: &Line) -> Result<(), CsvError> {
        let named = |place: usize| self.places.iter().position(|known| *known == Some(place)).map(|at| COLUMNS[at]);
        let extra = fields.iter().enumerate().find(|(place, field)| !field.is_empty() && named(*place).is_none());
        if let Some((place, field)) = extra {
            let problem = format!("column {} contains {field:?}, but has no name in the first line", place + 1);
            return Err(CsvError::Fields { line, problem });
        }
        let missing = (fields.len()..self.count).filter_map(named).find(|column| !MAY_BE_CUT_OFF.contains(column));
        missing.map_or(Ok(()), |column| {
            let problem = format!("it has {} of {} fields; {column:?} is missing", fields.len(), self.count);
            Err(CsvError::Fields { line, problem })
        })
    }

    fn row(&self, whole: &Line, zone: &TimeZone) -> Result<Row, CsvError> {
        self.require_fields(whole)?;
        let &Line { number: line, fields: ref record } = whole;
        let field = |column: &'static str| self.place(column).and_then(|at| record.get(at)).unwrap_or_default();
        let wrong = |column: &'static str| move |problem: String| CsvError::Field { line, column, problem };
        let valid_from = seconds(field("valid_from"), zone, Edge::Start).map_err(wrong("valid_from"))?;
        let valid_until = seconds(field("valid_to"), zone, Edge::End).map_err(wrong("valid_to"))?;
        if valid_from.zip(valid_until).is_some_and(|(from, until)| from >= until) {
            return Err(wrong("valid_to")("it is not after valid_from".to_owned()));
        }
        Ok(Row {
            line,
            id: Some(field("id")).filter(|id| !id.is_empty()).map(str::to_owned),
            name: PersonName::parse(field("name")).map_err(|source| CsvError::Name { line, source })?,
            details: Details {
                note: note(field("note")).map_err(wrong("note"))?,
                groups: groups(field("groups")).map_err(wrong("groups"))?,
                mode: mode(field("mode")).map_err(wrong("mode"))?,
                valid_from,
                valid_until,
                cards: Vec::new(),
            },
            cards: cards(field("cards")).map_err(wrong("cards"))?,
            retention: Retention {
                has_basis: self.place("basis").is_none() || !field("basis").is_empty(),
                is_informed: is_day(field("informed_on")).map_err(wrong("informed_on"))?
                    || self.place("informed_on").is_none(),
                keep_until: seconds(field("keep_until"), zone, Edge::End).map_err(wrong("keep_until"))?,
            },
        })
    }
}

/// Whether it is a day; an empty field is none.
fn is_day(text: &str) -> Result<bool, String> {
    match text.len() == 10 && text.parse::<Date>().is_ok() {
        false if text.is_empty() => Ok(false),
        false => Err(format!("{text:?} is not a day (2027-01-31)")),
        true => Ok(true),
    }
}

fn note(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    if text.len() > MAX_NOTE_BYTES {
        return Err(format!("{} bytes: shorten it to at most {MAX_NOTE_BYTES}", text.len()));
    }
    match text.chars().find(|&c| c.is_control() && c != '\n') {
        Some(c) => Err(format!("it holds the control character U+{:04X}: remove it", c as u32)),
        None => Ok(text),
    }
}

fn groups(text: &str) -> Result<Vec<String>, String> {
    let mut groups: Vec<String> = Vec::new();
    for group in text.split([';', ',', '|']).map(str::trim).filter(|group| !group.is_empty()) {
        if group.len() > MAX_GROUP_BYTES {
            return Err(format!("the group {group:?} has {} bytes: at most {MAX_GROUP_BYTES}", group.len()));
        }
        if group.chars().any(char::is_control) {
            return Err(format!("the group {group:?} holds a control character: remove it"));
        }
        if !groups.iter().any(|known| known == group) {
            groups.push(group.to_owned());
        }
    }
    if groups.len() > MAX_GROUPS {
        return Err(format!("{} groups: at most {MAX_GROUPS}", groups.len()));
    }
    Ok(groups)
}

/// Parses the cards. Messages give a card's position, never its number.
fn cards(text: &str) -> Result<Vec<CardNumber>, String> {
    let mut cards: Vec<CardNumber> = Vec::new();
    for (index, card) in text.split(';').map(str::trim).filter(|card| !card.is_empty()).enumerate() {
        let card = card.parse().map_err(|error| format!("card {}: {error}", index + 1))?;
        if !cards.contains(&card) {
            cards.push(card);
        }
    }
    if cards.len() > MAX_CARDS {
        return Err(format!("{} cards: at most {MAX_CARDS}", cards.len()));
    }
    Ok(cards)
}

fn mode(text: &str) -> Result<Mode, String> {
    if text.is_empty() {
        return Ok(Mode::Default);
    }
    Mode::parse(text).ok_or_else(|| {
        let modes = [Mode::Face, Mode::CardAndFace, Mode::CardOrFace, Mode::Card].map(Mode::in_files).join(", ");
        format!("{text:?} is none of {modes}; leave it empty for the door's own setting")
    })
}

#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

/// Converts a date or a time to Unix seconds; the end of a date is the first second after it.
fn seconds(text: &str, zone: &TimeZone, edge: Edge) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Some(time.as_second()));
    }
    let day = |text: &str| -> Option<i64> {
        // jiff also parses times as dates and drops the time, so check the length. A time without a zone is ambiguous.
        let date: Date = (text.len() == 10).then(|| text.parse().ok())??;
        let date = match edge {
            Edge::Start => date,
            Edge::End => date.checked_add(1.day()).ok()?,
        };
        Some(date.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_second())
    };
    day(text)
        .map(Some)
        .ok_or_else(|| format!("{text:?} is neither a day (2027-01-31) nor a time with a zone (2027-01-31T18:00:00Z)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Row>, String> {
        parse(text.as_bytes(), &TimeZone::UTC).map(|listed| listed.rows).map_err(|error| error.to_string())
    }

    #[test]
    fn a_full_line() {
        let text = "id,name,groups,mode,valid_from,valid_to,cards,note\n\
                    e17, Zoë ,staff;night,card_and_face,2027-01-31,2027-02-01,,\"says \"\"hi\"\"\"\n\
                    ,Bo,,,,2027-01-01T12:00:00+01:00,,\n";
        let rows = parsed(text).unwrap();
        assert_eq!(rows[0].line, 2);
        assert_eq!(rows[0].id.as_deref(), Some("e17"));
        assert_eq!(rows[0].name.as_str(), "Zoë");
        let details = &rows[0].details;
        assert_eq!(details.groups, ["staff", "night"]);
        assert_eq!((details.mode, details.note.as_str()), (Mode::CardAndFace, "says \"hi\""));
        assert_eq!((details.valid_from, details.valid_until), (Some(1_801_353_600), Some(1_801_526_400)));
        assert_eq!((rows[1].line, rows[1].id.as_ref()), (3, None));
        assert_eq!(rows[1].details.valid_until, Some(1_798_801_200));
    }

    #[test]
    fn modes_are_read_as_in_the_configuration_and_as_in_json() {
        for (text, expected) in [
            ("card-and-face", Mode::CardAndFace),
            ("card_and_face", Mode::CardAndFace),
            ("card-or-face", Mode::CardOrFace),
            ("card_or_face", Mode::CardOrFace),
            ("face", Mode::Face),
            ("card", Mode::Card),
            ("default", Mode::Default),
            ("", Mode::Default),
        ] {
            assert_eq!(parsed(&format!("name,mode\nBo,{text}\n")).unwrap()[0].details.mode, expected, "{text:?}");
        }
    }

    #[test]
    fn a_day_is_a_day_where_the_administrator_is() {
        let zone = TimeZone::fixed(jiff::tz::offset(3));
        let rows = parse(b"name,valid_from\nBo,1970-01-02\n", &zone).unwrap().rows;
        assert_eq!(rows[0].details.valid_from, Some(86_400 - 3 * 3600));
    }

    #[test]
    fn a_column_about_storage_applies_where_it_exists() {
        for (text, has_basis, is_informed, keep_until) in [
            ("name\nBo\n", true, true, None),
            ("name,basis\nBo,consent 2026-11-02\n", true, true, None),
            ("name,basis\nBo,\n", false, true, None),
            ("name,informed_on\nBo,2026-11-02\n", true, true, None),
            ("name,informed_on\nBo,\n", true, false, None),
            ("name,keep_until\nBo,1970-01-01\n", true, true, Some(86_400)),
            ("name,keep_until\nBo,\n", true, true, None),
        ] {
            let expected = Retention { has_basis, is_informed, keep_until };
            assert_eq!(parsed(text).unwrap()[0].retention, expected, "{text:?}");
        }
        let needs_basis = |text: &str| parse(text.as_bytes(), &TimeZone::UTC).unwrap().needs_basis;
        assert!(needs_basis("name,basis\n") && !needs_basis("name\n"));
    }

    #[test]
    fn cards_in_any_form() {
        let rows = parsed("name,cards\nBo, 0008108654; 123:47726 ;;0xffffffff\n").unwrap();
        let numbers: Vec<u64> = rows[0].cards.iter().map(|card| card.value()).collect();
        assert_eq!(numbers, [8_108_654, 0xffff_ffff]);
        assert_eq!(rows[0].details, Details::default());
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        for text in [
            "\u{feff}name,note\r\nBo,x\r\n",
            "Name;Note\nBo;x",
            "note,name\n x , Bo \n\n",
            "sep=;\r\nname;note;;\r\nBo;x;;\r\n;;;\r\n",
            "name\tnote\r\nBo\tx",
            "name,mode,note,cards\nBo,,x\n",
        ] {
            let rows = parsed(text).unwrap();
            assert_eq!((rows[0].name.as_str(), rows[0].details.note.as_str()), ("Bo", "x"), "{text:?}");
        }
        assert_eq!(parsed("name\n").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let long = "x".repeat(129);
        for (text, expected) in [
            ("", "no column \"name\""),
            ("note\n", "no column \"name\""),
            ("name,nick\n", "unknown column \"nick\""),
            ("name,name\n", "twice"),
            ("name,note\nBo,\n,x\n", "line 3: the name is empty"),
            ("name,mode\nBo\n", "line 2: it has 1 of 2 fields; \"mode\" is missing"),
            ("name,groups,mode\nBo,face\n", "line 2: it has 2 of 3 fields; \"mode\" is missing"),
            (
                "name,mode\r\nAnn,face\r\nBo,fae\r\n",
                "line 3, mode: \"fae\" is none of face, card-and-face, card-or-face, card;",
            ),
            ("name,mode\n\n\nBo,fae\n", "line 4, mode"),
            ("name,informed_on\nBo,yes\n", "line 2, informed_on: \"yes\" is not a day"),
            ("name,keep_until\nBo,soon\n", "line 2, keep_until: \"soon\" is neither a day"),
            ("name,basis\nBo\n", "\"basis\" is missing"),
            ("name,note,mode\nAnn,\"a\nb\",face\nBo,,fae\n", "line 4, mode"),
            ("sep=;\nname;mode\nBo;fae\n", "line 3, mode"),
            ("name,,\nBo,,face\n", "line 2: column 3 contains \"face\", but has no name in the first line"),
            ("name\nBo,face\n", "line 2: column 2 contains \"face\", but has no name in the first line"),
            ("name,note\nBo,\"x\nAnn,y\n", "line 2: a quotation mark is not closed"),
            (&format!("name\n{long}\n"), "line 2: the name has 129 bytes"),
            ("name\nB\u{7}o\n", "line 2: the name holds the control character U+0007"),
            ("name,mode\nBo,both\n", "line 2, mode: \"both\" is none of"),
            ("name,cards\nBo,4711;12a\n", "line 2, cards: card 2: it is not a number"),
            ("name,cards\nBo,256:1\n", "line 2, cards: card 1: a facility code is 0 to 255"),
            ("name,cards\nBo,8.1E+06\n", "line 2, cards: card 1: it is not a number"),
            ("name,cards\nBo,1;2;3;4;5;6;7;8;9\n", "line 2, cards: 9 cards: at most 8"),
            ("name,valid_from\nBo,31.1.2027\n", "line 2, valid_from: \"31.1.2027\" is neither"),
            ("name,valid_from\nBo,2027-02-30\n", "line 2, valid_from"),
            ("name,valid_from\nBo,2027-01-31T18:00:00\n", "line 2, valid_from"),
            ("name,valid_from,valid_to\nBo,2027-02-02,2027-02-01\n", "line 2, valid_to: it is not after"),
            ("name,groups\nBo,a;b;c;d;e;f;g;h;i\n", "line 2, groups: 9 groups"),
            ("name,groups\nBo,gggggggggggggggggggggggggggggggggggg\n", "line 2, groups"),
            ("name,note\nBo,a\u{1b}[31m\n", "line 2, note: it holds the control character U+001B"),
        ] {
            let message = parsed(text).unwrap_err();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
        let message = parse(b"name\nB\xff\n", &TimeZone::UTC).unwrap_err().to_string();
        assert!(message.contains("UTF-8"), "{message}");
    }
}
