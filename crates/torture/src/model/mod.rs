//! What the program promises, said again in a few hundred lines without a database, and random commands that compare.

pub mod world;
