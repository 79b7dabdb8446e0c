//! The steps of this office's schema; each part's definitions stand in the `sql.rs` of the part.

use store::{Migration, Schema};

/// The tables of the reading office.
pub const SCHEMA: Schema = Schema {
    module: "metering",
    unrecorded: &[],
    migrations: &[
        Migration {
            number: 1,
            name: "accounts and readings",
            both: include_str!("schema/1_accounts_and_readings.sql"),
            sqlite: "",
            postgres: "",
        },
        Migration {
            number: 2,
            name: "books",
            both: include_str!("schema/2_books.sql"),
            sqlite: "",
            postgres: "",
        },
        Migration {
            number: 3,
            name: "imports and registers",
            both: include_str!("schema/3_imports_and_registers.sql"),
            sqlite: "",
            postgres: "",
        },
    ],
};
