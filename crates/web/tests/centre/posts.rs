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
