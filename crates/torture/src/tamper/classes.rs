//! What the checks do not cover, and why. Everything that is not named here is covered: an edit of it must be found.

/// Table, column or `*`, and the reason.
pub const OPEN: &[(&str, &str, &str)] = &[
    ("identity_change", "+rows", "a row after the last one taken into the log is bound by the next act only"),
    (
        "account",
        "*",
        "name, address, phone, route, collection and what no bill was made from have no act that says them; a step of the version explains a change",
    ),
    ("accounting_period", "+rows", "a period copied from one that is older than the log looks like it"),
    (
        "adjustment_case",
        "*",
        "cause, message, basis, answerable party and the filing of a case are repeated by no act as columns",
    ),
    (
        "bill",
        "flow",
        "between an exception, an adjustment and a change the flow of a bill with reasons is not derived again",
    ),
    ("book", "*", "number, station, reader and reading day of a book are said by no act yet"),
    ("book_month", "*", "who submitted a book and when are columns beside its steps that nothing compares"),
    ("book_step", "reason", "words that the log may have to forget are not compared"),
    (
        "calculation",
        "*",
        "the review and the energy of calculations that a newer one replaced are repeated by no act",
    ),
    ("checkpoint", "made_at", "the text that is signed has no time"),
    ("checkpoint", "-rows", "that the last ones were taken away only those know who have them"),
    ("exception", "*", "the months before, the answer and the dates of its ticket are not derived again yet"),
    ("exception_list", "*", "kind, message and sender of a list are said by its act in words only"),
    (
        "hold",
        "*",
        "account, month and reason of a request, and the end of an adjustment's hold, are said by no act yet",
    ),
    ("job", "*", "long work that people start; what it did has its own acts, how far it was has none"),
    (
        "job_file",
        "*",
        "files of work that is not over, which go with its end, and rows that an import sent back",
    ),
    ("hold_ticket", "*", "station and day of issue are compared by no check yet"),
    (
        "idempotency",
        "*",
        "answers kept for repeated requests are bound by no act: a repeated request may be answered wrongly, no figure changes",
    ),
    ("identity_account", "lang", "a wish of the person, told by nobody else"),
    ("identity_account", "theme", "a wish of the person, told by nobody else"),
    ("identity_account", "+rows", "an account without a lock and a second factor says nothing"),
    ("identity_ceremony", "*", "questions to passkeys live for minutes and open nothing by themselves"),
    ("identity_login_event", "*", "the list of logins is kept by its guards and repeated by no act"),
    ("identity_passkey", "state", "the counter of a passkey moves with every use, which no act tells"),
    ("identity_passkey", "transports", "how a passkey is reached is a hint to the browser"),
    (
        "identity_passkey",
        "added_at",
        "the change tells the moment; this column beside it is compared with nothing",
    ),
    ("identity_passkey", "last_used_at", "uses of a passkey are told by no act"),
    ("identity_passkey", "removed_at", "that it was removed is compared, the moment is not"),
    (
        "identity_password",
        "hash",
        "no act may tell a hash; a changed one shuts the person out, or lets in who wrote it",
    ),
    (
        "identity_password_old",
        "*",
        "the last passwords are told by no act; they only narrow the choice of the next",
    ),
    ("identity_session", "*", "sessions live for hours and are told by no act"),
    ("identity_throttle", "*", "counts of wrong tries are forgotten within a day and told by no act"),
    ("identity_token", "secret_hash", "no act may tell a secret's digest"),
    ("identity_token", "last_used_at", "uses of a token are told by no act"),
    (
        "identity_assignment",
        "*",
        "a post that nobody used is not missed; first day and giver are compared with the words of its change only",
    ),
    ("identity_organisation", "*", "code, names and founding day are said by no act"),
    ("identity_person", "version", "it keeps two writers apart and counts nothing that an act says"),
    ("identity_person", "unit_id", "the unit of a person is in no recorded change"),
    (
        "identity_unit",
        "*",
        "names and, where rights do not depend on it, the parent are compared with nothing",
    ),
    (
        "issue",
        "first_number",
        "two issues of one station that exchange numbers are told apart by no act that is compared",
    ),
    ("leaf_day", "+rows", "a day that an act does not have is looked for by no check"),
    ("meter", "*", "a meter that was never read, its number and its place are repeated by no bill"),
    ("price_plan", "-rows", "a plan after the last one that a bill uses is compiled again from its table"),
    (
        "price_table",
        "effective_from",
        "the act binds the content; this column beside it is compared with nothing",
    ),
    ("price_table", "loaded_by", "the act binds the content; this column beside it is compared with nothing"),
    ("price_table", "loaded_at", "the act binds the content; this column beside it is compared with nothing"),
    ("reading", "*", "who entered it, when, and whether it was read or estimated are in no bill"),
    (
        "log_origin",
        "made_at",
        "the name of the log is in every signed text, the moment it was given is in none",
    ),
    ("transformer", "seq", "a bill has the transformers in their order and not by their numbers"),
    ("workflow_approval", "*", "amount within its limit, opener and moment are compared with nothing"),
    ("workflow_approval_step", "*", "moment and words of a decision are compared with nothing"),
    (
        "workflow_clock",
        "*",
        "deadlines are derived from calendar and catalogue when they begin, and not again",
    ),
    (
        "workflow_file",
        "*",
        "a file is compared with its fingerprint, which its act says, whenever it is given out, and by no check",
    ),
    ("workflow_message", "*", "messages are repeated by no act"),
    ("workflow_step", "*", "feedback marks, words and days of a step are compared with nothing"),
    ("workflow_ticket", "*", "account, book, month, subject and words of a ticket are compared with nothing"),
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
