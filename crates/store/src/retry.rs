//! Trying a command again when the engine says that this is safe.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::{Store, StoreError, Tx};

const FIRST_PAUSE_MS: u64 = 4;
const LONGEST_PAUSE_MS: u64 = 500;

pub(crate) fn write<T, E: From<StoreError>>(
    store: &Store,
    times: u32,
    mut command: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    for tried in 1..times {
        let mut note = None;
        let outcome = store.write_noting(&mut note, &mut command);
        let worth_it = matches!(note, Some(StoreError::Busy | StoreError::CommitFailed(_)));
        if outcome.is_ok() || !worth_it {
            return outcome;
        }
        std::thread::sleep(pause(tried));
    }
    store.write_noting(&mut None, &mut command)
}

/// Doubles with each try; a random half of it keeps two that collided from colliding again.
fn pause(tried: u32) -> Duration {
    let whole = FIRST_PAUSE_MS.saturating_mul(1 << tried.min(16)).min(LONGEST_PAUSE_MS);
    let chance = RandomState::new().hash_one(tried) % (whole / 2 + 1);
    Duration::from_millis(whole / 2 + chance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Pauses double up to half a second; each is drawn from the upper half, to both of its ends.
    #[test]
    fn pauses_double_and_differ() {
        for (tried, longest) in
            [(1, 8), (2, 16), (3, 32), (6, 256), (7, 500), (16, 500), (17, 500), (u32::MAX, 500)]
        {
            let drawn: BTreeSet<u128> = (0..20_000).map(|_| pause(tried).as_millis()).collect();
            let ends = (drawn.first().copied(), drawn.last().copied());
            assert_eq!(ends, (Some(longest / 2), Some(longest)), "{tried}");
        }
    }
}
