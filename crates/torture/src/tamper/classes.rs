//! What the checks do not cover, and why. Everything that is not named here is covered: an edit of it must be found.

/// Table, column or `*`, and the reason.
pub const OPEN: &[(&str, &str, &str)] = &[
    ("job", "*", "long work that people start; what it did has its own acts, how far it was has none"),
    (
        "job_file",
        "*",
        "files of work that is not over, which go with its end, and rows that an import sent back",
    ),
    ("job_result_part", "*", "reports of long work, which can be made again"),
    ("identity_ceremony", "*", "questions to passkeys live for minutes and open nothing by themselves"),
    ("identity_session", "*", "sessions live for hours; what is done in them has its own acts"),
    ("identity_throttle", "*", "counts of wrong tries are forgotten within a day"),
];

/// Is this column, or the whole table with `*`, left open?
pub fn is_open(table: &str, column: &str) -> bool {
    OPEN.iter().any(|(open, name, _)| *open == table && (*name == "*" || *name == column))
}

/// May rows of the table be missing without anybody being able to tell?
pub fn may_lack(table: &str) -> bool {
    is_open(table, "-rows")
}

/// May the table have rows nothing else speaks of?
pub fn may_have_more(table: &str) -> bool {
    is_open(table, "+rows")
}
