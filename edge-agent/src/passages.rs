//! Who went through the doors of other units of this computer, told by files in a folder that they share: each unit
//! writes one of its own, `DOOR.passages`, and reads those of the others.

use files::Storage;
use shared::policy::Passage;
use std::collections::HashMap;

const SUFFIX: &str = ".passages";

/// The other doors, and what was heard of them.
pub(crate) struct OtherDoors {
    storage: Box<dyn Storage>,
    own: String,
    heard: HashMap<String, Vec<u8>>,
    is_failing: bool,
}

impl OtherDoors {
    /// In this folder, where this door is called so.
    pub(crate) fn new(storage: Box<dyn Storage>, door: &str) -> Self {
        Self { storage, own: format!("{door}{SUFFIX}"), heard: HashMap::new(), is_failing: false }
    }

    /// Passages that were not heard of before. What cannot be read is passed over, and said once.
    pub(crate) fn news(&mut self) -> Vec<Passage> {
        let names = match self.storage.list() {
            Ok(names) => names,
            Err(error) => {
                self.complain("heard of", &error);
                return Vec::new();
            }
        };
        let others = names.into_iter().filter(|name| name.ends_with(SUFFIX) && *name != self.own);
        let others: Vec<String> = others.collect();
        others.into_iter().flat_map(|name| self.news_of(name)).collect()
    }

    fn news_of(&mut self, name: String) -> Vec<Passage> {
        let text = match self.storage.read(&name) {
            Ok(Some(text)) if self.heard.get(&name) != Some(&text) => text,
            Ok(_) => return Vec::new(),
            Err(error) => {
                self.complain("heard of", &error);
                return Vec::new();
            }
        };
        let passages = serde_json::from_slice(&text);
        self.heard.insert(name, text);
        passages.unwrap_or_else(|error| {
            self.complain("heard of", &error.into());
            Vec::new()
        })
    }

    /// Tells the others, of all passages that are known here.
    pub(crate) fn tell(&mut self, passages: &[Passage]) {
        let told = serde_json::to_vec(passages)
            .map_err(std::io::Error::other)
            .and_then(|text| self.storage.replace(&self.own, &text));
        if let Err(error) = told {
            self.complain("told", &error);
        }
    }

    fn complain(&mut self, what: &str, error: &std::io::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!("[anti-passback] shared-folder: other doors are not {what}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::Memory;
    use shared::gallery::PersonId;
    use shared::policy::Direction;

    fn passage(number: u8) -> Passage {
        Passage { person: PersonId([number; 16]), direction: Direction::In, utc_ms: 1_800_000_000_000 }
    }

    #[test]
    fn doors_hear_of_each_other_once_and_not_of_themselves() {
        let folder = Memory::default();
        let mut front = OtherDoors::new(Box::new(folder.clone()), "front");
        let mut back = OtherDoors::new(Box::new(folder), "back");
        assert_eq!(back.news(), []);
        front.tell(&[passage(1)]);
        assert_eq!(front.news(), []);
        assert_eq!(back.news(), [passage(1)]);
        assert_eq!(back.news(), []);
        front.tell(&[passage(1), passage(2)]);
        assert_eq!(back.news(), [passage(1), passage(2)]);
    }

    #[test]
    fn a_damaged_file_of_another_door_is_passed_over() {
        let mut folder = Memory::default();
        folder.append("cellar.passages", b"[{").unwrap();
        folder.append("notes.txt", b"[{").unwrap();
        OtherDoors::new(Box::new(folder.clone()), "front").tell(&[passage(1)]);
        assert_eq!(OtherDoors::new(Box::new(folder), "back").news(), [passage(1)]);
    }
}
