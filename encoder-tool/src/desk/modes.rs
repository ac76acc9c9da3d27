//! What people show at a door, as the pages say it.

use super::texts::Texts;

/// The modes of `people.csv`, with their words; the first leaves it to the door.
pub(super) fn choices(t: &Texts) -> [(&'static str, &'static str); 5] {
    [
        ("", t.mode_of_door),
        ("face", t.mode_face),
        ("card-and-face", t.mode_card_and_face),
        ("card-or-face", t.mode_card_or_face),
        ("card", t.mode_card),
    ]
}

/// The words for a mode of `people.csv`.
pub(super) fn in_words(t: &Texts, mode: &str) -> &'static str {
    let mode = as_in_choices(mode);
    let known = choices(t).into_iter().find(|(choice, _)| *choice == mode);
    known.map_or(t.mode_of_door, |(_, words)| words)
}

/// `people.csv` may have underscores.
pub(super) fn as_in_choices(mode: &str) -> String {
    mode.replace('_', "-")
}
