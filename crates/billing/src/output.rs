//! What a batch of accounts becomes: rows for every table, gathered on any thread and written by the one writer.

use kernel::{Date, Money, Month, Quantity};
use ledger::{ComponentId, Posting, PostingBuffer};
use store::Bulk;
use tariff::{AccountPeriod, Bill, Period};

use crate::canonical::{Owner, write_bill, write_issued};
use crate::gates::{Flow, Limits, Past, Pending, ReadAs, Reasons, Verdict, decide, reasons, route};
use crate::plans::PriceBook;
use crate::posting::BillPostings;
use crate::sql::{self, BillKey, BillRow, ExceptionRow, QuantityRow};
use crate::{BillingError, Result};

/// One account ready to be calculated, with what the gates need to know of it.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The account.
    pub account_id: i64,
    /// Who owes the bill: the account itself, or the main account of its group.
    pub payer_id: i64,
    /// Supplied by a transformer of its own (专变客户).
    pub dedicated: bool,
    /// How its meters were read; the least good of them.
    pub read_as: ReadAs,
    /// What was issued in the three months before.
    pub past: Past,
    /// What else is going on.
    pub pending: Pending,
    /// What the score says, where it decides; nothing while the 30 % rule does.
    pub verdict: Option<Verdict>,
    /// The day by which the bill is due.
    pub due_on: Date,
    /// What the price engine needs; a refusal in words when it could not be put together.
    pub input: std::result::Result<AccountPeriod, String>,
}

/// One book in a batch: what was calculated and what was issued.
#[derive(Debug, Clone)]
pub struct BookOutcome {
    /// The book.
    pub book_id: i64,
    /// Its station.
    pub unit_id: i64,
    /// Key of the calculation.
    pub calculation_id: i64,
    /// Key of the issue; used only when something is issued.
    pub issue_id: i64,
    /// Key of the voucher.
    pub voucher_id: i64,
    /// Accounts calculated.
    pub accounts: i64,
    /// Those that are clean.
    pub clean: i64,
    /// kWh calculated.
    pub energy_kwh: Quantity,
    /// Fee calculated.
    pub amount: Money,
    /// Bills issued.
    pub issued: i64,
    /// kWh issued.
    pub issued_energy_kwh: Quantity,
    /// Fee issued.
    pub issued_amount: Money,
    /// Digests of the issued bills, for the leaf of the log.
    pub digests: Vec<[u8; 32]>,
    /// Fee issued and VAT inside it, by the ledger's component.
    pub sums: Vec<(ComponentId, Money, Money)>,
    /// The voucher has a posting; bills of nothing have none.
    pub posted: bool,
}

impl BookOutcome {
    /// An empty outcome for a book with the keys it will use.
    pub fn new(
        book_id: i64,
        unit_id: i64,
        calculation_id: i64,
        issue_id: i64,
        voucher_id: i64,
    ) -> BookOutcome {
        BookOutcome {
            book_id,
            unit_id,
            calculation_id,
            issue_id,
            voucher_id,
            accounts: 0,
            clean: 0,
            energy_kwh: Quantity::ZERO,
            amount: Money::ZERO,
            issued: 0,
            issued_energy_kwh: Quantity::ZERO,
            issued_amount: Money::ZERO,
            digests: Vec::new(),
            sums: Vec::new(),
            posted: false,
        }
    }

    /// Adds to the sums of `component` what was issued.
    pub(crate) fn add_sum(&mut self, component: ComponentId, amount: Money, vat: Money) -> Result<()> {
        // A handful of components: looking through them is quicker than any map.
        match self.sums.iter_mut().find(|(known, ..)| *known == component) {
            Some((_, sum, inside)) => (*sum, *inside) = (sum.plus(amount)?, inside.plus(vat)?),
            None => self.sums.push((component, amount, vat)),
        }
        Ok(())
    }
}

/// All rows of a batch of books.
pub struct Output {
    org_id: i64,
    month: Month,
    pub(crate) bills: Bulk,
    pub(crate) quantities: Bulk,
    pub(crate) receivables: Bulk,
    pub(crate) exceptions: Bulk,
    pub(crate) postings: PostingBuffer,
    pub(crate) books: Vec<BookOutcome>,
    pub(crate) reasons: [i64; 16],
    /// Accounts whose exception is with the station already, in order: it stays and takes the new figures.
    pub(crate) known_exceptions: Vec<i64>,
    /// Books of the batch that were calculated before and came back: their drafts are replaced.
    pub(crate) calculated_before: Vec<i64>,
    /// The new figures of those exceptions.
    pub(crate) changed_exceptions: Vec<ExceptionRow>,
    scratch: Bill,
    detail: Vec<u8>,
    issued: Vec<u8>,
}

impl Output {
    /// An empty output for a month of an organisation.
    pub fn new(org_id: i64, month: Month) -> Output {
        Output {
            org_id,
            month,
            bills: sql::bills(),
            quantities: sql::quantities(),
            receivables: sql::receivables(),
            exceptions: sql::exceptions(),
            postings: PostingBuffer::new(org_id),
            books: Vec::new(),
            reasons: [0; 16],
            known_exceptions: Vec::new(),
            calculated_before: Vec::new(),
            changed_exceptions: Vec::new(),
            scratch: Bill::new(),
            detail: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.bills.clear();
        self.quantities.clear();
        self.receivables.clear();
        self.exceptions.clear();
        self.postings.clear();
        self.books.clear();
        self.reasons = [0; 16];
        self.known_exceptions.clear();
        self.calculated_before.clear();
        self.changed_exceptions.clear();
    }

    /// Rows and encoded bytes gathered so far.
    pub fn volume(&self) -> (u64, u64) {
        let bulks = [&self.bills, &self.quantities, &self.receivables, &self.exceptions];
        let rows: u64 = bulks.iter().map(|bulk| bulk.rows()).sum();
        let bytes: u64 = bulks.iter().map(|bulk| bulk.encoded_bytes()).sum();
        (rows + self.postings.postings(), bytes + self.postings.encoded_bytes())
    }

    /// Starts the next book; the accounts that follow are its own.
    pub fn begin_book(&mut self, book: BookOutcome) {
        self.books.push(book);
    }

    /// Calculates one account of the book begun last, passes it through the gates, and gathers its rows. With
    /// `issue`, a clean bill is issued in the same breath; `take_over` lets history pass. An account that cannot be calculated becomes an exception.
    pub fn calculate(
        &mut self,
        prices: &PriceBook,
        limits: &Limits,
        ready: &Ready,
        take_over: bool,
        issue: Option<&BillPostings>,
    ) -> Result<()> {
        let refused = match &ready.input {
            Ok(input) => tariff::calculate(prices.plans(), prices.rules(), input, &mut self.scratch)
                .err()
                .map(|refusal| refusal.to_string()),
            Err(words) => Some(words.clone()),
        };
        let found = match refused {
            None => {
                let found =
                    reasons(self.scratch.energy_kwh, self.scratch.total, &ready.past, ready.read_as, limits);
                let found = ready.verdict.map_or(found, |verdict| decide(found, verdict));
                if self.scratch.total.is_negative() { found.with(Reasons::FEE_FLUCTUATION) } else { found }
            }
            Some(_) => {
                self.scratch.clear();
                let found = Reasons::NOT_CALCULATED;
                ready.verdict.map_or(found, |verdict| decide(found, verdict))
            }
        };
        let calculated = !found.has(Reasons::NOT_CALCULATED);
        let found = if take_over && calculated { Reasons::NONE } else { found };
        let flow = route(found, ready.pending);
        let key =
            BillKey { org_id: self.org_id, month: self.month, account_id: ready.account_id, sequence: 0 };
        self.detail.clear();
        match (&ready.input, &refused) {
            (Ok(input), None) => write_bill(input, &self.scratch, &mut self.detail),
            // The words of the refusal stand where the bill would: the reviewer reads them.
            (_, refused) => self.detail.extend_from_slice(refused.as_deref().unwrap_or_default().as_bytes()),
        }
        let Some(book) = self.books.last_mut() else { return Err(BillingError::NoBook) };
        book.accounts += 1;
        book.energy_kwh = book.energy_kwh.plus(self.scratch.energy_kwh)?;
        book.amount = book.amount.plus(self.scratch.total)?;
        sql::add_bill(
            &mut self.bills,
            &BillRow {
                key,
                book_id: book.book_id,
                calculation_id: book.calculation_id,
                payer_id: ready.payer_id,
                flow,
                reasons: found,
                energy_kwh: self.scratch.energy_kwh,
                amount: self.scratch.total,
                detail: &self.detail,
            },
        )?;
        if flow == Flow::Clean {
            book.clean += 1;
            if let Some(rules) = issue {
                let bill = std::mem::take(&mut self.scratch);
                let issued = self.issue_bill(rules, key, ready.payer_id, ready.due_on, &bill, None);
                self.scratch = bill;
                issued?;
            }
        } else if !found.is_none() {
            for (bit, count) in self.reasons.iter_mut().enumerate() {
                *count += i64::from(found.0 >> bit & 1);
            }
            let row = ExceptionRow {
                key,
                book_id: book.book_id,
                unit_id: book.unit_id,
                dedicated: ready.dedicated,
                reasons: found,
                energy_kwh: self.scratch.energy_kwh,
                amount: self.scratch.total,
                past: ready.past,
            };
            if self.known_exceptions.binary_search(&ready.account_id).is_ok() {
                self.changed_exceptions.push(row);
            } else {
                sql::add_exception(&mut self.exceptions, &row)?;
            }
        }
        Ok(())
    }

    /// Gathers the rows that make a bill a receivable: quantity ledger, receivable, and its account-subject detail as
    /// postings of the book's voucher. (BILL-20) `detail` is the bill's stored form when it comes from the database;
    /// without it the form written by [`Output::calculate`] just before is taken.
    pub(crate) fn issue_bill(
        &mut self,
        rules: &BillPostings,
        key: BillKey,
        payer_id: i64,
        due_on: Date,
        bill: &Bill,
        detail: Option<&[u8]>,
    ) -> Result<()> {
        let Some(book) = self.books.last_mut() else { return Err(BillingError::NoBook) };
        book.issued += 1;
        book.issued_energy_kwh = book.issued_energy_kwh.plus(bill.energy_kwh)?;
        book.issued_amount = book.issued_amount.plus(bill.total)?;
        self.issued.clear();
        write_issued(&Owner { key, payer_id, due_on }, detail.unwrap_or(&self.detail), &mut self.issued);
        book.digests.push(vault::leaf_hash(&self.issued));
        let (issue_id, line) = (book.issue_id, book.issued);

        let mut by_period = [Quantity::ZERO; Period::COUNT];
        for point in &bill.points {
            for (sum, energy) in by_period.iter_mut().zip(point.billed.0) {
                *sum = sum.plus(energy)?;
            }
        }
        let tier_used_kwh = bill.tiers.map_or(Quantity::ZERO, |tiers| tiers.used_kwh);
        sql::add_quantity(
            &mut self.quantities,
            &QuantityRow {
                key,
                issue_id,
                energy_kwh: bill.energy_kwh,
                by_period,
                reactive_kvarh: bill.reactive_kvarh,
                amount: bill.total,
                tier_used_kwh,
            },
        )?;
        sql::add_receivable(&mut self.receivables, key, issue_id, line, payer_id, bill.total, due_on)?;
        for sum in bill.sums.iter().filter(|sum| !sum.amount.is_zero()) {
            let posting = rules.of(sum.component).ok_or(BillingError::NoPosting(sum.component.0))?;
            book.add_sum(posting.component(), sum.amount, sum.vat)?;
        }
        rules.each_posting(bill, payer_id, |posting| post(&mut self.postings, book, &posting))
    }
}

/// Adds a posting to the book's voucher; the voucher begins with the first amount that is not nothing.
fn post(postings: &mut PostingBuffer, book: &mut BookOutcome, posting: &Posting) -> Result<()> {
    if posting.amount.is_zero() {
        return Ok(());
    }
    if !book.posted {
        postings.begin(book.voucher_id);
        book.posted = true;
    }
    Ok(postings.add_signed(posting)?)
}

/// Quantities and fees of earlier months, taken over from another system without their bills: what the gates compare
/// with and what tiers go on from. The rows bear issue 0 and are no receivables.
pub struct HistoryBulk {
    org_id: i64,
    bulk: Bulk,
}

impl HistoryBulk {
    /// An empty buffer.
    pub fn new(org_id: i64) -> HistoryBulk {
        HistoryBulk { org_id, bulk: sql::quantities() }
    }
    /// Adds what `account_id` used and owed in `month`, and its kWh in the tier year up to then, in order of key.
    pub fn add(
        &mut self,
        month: Month,
        account_id: i64,
        energy_kwh: Quantity,
        amount: Money,
        tier_used_kwh: Quantity,
    ) -> Result<()> {
        let key = BillKey { org_id: self.org_id, month, account_id, sequence: 0 };
        let by_period = [Quantity::ZERO; Period::COUNT];
        let reactive_kvarh = Quantity::ZERO;
        let row =
            QuantityRow { key, issue_id: 0, energy_kwh, by_period, reactive_kvarh, amount, tier_used_kwh };
        Ok(sql::add_quantity(&mut self.bulk, &row)?)
    }
    /// Writes everything and empties the buffer.
    pub fn load(&mut self, tx: &mut store::Tx<'_>) -> Result<u64> {
        Ok(tx.load(&mut self.bulk)?)
    }
}
