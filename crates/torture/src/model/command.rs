//! The commands and questions of a sequence, in words both the model and the program understand.

use kernel::{Date, Moment, Month};

/// One side of a voucher by hand: account, fen, customer, component.
pub type Side = (i64, i64, Option<i64>, u16);

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A voucher by hand; a stranger has no right to it.
    Post { unit: usize, day: Date, debits: Vec<Side>, credits: Vec<Side>, stranger: bool },
    /// A voucher in red for the one with this number.
    Reverse { number: i64, day: Date },
    /// Opens a period.
    Open(Month),
    /// Closes a period.
    Close(Month),
    /// Opens a closed period again.
    Reopen(Month),
    /// Opens a book in a month for reading.
    Batch { month: Month, book: i64 },
    /// Takes readings in from a file: account and kWh. `twice` repeats the first row in the same file.
    Import { month: Month, rows: Vec<(i64, i64)>, twice: bool },
    /// The station checks a book.
    SelfCheck { month: Month, book: i64 },
    /// The station submits a book.
    Submit { month: Month, book: i64 },
    /// The centre calculates a book.
    Calculate { month: Month, book: i64 },
    /// The centre reviews a book.
    Review { month: Month, book: i64 },
    /// The centre issues what can be issued of a book.
    Issue { month: Month, book: i64 },
    /// The centre sends a book back a step.
    Back { month: Month, book: i64 },
    /// Sends a station its lists of exceptions.
    Lists { month: Month, far: bool },
    /// Asks about the exception of a dedicated customer.
    Raise { month: Month, account: i64 },
    /// The station answers an exception.
    Answer { month: Month, account: i64 },
    /// The reviewer finds an exception in order.
    InOrder { month: Month, account: i64 },
    /// Holds the issue of an account's bills.
    Hold { account: i64, document: u8, month: Month },
    /// Ends the hold made as the `which`th.
    Release { which: usize },
    /// Starts an adjustment of March: kWh, fen of energy, fen of VAT.
    Adjust { account: i64, kwh: i64, fen: i64, vat: i64 },
    /// Takes the adjustment started as the `which`th a step further.
    Advance { which: usize },
}

impl Command {
    /// The verb under which its answer is remembered.
    pub fn verb(&self) -> String {
        let text = format!("{self:?}");
        text.chars().take_while(|char| char.is_ascii_alphanumeric()).collect()
    }
    /// What the request says beside its key.
    pub fn body(&self) -> String {
        format!("{self:?}")
    }
    /// An import has no request key: the file itself is what is known again.
    pub fn is_keyed(&self) -> bool {
        !matches!(self, Command::Import { .. })
    }
}

/// A command as it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Minutes since the sequence began; no two are the same.
    pub minute: i64,
    /// Its request key.
    pub key: usize,
    /// Given by two threads at once.
    pub twice_at_once: bool,
    /// The command.
    pub command: Command,
}

impl Given {
    /// When it is given.
    pub fn now(&self) -> Moment {
        let start = Moment::on(Date::from_number(20_260_408).unwrap(), 9, 0);
        Moment::from_millis(start.millis() + self.minute * 60_000)
    }
}

/// A question. Filters are chosen by chance: an answer is only known to be right for the filters that were tried.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// The trial balance.
    Balance { from: Month, to: Month, unit: Option<usize> },
    /// A page of an account's detail after the voucher of this number and line.
    Detail { account: i64, month: Month, after: Option<(i64, i64)>, size: usize },
    /// Turnover of an account by unit and component.
    Components { account: i64, from: Month, to: Month },
    /// Balances by customer.
    Customers { account: i64, month: Month },
    /// The balance of one customer.
    Customer { account: i64, month: Month, customer: i64 },
    /// The balance of an account.
    BalanceOf { account: i64, month: Month, unit: Option<usize> },
    /// Periods.
    Periods,
    /// Exceptions: unit, account, state, dedicated.
    Exceptions {
        month: Month,
        unit: Option<usize>,
        account: Option<i64>,
        state: Option<i64>,
        dedicated: Option<bool>,
    },
    /// The bills of a month.
    Bills { month: Month },
    /// What the bills of a month come to by station and component.
    Issued { month: Month },
    /// States of the books of a month.
    Books { month: Month },
}

/// One step of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A command.
    Give(Given),
    /// A question.
    Ask(Query),
}

/// What was answered: words when it was done, the name of the refusal when not.
pub type Answer = Result<String, String>;

/// Errors that hold another module's.
const WRAPPERS: [&str; 6] = ["Identity", "Ledger", "Metering", "Office", "Store", "Vault"];

/// The name of an error with what it wraps, and the rule behind a refusal, without any figures.
pub fn code(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    let name: String = text.chars().take_while(|char| char.is_ascii_alphabetic() || *char == '(').collect();
    let mut name_parts = name.split('(');
    let mut name = name_parts.next().unwrap_or_default().to_owned();
    // What a wrapper wraps is the error; what anything else holds is a figure.
    while WRAPPERS.iter().any(|wrapper| name.ends_with(wrapper)) {
        let Some(inner) = name_parts.next() else { break };
        name = format!("{name}({inner}");
    }
    let rule = text.split("rule: \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    format!("{} {rule}", name.trim_end_matches('(')).trim().to_owned()
}
