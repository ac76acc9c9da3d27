//! The last signed order whose number is used up, kept in a file so that a restart does not allow it again.

use super::OrderReport;
use anyhow::Context;
use files::{Folder, Storage, folder_of, name_of};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The file.
pub(crate) struct LastOrderFile {
    storage: Box<dyn Storage>,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<T> {
    schema: u32,
    last: T,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// There was no order.
    Nothing,
    /// The last one.
    Order(OrderReport),
    /// It cannot be used, for this reason.
    Damaged(String),
}

impl LastOrderFile {
    /// The file `name` in this storage.
    pub(crate) fn new(storage: Box<dyn Storage>, name: &str) -> Self {
        Self { storage, name: name.to_owned() }
    }

    /// The file at this path.
    ///
    /// # Errors
    /// If the path does not end in a file name.
    pub(crate) fn at(path: &Path) -> anyhow::Result<Self> {
        let name = name_of(path).context("[door] memory")?;
        Ok(Self::new(Box::new(Folder::at(folder_of(path))), name))
    }

    pub(super) fn read(&mut self) -> Kept {
        match self.storage.read(&self.name) {
            Ok(None) => Kept::Nothing,
            Ok(Some(text)) => parse(&text),
            Err(error) => Kept::Damaged(format!("cannot be read: {error}")),
        }
    }

    /// Replaces the content of the file.
    ///
    /// # Errors
    /// If it cannot be written; the file then has the old or the new content.
    pub(super) fn save(&mut self, last: &OrderReport) -> io::Result<()> {
        let text = serde_json::to_vec(&Content { schema: 1, last }).map_err(io::Error::other)?;
        self.storage.replace(&self.name, &text)
    }
}

/// Parses the content of the file.
pub(super) fn parse(text: &[u8]) -> Kept {
    match serde_json::from_slice(text) {
        Ok(Content { schema: 1, last }) => Kept::Order(last),
        Ok(Content { schema, .. }) => Kept::Damaged(format!("has an unknown version ({schema})")),
        Err(error) => Kept::Damaged(format!("is damaged: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::power_cut::{Loss, PowerCut};

    fn order(number: u64) -> OrderReport {
        OrderReport { number, command: "forget".to_owned(), refused: None, outcome: Some("done".to_owned()) }
    }

    #[test]
    fn damage_is_noticed() {
        for text in ["", "{}", "\0", "null", r#"{"schema":1,"last":null}"#, r#"{"schema":1,"last":{"number":5}}"#] {
            assert!(matches!(parse(text.as_bytes()), Kept::Damaged(_)), "{text:?}");
        }
    }

    /// After a power cut at any operation, the file has either the old or the new content, and the new one once it was
    /// saved.
    #[test]
    fn the_power_is_cut_at_every_operation() {
        let mut cuts = 0;
        for operation in 0.. {
            let disk = PowerCut::default();
            LastOrderFile::new(Box::new(disk.clone()), "o").save(&order(1)).unwrap();
            disk.cut_at(operation, false);
            let mut file = LastOrderFile::new(Box::new(disk.clone()), "o");
            let saved = file.save(&order(2));
            if !disk.is_off() {
                assert_eq!(file.read(), Kept::Order(order(2)));
                break;
            }
            cuts += 1;
            for loss in Loss::kinds(disk.last_append()) {
                let found = LastOrderFile::new(Box::new(disk.after(loss)), "o").read();
                let is_whole = found == Kept::Order(order(2)) || saved.is_err() && found == Kept::Order(order(1));
                assert!(is_whole, "operation {operation}, {loss:?}: {found:?} after {saved:?}");
            }
        }
        assert!(cuts > 3, "{cuts}");
    }
}
