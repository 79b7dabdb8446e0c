//! Keys that grow with time, so that new rows go to the end of every table.

use std::sync::atomic::{AtomicI64, Ordering};

use kernel::Moment;

const NODE_BITS: u32 = 8;
const SEQUENCE_BITS: u32 = 13;

/// Makes keys of 63 bits: milliseconds (42 bits), node (8), sequence (13). Keys of one node strictly grow, also when
/// the clock stands still or goes back.
pub struct Keys {
    node: i64,
    last: AtomicI64,
}

impl Keys {
    pub(crate) fn of_node(node: i64) -> Keys {
        Keys { node: node & ((1 << NODE_BITS) - 1), last: AtomicI64::new(0) }
    }
    /// The next key at `now`.
    pub fn next(&self, now: Moment) -> i64 {
        let tick = now.millis().max(0) << SEQUENCE_BITS;
        let counted =
            self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(tick.max(last + 1)));
        let counter = counted.map_or(tick, |last| tick.max(last + 1));
        let (millis, sequence) = (counter >> SEQUENCE_BITS, counter & ((1 << SEQUENCE_BITS) - 1));
        (((millis << NODE_BITS) + self.node) << SEQUENCE_BITS) + sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_grow_even_when_the_clock_does_not() {
        let keys = Keys::of_node(3);
        let mut last = 0;
        for millis in [1_800_000_000_000, 1_800_000_000_000, 1_700_000_000_000, 1_800_000_000_001] {
            for _ in 0..10_000 {
                let key = keys.next(Moment::from_millis(millis));
                assert!(key > last);
                last = key;
            }
        }
    }

    /// Milliseconds, node and sequence each have their bits; a node has only its eight.
    #[test]
    fn keys_are_of_their_moment_and_node() {
        let of = |millis: i64, node: i64, sequence: i64| millis * (1 << 21) + node * (1 << 13) + sequence;
        for (named, node) in [(0, 0), (1, 1), (3, 3), (170, 170), (255, 255), (256, 0), (259, 3), (-1, 255)] {
            let keys = Keys::of_node(named);
            // The second and third at the same moment, the fourth when the clock went back, the fifth later.
            for (millis, expected) in [
                (1_800_000_000_000, of(1_800_000_000_000, node, 0)),
                (1_800_000_000_000, of(1_800_000_000_000, node, 1)),
                (1_800_000_000_000, of(1_800_000_000_000, node, 2)),
                (1_700_000_000_000, of(1_800_000_000_000, node, 3)),
                (1_800_000_000_001, of(1_800_000_000_001, node, 0)),
            ] {
                assert_eq!(keys.next(Moment::from_millis(millis)), expected, "{named} {millis}");
            }
        }
        // More in one millisecond than it has places for: the next one's are taken.
        let keys = Keys::of_node(7);
        let last = (0..=8_192).map(|_| keys.next(Moment::from_millis(5))).last();
        assert_eq!(last, Some(of(6, 7, 0)));
        // Before the beginning of time it is the beginning; no key is zero or below.
        assert_eq!(Keys::of_node(0).next(Moment::from_millis(-5)), 1);
    }
}
