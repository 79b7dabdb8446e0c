//! The books: from a total to its postings, closing, vouchers by hand.

use super::office::*;

/// RPT-09, BILL-20: from the trial balance to the postings of an account to a voucher to its entries, by station and by
/// customer, every level comes to the one above it, to the fen.
#[test]
fn the_ledger_ties_out_at_every_level() {
    each_office(|office| {
        let balance = office.list("accountant", "balance", &[("month", "2026-04")]);
        assert_eq!(sum(&balance, "debit"), sum(&balance, "credit"));
        assert!(balance.note.as_ref().unwrap().en.contains("equal"));
        let receivable = balance.rows.iter().find(|row| written(row, 0) == "1122").unwrap();
        let debit = money(receivable, 4);
        assert!(debit > Money::ZERO);
        assert_eq!(link(receivable, 0), "/ledger/accounts/1122?month=2026-04&unit=");

        let lines = office.list("accountant", "account_lines", &[("code", "1122"), ("month", "2026-04")]);
        assert_eq!(total(&lines.rows, 6), debit);
        assert_eq!(sum(&lines, "debit"), debit);
        assert_eq!(lines.total, lines.rows.len());
        // By station the parts come to the whole, in the balance and in the detail alike.
        let mut whole = Money::ZERO;
        for unit in ["S1", "S2"] {
            let of_unit = [("code", "1122"), ("month", "2026-04"), ("unit", unit)];
            let part = office.list("accountant", "account_lines", &of_unit);
            let kept = office.list("accountant", "balance", &[("month", "2026-04"), ("unit", unit)]);
            let row = kept.rows.iter().find(|row| written(row, 0) == "1122").unwrap();
            assert_eq!(total(&part.rows, 6), money(row, 4), "{unit}");
            whole = whole.plus(money(row, 4)).unwrap();
        }
        assert_eq!(whole, debit);

        // The vouchers of the month, and each voucher's entries.
        let vouchers = office.list("accountant", "vouchers", &[("month", "2026-04")]);
        assert_eq!(sum(&vouchers, "total"), sum(&balance, "debit"));
        let mut entries = Money::ZERO;
        for row in &vouchers.rows {
            let id = link(row, 0).rsplit('/').next().unwrap();
            let list = office.list("accountant", "voucher_entries", &[("voucher", id)]);
            assert_eq!(total(&list.rows, 6), money(row, 7));
            assert_eq!(sum(&list, "amount"), money(row, 7));
            entries = entries.plus(money(row, 7)).unwrap();
            let sheet = office.view("accountant", "voucher", &[("voucher", id)]);
            let acts = rows_of(&sheet, "acts");
            assert_eq!(acts.len(), 1, "the voucher is one act in the log");
            let moved = rows_of(&sheet, "movements");
            assert_eq!(total(moved, 3), money(row, 7));
            assert_eq!(total(moved, 4), money(row, 7));
        }
        assert_eq!(entries, sum(&vouchers, "total"));
    });
}

/// RPT-09: what one customer owes is found without reading everybody's postings, also what it pays for another; each
/// entry leads to its bill.
#[test]
fn postings_of_a_customer_lead_to_its_bills() {
    each_office(|office| {
        for account_id in [1001, 1007, 1101] {
            let number = format!("42{account_id:08}");
            let given = [("code", "1122"), ("month", "2026-04"), ("account", number.as_str())];
            let lines = office.list("accountant", "account_lines", &given);
            let owed = Money::from_fen(office.base.number(&format!(
                "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM receivable WHERE org_id = ?1 AND month = 202604 AND payer_id = {account_id}"
            )));
            let owed_fen = total(&lines.rows, 6).minus(total(&lines.rows, 7)).unwrap();
            assert_eq!(owed_fen, owed, "{number}");
            if owed.is_zero() {
                continue;
            }
            let path = link(&lines.rows[0], 3);
            let voucher = path.split('/').nth(3).unwrap();
            assert_eq!(asked(path, "account"), number);
            let entries =
                office.list("accountant", "voucher_entries", &[("voucher", voucher), ("account", &number)]);
            assert!(
                link(&entries.rows[0], 5).starts_with("/bills/2026-04/42"),
                "{}",
                link(&entries.rows[0], 5)
            );
        }
    });
}

/// XC-09, RPT-11: a month is not closed while an item of the checklist is open; it says what proves each item, and closes
/// with the last tick.
#[test]
fn closing_waits_for_every_item() {
    each_office(|office| {
        let place = [("month", "2026-04"), ("unit", "F")];
        office.act("accountant", "closing.lay_out", &place).unwrap();
        let refused = office.act("accountant", "closing.close", &place).unwrap_err();
        assert!(said(&refused).contains("balance_frozen"), "{refused:?}");
        let sheet = office.view("accountant", "closing", &place);
        let items = rows_of(&sheet, "checklist");
        assert_eq!(items.len(), 2);
        // What the page says is missing is neither offered nor ticked.
        let frozen = |row: &&Row| written(row, 2).contains("not frozen");
        assert!(items.iter().find(frozen).unwrap().offers.is_empty());
        assert!(items.iter().any(|row| row.offers.iter().any(|offer| offer.act == "closing.tick")));
        let item = ("closing_item", "balance_frozen");
        for more in [vec![], vec![("nothing_to_do", "true"), ("note", "not needed")]] {
            let tick: Vec<_> = place.iter().copied().chain([item]).chain(more).collect();
            let refused = office.act("accountant", "closing.tick", &tick).unwrap_err();
            assert!(said(&refused).contains("not frozen yet"), "{refused:?}");
        }
        // The centre: nothing was compiled, some books wait.
        let centre = [place[0], ("unit", "C")];
        office.act("reviewer", "closing.lay_out", &centre).unwrap();
        for (item, nothing, why) in [
            ("all_books_issued", "true", "books issued"),
            ("receivable_compiled", "true", "0 of 2 units compiled"),
            ("centre_feedback_signed", "false", "tick it as nothing to do"),
        ] {
            let tick =
                [centre[0], centre[1], ("closing_item", item), ("nothing_to_do", nothing), ("note", "none")];
            let refused = office.act("reviewer", "closing.tick", &tick).unwrap_err();
            assert!(said(&refused).contains(why), "{item}: {refused:?}");
        }
        office.act("reviewer", "report.compile", &[place[0]]).unwrap();
        let tick = [centre[0], centre[1], ("closing_item", "receivable_compiled")];
        office.act("reviewer", "closing.tick", &tick).unwrap();

        office.act("accountant", "report.freeze", &[("month", "2026-04")]).unwrap();
        let frozen = office.view("accountant", "reconcile", &[("month", "2026-04")]);
        assert!(!rows_of(&frozen, "frozen").is_empty());
        for item in ["balance_frozen", "reconciliation_done"] {
            let tick = [place[0], place[1], ("closing_item", item)];
            office.act("accountant", "closing.tick", &tick).unwrap();
            let open = office.act("accountant", "closing.close", &place);
            assert_eq!(open.is_ok(), item == "reconciliation_done", "{item}: {open:?}");
        }
        let all = office.list("accountant", "closings", &[("month", "2026-04")]);
        let row = all.rows.iter().find(|row| link(row, 0).ends_with("/F")).unwrap();
        assert_eq!(written(row, 4), "accountant");
        // Nothing of a closed month is ticked any more.
        let again = [place[0], place[1], ("closing_item", "balance_frozen")];
        assert!(office.act("accountant", "closing.tick", &again).is_err());
        // Who holds no such right closes nothing.
        let refused = office.act("reviewer2", "closing.close", &place).unwrap_err();
        assert_eq!(refused.why, Why::NotPermitted);
    });
}

/// XC-09: an accounting period is closed after it is proved, in order, and can be opened again; BILL-20, XC-14: a voucher
/// by hand is reversed by a red one, once; what an office posted is not reversed by hand.
#[test]
fn periods_and_vouchers_by_hand() {
    each_office(|office| {
        let text = [("unit", "F"), ("posted_on", "2026-04-30"), ("summary", "bank charge")];
        let wrong = [text[0], text[1], text[2], ("legs", "debit 1002 10.00\ncredit 6051 9.99")];
        let refused = office.act("accountant", "ledger.post", &wrong).unwrap_err();
        assert!(said(&refused).contains("balance"), "{refused:?}");
        let unread = [text[0], text[1], text[2], ("legs", "debit 1002 10.00\nto 6051 10.00")];
        let refused = office.act("accountant", "ledger.post", &unread).unwrap_err();
        assert!(refused.fields[0].1.en.starts_with("line 2"), "{refused:?}");
        let right = [text[0], text[1], text[2], ("legs", "借 1002 10.00\n贷 6051 10.00")];
        let done = office.act("accountant", "ledger.post", &right).unwrap();
        let id = done.facts["voucher"].as_str().unwrap().to_owned();
        let red = [("voucher", id.as_str()), ("posted_on", "2026-04-30"), ("summary", "booked twice")];
        office.act("accountant", "ledger.reverse", &red).unwrap();
        assert!(office.act("accountant", "ledger.reverse", &red).is_err(), "once only");
        let sheet = office.view("accountant", "voucher", &[("voucher", &id)]);
        assert!(sheet.badges.iter().any(|badge| badge.value == Value::Word("state.reversed".into())));

        let vouchers = office.list("accountant", "vouchers", &[("month", "2026-04")]);
        let issued = vouchers.rows.iter().find(|row| written(row, 4).contains("issue")).unwrap();
        let id = link(issued, 0).rsplit('/').next().unwrap();
        let red = [("voucher", id), ("posted_on", "2026-04-30"), ("summary", "mistake")];
        let refused = office.act("accountant", "ledger.reverse", &red).unwrap_err();
        assert!(said(&refused).contains("office"), "{refused:?}");

        let early = office.act("accountant", "ledger.close_period", &[("month", "2026-04")]).unwrap_err();
        assert!(said(&early).contains("still open"), "{early:?}");
        for month in ["2026-01", "2026-02", "2026-03", "2026-04"] {
            office.act("accountant", "ledger.close_period", &[("month", month)]).unwrap();
        }
        let late = office.act("accountant", "ledger.post", &right).unwrap_err();
        assert!(said(&late).contains("not open"), "{late:?}");
        office.act("accountant", "ledger.reopen_period", &[("month", "2026-04")]).unwrap();
        office.act("accountant", "ledger.post", &right).unwrap();
        let refused = office.act("reviewer", "ledger.post", &right).unwrap_err();
        assert_eq!(refused.why, Why::NotPermitted);
        let text = String::from_utf8(office.file("accountant", "hledger", &[]).unwrap()).unwrap();
        assert!(text.contains("commodity 1000.00 CNY"));
    });
}
