//! The day of the meter reader and of the station, through the acts, lists, views and pages of the catalogue, on both
//! engines.
#![allow(clippy::type_complexity, reason = "tables of cases say their columns where they stand")]
#![allow(clippy::unwrap_used)]

mod desk;

use desk::{BOOK, Company, DIVIDED, at, each_engine, kwh, number, why};
use metering::reading::{ReadingFlags, Register};
use web::catalogue::{Block, Catalogue, SentFile, Value, Why};

const MARCH: (&str, &str) = ("month", "2026-03");
const OF_BOOK: [(&str, &str); 2] = [MARCH, ("book", BOOK)];

fn enter(
    company: &Company,
    login: &str,
    date: &str,
    lines: &str,
) -> Result<web::catalogue::Done, web::catalogue::Refusal> {
    company.act(login, date, "readings.enter", &[MARCH, ("book", BOOK), ("lines", lines)])
}

/// Every meter of the book, 100 kWh or so more than before.
fn everything() -> String {
    let mut lines = String::new();
    for account_id in 1..=5 {
        lines.push_str(&format!("{}\t1\ttotal\t{}\n", number(account_id), 1_300 + account_id));
    }
    for register in ["total", "peak", "valley"] {
        lines.push_str(&format!("{}\t1\t{register}\t1400\n", number(DIVIDED)));
    }
    lines
}

/// READ-04, READ-05, READ-06, READ-08, READ-12, READ-13, READ-14: a book opened, read, checked and submitted.
#[test]
fn a_clean_book_from_its_batch_to_its_submission() {
    each_engine(|company| {
        company.open_march();
        let seen = company.list("reader", "2026-03-05", "books", &[MARCH]).unwrap();
        assert_eq!(seen.total, 1);
        assert_eq!(seen.rows[0].cells[6].value, Value::Word("state.book.created".into()));
        assert_eq!(seen.rows[0].cells[7].value, Value::Count(6));
        assert_eq!(seen.rows[0].cells[9].value, Value::Count(6));

        // Nothing is submitted that was not read, and nothing that was not checked.
        let early = company.act("fee", "2026-03-05", "book.submit", &OF_BOOK);
        assert_eq!(why(early).0, Why::Refused);
        let done = enter(company, "reader", "2026-03-05", &everything()).unwrap();
        assert_eq!((done.facts["saved"].as_i64(), done.facts["missing"].as_i64()), (Some(6), Some(0)));
        let unchecked = company.act("fee", "2026-03-05", "book.submit", &OF_BOOK);
        assert_eq!(why(unchecked).0, Why::Refused);
        company.act("fee", "2026-03-05", "book.self_check", &OF_BOOK).unwrap();
        // A later entry takes the check back.
        enter(company, "reader", "2026-03-06", &format!("{}\t1\t\t1301.5\n", number(1))).unwrap();
        assert_eq!(why(company.act("fee", "2026-03-06", "book.submit", &OF_BOOK)).0, Why::Refused);
        company.act("fee", "2026-03-06", "book.self_check", &OF_BOOK).unwrap();
        let done = company.act("fee", "2026-03-09", "book.submit", &OF_BOOK).unwrap();
        assert_eq!(done.facts["late_days"].as_i64(), Some(2), "read on the 5th, due on the 7th");

        let sheet = company.view("reader", "2026-03-09", "book", &OF_BOOK).unwrap();
        assert!(sheet.offers.iter().any(|offer| offer.act == "book.ask_return"));
        assert!(sheet.offers.iter().all(|offer| offer.act != "book.submit"));
        let page = company.page("reader", "2026-03-09", "readings", &OF_BOOK).unwrap();
        assert!(page.contains("data-open=\"false\"") && !page.contains("<input"));
    });
}

/// READ-05, READ-09: a book that was submitted meanwhile takes nothing, in words; what is there stays.
#[test]
fn a_book_locked_meanwhile_takes_nothing() {
    each_engine(|company| {
        company.open_march();
        enter(company, "reader", "2026-03-05", &everything()).unwrap();
        company.act("fee", "2026-03-05", "book.self_check", &OF_BOOK).unwrap();
        company.act("fee", "2026-03-05", "book.submit", &OF_BOOK).unwrap();
        let (kind, said) = why(enter(company, "reader", "2026-03-05", &format!("{}\t1\t\t1390", number(1))));
        assert_eq!(kind, Why::Refused, "{said}");
        assert!(said.contains("submitted"), "{said}");
        let line = company.line("2026-03", 1, 1).unwrap();
        assert_eq!(line.registers.of(Register::Total).unwrap().current, kwh("1301"));
    });
}

/// READ-05, READ-14: a pasted column with errors: the good rows are entered, each other is told why, and a look before
/// changes nothing.
#[test]
fn a_pasted_column_with_errors() {
    each_engine(|company| {
        company.open_march();
        let pasted = format!(
            "{}\t1\t\t1,350.5\n{}\t1\t\t1100\n9999999999\t1\t\t5\n{}\t1\t\t123456\n{}\t1\tpeak\t10\n{}\t1\t\t１３２０\n",
            number(1),
            number(2),
            number(3),
            number(4),
            number(5)
        );
        let looked = company
            .act(
                "reader",
                "2026-03-05",
                "readings.enter",
                &[MARCH, ("book", BOOK), ("lines", &pasted), ("check_only", "true")],
            )
            .unwrap();
        assert_eq!((looked.facts["saved"].as_i64(), looked.facts["refused"].as_i64()), (Some(2), Some(4)));
        assert_eq!(looked.facts["missing"].as_i64(), Some(6), "nothing was entered yet");

        let done = enter(company, "reader", "2026-03-05", &pasted).unwrap();
        let rows = done.facts["rows"].as_array().unwrap();
        let refused: Vec<&str> = rows.iter().map(|row| row["refused"]["en"].as_str().unwrap_or("")).collect();
        assert_eq!(rows.len(), 6);
        assert_eq!((refused[0], refused[5]), ("", ""));
        assert!(refused[1].contains("less than"), "{}", refused[1]);
        assert!(refused[2].contains("no meter"), "{}", refused[2]);
        assert!(refused[3].contains("5 whole digits"), "{}", refused[3]);
        assert!(refused[4].contains("no value") || refused[4].contains("no register"), "{}", refused[4]);
        assert_eq!(rows[0]["registers"]["total"]["used"], "50.5");
        assert_eq!(rows[5]["registers"]["total"]["used"], "800", "20 on the register, 40 times that");
        assert_eq!(done.facts["missing"].as_i64(), Some(4));
        // All of them wrong: nothing is saved, and every line has its reason under its own name.
        let wrong =
            enter(company, "reader", "2026-03-05", &format!("{}\t1\t\t7\n{}\t1\t\tx", number(2), number(3)));
        let refusal = wrong.unwrap_err();
        let fields: Vec<&str> = refusal.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(fields, ["lines.0", "lines.1"]);
    });
}

/// READ-14: kinds of reading, roll-over, estimates, and a meter of three registers that is entered as a whole.
#[test]
fn kinds_of_reading_and_the_roll_over() {
    each_engine(|company| {
        company.open_march();
        let json = |line: serde_json::Value| serde_json::Value::Array(vec![line]).to_string();
        let of = |account_id, kind: &str| serde_json::json!({ "account": number(account_id), "meter": 1, "kind": kind, "shown": {} });
        enter(company, "reader", "2026-03-05", &json(of(1, "zero"))).unwrap();
        enter(company, "reader", "2026-03-05", &json(of(2, "unread"))).unwrap();
        let estimated =
            serde_json::json!({ "account": number(3), "kind": "estimated", "shown": { "total": "1390" } });
        enter(company, "reader", "2026-03-05", &json(estimated)).unwrap();
        assert!(company.line("2026-03", 3, 1).unwrap().flags.has(ReadingFlags::ESTIMATED));
        let rolled = serde_json::json!({
            "account": number(4), "shown": { "total": "20" }, "rolled_over": ["total"],
        });
        let done = enter(company, "reader", "2026-03-05", &json(rolled)).unwrap();
        // 99,999 and one more behind the 1,300 of last month.
        assert_eq!(done.facts["rows"][0]["registers"]["total"]["used"], "98720");
        assert_eq!(done.facts["rows"][0]["registers"]["total"]["mark"], "off");
        // One register of three is not enough; later it changes alone.
        let (_, said) =
            why(enter(company, "reader", "2026-03-05", &format!("{}\t1\ttotal\t1400", number(DIVIDED))));
        assert!(said.contains("no value"), "{said}");
        let all: String = ["total", "peak", "valley"]
            .map(|name| format!("{}\t1\t{name}\t1400\n", number(DIVIDED)))
            .concat();
        enter(company, "reader", "2026-03-05", &all).unwrap();
        enter(company, "reader", "2026-03-05", &format!("{}\t1\tpeak\t1401", number(DIVIDED))).unwrap();
        let line = company.line("2026-03", DIVIDED, 1).unwrap();
        assert_eq!(line.registers.of(Register::Peak).unwrap().current, kwh("1401"));
        assert_eq!(line.registers.of(Register::Valley).unwrap().current, kwh("1400"));

        let seen = company.list(
            "reader",
            "2026-03-05",
            "book_lines",
            &[MARCH, ("book", BOOK), ("only", "estimated")],
        );
        assert_eq!(seen.unwrap().total, 1);
        let books = company.list("reader", "2026-03-05", "books", &[MARCH]).unwrap();
        assert_eq!(books.rows[0].cells[8].value, Value::Count(5), "entered");
        assert_eq!(books.rows[0].cells[9].value, Value::Count(1), "missing");
    });
}

/// READ-05: two readers at once: the second, who saw the line before the first, is told; nothing is overwritten.
#[test]
fn two_readers_at_once() {
    each_engine(|company| {
        company.open_march();
        let version = company.line("2026-03", 1, 1).unwrap().version;
        let line = |shown: &str| {
            serde_json::json!([{ "account": number(1), "shown": { "total": shown }, "version": version }])
                .to_string()
        };
        enter(company, "reader", "2026-03-05", &line("1390")).unwrap();
        let (kind, said) = why(enter(company, "reader2", "2026-03-05", &line("1391")));
        assert_eq!(kind, Why::Refused);
        assert!(said.contains("somebody has entered this line"), "{said}");
        let held = company.line("2026-03", 1, 1).unwrap();
        assert_eq!(held.registers.of(Register::Total).unwrap().current, kwh("1390"));
    });
}

/// READ-05, BILL-08: the grid shows each register in the order of the route with average and mark.
#[test]
fn the_grid_shows_what_a_reader_needs() {
    each_engine(|company| {
        company.open_march();
        enter(
            company,
            "reader",
            "2026-03-05",
            &format!("{}\t1\t\t1430\n{}\t1\t\t1429.9", number(1), number(2)),
        )
        .unwrap();
        let page = company.page("reader", "2026-03-05", "readings", &OF_BOOK).unwrap();
        assert_eq!(page.matches("<tr id=\"r").count(), 8, "six meters, one of them with three registers");
        let first = page.find(&number(6)).unwrap();
        assert!(first < page.find(&number(1)).unwrap(), "account 6 comes first in the route");
        assert!(page.contains("data-csrf=\"token-of-the-form\""));
        assert!(page.contains("4,000.00"), "the average of the meter with a multiplier of 40");
        let seen = company.list("reader", "2026-03-05", "book_lines", &OF_BOOK).unwrap();
        let mark = |account_id: i64| {
            let row =
                seen.rows.iter().find(|row| row.cells[1].value == Value::Text(number(account_id))).unwrap();
            row.cells[12].value.clone()
        };
        // 130 kWh against an average of 100 is exactly the limit, 129.9 is not.
        assert_eq!(mark(1), Value::Word("mark.off".into()));
        assert_eq!(mark(2), Value::Empty);
        let books = company.list("reader", "2026-03-05", "books", &[MARCH]).unwrap();
        assert_eq!(books.rows[0].cells[10].value, Value::Count(1), "one looks suspicious");
    });
}

/// READ-09, READ-10, READ-11: a submitted book comes back by a ticket, keeps its earlier values, and goes again.
#[test]
fn a_book_comes_back_by_a_ticket() {
    each_engine(|company| {
        company.open_march();
        enter(company, "reader", "2026-03-05", &everything()).unwrap();
        company.act("fee", "2026-03-05", "book.self_check", &OF_BOOK).unwrap();
        company.act("fee", "2026-03-05", "book.submit", &OF_BOOK).unwrap();
        let second = number(2);
        let asked = [MARCH, ("book", BOOK), ("account", second.as_str()), ("reason", "示数抄错")];
        let raised = company.act("reader", "2026-03-06", "book.ask_return", &asked).unwrap();
        let ticket = raised.facts["ticket"].as_str().unwrap().to_owned();
        let waiting = company.list("reviewer", "2026-03-06", "tickets", &[("side", "to_us")]).unwrap();
        assert_eq!(waiting.total, 1);
        let sheet = company.view("reviewer", "2026-03-06", "ticket", &[("ticket", &ticket)]).unwrap();
        assert!(sheet.offers.iter().any(|offer| offer.act == "book.answer_return"));
        // The ticket moves with its book, or not at all.
        let bare =
            company.act("reviewer", "2026-03-06", "ticket.step", &[("ticket", &ticket), ("step", "refuse")]);
        assert_eq!(why(bare).0, Why::Refused);
        company
            .act("reviewer", "2026-03-06", "book.answer_return", &[("ticket", &ticket), ("answer", "agree")])
            .unwrap();
        let line = format!("{}\t1\t\t1352", number(2));
        let (_, said) = why(enter(company, "reader", "2026-03-07", &line));
        assert!(said.contains("must not be empty"), "{said}");
        company
            .act(
                "reader",
                "2026-03-07",
                "readings.enter",
                &[MARCH, ("book", BOOK), ("lines", &line), ("reason", "看错一位")],
            )
            .unwrap();
        let of_line = [MARCH, ("account", second.as_str()), ("meter", "1")];
        let sheet = company.view("reader", "2026-03-07", "reading", &of_line).unwrap();
        let earlier = sheet.blocks.iter().find_map(|block| match block {
            Block::Table { name: "earlier_values", rows, .. } => Some(rows.clone()),
            _ => None,
        });
        let earlier = earlier.unwrap();
        assert_eq!(earlier[0].cells[1].value, Value::Quantity(kwh("1302")));
        assert_eq!(earlier[0].cells[7].value, Value::Text("看错一位".into()));
        company.act("fee", "2026-03-07", "book.self_check", &OF_BOOK).unwrap();
        company.act("fee", "2026-03-07", "book.submit", &OF_BOOK).unwrap();
    });
}

/// PARM-01, PARM-04, PARM-07: a meter exchanged in the middle of the month, from ticket to archive; the line of the old
/// one is read already and cannot be entered, that of the new one waits.
#[test]
fn a_meter_exchanged_in_the_month() {
    each_engine(|company| {
        company.open_march();
        let swap = [
            ("account", number(1)),
            ("meter", "1".into()),
            ("from", "2026-03-04".into()),
            ("off_shown", "1312".into()),
            ("meter_number", "N0001".into()),
            ("digits", "6".into()),
            ("decimals", "2".into()),
            ("multiplier", "1".into()),
            ("on_shown", "0.5".into()),
            ("reason", "轮换".into()),
        ];
        let swap: Vec<(&str, &str)> = swap.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let started = company.act("fee", "2026-03-04", "parameter.start_swap", &swap).unwrap();
        let ticket = started.facts["ticket"].as_str().unwrap().to_owned();
        let on = [("ticket", ticket.as_str())];
        let sheet = company.view("fee", "2026-03-04", "parameter", &on).unwrap();
        assert!(sheet.blocks.iter().any(
            |block| matches!(block, Block::Table { name: "would_change", rows, .. } if !rows.is_empty())
        ));
        let held = [("ticket", ticket.as_str()), MARCH, ("reason", "换表未归档")];
        let hold = company.act("fee", "2026-03-04", "hold.file", &held).unwrap();
        let hold = hold.facts["hold"].as_str().unwrap().to_owned();
        let given = [("ticket", ticket.as_str()), ("hold", hold.as_str()), ("reason", "当日可归档")];
        company.act("fee", "2026-03-04", "hold.withdraw", &given).unwrap();
        // Maker is never checker.
        assert_eq!(why(company.act("fee", "2026-03-04", "parameter.check", &on)).0, Why::NotPermitted);
        company.act("fee_b", "2026-03-04", "parameter.check", &on).unwrap();
        company
            .act("fee", "2026-03-04", "parameter.dispatch", &[("ticket", &ticket), ("handler", "fee")])
            .unwrap();
        company.act("fee", "2026-03-04", "parameter.archive", &on).unwrap();
        let sheet = company.view("fee", "2026-03-04", "parameter", &on).unwrap();
        assert!(
            sheet
                .blocks
                .iter()
                .any(|block| matches!(block, Block::Table { name: "changed", rows, .. } if !rows.is_empty()))
        );

        assert!(company.line("2026-03", 1, 1).unwrap().flags.has(ReadingFlags::FINAL));
        let (_, said) = why(enter(company, "reader", "2026-03-05", &format!("{}\t1\t\t1313", number(1))));
        assert!(said.contains("taken off"), "{said}");
        let done = enter(company, "reader", "2026-03-05", &format!("{}\t2\t\t88.5", number(1))).unwrap();
        assert_eq!(done.facts["rows"][0]["registers"]["total"]["used"], "88");
        let page = company.page("reader", "2026-03-05", "readings", &OF_BOOK).unwrap();
        assert!(page.contains("last reading of a meter taken off") && page.contains("N0001"));
        // Two copies, each registered, each kept with the ticket.
        company.act("fee", "2026-03-05", "parameter.print", &on).unwrap();
        let sheet = company.view("fee", "2026-03-05", "parameter", &on).unwrap();
        let kept = sheet.blocks.iter().find_map(|block| match block {
            Block::Files { name: "ticket_files", files } => Some(files.len()),
            _ => None,
        });
        assert_eq!(kept, Some(2));
        assert!(
            company.act("fee", "2026-03-05", "parameter.print", &on).is_err(),
            "again only with a reason"
        );
    });
}

/// PARM-01, PARM-03: one simple change from a form; what cannot be a value is refused at its field.
#[test]
fn a_simple_change_of_a_parameter() {
    each_engine(|company| {
        let start = |kind: &str, value: &str| {
            company.act(
                "fee",
                "2026-03-04",
                "parameter.start",
                &[
                    ("account", &number(2)),
                    ("from", "2026-03-10"),
                    ("change_kind", kind),
                    ("value", value),
                    ("reason", "客户申请"),
                ],
            )
        };
        assert!(why(start("persons", "many")).1.contains("[value:"));
        assert!(why(start("relief", "perhaps")).1.contains("[value:"));
        start("persons", "6").unwrap();
        start("phone", "0579-1234567").unwrap();
        let seen = company.list("fee", "2026-03-04", "parameters", &[("unit", "S1")]).unwrap();
        assert_eq!(seen.total, 2);
        let running = company.list("fee", "2026-03-04", "circulation", &[]).unwrap();
        assert_eq!(running.total, 2);
        company.act("fee", "2026-03-04", "parameter.list_running", &[("unit", "S1")]).unwrap();
        // Nothing of it is another station's to see.
        let elsewhere = company.list("elsewhere", "2026-03-04", "parameters", &[]).unwrap();
        assert_eq!(elsewhere.total, 0);
    });
}

/// READ-07, XC-15: files of a ticket are given out as they were added, to who belongs to it.
#[test]
fn files_on_a_ticket() {
    each_engine(|company| {
        let started = company
            .act(
                "fee",
                "2026-03-04",
                "parameter.start",
                &[
                    ("account", &number(2)),
                    ("change_kind", "persons"),
                    ("value", "6"),
                    ("reason", "客户申请"),
                ],
            )
            .unwrap();
        let ticket = started.facts["ticket"].as_str().unwrap().to_owned();
        let sent = SentFile { name: "C:\\户口本.pdf".into(), bytes: b"%PDF-1.7 not really".to_vec() };
        let on = [("ticket", ticket.as_str())];
        let added = company
            .act_with("fee", "2026-03-04", "ticket.attach", &on, Some(("file", sent.clone())))
            .unwrap();
        let file = added.facts["file"].as_str().unwrap().to_owned();
        let download = Catalogue::built_in().downloads().find(|one| one.name == "ticket_file").unwrap();
        let fetch = |login: &str| {
            let raw = web::catalogue::Raw {
                texts: [("ticket".to_owned(), ticket.clone()), ("file".to_owned(), file.clone())].into(),
                ..Default::default()
            };
            let given = web::catalogue::Given::understand(download.params, &raw, true).unwrap();
            company.look(login, "2026-03-04", |look| (download.make)(look, &given))
        };
        let made = fetch("fee").unwrap();
        assert_eq!((made.name.as_str(), &made.bytes), ("户口本.pdf", &sent.bytes));
        assert_eq!(why(fetch("elsewhere")).0, Why::NotPermitted);
        assert_eq!(why(company.view("elsewhere", "2026-03-04", "ticket", &on)).0, Why::NotPermitted);
        let refused = company.act_with("elsewhere", "2026-03-04", "ticket.attach", &on, Some(("file", sent)));
        assert_eq!(why(refused).0, Why::NotPermitted);
    });
}

/// PARM-17, XC-04: a list is complete with the signature of each side, by two persons.
#[test]
fn a_list_is_signed_by_both_sides() {
    each_engine(|company| {
        let kept = company
            .act(
                "fee",
                "2026-03-04",
                "contract.keep",
                &[
                    ("account", &number(1)),
                    ("contract_number", "HT-1"),
                    ("contract_kind", "supply"),
                    ("signed_on", "2026-03-02"),
                    ("valid_from", "2026-03-02"),
                    ("terms", "price_class=residential"),
                ],
            )
            .unwrap();
        let contract = kept.facts["contract"].as_str().unwrap().to_owned();
        company.act("fee", "2026-03-04", "contract.transfer", &[("contract", &contract)]).unwrap();
        let list = company
            .act("fee", "2026-03-31", "contract.directory", &[MARCH, ("unit", "S1")])
            .unwrap()
            .facts["list"]
            .as_str()
            .unwrap()
            .to_owned();
        let sign = |login: &str, side: &str| {
            company.act(login, "2026-03-31", "list.sign", &[("list", &list), ("side", side)])
        };
        assert_eq!(sign("fee", "first").unwrap().facts["complete"].as_bool(), Some(false));
        assert_eq!(why(sign("fee", "second")).0, Why::NotPermitted);
        assert!(sign("fee_b", "first").is_err(), "that side has signed");
        assert_eq!(sign("reviewer", "second").unwrap().facts["complete"].as_bool(), Some(true));
        let sheet = company.view("head", "2026-03-31", "signed_list", &[("list", &list)]).unwrap();
        assert!(sheet.offers.is_empty(), "nothing is left to sign");
    });
}

/// READ-01, READ-02, READ-03, READ-15: a card and a ledger through their life; the ledger only by the room.
#[test]
fn cards_and_ledgers_through_their_life() {
    each_engine(|company| {
        let register = |kind: &str, of: (&str, &str)| {
            let given = [("unit", "S1"), ("tool_kind", kind), ("tool_number", kind), of];
            company.act("fee", "2026-03-04", "tool.register", &given).unwrap().facts["tool"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let number = number(1);
        let card = register("card", ("account", &number));
        let ledger = register("ledger", ("book", BOOK));
        let event = |act: &str, tool: &str, event: &str| {
            company.act("fee", "2026-03-04", act, &[("tool", tool), ("event", event), ("person", "reader")])
        };
        event("card.record", &card, "open").unwrap();
        assert_eq!(why(event("ledger.record", &ledger, "issue")).0, Why::NotPermitted);
        let asked = company
            .act("reviewer", "2026-03-04", "card.request", &[("tool", &card), ("text", "核对底码")])
            .unwrap();
        let ticket = asked.facts["ticket"].as_str().unwrap().to_owned();
        company.act("fee", "2026-03-05", "card.send", &[("ticket", &ticket)]).unwrap();
        let sheet = company.view("fee", "2026-03-05", "tool", &[("tool", &card)]).unwrap();
        let life = sheet.blocks.iter().find_map(|block| match block {
            Block::Table { name: "tool_life", rows, .. } => Some(rows.len()),
            _ => None,
        });
        assert_eq!(life, Some(1));
        assert_eq!(company.list("fee", "2026-03-05", "tools", &[]).unwrap().total, 2);
        assert_eq!(company.list("elsewhere", "2026-03-05", "tools", &[]).unwrap().total, 0);
    });
}

/// READ-01, READ-04..06, READ-09, READ-10, PARM-07, PARM-08: who lacks the right is refused by the command itself,
/// whatever stands before it; another station's people lack it here.
#[test]
fn each_act_is_refused_for_who_lacks_it() {
    each_engine(|company| {
        company.open_march();
        enter(company, "reader", "2026-03-05", &everything()).unwrap();
        let started = company
            .act(
                "fee",
                "2026-03-04",
                "parameter.start",
                &[
                    ("account", &number(2)),
                    ("change_kind", "persons"),
                    ("value", "6"),
                    ("reason", "客户申请"),
                ],
            )
            .unwrap();
        let ticket = started.facts["ticket"].as_str().unwrap().to_owned();
        let batch =
            company.list("fee", "2026-03-05", "books", &[MARCH]).unwrap().rows[0].cells[12].value.clone();
        let Value::Text(batch) = batch else { panic!("no batch: {batch:?}") };
        let line = format!("{}\t1\t\t1390", number(1));
        let (first, second) = (number(1), number(2));
        let table: &[(&str, &[(&str, &str)], &[&str])] = &[
            (
                "batch.create",
                &[("month", "2026-04"), ("unit", "S1")],
                &["reader", "reviewer", "elsewhere", "auditor"],
            ),
            ("batch.delete", &[("batch", &batch)], &["reader", "reviewer", "elsewhere"]),
            (
                "book.create",
                &[("book", "9"), ("name", "九"), ("unit", "S1"), ("cycle", "monthly")],
                &["reader", "elsewhere"],
            ),
            (
                "readings.enter",
                &[MARCH, ("book", BOOK), ("lines", &line)],
                &["reviewer", "head", "elsewhere", "auditor"],
            ),
            (
                "readings.enter_one",
                &[MARCH, ("account", &first), ("meter", "1"), ("total", "1390")],
                &["reviewer", "elsewhere"],
            ),
            (
                "book.write_log",
                &[MARCH, ("book", BOOK), ("account", &first), ("log_kind", "other"), ("text", "x")],
                &["reviewer", "elsewhere"],
            ),
            ("book.self_check", &OF_BOOK, &["reader", "reviewer", "elsewhere", "head"]),
            ("book.submit", &OF_BOOK, &["reader", "reviewer", "elsewhere", "head"]),
            (
                "book.ask_return",
                &[MARCH, ("book", BOOK), ("account", &first), ("reason", "x")],
                &["reviewer", "elsewhere"],
            ),
            ("book.propose_day", &[("book", BOOK), ("day", "6")], &["fee", "reader", "marketing"]),
            (
                "plan.report",
                &[
                    ("book", BOOK),
                    ("day", "6"),
                    ("cycle", "monthly"),
                    ("from_month", "2026-05"),
                    ("marketing", "M"),
                    ("reason", "x"),
                ],
                &["reader", "reviewer", "elsewhere"],
            ),
            (
                "route.report",
                &[("to_book", BOOK), ("account", &first), ("reason", "x")],
                &["reader", "reviewer", "elsewhere"],
            ),
            (
                "parameter.start",
                &[("account", &second), ("change_kind", "persons"), ("value", "7"), ("reason", "x")],
                &["reader", "reviewer", "elsewhere"],
            ),
            ("parameter.check", &[("ticket", &ticket)], &["reader", "reviewer", "elsewhere"]),
            (
                "parameter.dispatch",
                &[("ticket", &ticket), ("handler", "fee")],
                &["reader", "reviewer", "elsewhere"],
            ),
            ("parameter.archive", &[("ticket", &ticket)], &["reader", "reviewer", "elsewhere"]),
            (
                "parameter.withdraw",
                &[("ticket", &ticket), ("reason", "x")],
                &["reader", "reviewer", "elsewhere"],
            ),
            ("parameter.print", &[("ticket", &ticket)], &["reader", "reviewer", "elsewhere"]),
            ("parameter.apply_due", &[("unit", "S1")], &["reader", "reviewer", "elsewhere"]),
            ("parameter.list_running", &[("unit", "S1")], &["reader", "reviewer", "elsewhere"]),
            (
                "hold.file",
                &[("ticket", &ticket), MARCH, ("reason", "x")],
                &["reader", "reviewer", "elsewhere"],
            ),
            ("contract.directory", &[MARCH, ("unit", "S1")], &["reader", "reviewer", "elsewhere"]),
            (
                "tool.register",
                &[("unit", "S1"), ("tool_kind", "card"), ("tool_number", "1")],
                &["reader", "reviewer", "elsewhere"],
            ),
            ("new_account.queue", &[("account", &first)], &["reader", "reviewer", "elsewhere"]),
            ("ledger.carry_over", &[("year", "2025"), ("unit", "S1")], &["reader", "reviewer", "elsewhere"]),
            (
                "material.ready",
                &[("year", "2025"), ("unit", "S1"), ("material", "cards")],
                &["reader", "reviewer", "elsewhere"],
            ),
            ("adjustment.running_list", &[("unit", "S1")], &["reader", "reviewer", "elsewhere"]),
        ];
        for (act, given, logins) in table {
            for login in *logins {
                let refused = company.act(login, "2026-03-05", act, given);
                assert_eq!(why(refused).0, Why::NotPermitted, "{act} by {login}");
            }
        }
        // And nothing moved.
        let line = company.line("2026-03", 1, 1).unwrap();
        assert_eq!(line.registers.of(Register::Total).unwrap().current, kwh("1301"));
    });
}

/// PARM-08, BILL-17: the rights of the station's acts are known, and no post of the centre holds one that changes a
/// reading or a parameter.
#[test]
fn the_rights_of_the_station_are_the_stations() {
    let known = identity::Catalogue::built_in();
    let reviewer = known.post("reviewer").unwrap();
    let mut names = std::collections::BTreeSet::new();
    let desks = [
        "reading",
        "tickets",
        "parameters",
        "contracts",
        "lists",
        "evidence",
        "slips",
        "custody",
        "yearly",
        "imports",
    ];
    let catalogue = Catalogue::built_in();
    let areas = catalogue.areas.iter().filter(|area| desks.contains(&area.name));
    for act in areas.flat_map(|area| area.acts) {
        assert!(known.permission(act.permission).is_some(), "{} asks for {}", act.name, act.permission);
        assert!(names.insert(act.name), "{} stands twice", act.name);
        let changes =
            ["parameter.", "readings.", "batch.", "import.", "contract.", "hold.file", "book.submit"];
        if changes.iter().any(|prefix| act.name.starts_with(prefix)) {
            assert!(!reviewer.permissions.contains(act.permission), "a reviewer could {}", act.name);
        }
    }
}

/// READ-05, READ-14: a file of readings as a job; rows that cannot be taken can be taken away with their reasons.
#[test]
fn a_file_of_readings_as_a_job() {
    each_engine(|company| {
        company.open_march();
        let file = "表号,抄表日期,本次示数\nM0001,2026-03-05,1390\nM0002,2026-03-05,1000\nX,2026-03-05,1\n";
        let house = desk::house_of(std::sync::Arc::clone(&company.house.store), company.house.org_id);
        let reader = company.actor("reader").person_id;
        let given = [("month".to_owned(), "2026-03".to_owned())].into();
        let files = [jobs::JobFile {
            field: "file".into(),
            name: "三月.csv".into(),
            bytes: file.as_bytes().to_vec(),
        }];
        let org_id = house.org_id;
        let job = house
            .store
            .write(|tx| jobs::queue(tx, org_id, "import.readings", reader, &given, &files, at("2026-03-05")))
            .unwrap();
        let console = web::Console::new(house, false, |_| {});
        assert!(console.jobs.one(&console).unwrap());
        let done = console.house.store.read(|tx| jobs::find(tx, org_id, job)).unwrap().unwrap();
        assert_eq!(done.state, jobs::State::Done, "{:?}", done.said);
        let facts: serde_json::Value = serde_json::from_str(&done.facts).unwrap();
        assert_eq!((facts["added"].as_i64(), facts["rejected"].as_i64()), (Some(1), Some(2)));
        let line = company.line("2026-03", 1, 1).unwrap();
        assert_eq!(line.registers.of(Register::Total).unwrap().current, kwh("1390"));

        let download = Catalogue::built_in().downloads().find(|one| one.name == "import_rejects").unwrap();
        let fetch = |login: &str| {
            let raw = web::catalogue::Raw {
                texts: [("job".to_owned(), job.to_string())].into(),
                ..Default::default()
            };
            let given = web::catalogue::Given::understand(download.params, &raw, true).unwrap();
            company.look(login, "2026-03-05", |look| (download.make)(look, &given))
        };
        let rejects = String::from_utf8(fetch("reader").unwrap().bytes).unwrap();
        assert!(rejects.contains("M0002") && rejects.contains('X'), "{rejects}");
        assert_eq!(why(fetch("fee")).0, Why::NotFound, "it is the reader's file");
    });
}
