//! Tables that come with the program.

use super::PriceTable;
use crate::error::TableError;

/// A price table embedded in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippedTable {
    /// Its id, also the name of its file.
    pub id: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($id:literal),* $(,)?) => {
        /// The tables that come with the program.
        pub const SHIPPED: &[ShippedTable] = &[
            $(ShippedTable { id: $id, text: include_str!(concat!("../../prices/", $id, ".toml")) },)*
        ];
    };
}

shipped!(
    "hubei-2026-01",
    "jiangsu-2021-10",
    "jiangsu-catalogue",
    "beijing-residential",
    "shanghai-residential",
    "zhejiang-residential",
    "guangdong-residential",
    "henan-residential",
    "hunan-catalogue",
);

/// A shipped table by its id, read and checked; `None` when there is none of that id.
pub fn shipped_table(id: &str) -> Option<Result<PriceTable, TableError>> {
    let table = SHIPPED.iter().find(|table| table.id == id)?;
    Some(PriceTable::parse(&format!("prices/{id}.toml"), table.text))
}
