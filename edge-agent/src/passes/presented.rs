//! Turns the text of a code into a pass for the policy, with what the database says about it.

use policy::{Host, PresentedPass, VisitorPass};
use shared::gallery::Gallery;
use shared::pass::{DoorTag, HostTag, Pass, PassError};

/// The doors of a pass that this unit is: itself, and its groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnitDoors {
    /// `None` if the unit has no key of its own.
    pub(super) unit: Option<DoorTag>,
    pub(super) groups: Vec<DoorTag>,
}

/// Reads the text of a code.
pub(crate) fn presented(text: &str, gallery: &Gallery, doors: &UnitDoors) -> PresentedPass {
    match Pass::verify(text, gallery.passes().issuers()) {
        Ok(pass) => PresentedPass::Of(looked_up(&pass, gallery, doors)),
        Err(PassError::NotSigned) => PresentedPass::NotGenuine,
        Err(_) => PresentedPass::NotAPass,
    }
}

fn looked_up(pass: &Pass, gallery: &Gallery, doors: &UnitDoors) -> VisitorPass {
    const MINUTE_MS: i64 = 60_000;
    let (from_minute, until_minute) = (pass.hours().from_minute, pass.hours().until_minute());
    // Both are below 2^33.
    let mut found = VisitorPass::new(
        pass.id(),
        i64::from(from_minute) * MINUTE_MS,
        i64::try_from(until_minute).unwrap_or(0) * MINUTE_MS,
        pass.uses(),
    );
    found.is_for_this_door = pass.is_for(doors.unit, &doors.groups);
    found.is_revoked = gallery.passes().is_revoked(pass.id());
    found.host = pass.host().map_or(Host::NotNeeded, |host| host_in(gallery, host));
    found
}

/// The host, if exactly one enrolled person can be meant.
fn host_in(gallery: &Gallery, host: HostTag) -> Host {
    let mut people = gallery.people().iter().map(|person| person.id).filter(|id| host.is(id));
    match (people.next(), people.next()) {
        (Some(person), None) => Host::Needed(person),
        _ => Host::NotEnrolled,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use shared::card::{CardFormat, CardHash, CardKey};
    use shared::gallery::{Details, GalleryBuilder, Mode, ModelHash, NewPerson, PersonId, PersonName};
    use shared::pass::{AcceptedPasses, PassHours, PassId, RevokedPass};
    use shared::seal::PassKey;

    pub(crate) fn key() -> PassKey {
        PassKey::from_random(&[1; 32])
    }

    fn id(number: u8) -> PassId {
        PassId([number; 6])
    }

    /// People whose ids begin with 1, 2 and 2 again; the pass with the number 9 is revoked.
    pub(crate) fn gallery() -> Gallery {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        builder.set_card_key(CardKey([0; 32])).unwrap();
        for (number, first) in [1, 2, 2].into_iter().enumerate() {
            let mut person = PersonId([first; 16]);
            person.0[15] = number as u8;
            let cards = vec![CardHash { format: CardFormat(1), hash: [number as u8; 16] }];
            let details = Details { mode: Mode::Card, cards, ..Details::default() };
            let name = PersonName::parse(&format!("Person {number}")).unwrap();
            builder.add_person(NewPerson { id: person, name, details, encodings: Vec::new() }).unwrap();
        }
        let revoked = RevokedPass { id: id(9), until_minute: 40_000_000 };
        builder.set_passes(AcceptedPasses::new(vec![key().issuer()], vec![revoked]).unwrap());
        builder.build()
    }

    pub(crate) fn doors() -> UnitDoors {
        UnitDoors { unit: Some(DoorTag::of_group("this unit")), groups: vec![DoorTag::of_group("office")] }
    }

    pub(crate) fn signed(number: u8, uses: Option<u8>, door: &str, host: Option<u8>) -> String {
        let hours = PassHours { from_minute: 30_000_000, minutes: 60 };
        let host = host.map(|first| HostTag::of(&PersonId([first; 16])));
        Pass::new(id(number), hours, uses, &[DoorTag::of_group(door)], host).unwrap().sign(&key())
    }

    #[test]
    fn a_pass_is_looked_up_in_the_database() {
        let genuine = signed(1, Some(1), "this unit", None);
        let by_another = Pass::verify(&genuine, &[key().issuer()]).unwrap().sign(&PassKey::from_random(&[2; 32]));
        let plain = VisitorPass::new(id(1), 1_800_000_000_000, 1_800_003_600_000, Some(1));
        let with = |change: fn(&mut VisitorPass)| {
            let mut changed = plain;
            change(&mut changed);
            PresentedPass::Of(changed)
        };
        for (text, expected) in [
            (genuine.clone(), PresentedPass::Of(plain)),
            (signed(9, Some(1), "this unit", None), with(|pass| (pass.id, pass.is_revoked) = (id(9), true))),
            (signed(1, Some(1), "that unit", None), with(|pass| pass.is_for_this_door = false)),
            (signed(1, Some(1), "office", None), with(|pass| pass.is_for_this_door = false)),
            (signed(1, None, "office", None), with(|pass| pass.uses = None)),
            (
                signed(1, Some(1), "this unit", Some(1)),
                with(|pass| pass.host = Host::Needed(PersonId([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]))),
            ),
            (signed(1, Some(1), "this unit", Some(2)), with(|pass| pass.host = Host::NotEnrolled)),
            (signed(1, Some(1), "this unit", Some(3)), with(|pass| pass.host = Host::NotEnrolled)),
            (by_another, PresentedPass::NotGenuine),
            (genuine[..genuine.len() - 2].to_owned(), PresentedPass::NotAPass),
            ("HELLO".to_owned(), PresentedPass::NotAPass),
            ("https://example.org".to_owned(), PresentedPass::NotAPass),
            ("A".repeat(151), PresentedPass::NotAPass),
        ] {
            assert_eq!(presented(&text, &gallery(), &doors()), expected, "{text}");
        }
        let without_key = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap().build();
        assert_eq!(presented(&genuine, &without_key, &doors()), PresentedPass::NotGenuine);
    }
}
