//! Verification of exports, offline.
