//! Price tables as data.
