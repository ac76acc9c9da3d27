//! Keys that stand for people and photos in addresses, so that no name and no path is in one. They are no secret:
//! anybody can compute the key of a name.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use shared::gallery::PersonName;

/// Bytes of a key: two of a million are the same with a probability of 10^-12.
const BYTES: usize = 11;

/// The key of a person.
pub(super) fn of_person(name: &PersonName) -> String {
    of(b"person", &name.collision_key())
}

/// The key of a photo, `person/photo`.
pub(super) fn of_photo(shown: &str) -> String {
    of(b"photo", shown)
}

/// The key of a door.
pub(super) fn of_door(name: &str) -> String {
    of(b"door", name)
}

/// What a form was made from: if it is another when the form comes back, somebody changed it meanwhile.
pub(super) fn version<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new_with_prefix(b"version");
    for field in fields {
        digest.update((field.len() as u64).to_le_bytes());
        digest.update(field);
    }
    HEXLOWER.encode(&digest.finalize()[..BYTES])
}

fn of(kind: &[u8], text: &str) -> String {
    let digest = Sha256::new_with_prefix(kind).chain_update([0]).chain_update(text).finalize();
    HEXLOWER.encode(&digest[..BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_hexadecimal_and_ignores_case() {
        let key = |name| of_person(&PersonName::parse(name).unwrap());
        assert_eq!(key("Zoë"), key("ZOË"));
        assert_ne!(key("Zoë"), key("Zoe"));
        assert_ne!(of_photo("a"), of_person(&PersonName::parse("a").unwrap()));
        assert!(key("../x").chars().all(|c| c.is_ascii_hexdigit()));
    }

    #[test]
    fn a_text_that_moves_to_the_next_field_is_another_version() {
        assert_ne!(version(["ab", "c"]), version(["a", "bc"]));
        assert_eq!(version(["ab", "c"]), version(["ab", "c"]));
    }
}
