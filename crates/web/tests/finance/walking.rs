//! Long lists are walked by the last row seen: whatever is added meanwhile, every row that was there is shown once.

use std::collections::BTreeSet;

use billing::suspicion::Band;
use metering::account::AccountBulk;
use store::Walk;

use super::office::*;

/// A list as somebody asks for it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    login: &'a str,
    name: &'a str,
    given: &'a [(&'a str, &'a str)],
    sort: Option<(&'static str, bool)>,
}

impl Asked<'_> {
    fn part(&self, office: &Office<'_>, limit: usize, walk: Option<&Walk>) -> Rows {
        let list = Catalogue::built_in().lists().find(|list| list.name == self.name).unwrap();
        let given = Given::understand(list.filters, &texts(self.given), true).unwrap();
        let query = Query { given: &given, search: "", sort: self.sort, offset: 0, limit, walk };
        office.look(self.login, |look| (list.rows)(look, &query)).unwrap()
    }
    /// Everything there is, in one part.
    fn whole(&self, office: &Office<'_>) -> Vec<String> {
        self.part(office, 10_000, None).rows.iter().map(row_text).collect()
    }
    /// Walks from one end to the other; `between` happens after every part.
    fn walked(
        &self,
        office: &Office<'_>,
        limit: usize,
        back: bool,
        between: &mut dyn FnMut(),
    ) -> Vec<String> {
        let (mut seen, mut walk) = (Vec::new(), Walk { from: None, back });
        loop {
            let rows = self.part(office, limit, Some(&walk));
            let ends = rows.walked.unwrap();
            assert!(rows.rows.len() <= limit && (rows.rows.len() == limit || !ends.more));
            let at = if back { 0 } else { seen.len() };
            seen.splice(at..at, rows.rows.iter().map(row_text));
            if !ends.more {
                return seen;
            }
            walk.from = if back { ends.first } else { ends.last };
            between();
        }
    }
    /// Every row that was there at the beginning of a walk is shown once and in order, whatever is added meanwhile.
    fn shows_every_row_once(&self, office: &Office<'_>, add: &mut dyn FnMut()) {
        for limit in [1, 4] {
            for back in [false, true] {
                let before = self.whole(office);
                let known: BTreeSet<&String> = before.iter().collect();
                assert_eq!(known.len(), before.len(), "rows are told apart");
                let quiet = self.walked(office, limit, back, &mut || ());
                assert_eq!(quiet, before, "{} {:?} by {limit}, back: {back}", self.name, self.sort);
                let mut added = 0;
                let mut some = || {
                    // A walk against the stream of what is added would not end.
                    added += 1;
                    if added <= 5 {
                        add();
                    }
                };
                let mut seen = self.walked(office, limit, back, &mut some);
                seen.retain(|row| known.contains(row));
                assert_eq!(seen, before, "{} {:?} by {limit}, back: {back}, added to", self.name, self.sort);
            }
        }
    }
}

fn row_text(row: &Row) -> String {
    let cells: Vec<String> = (0..row.cells.len()).map(|at| written(row, at)).collect();
    cells.join("|")
}

fn post(office: &Office<'_>) {
    let given = [
        ("unit", "S1"),
        ("posted_on", TODAY),
        ("summary", "银行利息"),
        ("legs", "借 1002 10.00\n贷 6051 10.00"),
    ];
    office.act("accountant", "ledger.post", &given).unwrap();
}

/// XC-15, RPT-09: vouchers, the postings of an account and acts, the oldest or the latest first, while vouchers are posted.
#[test]
fn books_and_log_are_walked_while_they_grow() {
    each_office(|office| {
        for _ in 0..6 {
            post(office);
        }
        let may = &[("month", "2026-05")][..];
        let cash = &[("code", "1002"), ("month", "2026-05")][..];
        let april = office.list("accountant", "vouchers", &[("month", "2026-04")]);
        let voucher = link(&april.rows[0], 0).rsplit('/').next().unwrap().to_owned();
        let entries = &[("voucher", voucher.as_str())][..];
        let acts_of = &[("actor", "accountant")][..];
        let day = &[("on_day", TODAY)][..];
        for down in [false, true] {
            let by = |column| Some((column, down));
            for (login, name, given, sort) in [
                ("accountant", "vouchers", may, by("voucher")),
                ("accountant", "account_lines", cash, by("voucher")),
                ("accountant", "voucher_entries", entries, by("line")),
                ("auditor", "acts", &[][..], by("act_number")),
                ("auditor", "acts", acts_of, by("act_number")),
                ("auditor", "acts", day, by("act_number")),
            ] {
                Asked { login, name, given, sort }.shows_every_row_once(office, &mut || post(office));
            }
        }
    });
}

/// BILL-02: bills of a month by account, energy and amount, all and the issued ones, while bills are added.
#[test]
fn bills_are_walked_while_bills_are_added() {
    each_office(|office| {
        let org_id = office.base.org_id();
        let mut next = 0;
        let mut add = || {
            next += 1;
            // A copy of a bill under another account, a little before or after it in every order.
            let (account, more) = (if next % 2 == 0 { 100 + next } else { 1_000_000 + next }, next * 7 - 20);
            let columns = [
                (
                    "bill",
                    "book_id, calculation_id, payer_id, flow, reasons, energy_kwh + ?4, amount + ?4, detail",
                ),
                (
                    "quantity_ledger",
                    "issue_id, energy_kwh + ?4, sharp_kwh, peak_kwh, flat_kwh, valley_kwh, deep_valley_kwh,
                     reactive_kvarh, amount + ?4, tier_used_kwh",
                ),
            ];
            for (table, columns) in columns {
                let names = columns.replace(" + ?4", "");
                let text = format!(
                    "INSERT INTO {table} (org_id, month, account_id, sequence, {names})
                     SELECT org_id, month, ?2, ?3, {columns} FROM {table}
                     WHERE org_id = ?1 AND account_id = (SELECT MIN(account_id) FROM quantity_ledger WHERE org_id = ?1)
                       AND sequence = 0"
                );
                let given = store::params![org_id, account, 0_i64, more];
                office.base.store.write(|tx| tx.execute(&text, given)).unwrap();
            }
        };
        for given in [&[("month", "2026-04")][..], &[("month", "2026-04"), ("bill_state", "issued")]] {
            for sort in [
                None,
                Some(("energy_kwh", false)),
                Some(("energy_kwh", true)),
                Some(("amount", false)),
                Some(("amount", true)),
            ] {
                Asked { login: "reviewer", name: "bills", given, sort }
                    .shows_every_row_once(office, &mut add);
            }
        }
    });
}

/// BILL-02, BILL-10: exceptions of a month by station, energy, amount and day of answer, while the gates find more.
#[test]
fn exceptions_are_walked_while_more_are_found() {
    each_office(|office| {
        let org_id = office.base.org_id();
        let mut next = 0;
        // A copy of an exception under another account, a little before or after it in every order; some are with their
        // station, which answers by a day, the others are not.
        let mut add = || {
            next += 1;
            let (account, more) = (if next % 2 == 0 { 100 + next } else { 1_000_000 + next }, next * 7 - 20);
            let due = (next % 3 > 0).then_some(20_260_410 + next % 5);
            let text = "INSERT INTO exception (org_id, month, account_id, book_id, unit_id, dedicated, reasons, energy_kwh,
                   amount, past_months, past_energy_kwh, past_amount, state, due_on)
                 SELECT org_id, month, ?2, book_id, unit_id, dedicated, reasons, energy_kwh + ?3, amount + ?3,
                   past_months, past_energy_kwh, past_amount, state, ?4 FROM exception
                 WHERE org_id = ?1 AND account_id = (SELECT MAX(account_id) FROM exception WHERE org_id = ?1
                   AND account_id BETWEEN 1001 AND 999999)";
            let given = store::params![org_id, account, more, due];
            assert_eq!(office.base.store.write(|tx| tx.execute(text, given)).unwrap(), 1);
        };
        for _ in 0..6 {
            add();
        }
        let april = ("month", "2026-04");
        let mut walk = |given: &[(&str, &str)], sort: (&'static str, bool)| {
            Asked { login: "reviewer", name: "exceptions", given, sort: Some(sort) }
                .shows_every_row_once(office, &mut add);
        };
        for column in ["account", "energy_kwh", "amount", "answer_by"] {
            walk(&[april], (column, false));
            walk(&[april], (column, true));
        }
        walk(&[april, ("open", "true")], ("amount", true));
        walk(&[april, ("unit", "S1")], ("answer_by", false));
    });
}

/// BILL-08: scores of a month, the most or the least suspicious first, while more accounts are scored.
#[test]
fn scores_are_walked_while_more_are_given() {
    each_office(|office| {
        let org_id = office.base.org_id();
        let (mut next, station) = (0, office.base.station);
        // Many have the same score, and some of these are off by the same energy or have nothing to be compared with.
        let mut add = || {
            next += 1;
            let account = if next % 2 == 0 { 100 + next } else { 1_000_000 - next };
            let (score, used) = (40 + next % 3 * 20, next % 4 * 1_000_000);
            let expected = (next % 5 > 0).then_some(2_000_000);
            let text = "INSERT INTO suspicion_score (org_id, month, book_id, account_id, unit_id, score, band, sampled,
                   used_kwh, expected_kwh, findings, version)
                 VALUES (?1, 202604, 601, ?2, ?3, ?4, ?7, 0, ?5, ?6, '', 1)";
            let given = store::params![org_id, account, station, score, used, expected, Band::Hold.number()];
            office.base.store.write(|tx| tx.execute(text, given)).unwrap();
        };
        for _ in 0..9 {
            add();
        }
        for (given, sort) in [
            (&[("month", "2026-04")][..], None),
            (&[("month", "2026-04")], Some(("score", false))),
            (&[("month", "2026-04"), ("book", "B601")], Some(("score", true))),
        ] {
            Asked { login: "reviewer", name: "scores", given, sort }.shows_every_row_once(office, &mut add);
        }
    });
}

/// XC-08: what is due, the longest overdue first, while more falls due; many on the same day.
#[test]
fn deadlines_are_walked_while_more_are_set() {
    each_office(|office| {
        let (org_id, station) = (office.base.org_id(), office.base.station);
        let mut next = 0;
        let mut add = || {
            next += 1;
            let text = "INSERT INTO workflow_clock (org_id, id, code, subject_kind, subject_id, account_id, started_on,
                   first_due_on, due_on, answerable_unit_id, answerable_post, version)
                 VALUES (?1, ?2, 'refusal_reply', 'letter', ?2, NULL, ?3, ?4, ?4, ?5, '', 1)";
            let id: i64 = if next % 2 == 0 { next } else { 9_000_000_000_000_000 - next };
            let (started, due) = ((1900 + next) * 10_000 + 101, 20_260_401 + next % 3);
            let given = store::params![org_id, id, started, due, station];
            office.base.store.write(|tx| tx.execute(text, given)).unwrap();
        };
        for _ in 0..9 {
            add();
        }
        for given in [&[][..], &[("due_by", "2026-04-30"), ("unit", "S1")]] {
            Asked { login: "reviewer", name: "deadlines", given, sort: None }
                .shows_every_row_once(office, &mut add);
        }
    });
}

/// XC-05: accounts by book, number and name, while customers are added.
#[test]
fn accounts_are_walked_while_customers_are_added() {
    each_office(|office| {
        let (org_id, store) = (office.base.org_id(), office.base.store);
        let one = store.read(|tx| metering::account::account_by_id(tx, org_id, 1)).unwrap();
        let one = one.unwrap_or_else(|| panic!("account 1"));
        let mut next = 0;
        let mut add = || {
            next += 1;
            let mut details = one.clone();
            details.account.account_id = 1_000_000 + next;
            details.number = format!("{}{next}", if next % 2 == 0 { "0" } else { "9" });
            details.name = format!("{} {next}", if next % 3 == 0 { "A" } else { "龘" });
            let mut bulk = AccountBulk::new(org_id);
            bulk.account(&details).unwrap();
            store.write(|tx| bulk.load(tx)).unwrap();
        };
        for down in [false, true] {
            for column in ["book", "account", "name"] {
                let sort = Some((column, down));
                Asked { login: "auditor", name: "accounts", given: &[], sort }
                    .shows_every_row_once(office, &mut add);
            }
        }
    });
}
