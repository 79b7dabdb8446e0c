//! Reports of the month and what other prices come to.

use super::office::*;

/// RPT-01, RPT-06: every report of the month is a page; the receivable summary comes to the bills of each station and
/// to the ledger by component; each report has its title, and all of them one workbook.
#[test]
fn reports_lead_down_to_the_bills() {
    each_office(|office| {
        let reports = office.list("accountant", "reports", &[("month", "2026-04")]);
        for row in &reports.rows {
            let code = written(row, 1);
            let sheet = office.view("accountant", "report", &[("month", "2026-04"), ("report", &code)]);
            assert!(sheet.title.starts_with(&written(row, 0)), "{code}: {}", sheet.title);
            let given = [("month", "2026-04"), ("report", code.as_str())];
            assert!(office.file("accountant", "report_workbook", &given).unwrap().starts_with(b"PK"));
        }
        let made = office.look("accountant", |look| {
            let rules = billing::OfficeRules::built_in()?;
            let org_id = look.org_id();
            Ok(billing::report::reports(look.tx, &rules, org_id, april(), day(TODAY))?)
        });
        let codes: Vec<&str> = made.unwrap().iter().map(|report| report.code).collect();
        for (code, _, _) in billing::report::TITLES {
            assert!(codes.contains(code), "{code}");
        }
        assert!(codes.iter().all(|code| billing::report::TITLES.iter().any(|(known, _, _)| known == code)));

        let summary =
            office.view("accountant", "report", &[("month", "2026-04"), ("report", "receivable_summary")]);
        let (rows, sums) = grid(&summary);
        let issued = office.base.number(
            "SELECT CAST(SUM(amount) AS BIGINT) FROM receivable WHERE org_id = ?1 AND month = 202604",
        );
        assert_eq!(sums["Total fee (yuan)"], Value::Money(Money::from_fen(issued)));
        for row in rows {
            let path = link(row, 3);
            assert!(path.starts_with("/bills?month=2026-04&bill_state=issued"), "{path}");
            let unit = asked(path, "unit");
            let of_unit = office.base.number(&format!(
                "SELECT CAST(SUM(r.amount) AS BIGINT) FROM receivable r JOIN issue i ON i.org_id = r.org_id AND i.issue_id = r.issue_id
                 JOIN identity_unit u ON u.org_id = i.org_id AND u.id = i.unit_id AND u.code = '{unit}'
                 WHERE r.org_id = ?1 AND r.month = 202604"
            ));
            assert_eq!(money(row, 3), Money::from_fen(of_unit), "{unit}");
        }
        // Each figure of the tie-out is the sum of the postings it leads to.
        let tied =
            office.view("accountant", "report", &[("month", "2026-04"), ("report", "component_tie_out")]);
        let (rows, sums) = grid(&tied);
        assert_eq!(sums["Difference (yuan)"], Value::Money(Money::ZERO));
        for row in rows {
            let path = link(row, 3);
            let given = [
                ("code", "1122"),
                ("month", "2026-04"),
                ("unit", asked(path, "unit")),
                ("component", asked(path, "component")),
            ];
            let lines = office.list("accountant", "account_lines", &given);
            let posted = total(&lines.rows, 6).minus(total(&lines.rows, 7)).unwrap();
            assert_eq!(posted, money(row, 3), "{path}");
        }
        let all = office.file("accountant", "report_workbook", &[("month", "2026-04"), ("report", "all")]);
        assert!(all.unwrap().starts_with(b"PK"));
        let paper = [("month", "2026-04"), ("report", "receivable_summary")];
        assert!(office.file("accountant", "report_paper", &paper).unwrap().starts_with(b"%PDF"));
        // A station sees its own rows and no figure of the whole company.
        let own = office.view("fee2", "report", &[("month", "2026-04"), ("report", "receivable_summary")]);
        assert_eq!(grid(&own).0.len(), 1);
        let refused = office.try_view(
            "fee2",
            "report",
            &[("month", "2026-04"), ("report", "marketing_against_finance")],
        );
        assert_eq!(refused.unwrap_err().why, Why::NotPermitted);
    });
}

/// RPT-01, RPT-02, RPT-07: compiled by the centre, confirmed and submitted by the stations with the figure they saw,
/// then rolled up.
#[test]
fn a_report_goes_from_the_centre_to_the_stations_and_up() {
    each_office(|office| {
        let month = ("month", "2026-04");
        assert!(office.list("reviewer", "report_status", &[month]).rows.is_empty());
        office.act("reviewer", "report.compile", &[month]).unwrap();
        let status = office.list("reviewer", "report_status", &[month]);
        assert_eq!(status.rows.len(), 2);
        let late = office.act("fee", "report.submit", &[month, ("unit", "S1")]).unwrap_err();
        assert!(said(&late).contains("not confirmed"), "{late:?}");
        for (login, unit) in [("fee", "S1"), ("fee2", "S2")] {
            let own = office.list(login, "report_status", &[month]);
            let [row] = own.rows.as_slice() else { panic!("{login} sees its own station") };
            let amount = money(row, 3);
            let offered = &row.offers[0];
            assert_eq!(offered.act, "report.confirm");
            let wrong = amount.plus(Money::from_fen(1)).unwrap().to_string();
            let refused = office.act(login, "report.confirm", &[month, ("unit", unit), ("amount", &wrong)]);
            assert!(said(&refused.unwrap_err()).contains("look again"));
            let amount = amount.to_string();
            // The deadline is over: marketing had to consent before it.
            let late = office.act(login, "report.confirm", &[month, ("unit", unit), ("amount", &amount)]);
            assert!(late.is_err());
        }
        let refused = office.act("marketing", "report.roll_up", &[month, ("unit", "M")]).unwrap_err();
        assert!(said(&refused).contains("has not submitted"), "{refused:?}");
    });
}

/// BILL-17, BILL-18: a price table reads as tables with its source and its place in history; other prices are compared
/// as a job whose page agrees with itself, and an adjustment follows from it.
#[test]
fn prices_and_what_other_prices_come_to() {
    each_office(|office| {
        let tables = office.list("marketing", "price_tables", &[]);
        assert_eq!(tables.rows.len(), 1);
        let path = link(&tables.rows[0], 0).to_owned();
        let (code, version) = (path.split('/').nth(2).unwrap(), path.split('/').nth(3).unwrap());
        let named = [("price_table", code), ("table_version", version)];
        let sheet = office.view("marketing", "price_table", &named);
        let grids = sheet.blocks.iter().filter(|block| matches!(block, Block::Grid(_))).count();
        assert!(grids > 3, "{grids} sheets");
        assert!(office.file("marketing", "price_workbook", &named).unwrap().starts_with(b"PK"));
        let refused = office.act("marketing", "price.load", &[]).unwrap_err();
        assert_eq!(refused.fields[0].0, "prices");

        let done =
            office.act("reviewer", "whatif.compare", &[("month", "2026-04"), ("shipped", "hubei-2026-01")]);
        let done = done.unwrap();
        let job = done.see.unwrap().rsplit('/').next().unwrap().to_owned();
        let sheet = office.view("reviewer", "comparison", &[("job", &job)]);
        for (table, before) in [("by_class", 3), ("by_station", 3), ("by_component", 1), ("by_fee", 5)] {
            let whole = office.base.number(
                "SELECT CAST(SUM(amount) AS BIGINT) FROM bill WHERE org_id = ?1 AND month = 202604 AND (reasons & 0) = 0",
            );
            assert!(total(rows_of(&sheet, table), before) <= Money::from_fen(whole), "{table}");
        }
        let by_class = total(rows_of(&sheet, "by_class"), 3);
        assert_eq!(total(rows_of(&sheet, "by_station"), 3), by_class);
        assert_eq!(total(rows_of(&sheet, "by_component"), 1), by_class);
        assert_eq!(total(rows_of(&sheet, "by_fee"), 5), by_class);
        assert_eq!(total(rows_of(&sheet, "by_energy"), 5), by_class);
        // The same prices change nobody's bill: there is nothing to adjust.
        let batch = [("job", job.as_str()), ("unit", "S1"), ("reason", "test")];
        let refused = office.act("fee", "whatif.batch", &batch).unwrap_err();
        assert!(said(&refused).contains("nothing to adjust"), "{refused:?}");
        // A bill is tried by a table that was loaded here, or by one that comes with the program and says so.
        for (table, own) in [(code, true), ("jiangsu-catalogue", false)] {
            let page = office.page("reviewer", "try_bill", &[("price_table", table), ("kwh", "100")]);
            assert!(page.contains(&format!("value=\"{table}\" selected")), "{page}");
            assert!(!page.contains("there is no price or price table"), "{page}");
            let option = page.split(&format!("value=\"{table}\"")).nth(1).unwrap();
            let option = option.split("</option>").next().unwrap();
            assert_eq!(option.contains("not loaded"), !own, "{option}");
        }
        // What a job of another person came to is seen by who may see every station it is about.
        let other = office.try_view("fee2", "comparison", &[("job", &job)]);
        assert_eq!(other.unwrap_err().why, Why::NotPermitted);
    });
}
