//! The people in the soak test's databases.

use super::visitor_passes::accepted;
use policy::CHALLENGED_GROUP;
use shared::card::{CardKey, CardNumber};
use shared::encoding::Encoding;
use shared::gallery::{
    Details, GalleryBuilder, Mode, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
};
use shared::schedule::{Calendar, DoorHours, DoorUse, Period, Schedule, Schedules, Weekdays};

pub(super) const MODEL: ModelHash = ModelHash([1; 32]);
/// People are numbered. These are enrolled in every database; how many more are depends on the sequence number.
const ALWAYS: u8 = 12;
pub(super) const AT_MOST: u8 = 20;
const CARD_KEY: CardKey = CardKey([7; 32]);
pub(super) const FROM_MINUTE: u16 = 6 * 60;
pub(super) const UNTIL_MINUTE: u16 = 22 * 60;

pub(super) fn id_of(number: u8) -> PersonId {
    PersonId([number + 1; 16])
}

pub(super) fn number_of(id: PersonId) -> u8 {
    id.0[0] - 1
}

/// Every third person needs card and face, some of the others either; every twelfth has no face, and for some the door
/// decides.
pub(super) fn mode_of(number: u8) -> Mode {
    match number {
        number if number % 12 == 11 => Mode::Card,
        number if number % 3 == 0 => Mode::CardAndFace,
        number if number % 4 == 1 => Mode::CardOrFace,
        number if number % 8 == 2 => Mode::Default,
        _ => Mode::Face,
    }
}

/// When the door asks for a card and a face.
pub(super) const NIGHT: (u16, u16) = (22 * 60, 6 * 60);
/// When the door is held open once somebody with a key has come in.
pub(super) const OPEN: (u16, u16) = (10 * 60, 16 * 60);
/// The group that a lockdown may admit.
pub(super) const WARDENS: &str = "wardens";

/// Whether their entry opens the door for everybody.
pub(super) fn has_key(number: u8) -> bool {
    number % 6 == 4
}

pub(super) fn is_warden(number: u8) -> bool {
    number % 5 == 1
}

/// Whether a schedule limits their hours.
pub(super) fn has_hours(number: u8) -> bool {
    number % 5 == 2
}

/// Whether they must pass the liveness challenge.
pub(super) fn is_challenged(number: u8) -> bool {
    number.is_multiple_of(4)
}

pub(super) fn card_of(number: u8) -> CardNumber {
    CardNumber::new(1000 + u64::from(number)).unwrap()
}

/// How many people the database with this sequence number has.
pub(super) fn person_count(sequence: u64) -> u8 {
    ALWAYS + (sequence % u64::from(AT_MOST - ALWAYS + 1)) as u8
}

/// A database file.
pub(super) fn database(sequence: u64, model: ModelHash) -> Vec<u8> {
    let mut builder = GalleryBuilder::new(sequence, model, 2).unwrap();
    builder.set_card_key(CARD_KEY).unwrap();
    for number in 0..person_count(sequence) {
        let groups = [
            ("day", has_hours(number)),
            (CHALLENGED_GROUP, is_challenged(number)),
            ("keys", has_key(number)),
            (WARDENS, is_warden(number)),
        ];
        let groups = groups.iter().filter(|(_, is_in)| *is_in).map(|(group, _)| (*group).to_owned()).collect();
        let (mode, cards) = (mode_of(number), vec![CARD_KEY.hash(card_of(number))]);
        let encoding = Encoding::from_network(&[1.0, f32::from(number)]).unwrap();
        let face = NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true };
        builder
            .add_person(NewPerson {
                id: id_of(number),
                name: PersonName::parse(&format!("person {number}")).unwrap(),
                details: Details { groups, mode, cards, ..Details::default() },
                encodings: if mode == Mode::Card { Vec::new() } else { vec![face] },
            })
            .unwrap();
    }
    let hours = Period { weekdays: Weekdays::ALL, from_minute: FROM_MINUTE, until_minute: UNTIL_MINUTE };
    let day = Schedule {
        name: "day".to_owned(),
        groups: vec!["day".to_owned()],
        people: Vec::new(),
        calendar: Calendar::of(vec![hours]),
        after_first_of: None,
    };
    let door_hours = |name: &str, does, (from_minute, until_minute)| {
        let period = Period { weekdays: Weekdays::ALL, from_minute, until_minute };
        DoorHours { name: name.to_owned(), doors: Vec::new(), does, calendar: Calendar::of(vec![period]) }
    };
    let doors = vec![
        door_hours("night", DoorUse::Asks(Mode::CardAndFace), NIGHT),
        door_hours("open", DoorUse::HeldOpen { after_first_of: "keys".to_owned() }, OPEN),
    ];
    builder.set_schedules(Schedules::new(vec![day]).and_then(|day| day.with_doors(doors)).unwrap()).unwrap();
    builder.set_passes(accepted(sequence));
    builder.encode().unwrap()
}
