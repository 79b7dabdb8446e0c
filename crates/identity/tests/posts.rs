//! The data files of posts, and what goes together.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use identity::{Catalogue, HeldPost, IdentityError, rules};
use kernel::{Bilingual, Date, Lang};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn held(post: &str, from: &str, until: Option<&str>) -> HeldPost {
    HeldPost {
        id: 1,
        person_id: 7,
        unit_id: 3,
        post: post.to_owned(),
        from: day(from),
        until: until.map(day),
    }
}

/// XC-01: every permission of every post is in the list of permissions, and every permission has a holder.
#[test]
fn posts_and_permissions_agree() {
    let catalogue = Catalogue::built_in();
    let names: BTreeSet<&str> = catalogue.permissions.iter().map(|known| known.name).collect();
    assert_eq!(names.len(), catalogue.permissions.len(), "a permission is listed twice");
    let mut used = BTreeSet::new();
    for post in &catalogue.posts {
        assert!(!post.permissions.is_empty(), "{}", post.code);
        used.extend(post.permissions.iter().copied());
    }
    assert_eq!(used.difference(&names).collect::<Vec<_>>(), Vec::<&&str>::new(), "unknown permissions");
    assert_eq!(names.difference(&used).collect::<Vec<_>>(), Vec::<&&str>::new(), "nobody holds these");
    let codes: BTreeSet<&str> = catalogue.posts.iter().map(|post| post.code).collect();
    assert_eq!(codes.len(), catalogue.posts.len());
}

/// XC-01, section 29: what each post may do and may not do.
#[test]
fn posts_may_and_may_not() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        // post, may, may not
        (
            "meter_reader",
            &["metering.enter_reading", "metering.write_log", "metering.raise_change"],
            &["metering.agree_return", "billing.review", "billing.issue", "metering.submit_book"],
        ),
        (
            "station_fee_administrator",
            &[
                "metering.create_batch",
                "metering.delete_batch",
                "metering.submit_book",
                "billing.answer_exception",
                "adjustment.start_station",
                "parameter.dispatch",
                "parameter.archive",
                "parameter.hold_issue",
                "report.confirm",
                "inquiry.receive",
                "generation.settle",
            ],
            &["billing.calculate", "billing.review", "billing.issue", "adjustment.operate"],
        ),
        (
            "reviewer",
            &[
                "billing.calculate",
                "billing.review",
                "billing.issue",
                "adjustment.start_centre",
                "adjustment.operate",
                "adjustment.archive",
                "metering.agree_return",
            ],
            &[
                "metering.create_batch",
                "metering.enter_reading",
                "parameter.start",
                "adjustment.start_station",
                "adjustment.audit_data",
            ],
        ),
        (
            "marketing_officer",
            &["metering.review_reading_day", "metering.plan_approve", "report.consent_late"],
            &[],
        ),
        (
            "leader_in_charge",
            &["report.approve_targets", "adjustment.approve_leader"],
            &["adjustment.operate"],
        ),
        (
            "metering_institute_clerk",
            &["adjustment.start_metering", "adjustment.raise_metering_fee"],
            &["adjustment.start_station", "adjustment.operate", "adjustment.approve_metering"],
        ),
        (
            "inspection_clerk",
            &["adjustment.start_inspection"],
            &["adjustment.operate", "adjustment.approve_inspection"],
        ),
        ("ledger_issuer", &["ledger_room.issue"], &["billing.calculate", "finance.post"]),
        ("slip_clerk", &["adjustment.receive_slip"], &["adjustment.operate"]),
        (
            "administrator",
            &["identity.manage_posts"],
            &["billing.issue", "metering.enter_reading", "parameter.change"],
        ),
        ("auditor", &["audit.read_all", "vault.read"], &["billing.issue", "identity.manage_posts"]),
    ];
    for (post, may, may_not) in cases {
        let post = Catalogue::built_in().post(post).unwrap();
        for name in *may {
            assert!(post.permissions.contains(name), "{} must hold {name}", post.code);
        }
        for name in *may_not {
            assert!(!post.permissions.contains(name), "{} must not hold {name}", post.code);
        }
    }
}

/// BILL-17, PARM-08, READ-04: no post of the billing centre holds a right to parameters or batches.
#[test]
fn the_centre_changes_no_parameter() {
    let centre = |kind: &str| ["billing_centre", "settlement_centre"].contains(&kind);
    let posts: Vec<_> = Catalogue::built_in()
        .posts
        .iter()
        .filter(|post| post.unit_kinds.iter().any(|kind| centre(kind)))
        .collect();
    assert!(posts.iter().any(|post| post.code == "reviewer"));
    for post in posts {
        for name in &post.permissions {
            let forbidden = name.starts_with("parameter.")
                || [
                    "metering.manage_accounts",
                    "price.load",
                    "metering.create_batch",
                    "metering.delete_batch",
                ]
                .contains(name);
            assert!(!forbidden, "{} holds {name}", post.code);
        }
    }
}

/// XC-02: no post by itself combines duties that do not go together.
#[test]
fn no_post_combines_incompatible_duties() {
    let catalogue = Catalogue::built_in();
    for post in &catalogue.posts {
        let duties = rules::duties_of(catalogue, post);
        for pair in &catalogue.incompatible {
            assert!(
                !(duties.contains(pair.first) && duties.contains(pair.second)),
                "{}: {pair:?}",
                post.code
            );
        }
    }
}

/// XC-02
#[test]
fn incompatible_posts_are_refused_on_common_days() {
    let cases = [
        // held, new, at a unit of this kind, allowed
        ("meter_reader", "reviewer", "billing_centre", false),
        ("reviewer", "station_fee_administrator", "supply_station", false),
        ("reviewer", "ledger_issuer", "ledger_room", false),
        ("accountant", "ledger_issuer", "ledger_room", false),
        ("inspection_clerk", "inspection_head", "inspection_department", false),
        ("supply_department_officer", "marketing_officer", "marketing_department", false),
        ("station_fee_administrator", "auditor", "company", false),
        ("administrator", "auditor", "company", false),
        ("administrator", "reviewer", "billing_centre", false),
        ("meter_reader", "station_fee_administrator", "supply_station", true),
        ("meter_reader", "slip_clerk", "supply_station", true),
        ("station_head", "inquiry_clerk", "supply_station", true),
    ];
    for (old, new, kind, allowed) in cases {
        let check = |until: Option<&str>| {
            rules::check_assignment(
                Catalogue::built_in(),
                "张三",
                &[held(old, "2026-01-01", until)],
                &held(new, "2026-03-01", None),
                kind,
            )
        };
        let refused = matches!(check(None), Err(IdentityError::IncompatibleDuties { .. }));
        assert_eq!(refused, !allowed, "{old} and {new}: {:?}", check(None));
        // One day in common is enough; none is not.
        assert_eq!(check(Some("2026-03-01")).is_ok(), allowed, "{old} and {new} for one day");
        assert_eq!(check(Some("2026-02-28")), Ok(()), "{old} then {new}");
    }
}

/// XC-01: a post is held at a unit of its own kind only.
#[test]
fn a_post_belongs_to_its_kind_of_unit() {
    let check = |post: &str, kind: &str| {
        rules::check_assignment(Catalogue::built_in(), "张三", &[], &held(post, "2026-01-01", None), kind)
    };
    assert_eq!(check("reviewer", "billing_centre"), Ok(()));
    assert!(matches!(check("reviewer", "supply_station"), Err(IdentityError::WrongUnitKind { .. })));
    assert!(matches!(check("emperor", "supply_station"), Err(IdentityError::UnknownPost { .. })));
    let backwards = rules::check_assignment(
        Catalogue::built_in(),
        "张三",
        &[],
        &held("reviewer", "2026-01-02", Some("2026-01-01")),
        "billing_centre",
    );
    assert!(matches!(backwards, Err(IdentityError::DaysInWrongOrder { .. })));
}

#[test]
fn a_refusal_is_read_in_both_languages() {
    let refusal = rules::check_assignment(
        Catalogue::built_in(),
        "张三",
        &[held("meter_reader", "2026-01-01", None)],
        &held("reviewer", "2026-01-01", None),
        "billing_centre",
    )
    .unwrap_err();
    assert_eq!(
        refusal.text(Lang::Zh),
        "张三 已任 抄表员，不得兼任 复核员：抄表与复核为不兼容岗位（XC-02），请另派他人"
    );
    assert_eq!(
        refusal.text(Lang::En),
        "张三 holds meter_reader and cannot also hold reviewer: meter_reading and review do not go together (XC-02); give the post to another person"
    );
}
