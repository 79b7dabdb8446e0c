//! How large the sheets of an `.xls` file are: two cells in opposite corners of every sheet make a small file that
//! fills the memory of whoever lays its sheets out as rectangles.

use std::io::{Cursor, Read};

use crate::limits::{XLS_CELLS_MAX, XLS_FILE_BYTES_MAX};
use crate::{Error, Result};

/// Record types that begin with a row and a column: BLANK, NUMBER, LABEL, BOOLERR, FORMULA, RSTRING, LABELSST, RK,
/// MULRK, MULBLANK, in the forms of all versions.
const CELLS: [u16; 15] = [
    0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x00bd, 0x00be, 0x00d6, 0x00fd, 0x0201, 0x0203, 0x0204,
    0x0205, 0x027e,
];
/// What a sheet declares of itself; readers set memory aside by it.
const DIMENSIONS: u16 = 0x0200;
/// A declaration reserves address space only, so whole sheets (65,536 by 256) are still allowed.
const DECLARED_CELLS_MAX: u64 = 1 << 24;
const BEGIN_OF_SHEET: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];

/// Refuses a file whose sheets together span more than [`XLS_CELLS_MAX`] cells.
pub(crate) fn check(file: &str, bytes: &[u8]) -> Result<()> {
    let broken = |reason: String| Error::Workbook { file: file.into(), reason };
    let mut container =
        cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
    let name = ["/Workbook", "/Book"].into_iter().find(|name| container.is_stream(name));
    let name = name.ok_or_else(|| broken("no workbook inside, or protected by a password".into()))?;
    let stream = container.open_stream(name).map_err(|error| broken(error.to_string()))?;
    let mut records = Vec::new();
    stream.take(XLS_FILE_BYTES_MAX).read_to_end(&mut records).map_err(|error| broken(error.to_string()))?;
    if cells_spanned(&records).is_none_or(|cells| cells > XLS_CELLS_MAX) {
        return Err(Error::Unpacked { file: file.into(), part: "xls".into(), max: XLS_CELLS_MAX });
    }
    Ok(())
}

#[derive(Default)]
struct Extent {
    rows: Option<(u64, u64)>,
    columns: Option<(u64, u64)>,
}

impl Extent {
    fn include(&mut self, row: u64, column: u64) {
        let widen = |span: &mut Option<(u64, u64)>, at: u64| {
            *span = Some(span.map_or((at, at), |(least, most)| (least.min(at), most.max(at))));
        };
        widen(&mut self.rows, row);
        widen(&mut self.columns, column);
    }

    fn cells(&self) -> u64 {
        match (self.rows, self.columns) {
            (Some((top, bottom)), Some((left, right))) => (bottom - top + 1) * (right - left + 1),
            _ => 0,
        }
    }
}

/// The cells in the rectangles that hold all cells of each sheet; nothing for a sheet that declares an impossible size.
fn cells_spanned(records: &[u8]) -> Option<u64> {
    let number =
        |bytes: &[u8], at: usize| bytes.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let (mut at, mut total, mut extent) = (0, 0_u64, Extent::default());
    while let (Some(kind), Some(length)) = (number(records, at), number(records, at + 2)) {
        let end = (at + 4 + usize::from(length)).min(records.len());
        let data = &records[at + 4..end];
        if BEGIN_OF_SHEET.contains(&kind) {
            total = total.saturating_add(extent.cells());
            extent = Extent::default();
        } else if kind == DIMENSIONS {
            if declared(data)? > DECLARED_CELLS_MAX {
                return None;
            }
        } else if CELLS.contains(&kind)
            && let (Some(row), Some(column)) = (number(data, 0), number(data, 2))
        {
            extent.include(u64::from(row), u64::from(column));
            // MULRK and MULBLANK end with their last column.
            if [0x00bd, 0x00be].contains(&kind)
                && let Some(last) = data.len().checked_sub(2).and_then(|place| number(data, place))
            {
                extent.include(u64::from(row), u64::from(last));
            }
        }
        at = end;
    }
    Some(total.saturating_add(extent.cells()))
}

/// The cells that a DIMENSIONS record declares: first row, last row + 1 (of 2 or 4 bytes each), first column, last
/// column + 1; nothing when they are out of order.
fn declared(data: &[u8]) -> Option<u64> {
    let numbers: Vec<u64> =
        data.chunks_exact(2).map(|pair| u64::from(u16::from_le_bytes([pair[0], pair[1]]))).collect();
    let (rows, columns) = match numbers[..] {
        [top, bottom, left, right, _] => ((top, bottom), (left, right)),
        [top, top_high, bottom, bottom_high, left, right, ..] => {
            ((top_high << 16 | top, bottom_high << 16 | bottom), (left, right))
        }
        _ => return None,
    };
    if rows.1 == 0 || columns.1 == 0 {
        return Some(0);
    }
    Some(rows.1.checked_sub(rows.0)? * columns.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u16]) -> Vec<u8> {
        let length = u16::try_from(data.len() * 2).unwrap();
        [kind, length].iter().chain(data).flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn sheets_are_measured_by_their_corners() {
        let begin = record(0x0809, &[0x0600, 0x0010]);
        let corner = |row, column| record(0x0203, &[row, column, 0, 0, 0, 0, 0]);
        let sheet = [begin.clone(), corner(0, 0), corner(65_535, 255)].concat();
        assert_eq!(cells_spanned(&sheet), Some(65_536 * 256));
        assert_eq!(cells_spanned(&sheet.repeat(3)), Some(3 * 65_536 * 256));
        let multiple = [begin, record(0x00bd, &[4, 2, 0, 0, 0, 0, 0, 9])].concat();
        assert_eq!(cells_spanned(&multiple), Some(8));
        assert_eq!(cells_spanned(&sheet[..sheet.len() - 3]), Some(65_536 * 256));
        assert_eq!(cells_spanned(b"\x03\x02\xff"), Some(0));
        assert_eq!(cells_spanned(&record(0x0200, &[0, 0, 10, 0, 0, 4, 0])), Some(0));
        assert_eq!(cells_spanned(&record(0x0200, &[9, 0, 3, 0, 0, 4, 0])), None);
        assert_eq!(cells_spanned(&record(0x0200, &[0, 0, 0, 9, 0, 256, 0])), None);
    }
}
