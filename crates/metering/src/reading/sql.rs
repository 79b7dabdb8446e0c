//! The table of readings.

use kernel::{Month, Quantity, Rate};
use store::{Column, Kind, Row, Value};

use super::bulk::span_values;
use super::model::{Reading, ReadingFlags, ReadingStatus, Register, Registers, Span};
use crate::Result;
use Kind::Int;

pub(crate) const READING_COLUMNS: &[Column] = &[
    ("org_id", Int),
    ("month", Int),
    ("account_id", Int),
    ("meter_seq", Int),
    ("point_seq", Int),
    ("digits", Int),
    ("multiplier", Int),
    ("status", Int),
    ("flags", Int),
    ("read_on", Int),
    ("total_previous", Int),
    ("total_current", Int),
    ("entered_by", Int),
    ("entered_at", Int),
    ("version", Int),
    ("sharp_previous", Int),
    ("sharp_current", Int),
    ("peak_previous", Int),
    ("peak_current", Int),
    ("flat_previous", Int),
    ("flat_current", Int),
    ("valley_previous", Int),
    ("valley_current", Int),
    ("deep_valley_previous", Int),
    ("deep_valley_current", Int),
    ("reactive_forward_previous", Int),
    ("reactive_forward_current", Int),
    ("reactive_reverse_previous", Int),
    ("reactive_reverse_current", Int),
    ("demand_current", Int),
];

/// What [`read_reading`] reads, in its order.
macro_rules! reading_fields {
    () => {
        "account_id, meter_seq, point_seq, digits, multiplier, status, flags, read_on, total_previous, total_current,
         entered_by, entered_at, version, sharp_previous, sharp_current, peak_previous, peak_current, flat_previous,
         flat_current, valley_previous, valley_current, deep_valley_previous, deep_valley_current,
         reactive_forward_previous, reactive_forward_current, reactive_reverse_previous, reactive_reverse_current,
         demand_current"
    };
}
pub(crate) use reading_fields;

const DIVIDED: [Register; 7] = [
    Register::Sharp,
    Register::Peak,
    Register::Flat,
    Register::Valley,
    Register::DeepValley,
    Register::ReactiveForward,
    Register::ReactiveReverse,
];

pub(crate) fn reading_values(org_id: i64, month: Month, reading: &Reading) -> [Value<'static>; 30] {
    let mut values = [Value::Null; 30];
    let [total_previous, total_current] = span_values(reading, Register::Total);
    let head: [Value<'static>; 15] = [
        org_id.into(),
        month.into(),
        reading.account_id.into(),
        reading.meter_seq.into(),
        reading.point_seq.into(),
        reading.digits.into(),
        reading.multiplier.into(),
        reading.status.into(),
        reading.stored_flags().0.into(),
        reading.read_on.into(),
        total_previous,
        total_current,
        reading.entered_by.into(),
        reading.entered_at.into(),
        reading.version.into(),
    ];
    values[..15].copy_from_slice(&head);
    for (index, register) in DIVIDED.into_iter().enumerate() {
        values[15 + 2 * index..17 + 2 * index].copy_from_slice(&span_values(reading, register));
    }
    values[29] = span_values(reading, Register::Demand)[1];
    values
}

fn span(row: &Row<'_>, column: usize) -> Result<Option<Span>> {
    let Some(current) = row.int_or_null(column + 1)? else { return Ok(None) };
    let previous = row.int_or_null(column)?.unwrap_or(0);
    Ok(Some(Span { previous: Quantity::from_units(previous), current: Quantity::from_units(current) }))
}

pub(crate) fn read_reading(row: &Row<'_>) -> Result<Reading> {
    let flags = ReadingFlags(row.int(6)? as u32);
    let mut registers = Registers::default();
    registers.set(Register::Total, span(row, 8)?);
    if flags.has(ReadingFlags::MORE_REGISTERS) {
        for (index, register) in DIVIDED.into_iter().enumerate() {
            registers.set(register, span(row, 13 + 2 * index)?);
        }
        let demand = row.int_or_null(27)?.map(Quantity::from_units);
        registers.set(Register::Demand, demand.map(|current| Span { previous: Quantity::ZERO, current }));
    }
    Ok(Reading {
        account_id: row.int(0)?,
        meter_seq: row.int(1)?,
        point_seq: row.int(2)?,
        digits: row.int(3)? as u8,
        multiplier: Rate::from_units(row.int(4)?),
        status: ReadingStatus::from_code(row.int(5)?)?,
        flags,
        read_on: row.date(7)?,
        registers,
        entered_by: row.int(10)?,
        entered_at: row.moment(11)?,
        version: row.int(12)?,
    })
}
