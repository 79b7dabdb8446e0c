//! What a person of each post changes in a day, and how often; what each finds to change, the pages themselves offer.

/// How a person comes to an act.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// Types readings into the grid of a book of the station.
    Grid,
    /// Takes one of the offers of this act on the page.
    Offered(&'static str),
    /// Opens the form of the act, with this settled already.
    Form(&'static str),
}

/// One kind of change.
#[derive(Debug, Clone, Copy)]
pub struct Errand {
    /// The act.
    pub act: &'static str,
    /// How often, beside the other errands of the post.
    pub weight: usize,
    /// How the person comes to it.
    pub way: Way,
    /// What the person fills in. `{account}` is a customer of the station, `{number}` a number not used before.
    pub fields: &'static [(&'static str, &'static str)],
}

const fn errand(
    act: &'static str,
    weight: usize,
    way: Way,
    fields: &'static [(&'static str, &'static str)],
) -> Errand {
    Errand { act, weight, way, fields }
}

const READINGS: &str = "readings.enter";

const READER: &[Errand] = &[
    errand(READINGS, 9, Way::Grid, &[]),
    errand(
        "book.write_log",
        1,
        Way::Form("month={next}&book={book}"),
        &[("account", "{account_of_book}"), ("log_kind", "no_access"), ("text", "户主外出，未能入户")],
    ),
];

const STATION: &[Errand] = &[
    errand(READINGS, 2, Way::Grid, &[]),
    errand(
        "exception.answer",
        5,
        Way::Offered("/exceptions?month={month}&exception_state=sent"),
        &[("text", "已现场核实，表码无误")],
    ),
    errand(
        "inquiry.receive",
        2,
        Way::Form(""),
        &[("account", "{account}"), ("question", "本月电费为何偏高")],
    ),
    errand("inquiry.forward", 1, Way::Offered("/inquiries?inquiry_state=received"), &[]),
    errand(
        "inquiry.tell",
        1,
        Way::Offered("/inquiries?inquiry_state=answered"),
        &[("words", "已向用户说明用电量构成")],
    ),
    errand(
        "hold.place",
        1,
        Way::Form(""),
        &[
            ("account", "{account}"),
            ("from_month", "{next}"),
            ("document", "BG-{number}"),
            ("reason", "变更工单未归档"),
        ],
    ),
    errand(
        "adjustment.start_station",
        2,
        Way::Form("month={month}"),
        &[
            ("account", "{account}"),
            ("adjustment_cause", "station_error"),
            ("reason", "核查发现电量计算有误，按实际更正"),
            ("kwh", "-12"),
            ("components", "energy=-6.50"),
        ],
    ),
    errand("closing.lay_out", 1, Way::Offered("/closing/{month}/{unit}"), &[]),
    errand("closing.tick", 1, Way::Offered("/closing/{month}/{unit}"), &[("note", "已核对")]),
];

const STATION_HEAD: &[Errand] = &[
    errand("adjustment.approve_station", 6, Way::Offered("/approvals"), &[("note", "同意")]),
    errand("progress.ask", 1, Way::Form("month={month}&unit={unit}"), &[]),
    errand("progress.urge", 1, Way::Offered("/urges?month={month}"), &[("text", "请尽快发行，用户催问")]),
];

const REVIEWER: &[Errand] = &[
    errand(
        "exception.put_in_order",
        6,
        Way::Offered("/exceptions?month={month}&exception_state=answered"),
        &[],
    ),
    errand("book.issue", 2, Way::Offered("/review?month={month}&waiting=true"), &[]),
    errand(
        "exception.ask_again",
        1,
        Way::Offered("/exceptions?month={month}&exception_state=answered"),
        &[("text", "请附现场照片")],
    ),
    errand(
        "inquiry.answer",
        1,
        Way::Offered("/inquiries?inquiry_state=forwarded"),
        &[("text", "系夏季制冷用电增加所致")],
    ),
    errand("progress.answer", 1, Way::Offered("/urges?month={month}"), &[("text", "今日内发行")]),
    errand(
        "adjustment.start_centre",
        1,
        Way::Form("month={month}"),
        &[
            ("account", "{account}"),
            ("adjustment_cause", "system_error"),
            ("reason", "系统算费有误，按实际更正"),
            ("kwh", "-8"),
            ("components", "energy=-4.20"),
        ],
    ),
];

const CENTRE_HEAD: &[Errand] =
    &[errand("adjustment.approve_centre", 1, Way::Offered("/approvals"), &[("note", "同意")])];

const ACCOUNTANT: &[Errand] = &[errand(
    "ledger.post",
    1,
    Way::Form(""),
    &[
        ("unit", "{unit}"),
        ("posted_on", "{today}"),
        ("summary", "银行利息 {number}"),
        ("legs", "借 1002 10.00\n贷 6051 10.00"),
    ],
)];

const AUDITOR: &[Errand] = &[errand("vault.checkpoint", 1, Way::Offered("/log/checkpoints"), &[])];

/// The errands of whoever has this login of the demo.
pub fn errands(login: &str) -> &'static [Errand] {
    match login.rsplit('-').next().unwrap_or_default() {
        "chaobiao" => READER,
        "guanli" | "guanli2" => STATION,
        "suozhang" => STATION_HEAD,
        "fuhe" | "hesuan" => REVIEWER,
        "zhuren" => CENTRE_HEAD,
        "kuaiji" => ACCOUNTANT,
        "shenji" => AUDITOR,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every act that people at work are made to do is one of the house's, and what they fill in is asked for there.
    #[test]
    fn errands_are_acts_of_the_house() {
        let catalogue = web::catalogue::Catalogue::built_in();
        let logins = ["dc-chaobiao", "dc-guanli", "dc-suozhang", "fuhe", "zhuren", "kuaiji", "shenji"];
        let mut seen = BTreeSet::new();
        for errand in logins.iter().flat_map(|login| errands(login)) {
            let act = catalogue.act(errand.act).expect(errand.act);
            seen.insert(errand.act);
            for (field, _) in errand.fields {
                assert!(act.fields.iter().any(|known| known.name == *field), "{}: {field}", errand.act);
            }
        }
        assert!(seen.len() > 15);
    }
}
