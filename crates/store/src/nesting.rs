//! A command inside a command of the same store would wait for itself for ever; it is refused instead.

use std::cell::RefCell;

use crate::{Store, StoreError};

thread_local! {
    static OPEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// While it lives, this thread runs a command of the store.
pub(crate) struct Inside(usize);

impl Inside {
    pub(crate) fn enter(store: &Store) -> Result<Inside, StoreError> {
        // The address tells stores apart: it cannot change while the store is borrowed by a command.
        let place = std::ptr::from_ref(store) as usize;
        OPEN.with_borrow_mut(|open| {
            if open.contains(&place) {
                return Err(StoreError::Nested);
            }
            open.push(place);
            Ok(Inside(place))
        })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.retain(|place| *place != self.0));
    }
}
