//! How much of a file that somebody sends is read before it is refused.

/// Largest text file (CSV), in bytes: a million rows of a kilobyte each.
pub const TEXT_FILE_BYTES_MAX: u64 = 1 << 30;
/// Largest `.xlsx` file, in bytes.
pub const XLSX_FILE_BYTES_MAX: u64 = 64 << 20;
/// Largest `.xls` file, in bytes: the old format is read whole into memory.
pub const XLS_FILE_BYTES_MAX: u64 = 16 << 20;
/// Most cells in the rectangles that an `.xls` file spans, all its sheets together.
pub const XLS_CELLS_MAX: u64 = 8 << 20;
/// Most bytes an `.xlsx` file may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 512 << 20;
/// Most bytes any part of an `.xlsx` file other than a worksheet may unpack to: those parts are held in memory.
pub const UNPACKED_PART_BYTES_MAX: u64 = 128 << 20;
/// Most parts (zip entries) in an `.xlsx` file.
pub const PARTS_MAX: usize = 4096;
/// Most rows of a table, the heading and blank rows included, unless the caller sets fewer.
pub const ROWS_MAX: u64 = 5_000_000;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 512;
/// Longest cell, in characters: as long as Excel's own.
pub const CELL_CHARS_MAX: usize = 32_767;
/// Longest row, in bytes.
pub const ROW_BYTES_MAX: u64 = 1 << 20;
/// The heading is looked for among this many rows from the top; titles may stand above it.
pub const HEADING_ROWS_MAX: usize = 20;
