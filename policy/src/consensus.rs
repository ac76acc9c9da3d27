//! Agreement over frames: the person that the tracked face resembled in the last judged frames. `tracking` selects the
//! face.

use super::enrolled::Neighbour;
use super::rules::{MAX_CONSENSUS_FRAMES, Rules};
use heapless::{HistoryBuf, Vec};
use shared::gallery::PersonId;

#[derive(Debug, Default)]
pub(super) struct Consensus {
    votes: HistoryBuf<Vote, MAX_CONSENSUS_FRAMES>,
}

/// The result of one judged frame.
#[derive(Debug, Clone, Copy)]
struct Vote {
    /// `None` counts against everybody.
    resembles: Option<Neighbour>,
    at_ms: u64,
}

impl Consensus {
    pub(super) fn start_over(&mut self) {
        self.votes.clear();
    }

    /// Counts a judged frame, for a person or against everybody.
    pub(super) fn count(&mut self, resembles: Option<Neighbour>, now_ms: u64) {
        self.votes.write(Vote { resembles, at_ms: now_ms });
    }

    /// The L2 distances in the frames that agree on a person, oldest first; `None` if those are too few.
    pub(super) fn agreed(
        &self,
        person: PersonId,
        rules: &Rules,
        now_ms: u64,
    ) -> Option<Vec<f32, MAX_CONSENSUS_FRAMES>> {
        let too_old = self.votes.len().saturating_sub(rules.consensus_of);
        let distances: Vec<f32, MAX_CONSENSUS_FRAMES> = self
            .votes
            .oldest_ordered()
            .skip(too_old)
            .filter(|vote| now_ms.saturating_sub(vote.at_ms) <= rules.consensus_window_ms)
            .filter_map(|vote| vote.resembles)
            .filter(|resembled| resembled.person == person)
            .map(|resembled| resembled.distance)
            .collect();
        (distances.len() >= rules.consensus).then_some(distances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    /// Counts frames 100 ms apart: `a` for Ada, `b` for Ben, `-` for nobody; `.` lets the time pass.
    fn counted(frames: &str) -> (Consensus, u64) {
        let mut consensus = Consensus::default();
        let mut now_ms = 0;
        for (index, frame) in frames.chars().enumerate() {
            now_ms = 100 * index as u64;
            let near = |person| Some(Neighbour { person, distance: index as f32 });
            match frame {
                'a' => consensus.count(near(ADA), now_ms),
                'b' => consensus.count(near(BEN), now_ms),
                '-' => consensus.count(None, now_ms),
                _ => (),
            }
        }
        (consensus, now_ms)
    }

    #[test]
    fn enough_of_the_last_frames_must_agree() {
        let rules = Rules { consensus: 3, consensus_of: 5, consensus_window_ms: 1000, ..Rules::face_alone(1.0) };
        let cases: [(&str, Option<&[f32]>); 12] = [
            ("", None),
            ("aa", None),
            ("aaa", Some(&[0.0, 1.0, 2.0])),
            ("a-a-a", Some(&[0.0, 2.0, 4.0])),
            ("a--aa", Some(&[0.0, 3.0, 4.0])),
            ("a---aa", None),
            ("ababab", None),
            ("abaab", Some(&[0.0, 2.0, 3.0])),
            ("aaaaaaa", Some(&[2.0, 3.0, 4.0, 5.0, 6.0])),
            ("aa........a", Some(&[0.0, 1.0, 10.0])),
            ("aa.........a", None),
            ("bbbbb", None),
        ];
        for (frames, expected) in cases {
            let (consensus, now_ms) = counted(frames);
            assert_eq!(consensus.agreed(ADA, &rules, now_ms).as_deref(), expected, "{frames}");
        }
    }

    #[test]
    fn a_consensus_may_use_all_kept_frames() {
        let rules = Rules {
            consensus: MAX_CONSENSUS_FRAMES,
            consensus_of: MAX_CONSENSUS_FRAMES,
            consensus_window_ms: u64::MAX,
            ..Rules::face_alone(1.0)
        };
        for (frames, agreed) in [(31, false), (32, true), (100, true)] {
            let (consensus, now_ms) = counted(&"a".repeat(frames));
            assert_eq!(consensus.agreed(ADA, &rules, now_ms).is_some(), agreed, "{frames}");
        }
    }
}
