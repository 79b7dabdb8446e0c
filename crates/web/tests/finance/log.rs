//! The log, exports with their proof, and the page that a stranger sees.

use super::office::*;

/// XC-15: every act is found by person, by document and by day, a part at a time from either end; one act shows its
/// bytes, its hash and the path to a checkpoint that hold together.
#[test]
fn acts_are_found_and_proved() {
    each_office(|office| {
        let all = office.list("auditor", "acts", &[]);
        assert_eq!(all.total, all.rows.len());
        let numbers: Vec<String> = all.rows.iter().map(|row| written(row, 0)).collect();
        let mut sorted: Vec<usize> =
            numbers.iter().map(|number| number.replace(',', "").parse().unwrap()).collect();
        assert!(sorted.windows(2).all(|pair| pair[0] > pair[1]), "the latest first");
        sorted.reverse();
        assert!(sorted.iter().copied().eq(0..all.total));
        // Days and persons divide the log; together they are counted once.
        let mut days: Vec<String> = all.rows.iter().map(|row| written(row, 1)[..10].to_owned()).collect();
        days.sort();
        days.dedup();
        let by_day: usize =
            days.iter().map(|day| office.list("auditor", "acts", &[("on_day", day)]).total).sum();
        assert_eq!(by_day, all.total);
        let reviewer = office.list("auditor", "acts", &[("actor", "reviewer2")]);
        assert!(reviewer.total > 0 && reviewer.rows.iter().all(|row| written(row, 2) == "reviewer2"));
        let same: usize = days
            .iter()
            .map(|day| office.list("auditor", "acts", &[("actor", "reviewer2"), ("on_day", day)]).total)
            .sum();
        assert_eq!(same, reviewer.total);
        let vouchers = office.list("auditor", "acts", &[("document_kind", "voucher")]);
        assert!(vouchers.rows.iter().all(|row| written(row, 5).to_lowercase().contains("voucher")));
        let number = written(&vouchers.rows[0], 6);
        let one = office.list("auditor", "acts", &[("document_kind", "voucher"), ("number", &number)]);
        assert_eq!(one.total, 1);

        let seq = link(&one.rows[0], 0).rsplit('/').next().unwrap().to_owned();
        let sheet = office.view("auditor", "act", &[("index", &seq)]);
        assert!(sheet.badges.iter().any(|badge| badge.value == Value::Word("state.proved".into())));
        let raw = |wanted: &str| {
            sheet.blocks.iter().find_map(|block| match block {
                Block::Raw { name, text } if *name == wanted => Some(text.clone()),
                _ => None,
            })
        };
        let path: Vec<[u8; 32]> = raw("inclusion").unwrap().lines().map(unhex).collect();
        let facts: BTreeMap<&str, String> = sheet
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Facts { name: "proof", facts } => Some(facts),
                _ => None,
            })
            .flatten()
            .map(|(name, kind, cell)| (*name, cell.value.written(*kind, Lang::En)))
            .collect();
        let size: u64 = facts["checkpoint"].replace(',', "").parse().unwrap();
        let (index, leaf, root) = (seq.parse().unwrap(), unhex(&facts["leaf_hash"]), unhex(&facts["root"]));
        proof::verify_inclusion(&leaf, index, size, &path, &root).unwrap();
        assert!(raw("canonical").unwrap().contains("000000  "));
        assert_eq!(office.try_list("accountant", "acts", &[]).unwrap_err().why, Why::NotPermitted);
    });
}

fn unhex(text: &str) -> [u8; 32] {
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// XC-15: an export is recorded before its file is given, and the file is verified by an auditor's own key.
#[test]
fn exports_are_recorded_and_verified() {
    each_office(|office| {
        let signers = &office.console.house.signers;
        let keys: String =
            signers.keys().iter().map(|key| format!("log {}\n", key.verifier().text())).collect();
        let policy = proof::Policy::parse(format!("{keys}quorum none\n").as_bytes()).unwrap();
        let auditor = audit::verify::Auditor { policy: &policy, previous: None, threads: 1 };
        let bill = [("account", "4200001001"), ("month", "2026-04")];
        let refused = office.file("auditor", "bill_proof", &bill).unwrap_err();
        assert_eq!(refused.why, Why::Conflict);
        let done = office.act("auditor", "proof.bill", &bill).unwrap();
        assert!(done.see.unwrap().starts_with("/proofs/bills/4200001001"));
        let file = office.file("auditor", "bill_proof", &bill).unwrap();
        audit::verify::verify(&auditor, file.as_slice()).unwrap();
        assert_eq!(office.file("reviewer", "bill_proof", &bill).unwrap_err().why, Why::Conflict);

        let document = [("document_kind", "accounting_period"), ("number", "2026-04")];
        office.act("auditor", "proof.document", &document).unwrap();
        let file = office.file("auditor", "document_proof", &document).unwrap();
        audit::verify::verify(&auditor, file.as_slice()).unwrap();

        let done = office.act("accountant", "proof.period", &[("month", "2026-04")]).unwrap();
        let path = done.facts["file"].as_str().unwrap().to_owned();
        let job = path.rsplit('/').next().unwrap();
        let file = office.file("accountant", "period_proof", &[("job", job)]).unwrap();
        audit::verify::verify(&auditor, file.as_slice()).unwrap();
        assert_eq!(office.file("auditor", "period_proof", &[("job", job)]).unwrap_err().why, Why::NotFound);
    });
}

/// INQ-03, BILL-22: whoever holds a printed bill learns that it is authentic and what is printed on it; nothing else of
/// the customer, and every wrong code gets the same answer.
#[test]
fn a_stranger_sees_a_bill_and_no_more() {
    each_office(|office| {
        let org_id = office.base.org_id();
        let key = billing::BillKey { org_id, month: april(), account_id: 1001, sequence: 0 };
        let code = office.base.store.read(|tx| billing::bill_code(tx, key)).unwrap().unwrap().to_string();
        let amount = office.base.number(
            "SELECT amount FROM receivable WHERE org_id = ?1 AND month = 202604 AND account_id = 1001",
        );
        let page = office.page("", "verify_code", &[("code", &code)]);
        for shown in [Money::from_fen(amount).to_string().as_str(), "2026-04", "42****1001", "2026-04-12"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        for hidden in ["4200001001", "客户1001", "示范路", "150", "B601", "S1", "城东"] {
            assert!(!page.contains(hidden), "{hidden} is nobody's business");
        }
        assert!(page.contains(&format!("/verify/{code}/proof")));
        let file = office.file("", "verified_proof", &[("code", &code)]).unwrap();
        let keys: String = office
            .console
            .house
            .signers
            .keys()
            .iter()
            .map(|key| format!("log {}\n", key.verifier().text()))
            .collect();
        let policy = proof::Policy::parse(format!("{keys}quorum none\n").as_bytes()).unwrap();
        let auditor = audit::verify::Auditor { policy: &policy, previous: None, threads: 1 };
        audit::verify::verify(&auditor, file.as_slice()).unwrap();

        let mut other = code.clone();
        let last = other.pop().unwrap();
        other.push(if last == 'A' { 'B' } else { 'A' });
        let unknown = code.replace("-1001-", "-999999-");
        let foreign = code.replacen(&format!("ZF1-{org_id}-"), &format!("ZF1-{}-", org_id + 1), 1);
        // What was typed stands in the field again; all else is the same for every wrong code.
        let plain = |code: &str| {
            let page = office.page("", "verify_code", &[("code", code)]);
            page.replace(&format!("value=\"{code}\""), "value=\"\"")
        };
        let refused = plain(&other);
        assert!(refused.contains("Not verified") && !refused.contains("2026-04"));
        for wrong in [unknown.as_str(), foreign.as_str(), "ZF1", "x"] {
            assert_eq!(plain(wrong), refused, "{wrong}");
            assert_eq!(office.file("", "verified_proof", &[("code", wrong)]).unwrap_err().why, Why::NotFound);
        }
    });
}
