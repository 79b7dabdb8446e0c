//! The tables of the office around the calculation, one step per noun.

use store::{Migration, Schema};

/// The schema of the office process: what `billing` itself does not keep.
pub const MIGRATIONS_OFFICE: Schema = Schema {
    module: "billing_office",
    unrecorded: &[],
    migrations: &[
        Migration {
            number: 1,
            name: "delays",
            both: super::record::TABLES,
            sqlite: "",
            postgres: "",
        },
        Migration {
            number: 2,
            name: "exception lists and tickets, steps back",
            both: crate::exception::TABLES,
            sqlite: "",
            postgres: "",
        },
        Migration { number: 3, name: "late issues and urges", both: crate::progress::TABLES, sqlite: "", postgres: "" },
        Migration { number: 4, name: "hold-issue requests", both: crate::hold::TABLES, sqlite: "", postgres: "" },
        Migration { number: 5, name: "adjustments", both: crate::adjustment::TABLES, sqlite: "", postgres: "" },
        Migration { number: 6, name: "change slips", both: crate::slip::TABLES, sqlite: "", postgres: "" },
        Migration {
            number: 7,
            name: "reports, targets, snapshots",
            both: crate::report::TABLES,
            sqlite: "
CREATE TRIGGER receivable_snapshot_fixed BEFORE UPDATE ON receivable_snapshot BEGIN SELECT RAISE(ABORT, 'a month-end balance is frozen'); END;
CREATE TRIGGER receivable_snapshot_kept BEFORE DELETE ON receivable_snapshot BEGIN SELECT RAISE(ABORT, 'a month-end balance is frozen'); END;",
            postgres: "
CREATE FUNCTION office_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'what is frozen never changes'; END $$;
CREATE TRIGGER receivable_snapshot_fixed BEFORE UPDATE OR DELETE ON receivable_snapshot FOR EACH ROW EXECUTE FUNCTION office_never_changes();",
        },
        Migration { number: 8, name: "inquiries", both: crate::inquiry::TABLES, sqlite: "", postgres: "" },
        Migration { number: 9, name: "purchased power", both: crate::generation::TABLES, sqlite: "", postgres: "" },
        Migration { number: 10, name: "held bills that came out", both: crate::hold::ISSUED, sqlite: "", postgres: "" },
        Migration {
            number: 11,
            name: "adjustments of many customers",
            both: crate::adjustment::BATCH_TABLES,
            sqlite: crate::adjustment::GUARDS_SQLITE,
            postgres: crate::adjustment::GUARDS_POSTGRES,
        },
    ],
};
