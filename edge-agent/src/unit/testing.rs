//! Grants for tests, made by the policy, because nothing else can make one.

use policy::{Decision, Enrolled, Entry, HeldOpen, Hold, Now, Observation, ObservedFace, Policy, Resemblance, Rules};
use shared::encoding::Encoding;
use shared::face::FaceBox;
use shared::gallery::{
    Details, Gallery, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
};
use shared::schedule::{Calendar, DoorHours, DoorUse, Period, ScheduleSet, Schedules, Weekdays};

/// An enrolled person.
pub(crate) const PERSON: PersonId = PersonId([7; 16]);

/// An empty gallery.
pub(crate) fn nobody() -> Gallery {
    GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap().build()
}

/// Rules that need only one frame.
pub(crate) fn rules() -> Rules {
    let mut rules = Rules::face_alone(1.0);
    (rules.consensus, rules.consensus_of) = (1, 1);
    rules
}

/// A face at this L2 distance from [`PERSON`].
pub(crate) fn face(distance: f32) -> ObservedFace {
    let mut face = ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: 100.0, height: 120.0 });
    face.resembles = Some(Resemblance::new(Enrolled::new(PERSON), distance));
    face
}

/// A grant.
pub(crate) fn grant() -> Entry {
    let faces = [face(0.5)];
    match Policy::new(rules()).unwrap().decide(&Observation::new(&faces), &Now::trusted(0, 0)) {
        Decision::Grant(grant) => grant,
        other => panic!("{other:?}"),
    }
}

/// Hours in which the door is held open all day, once somebody of the staff has come in.
pub(crate) fn open_all_day() -> Schedules {
    let does = DoorUse::HeldOpen { after_first_of: "staff".to_owned() };
    let day = Period { weekdays: Weekdays::ALL, from_minute: 0, until_minute: 1440 };
    let hours = DoorHours { name: "day".to_owned(), doors: Vec::new(), does, calendar: Calendar::of(vec![day]) };
    Schedules::NONE.with_doors(vec![hours]).unwrap()
}

/// A grant that holds the door open.
pub(crate) fn held_open() -> HeldOpen {
    let (mut policy, schedules, now) = (Policy::new(rules()).unwrap(), open_all_day(), Now::trusted(0, 0));
    let mut first = face(0.5);
    let mut staff = Enrolled::new(PERSON);
    staff.hours.holds_open = ScheduleSet::from_indices([0]);
    first.resembles = Some(Resemblance::new(staff, 0.5));
    let faces = [first];
    let Decision::Grant(_) = policy.decide(&Observation::new(&faces).with_schedules(&schedules), &now) else {
        panic!("not let in")
    };
    match policy.hold_open(&schedules, false, &now) {
        Hold::Begins(held) => held,
        other => panic!("{other:?}"),
    }
}

/// [`PERSON`] is of the staff, and the door is held open once they have come in.
pub(crate) fn staff() -> Gallery {
    let encoding = Encoding::from_network(&[1.0, 0.0]).unwrap();
    let person = NewPerson {
        id: PERSON,
        name: PersonName::parse("Ada").unwrap(),
        details: Details { groups: vec!["staff".to_owned()], ..Details::default() },
        encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true }],
    };
    let mut builder = GalleryBuilder::new(2, ModelHash([0; 32]), 2).unwrap();
    builder.add_person(person).unwrap();
    builder.set_schedules(open_all_day()).unwrap();
    builder.build()
}
