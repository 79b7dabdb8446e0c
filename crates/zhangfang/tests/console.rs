//! The office over HTTP, as a real process: who may do what, what a stranger gets, what an answer looks like.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod console {
    mod api;
    mod desks;
    mod door;
    mod jobs;
    mod policy;
}
mod house;
