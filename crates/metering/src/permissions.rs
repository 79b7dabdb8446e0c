//! The permissions of this office, by the names of the catalogue in `identity`.

use identity::Permission;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub const $name: Permission = Permission($text);)+
        /// All of them, to be compared with the catalogue of duties.
        pub const ALL: &[Permission] = &[$($name),+];
    };
}

permissions! {
    /// Open, build, re-card and transcribe paper reading cards. Source: READ-01.
    KEEP_CARDS = "metering.keep_cards";
    /// Register reading tools through their life. Source: READ-02.
    KEEP_TOOLS = "metering.keep_tools";
    /// Ask for a copy of a paper card. Source: READ-03.
    REQUEST_CARD = "metering.request_card";
    /// Fax a copy of a paper card. Source: READ-03.
    SEND_CARD = "metering.send_card";
    /// Create a batch of reading books. Source: READ-04.
    CREATE_BATCH = "metering.create_batch";
    /// Delete a batch of reading books. Source: READ-04.
    DELETE_BATCH = "metering.delete_batch";
    /// Enter and modify readings. Source: READ-05.
    ENTER_READING = "metering.enter_reading";
    /// Record the self-check of a book. Source: READ-06.
    SELF_CHECK = "metering.self_check";
    /// Submit a book to accounting. Source: READ-05.
    SUBMIT_BOOK = "metering.submit_book";
    /// Write the reading log. Source: READ-07.
    WRITE_LOG = "metering.write_log";
    /// Raise a ticket to change a submitted reading. Source: READ-09.
    RAISE_CHANGE = "metering.raise_change";
    /// Agree to or refuse the return of a book. Source: READ-10.
    AGREE_RETURN = "metering.agree_return";
    /// Determine and submit scheduled reading days. Source: READ-13.
    SET_READING_DAY = "metering.set_reading_day";
    /// Review scheduled reading days. Source: READ-13.
    REVIEW_READING_DAY = "metering.review_reading_day";
    /// Agree to a change of the reading route. Source: PARM-14.
    ROUTE_AGREE = "metering.route_agree";
    /// Report and carry out a change of the reading route. Source: PARM-14.
    ROUTE_ADJUST = "metering.route_adjust";
    /// Issue new account cards before reading begins. Source: READ-16.
    HOLD_NEW_ACCOUNTS = "metering.hold_new_accounts";
    /// Carry accounts over to the new ledger. Source: READ-17.
    CARRY_OVER = "metering.carry_over";
    /// Maintain books and their customers. Source: READ-12.
    MANAGE_BOOKS = "metering.manage_books";
    /// Maintain accounts, points and meters. Source: READ-16.
    MANAGE_ACCOUNTS = "metering.manage_accounts";
    /// Change a parameter that affects settlement. Source: PARM-01.
    CHANGE_PARAMETER = "parameter.change";
    /// Look at readings and books. Source: READ-07.
    READ = "metering.read";
    /// Issue and take back ledgers and handhelds. Source: READ-15.
    ISSUE_LEDGER = "ledger_room.issue";
    /// Calculate a book. Source: BILL-01.
    CALCULATE = "billing.calculate";
    /// Review a book. Source: BILL-01.
    REVIEW = "billing.review";
    /// Issue a book. Source: BILL-01.
    ISSUE = "billing.issue";
    /// Send a book back one step with a reason. Source: BILL-23.
    RETURN_STEP = "billing.return_step";
}
