//! What a post may not do: the server refuses it, and nothing offers it.

use super::book::{ISSUED, MONTH};
use super::person::Visit;

/// Who, an act that the post does not hold, a page on which another post finds it offered.
const REFUSED: &[(&str, &str, &str)] = &[
    ("dc-chaobiao", "book.submit", "/books?month=2026-02"),
    ("dc-guanli", "book.issue", "/books?month=2026-02"),
    ("dc-suozhang", "book.self_check", "/books?month=2026-02"),
    ("fuhe", "parameter.start", "/parameters"),
    ("zhuren", "book.calculate", "/review?month=2026-02"),
    ("yingxiao", "book.issue", "/review?month=2026-02"),
    ("lingdao", "adjustment.start_station", "/adjustments"),
    ("kuaiji", "book.calculate", "/bills?month=2026-01"),
    ("jiliang", "adjustment.approve_metering", "/adjustments"),
    ("jilsuo", "adjustment.start_metering", "/adjustments"),
    ("jicha", "adjustment.approve_inspection", "/adjustments"),
    ("jichazhang", "adjustment.start_inspection", "/adjustments"),
    ("guanli", "ledger.post", "/"),
    ("shenji", "vault.erase", "/log"),
];

/// XC-01, XC-02: for each post an act that it may not do: its form answers 403 and says which right is missing; no page
/// offers it.
#[test]
fn every_post_is_refused_what_it_may_not() {
    let visit = Visit::of("refused");
    for (login, act, page) in REFUSED {
        let person = visit.as_person(login);
        person.open(page);
        assert!(!person.is_offered(act, &[]), "{login} finds {act} offered at {page}");
        person.picture("page");
        person.expects_refusals();
        let answer = person.fetches(&format!("/acts/{act}?month={MONTH}&book=B000001"));
        assert_eq!(answer.status, 403, "{login} {act}");
        person.open(&format!("/acts/{act}?month={ISSUED}"));
        person.says("没有权限");
        person.picture("refused");
        person.leaves();
    }
}
