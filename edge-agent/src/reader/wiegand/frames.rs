//! Turns pulses on two wires into the bits of cards.

use std::time::Duration;

/// The bits of a card are 0.2 to 20 ms apart; a longer silence ends the frame.
pub(super) const SILENCE: Duration = Duration::from_millis(25);

/// A pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The kernel's timestamp.
    pub stamp: Duration,
    /// Whether it was on D1.
    pub one: bool,
}

/// Sorts the pulses by timestamp and splits them at silences into frames, each with the bits of one card.
pub fn frames(mut edges: Vec<Edge>) -> Vec<Vec<bool>> {
    edges.sort_by_key(|edge| edge.stamp);
    edges
        .chunk_by(|before, after| after.stamp - before.stamp < SILENCE)
        .map(|frame| frame.iter().map(|edge| edge.one).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::card::{CardNumber, WiegandFormats};

    /// The pulses as the threads of the two wires deliver them: in order per wire, one wire after the other.
    fn pulses(cards: &[CardNumber], bit_us: u64, pause_ms: u64) -> Vec<Edge> {
        let mut stamp = Duration::from_secs(100);
        let mut edges = Vec::new();
        for card in cards {
            for one in WiegandFormats::default().encode(*card).unwrap() {
                edges.push(Edge { stamp, one });
                stamp += Duration::from_micros(bit_us);
            }
            stamp += Duration::from_millis(pause_ms);
        }
        edges.sort_by_key(|edge| edge.one);
        edges
    }

    #[test]
    fn no_pulses_give_no_frame() {
        assert_eq!(frames(Vec::new()), Vec::<Vec<bool>>::new());
    }

    proptest! {
        #[test]
        fn cards_are_read_in_any_order_of_delivery(
            numbers in proptest::collection::vec(prop_oneof![1..1_u64 << 24, 1..1_u64 << 32], 1..4),
            bit_us in 200..20_000_u64,
            pause_ms in 25..1000_u64,
        ) {
            let cards: Vec<CardNumber> = numbers.iter().map(|number| CardNumber::new(*number).unwrap()).collect();
            let formats = WiegandFormats::default();
            let read: Vec<_> = frames(pulses(&cards, bit_us, pause_ms)).iter().map(|frame| formats.decode(frame)).collect();
            prop_assert_eq!(read, cards.into_iter().map(Ok).collect::<Vec<_>>());
        }

        #[test]
        fn a_lost_or_doubled_pulse_is_refused(number in 1..1_u64 << 32, at in any::<prop::sample::Index>(), doubled in any::<bool>()) {
            let mut edges = pulses(&[CardNumber::new(number).unwrap()], 1000, 25);
            let at = at.index(edges.len());
            if doubled {
                edges.push(edges[at]);
            } else {
                edges.remove(at);
            }
            for frame in frames(edges) {
                prop_assert!(WiegandFormats::default().decode(&frame).is_err());
            }
        }
    }
}
