//! `[[reader.wiegand-format]]`: the formats of the cards of a Wiegand reader, or of one that sends their bits over OSDP.

use serde::Deserialize;
use shared::card::{ByteOrder, DrawingError, KNOWN_WIEGAND_FORMATS, TableError, WiegandFormat, WiegandFormats};
use std::collections::BTreeSet;

/// The formats, at most one of each length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Entry>")]
pub struct WiegandTable {
    formats: WiegandFormats,
    uncovered: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    name: String,
    fields: Option<String>,
    parity: Option<Vec<String>>,
    #[serde(default)]
    byte_order: ByteOrder,
}

/// Why an entry is not a format, or the entries are not a table.
#[derive(Debug, thiserror::Error)]
enum WiegandTableError {
    #[error("reader.wiegand-format {name:?} is not known by name: use one of {known}, or describe it with fields and parity", known = known_names())]
    NotKnown { name: String },
    #[error("reader.wiegand-format {name:?} is known by name: give no fields and no parity, or another name")]
    Redefined { name: String },
    #[error("reader.wiegand-format {name:?} is listed twice")]
    SameName { name: String },
    #[error("reader.wiegand-format {name:?}: {error}")]
    Drawing { name: String, error: DrawingError },
    #[error("reader.wiegand-format: {0}; remove one of them")]
    Table(#[from] TableError),
}

impl WiegandTable {
    /// The formats.
    pub const fn formats(&self) -> &WiegandFormats {
        &self.formats
    }

    /// The names of the formats in which a flipped bit can make the number of another card.
    pub fn uncovered(&self) -> &[String] {
        &self.uncovered
    }
}

impl TryFrom<Vec<Entry>> for WiegandTable {
    type Error = WiegandTableError;

    fn try_from(entries: Vec<Entry>) -> Result<Self, Self::Error> {
        let (mut names, mut formats, mut uncovered) = (BTreeSet::new(), Vec::new(), Vec::new());
        for entry in entries {
            let name = entry.name.clone();
            let format = entry.format()?;
            if format.uncovered_bits() > 0 {
                uncovered.push(name.clone());
            }
            formats.push(format);
            if let Some(name) = names.replace(name) {
                return Err(WiegandTableError::SameName { name });
            }
        }
        Ok(Self { formats: WiegandFormats::new(formats)?, uncovered })
    }
}

impl Entry {
    fn format(self) -> Result<WiegandFormat, WiegandTableError> {
        let Self { name, fields, parity, byte_order } = self;
        let format = match (WiegandFormat::known(&name), fields, parity) {
            (Some(known), None, None) => known.with_byte_order(byte_order),
            (Some(_), ..) => return Err(WiegandTableError::Redefined { name }),
            (None, Some(fields), parity) => {
                let parity = parity.unwrap_or_default();
                let parity: Vec<&str> = parity.iter().map(String::as_str).collect();
                WiegandFormat::drawn(&fields, &parity, byte_order)
            }
            (None, None, _) => return Err(WiegandTableError::NotKnown { name }),
        };
        format.map_err(|error| WiegandTableError::Drawing { name, error })
    }
}

fn known_names() -> String {
    let names: Vec<&str> = KNOWN_WIEGAND_FORMATS.iter().map(|(name, ..)| *name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Reader};

    const READER: &str = "[reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\n";

    fn table(entries: &[&str]) -> Result<(Vec<usize>, Vec<String>), String> {
        let entries = entries.iter().map(|entry| format!("[[reader.wiegand-format]]\n{entry}\n"));
        let text = format!("{READER}{}", entries.collect::<String>());
        let config = Config::parse(&text).map_err(|error| error.to_string())?;
        let Some(Reader::Wiegand { wiegand_format, .. }) = config.reader else { panic!("{text}") };
        let bits = wiegand_format.formats().iter().map(shared::card::WiegandFormat::bits).collect();
        Ok((bits, wiegand_format.uncovered().to_vec()))
    }

    #[test]
    fn formats_are_known_by_name_or_drawn() {
        assert_eq!(table(&[]), Ok((vec![26, 34], vec![])));
        assert_eq!(table(&["name = \"corporate-1000-48\"", "name = \"h10301\""]), Ok((vec![26, 48], vec![])));
        let own = "name = \"own\"\nfields = \"NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN\"";
        assert_eq!(table(&[own]), Ok((vec![32], vec!["own".to_owned()])));
        let reversed = "\nbyte-order = \"least-significant-first\"";
        assert!(table(&[&format!("{own}{reversed}"), &format!("name = \"h10301\"{reversed}")]).is_ok());
        for (entries, named) in [
            (&["name = \"26\""][..], "\"26\" is not known by name: use one of h10301, h10306, corporate-1000-35"),
            (&["name = \"h10301\"\nfields = \"NN\""], "\"h10301\" is known by name"),
            (&["name = \"h10301\"", "name = \"h10301\""], "\"h10301\" is listed twice"),
            (&["name = \"h10301\"\nbits = 26"], "bits"),
            (&["name = \"own\"\nfields = \"NN\""], "\"own\": fields has 2 letters: a frame has 26 to 64 bits"),
            (&["name = \"h10304\"\nbyte-order = \"least-significant-first\""], "35 bits, not whole bytes"),
            (
                &[own, "name = \"other\"\nfields = \"FFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNN\""],
                "two formats have 32 bits: a frame does not name its format",
            ),
        ] {
            let refusal = table(entries).unwrap_err();
            assert!(refusal.contains(named), "{entries:?}: {refusal}");
        }
    }
}
