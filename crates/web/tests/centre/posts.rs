//! What each post finds on its first page, and what it is never offered.

use super::office::*;

/// BILL-17: whatever a reviewer may do here, none of it changes a parameter that affects settlement.
#[test]
fn a_reviewer_is_offered_no_change_of_a_parameter() {
    each_engine(|office| {
        let reviewer = office.caller("reviewer");
        let acts = office.catalogue.acts().filter(|act| reviewer.holds(act.permission));
        let held: Vec<&str> = acts.map(|act| act.permission).collect();
        assert!(held.contains(&"billing.calculate"));
        for permission in held {
            let parameter =
                ["parameter.", "price.", "contract.", "billing.set_", "metering.manage", "ledger."];
            assert!(!parameter.iter().any(|group| permission.starts_with(group)), "{permission}");
        }
        office.begin_april();
        let screen = office.page("reviewer", "2026-04-08", "review_book", &PUBLIC);
        for other in ["/acts/parameter", "/acts/price", "/acts/contract", "/acts/suspicion"] {
            assert!(!screen.contains(other), "{other}");
        }
        let mode = [("mode", "decide")];
        assert_eq!(
            office.refused("reviewer", "2026-04-08", "suspicion.set_mode", &mode).why,
            Why::NotPermitted
        );
        office.done("centre_head", "2026-04-08", "suspicion.set_mode", &mode);
    });
}

/// XC-08: every post of the company finds its own first page, and late work stands on it with who is answerable.
#[test]
fn each_post_finds_its_work() {
    each_engine(|office| {
        office.begin_april();
        office.done("reviewer", "2026-04-07", "exception.send_lists", &[APRIL, ("unit", "S1")]);
        for (login, finds) in [
            ("reviewer", "/review?month=2026-04&amp;book_state=submitted"),
            ("reviewer", "/deadlines?due_by=2026-04-30&amp;deadline=feedback_public&amp;unit=S1"),
            ("fee", "/exceptions?month=2026-04&amp;exception_state=sent"),
            ("centre_head", "block-home_books"),
            ("accountant", "/closing"),
            ("department", "block-home_books"),
        ] {
            let home = office.page(login, "2026-04-30", "home", &[]);
            assert!(home.contains(finds), "{login} does not find {finds}");
        }
        for login in [
            "fee",
            "head",
            "inquiry",
            "slips",
            "marketing",
            "institute",
            "institute_head",
            "inspector",
            "leader",
        ] {
            office.page(login, "2026-04-30", "home", &[]);
        }
        let due = office.list("reviewer", "deadlines", &[("due_by", "2026-04-30")]);
        assert_eq!(due.total, 3);
        assert!(due.rows.iter().all(|row| row.cells[3].value == Value::Text("S1".into())), "on whom");
        assert_eq!(office.list("fee2", "deadlines", &[("due_by", "2026-04-30")]).total, 0);
    });
}

/// READ-13, READ-15, XC-08: the supply department, marketing and the ledger-issue room find what waits for them.
#[test]
fn reading_days_and_ledgers_wait_on_first_pages() {
    each_engine(|office| {
        let home = |login: &str| office.page(login, "2026-04-08", "home", &[]);
        let tile = |login: &str, path: &str| -> Option<i64> {
            let page = home(login);
            let (_, rest) = page.split_once(&format!("href=\"{path}\""))?;
            let (_, figure) = rest.split_once("class=\"big\"")?;
            let digits = figure.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().ok()
        };
        let (without, proposed) = ("/reading-books?without_day=true", "/reading-days");
        let before = tile("department", without);
        assert_eq!((tile("department", proposed), tile("marketing", proposed)), (None, None));
        let done =
            office.done("department", "2026-04-08", "book.propose_day", &[("book", "B601"), ("day", "7")]);
        let proposal = done.facts["proposal"].as_str().unwrap();
        assert_eq!((tile("department", proposed), tile("marketing", proposed)), (Some(1), Some(1)));
        let review = [("proposal", proposal), ("answer", "agree")];
        office.refused("department", "2026-04-08", "book.review_day", &review);
        office.done("marketing", "2026-04-08", "book.review_day", &review);
        assert_eq!((tile("department", proposed), tile("marketing", proposed)), (None, None));
        assert_eq!(tile("department", without), before, "the book had a day already");

        let (kept, out) = ("/ledger-room?tool_state=kept", "/ledger-room?tool_state=issued");
        assert_eq!((tile("issuer", kept), tile("issuer", out)), (None, None));
        let mut keys = Vec::new();
        for (kind, number, book) in [("ledger", "B602", Some("B602")), ("handheld", "01", None)] {
            let mut tool = vec![("unit", "S1"), ("tool_kind", kind), ("tool_number", number)];
            tool.extend(book.map(|book| ("book", book)));
            let done = office.done("fee", "2026-04-08", "tool.register", &tool);
            keys.push(done.facts["tool"].as_str().unwrap().to_owned());
        }
        let person = ("person", "fee");
        let issue = [("tool", keys[1].as_str()), ("event", "issue"), person];
        office.refused("fee", "2026-04-08", "ledger.record", &issue);
        office.done("issuer", "2026-04-08", "ledger.record", &issue);
        assert_eq!(
            (tile("issuer", kept), tile("issuer", out)),
            (None, Some(1)),
            "a submitted book is not read"
        );
        assert_eq!(office.list("issuer", "ledger_room", &[("tool_state", "issued")]).total, 1);
        assert_eq!(office.list("issuer", "ledger_room", &[("tool_state", "kept")]).total, 1);
        // A ledger stays in while its book is being accounted.
        let lent = [("tool", keys[0].as_str()), ("event", "issue"), person];
        office.refused("issuer", "2026-04-08", "ledger.record", &lent);
    });
}
