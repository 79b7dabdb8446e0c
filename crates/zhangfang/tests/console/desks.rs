//! What waits at the desks of the demo when it opens.

use crate::house::House;

/// Who finds what on the first page of the demo: a part of the path where it is done.
const WAITING: &[(&str, &[&str])] = &[
    ("dc-chaobiao", &["/books?month=2026-02&amp;state=created"]),
    ("dc-guanli", &["exception_state=sent", "/tickets", "/inquiries"]),
    ("dc-suozhang", &["/approvals"]),
    ("dc-zixun", &["/inquiries"]),
    (
        "fuhe",
        &[
            "book_state=submitted",
            "book_state=calculating",
            "exception_state=found",
            "exception_state=answered",
            "/inquiries",
        ],
    ),
    ("zhuren", &["/approvals"]),
    ("yingxiao", &["/approvals", "/reading-days"]),
    ("gongdian", &["/reading-days"]),
    ("lingdao", &["/approvals"]),
    ("kuaiji", &["/closing"]),
    ("jiliang", &["/adjustments"]),
    ("jilsuo", &["/approvals"]),
    ("jicha", &["/adjustments"]),
    ("jichazhang", &["/approvals"]),
    ("chuandan", &["/slips"]),
    ("zhangben", &["/ledger-room?tool_state=kept", "/ledger-room?tool_state=issued"]),
    ("guanli", &["/log/checkpoints"]),
    ("shenji", &["/log"]),
];

/// XC-08: whoever comes to the demo finds work at the desk, whichever it is; a hold is in force, and the books prove.
#[test]
fn work_waits_at_every_desk() {
    let house = House::of(6_000);
    for (login, paths) in WAITING {
        let home = house.person(login).get("/").text;
        let tiles = home.split("class=\"tile").skip(1).filter_map(|tile| tile.split("</a>").next());
        let tiles: Vec<&str> = tiles.collect();
        for path in *paths {
            assert!(tiles.iter().any(|tile| tile.contains(path)), "{login} {path}: {tiles:#?}");
        }
    }
    // The supply department has the stations below it and sees their month.
    assert!(house.person("gongdian").get("/").text.contains("block-home_books"));
    let holds = house.person("fuhe").get("/holds").text;
    assert!(holds.contains("YK-2026-0205"), "{holds}");
    // A finding ends the command with an error.
    house.say("shenji", &["check", "--look", "--without-engine"]);
}
