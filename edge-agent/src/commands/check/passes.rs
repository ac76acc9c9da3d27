//! Warns if visitor passes are switched on and could not open the door.

use crate::config::Config;
use shared::gallery::Gallery;

/// Warnings about passes; none if the door accepts none. `has_key`: whether the unit has a key of its own.
pub(super) fn warnings(config: &Config, gallery: &Gallery, has_key: bool) -> Vec<String> {
    let faults = [
        (
            gallery.passes().is_empty(),
            "the people database names no pass key, so no pass opens this door: issue a pass with `encoder-tool pass \
             issue`, then build the database and ship it",
        ),
        (
            !has_key,
            "this unit has no key of its own, so no pass can name it, and only passes for a group open this door: run \
             `edge-agent keygen`, and restart the unit",
        ),
        (
            config.reader.is_none(),
            "no [reader] is configured, so passes that need the host's card do not open this door",
        ),
    ];
    let found = faults.into_iter().filter(|(is_so, _)| config.door.passes && *is_so);
    found.map(|(_, warning)| format!("[door] passes is true, but {warning}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::testing::nobody;
    use shared::gallery::GalleryBuilder;
    use shared::pass::AcceptedPasses;
    use shared::seal::PassKey;

    #[test]
    fn passes_that_could_not_open_give_warnings() {
        let mut builder = GalleryBuilder::from_gallery(nobody(), 1);
        builder.set_passes(AcceptedPasses::new(vec![PassKey::from_random(&[1; 32]).issuer()], Vec::new()).unwrap());
        let with_key = builder.build();
        let (on, reader) = ("[door]\npasses = true\n", "[reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\n");
        for (text, gallery, has_key, expected) in [
            ("", &nobody(), false, &[][..]),
            (&format!("{on}{reader}"), &with_key, true, &[]),
            (&format!("{on}{reader}"), &nobody(), true, &["names no pass key"]),
            (&format!("{on}{reader}"), &with_key, false, &["no key of its own"]),
            (on, &with_key, true, &["no [reader]"]),
        ] {
            let found = warnings(&Config::parse(text).unwrap(), gallery, has_key);
            assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
            assert!(found.iter().zip(expected).all(|(found, expected)| found.contains(expected)), "{found:?}");
        }
    }
}
