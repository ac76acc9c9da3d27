use super::*;
use proptest::prelude::*;
use shared::gallery::{Details, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest};

/// A gate of two dimensions. The mean lies along the first; a face passes if the network's output is longer than 10.
fn learnt() -> Learnt {
    Learnt {
        learnt_with: ModelHash([7; 32]),
        learnt_from: "a test".to_owned(),
        mean: vec![0.5, 0.0],
        weights: vec![0.0, 0.0],
        length: Term { mean: 10.0, spread: 2.0, weight: 1.0 },
        confidence: Term { mean: 0.9, spread: 0.1, weight: 0.0 },
        constant: 0.0,
        clearance: 0.25,
        plain_from: 20.0,
        crowded: 0.75,
        prototypes: vec![0, -100],
    }
}

fn gate() -> Arc<Gate> {
    Arc::new(Gate::new(learnt()).unwrap())
}

fn standing(raw: [f32; 2]) -> Standing {
    Standing::new(Some(&gate()), &Encoded::from_network(&raw).unwrap(), 0.9)
}

fn unit(raw: [f32; 2]) -> Encoding {
    Encoding::from_network(&raw).unwrap()
}

#[test]
fn a_short_output_is_hardly_a_face() {
    for (raw, passes) in [([0.0, 10.5], true), ([0.0, 10.0], true), ([0.0, 9.9], false), ([6.0, 8.1], true)] {
        assert_eq!(standing(raw).is_recognisable(), Some(passes), "{raw:?}");
    }
    let uncertain = Standing::new(Some(&gate()), &Encoded::from_network(&[0.0, 20.0]).unwrap(), f32::NAN);
    assert_eq!(uncertain.is_recognisable(), Some(false));
    assert!(!uncertain.is_clear_beside(&unit([0.0, 1.0]), false) && uncertain.is_crowded());
}

#[test]
fn the_mean_itself_is_nobody() {
    let mean = Learnt { mean: vec![1.0, 0.0], ..learnt() };
    let gate = Arc::new(Gate::new(mean).unwrap());
    let standing = Standing::new(Some(&gate), &Encoded::from_network(&[20.0, 0.0]).unwrap(), 0.9);
    assert_eq!(standing.is_recognisable(), Some(false));
}

#[test]
fn a_person_must_be_nearer_than_the_background() {
    // After centring, the first is opposite to the only prototype, the second is near it.
    for (probe, person, is_clear, is_crowded) in [
        ([0.0, 20.0], [0.0, 1.0], true, false),
        ([0.0, 20.0], [1.0, -1.0], false, false),
        ([0.0, -20.0], [0.0, -1.0], false, true),
        ([20.0, 0.0], [1.0, 0.0], true, false),
    ] {
        let standing = standing(probe);
        assert_eq!(standing.is_clear_beside(&unit(person), false), is_clear, "{probe:?} {person:?}");
        assert_eq!(standing.is_crowded(), is_crowded, "{probe:?}");
    }
}

/// A person enrolled from a plain face needs no clearance, but only if this gate found the face plain.
#[test]
fn plain_faces_count_only_from_the_same_gate() {
    let gallery = |is_plain, enrolled_with| {
        let mut builder = GalleryBuilder::new(1, ModelHash([7; 32]), 2).unwrap();
        builder.set_gate(Some(enrolled_with));
        let photo = PhotoDigest([0; 8]);
        builder
            .add_person(NewPerson {
                id: PersonId([1; 16]),
                name: PersonName::parse("Ada").unwrap(),
                details: Details::default(),
                encodings: vec![NewEncoding { encoding: unit([1.0, -0.6]), photo, made_at: 0, is_plain }],
            })
            .unwrap();
        builder.build()
    };
    let (this, another) = (gate().digest(), GateDigest([9; 32]));
    // After centring, the face is as near to Ada as to the only prototype: not nearer by the clearance.
    let standing = standing([17.0, -10.5]);
    for (is_plain, enrolled_with, expected) in
        [(true, this, true), (true, another, false), (false, this, false), (false, another, false)]
    {
        let gallery = gallery(is_plain, enrolled_with);
        assert_eq!(standing.is_clear_of_background(&gallery, 0), expected, "{is_plain} {enrolled_with}");
        assert!(!standing.is_clear_of_background(&gallery, 1), "there is no such person");
    }
}

#[test]
fn without_a_gate_every_face_is_recognisable() {
    let standing = Standing::new(None, &Encoded::from_network(&[0.0, 1e-3]).unwrap(), 0.0);
    assert_eq!(standing.is_recognisable(), None);
    assert!(standing.is_clear_beside(&unit([0.0, 1.0]), false) && !standing.is_crowded());
}

#[test]
fn invalid_gates_are_refused_by_name() {
    type Change = fn(&mut Learnt);
    let cases: [(Change, &str); 11] = [
        (|l| l.mean.clear(), "1 to 512"),
        (|l| l.mean = vec![0.0; 513], "1 to 512"),
        (|l| l.weights.truncate(1), "weights"),
        (|l| l.mean[1] = f32::NAN, "finite"),
        (|l| l.constant = f32::INFINITY, "finite"),
        (|l| l.length.spread = 0.0, "spread"),
        (|l| l.clearance = -0.1, "clearance"),
        (|l| l.plain_from = 0.0, "plain faces"),
        (|l| l.crowded = f32::NAN, "enrolment"),
        (|l| l.prototypes.push(1), "cut off"),
        (|l| l.prototypes = vec![0, 0], "direction"),
    ];
    for (change, named) in cases {
        let mut changed = learnt();
        change(&mut changed);
        let message = Gate::new(changed).unwrap_err().to_string();
        assert!(message.contains(named), "{message}");
    }
    assert!(Gate::new(Learnt { prototypes: vec![1; 2 * MAX_PROTOTYPES + 2], ..learnt() }).is_err());
    assert!(gate().require_dimensions(2).is_ok() && gate().require_dimensions(3).is_err());
}

#[test]
fn every_byte_that_is_changed_and_every_cut_is_refused() {
    let file = gate().encode().unwrap();
    assert_eq!(Gate::decode(&file).unwrap(), *gate());
    for byte in 0..file.len() {
        assert!(Gate::decode(&file[..byte]).is_err(), "cut at {byte}");
        let mut changed = file.clone();
        changed[byte] ^= 1;
        assert!(Gate::decode(&changed).is_err(), "byte {byte}");
    }
    assert!(Gate::decode(&[&file[..], &[0]].concat()).is_err());
}

proptest! {
    #[test]
    fn a_gate_survives_being_written(
        numbers in proptest::collection::vec((-1.0f32..1.0, -9.0f32..9.0, 1i8..=127), 1..=64),
        terms in proptest::array::uniform3((-20.0f32..20.0, 0.001f32..20.0, -20.0f32..20.0)),
        source in "\\PC{0,40}",
        rows in 0usize..4,
    ) {
        let [length, confidence, (constant, ..)] = terms;
        let term = |(mean, spread, weight)| Term { mean, spread, weight };
        let learnt = Learnt {
            learnt_with: ModelHash([1; 32]),
            learnt_from: source,
            mean: numbers.iter().map(|number| number.0).collect(),
            weights: numbers.iter().map(|number| number.1).collect(),
            length: term(length),
            confidence: term(confidence),
            constant,
            clearance: 0.15,
            plain_from: 3.0,
            crowded: 0.5,
            prototypes: (0..rows).flat_map(|_| numbers.iter().map(|number| number.2)).collect(),
        };
        let gate = Gate::new(learnt.clone()).unwrap();
        prop_assert_eq!(Gate::decode(&gate.encode().unwrap()).unwrap(), gate.clone());
        prop_assert_eq!(gate.learnt(), &learnt);
        let probe = Encoded::from_network(&learnt.weights.iter().map(|weight| weight + 0.5).collect::<Vec<_>>());
        if let Ok(probe) = probe {
            let standing = Standing::new(Some(&Arc::new(gate)), &probe, 0.9);
            prop_assert!(standing.is_recognisable().is_some());
        }
    }

    #[test]
    fn any_bytes_are_a_gate_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Gate::decode(&bytes).is_err());
    }
}
