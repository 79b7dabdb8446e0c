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
        (millis << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS) | sequence
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
}
