//! Meters put on, taken off and changed, with what they showed, and the closing of an account.

use kernel::{Date, Quantity, Rate, Text};

use super::Drafting;
use crate::account::{AccountStatus, Meter, Transformer, TransformerChange, TransformerEvent};
use crate::parameter::change::{MeterShown, NewMeter, RegisterShown};
use crate::parameter::fault::Fault;
use crate::parameter::rules::capacity::{Standing, standing_on};
use crate::parameter::supply::Shown;
use crate::reading::Register;

const DIGITS_MAX: u8 = 9;
const DECIMALS_MAX: u8 = 6;
const METERS_MAX: usize = 500;

/// What is read of each register: exactly once for each of `registers`, not negative, and within the digits.
fn check_shown(
    meter_seq: i64,
    digits: u8,
    registers: u16,
    shown: &[RegisterShown],
) -> Result<Vec<(Register, Quantity)>, Fault> {
    let mut values: Vec<(Register, Quantity)> = Vec::with_capacity(shown.len());
    for RegisterShown { register, value } in shown {
        if registers & register.bit() == 0 || values.iter().any(|(known, _)| known == register) {
            return Err(Fault::Registers { meter_seq, register: *register });
        }
        let limit = Quantity::whole(10_i64.pow(u32::from(digits.min(DIGITS_MAX))))?;
        if *value < Quantity::default() || (*register != Register::Demand && *value >= limit) {
            let why = Text::new("超出表计位数", "it does not fit the digits of the meter");
            return Err(Fault::Shown { meter_seq, register: *register, value: *value, why });
        }
        values.push((*register, *value));
    }
    let missing = Register::ALL.iter().find(|register| {
        registers & register.bit() != 0 && !values.iter().any(|(known, _)| known == *register)
    });
    match missing {
        Some(register) => Err(Fault::Registers { meter_seq, register: *register }),
        None => {
            values.sort();
            Ok(values)
        }
    }
}

fn words(values: &[(Register, Quantity)]) -> String {
    values.iter().map(|(register, value)| format!("{}={value}", register.key())).collect::<Vec<_>>().join(" ")
}

/// Takes a meter off on `from` with its last reading, which is the final reading of the period. Source: PARM-01.
pub(super) fn take_off(drafting: &mut Drafting<'_>, off: &MeterShown, from: Date) -> Result<(), Fault> {
    let meter_seq = off.meter_seq;
    let meter = drafting.supply.meter_in_use(meter_seq).ok_or(Fault::NoMeter { meter_seq })?.clone();
    if from < meter.installed_on {
        let why = Text::new("早于装表日期", "it lies before the day the meter was put on");
        return Err(Fault::Day { from, why });
    }
    let values = check_shown(meter_seq, meter.digits, meter.registers, &off.registers)?;
    let last = drafting.supply.last_totals.iter().find(|(seq, _)| *seq == meter_seq).map(|(_, total)| *total);
    let total = values.iter().find(|(register, _)| *register == Register::Total);
    if let (Some(last), Some((register, value))) = (last, total)
        && *value < last
    {
        let why = Text::new(
            format!("小于上次示数 {last}；表计翻转应先在抄表中确认"),
            format!("it is below the last reading {last}; a roll-over is confirmed in the book first"),
        );
        return Err(Fault::Shown { meter_seq, register: *register, value: *value, why });
    }
    let old = format!("{} x{}", meter.number, meter.multiplier);
    drafting.note_row(format!("meter.{meter_seq}"), Some(old), Some(format!("off {}", words(&values))), from);
    for meter in &mut drafting.supply.meters {
        if meter.meter_seq == meter_seq {
            meter.removed_on = Some(from);
        }
    }
    drafting.supply.shown.push(Shown { meter_seq, taken_off: true, registers: values });
    Ok(())
}

/// Puts a meter on; what it shows is the first reading of the period. Source: PARM-01.
pub(super) fn put_on(drafting: &mut Drafting<'_>, on: &NewMeter, from: Date) -> Result<(), Fault> {
    let wrong = |zh: &str, en: &str| Err(Fault::Value { field: "meter", why: Text::new(zh, en) });
    let number = super::account::text("meter", &on.number, 32, true)?;
    if !(1..=DIGITS_MAX).contains(&on.digits) || on.decimals > DECIMALS_MAX {
        return wrong("整数位 1 至 9，小数位不超过 6", "1 to 9 whole digits, at most 6 decimals");
    }
    if on.multiplier <= Rate::default() {
        return wrong("倍率应大于零", "the multiplier is more than nothing");
    }
    if drafting.supply.meters.len() >= METERS_MAX {
        return wrong("电能表过多", "too many meters");
    }
    let same = |meter: &Meter| meter.number == number && meter.removed_on.is_none();
    if drafting.supply.meters.iter().any(same) {
        return wrong("该表号已在用", "a meter of this number is in use");
    }
    let registers = on.registers.iter().fold(0, |bits, shown| bits | shown.register.bit());
    if registers & Register::Total.bit() == 0 {
        return wrong("应有总示数", "the total register is missing");
    }
    let account_id = drafting.supply.account_id();
    let meter_seq = drafting.supply.meters.iter().map(|meter| meter.meter_seq).max().unwrap_or(0) + 1;
    let values = check_shown(meter_seq, on.digits, registers, &on.registers)?;
    let new = format!("on {number} x{} {}", on.multiplier, words(&values));
    drafting.note_row(format!("meter.{meter_seq}"), None, Some(new), from);
    drafting.supply.meters.push(Meter {
        account_id,
        meter_seq,
        number,
        point_seq: on.point_seq,
        digits: on.digits,
        decimals: on.decimals,
        multiplier: on.multiplier,
        registers,
        installed_on: from,
        removed_on: None,
    });
    drafting.supply.shown.push(Shown { meter_seq, taken_off: false, registers: values });
    Ok(())
}

/// Another multiplier: the meter's row ends and another begins with the same number and the same reading, so that
/// each part of the period keeps its own multiplier.
pub(super) fn multiplier(
    drafting: &mut Drafting<'_>,
    shown: &MeterShown,
    multiplier: Rate,
    from: Date,
) -> Result<(), Fault> {
    let meter_seq = shown.meter_seq;
    let meter = drafting.supply.meter_in_use(meter_seq).ok_or(Fault::NoMeter { meter_seq })?.clone();
    if meter.multiplier == multiplier {
        return Err(Fault::Same { field: "multiplier" });
    }
    take_off(drafting, shown, from)?;
    let mut registers = shown.registers.clone();
    // The highest demand is read and set back on the day.
    for shown in registers.iter_mut().filter(|shown| shown.register == Register::Demand) {
        shown.value = Quantity::default();
    }
    let on = NewMeter {
        number: meter.number.clone(),
        point_seq: meter.point_seq,
        digits: meter.digits,
        decimals: meter.decimals,
        multiplier,
        registers,
    };
    put_on(drafting, &on, from)?;
    let (old, new) = (meter.multiplier.to_string(), multiplier.to_string());
    drafting.note("multiplier", Some(old), Some(new), from)
}

/// Ends the account: all meters off, all transformers removed.
pub(super) fn close(drafting: &mut Drafting<'_>, shown: &[MeterShown], from: Date) -> Result<(), Fault> {
    for off in shown {
        take_off(drafting, off, from)?;
    }
    if let Some(left) = drafting.supply.meters.iter().find(|meter| meter.removed_on.is_none()) {
        let why = Text::new(
            format!("电能表 {} 没有拆表示数", left.number),
            format!("meter {} has no last reading", left.number),
        );
        return Err(Fault::Value { field: "meter", why });
    }
    let gone =
        |transformer: &Transformer| standing_on(&drafting.supply, transformer, from).0 == Standing::Absent;
    let present: Vec<i64> = drafting
        .supply
        .transformers
        .iter()
        .filter(|transformer| !gone(transformer))
        .map(|transformer| transformer.seq)
        .collect();
    let account_id = drafting.supply.account_id();
    for seq in present {
        let same = |event: &&TransformerEvent| event.seq == seq && event.on == from;
        let event_no = drafting.supply.events.iter().filter(same).count() as i64 + 1;
        let change = TransformerChange::Remove;
        drafting.supply.events.push(TransformerEvent {
            account_id,
            seq,
            on: from,
            event_no,
            change,
            capacity_kva: None,
        });
        drafting.note_row(format!("transformer.{seq}"), None, Some(change.key().into()), from);
    }
    let old = drafting.supply.details.account.status;
    let new = AccountStatus::Closed;
    drafting.note("status", Some(old.key().into()), Some(new.key().into()), from)?;
    drafting.note("closed_on", None, Some(from.to_string()), from)?;
    let account = &mut drafting.supply.details.account;
    account.status = new;
    account.closed_on = Some(from);
    Ok(())
}
