//! From what metering knows of an account to what the price engine is given.

use kernel::{Date, Month, Quantity};
use metering::account::{
    Account, BasicMethod, LineLossMethod, LossFormula, Options, Point as MeteringPoint, PointRelation,
    PowerFactorStandard, TransformerChange, TransformerEvent, TransformerLossMethod,
};
use metering::reading::{Reading as MeterReading, ReadingStatus, Register as MeterRegister};
use metering::stream::AccountReadings;
use smallvec::{SmallVec, smallvec};
use tariff::engine::{TransformerPast, tier_year};
use tariff::{
    AccountPeriod, DemandFeed, LineLoss, MeterSegment, PlanId, Point, Points, Reading, Register, Rules,
    Source, SupplyAgreement, TierState, Transformer, TransformerLoss, TransformerState,
};

use crate::gates::ReadAs;
use crate::plans::PriceBook;

/// Why an account cannot be put together, in words a reviewer reads.
type Refused = String;

/// The least good status of an account's meters; an account without a line was not read.
pub(crate) fn read_as(readings: &[MeterReading]) -> ReadAs {
    let mut found = if readings.is_empty() { ReadAs::Unread } else { ReadAs::Zero };
    for reading in readings {
        match reading.status {
            ReadingStatus::Unread => return ReadAs::Unread,
            ReadingStatus::Read => found = ReadAs::Read,
            ReadingStatus::Zero => {}
        }
    }
    found
}

/// The period that a reading ends. A reading shows the end of its day, so the period lasts up to the day after; it
/// begins on the same day of the month before, two months before for a book read every other month, or with the first day of supply when that is later.
fn period(account: &Account, months: u8, read_on: Date) -> (Date, Date) {
    let to = read_on.plus_days(1).unwrap_or(read_on);
    let before = to.month().plus(-i32::from(months)).unwrap_or(to.month().previous());
    let from = Date::new(before.year(), before.month_of_year(), to.day()).unwrap_or(before.last_day());
    let from = if account.opened_on > from && account.opened_on < to { account.opened_on } else { from };
    (from, to)
}

/// Puts together what the engine needs for one account and month. `tier_used_kwh` is what was billed in the tier year
/// so far.
pub(crate) fn assemble(
    prices: &PriceBook,
    row: &AccountReadings,
    month: Month,
    tier_used_kwh: Quantity,
) -> Result<AccountPeriod, Refused> {
    let account = &row.account;
    let Some(last) = row.readings.iter().map(|reading| reading.read_on).max() else {
        return Err("no meter line in this month / 本月没有抄表记录".into());
    };
    let (from, to) = period(account, row.months, last);
    // The prices of the last day of the period apply to all of it.
    let plan_of = |class: &str| plan(prices, account, class, last);
    let points: Points = if row.points.is_empty() {
        smallvec![Point {
            plan: plan_of(&account.price_class)?,
            source: meters(&row.readings, None),
            deducted_from: None,
            bears_transformer_loss: account.options.has(Options::LOW_SIDE_METERING),
            bears_line_loss: true,
            in_power_factor: true,
            in_power_factor_base: true,
        }]
    } else {
        row.points.iter().map(|point| assemble_point(row, point, &plan_of)).collect::<Result<_, _>>()?
    };
    let tiers = match account.category {
        metering::account::Category::Residential => {
            Some(tier_state(account, row.months, month, tier_used_kwh))
        }
        _ => None,
    };
    let supply = match (&row.terms, row.transformers.is_empty()) {
        (None, true) => None,
        _ => Some(Box::new(supply(prices, row, from, to)?)),
    };
    Ok(AccountPeriod { from, to, month, points, tiers, supply })
}

fn plan(prices: &PriceBook, account: &Account, class: &str, day: Date) -> Result<PlanId, Refused> {
    let left_market = account.options.has(Options::MARKET_LEAVER);
    prices.find(class, account.voltage.code(), left_market, day).ok_or_else(|| {
        format!("no price for class {class}, voltage {}, on {day} / 没有适用的电价", account.voltage.key())
    })
}

fn assemble_point(
    row: &AccountReadings,
    point: &MeteringPoint,
    plan_of: &impl Fn(&str) -> Result<PlanId, Refused>,
) -> Result<Point, Refused> {
    let place = |seq: Option<i64>| {
        let found = seq.and_then(|seq| row.points.iter().position(|other| other.point_seq == seq));
        found
            .and_then(|at| u8::try_from(at).ok())
            .ok_or_else(|| format!("point {} has no parent / 计量点缺少上级", point.point_seq))
    };
    let source = match point.relation {
        PointRelation::Metered | PointRelation::SubMeter => meters(&row.readings, Some(point.point_seq)),
        PointRelation::FixedQuantity => Source::FixedQuantity {
            parent: place(point.parent_seq)?,
            kwh: point.fixed_kwh.unwrap_or_default(),
        },
        PointRelation::FixedRatio => Source::FixedRatio {
            parent: place(point.parent_seq)?,
            ratio: point.fixed_ratio.unwrap_or_default(),
        },
    };
    let deducted_from = match point.relation {
        PointRelation::SubMeter => Some(place(point.parent_seq)?),
        _ => None,
    };
    Ok(Point {
        plan: plan_of(point.price_class.as_deref().unwrap_or(&row.account.price_class))?,
        source,
        deducted_from,
        bears_transformer_loss: point.bears_transformer_loss,
        bears_line_loss: point.bears_line_loss,
        in_power_factor: point.in_power_factor,
        in_power_factor_base: point.in_power_factor,
    })
}

fn register(register: MeterRegister) -> Register {
    match register {
        MeterRegister::Total => Register::Total,
        MeterRegister::Sharp => Register::Sharp,
        MeterRegister::Peak => Register::Peak,
        MeterRegister::Flat => Register::Flat,
        MeterRegister::Valley => Register::Valley,
        MeterRegister::DeepValley => Register::DeepValley,
        MeterRegister::ReactiveForward => Register::ReactiveForward,
        MeterRegister::ReactiveReverse => Register::ReactiveReverse,
        MeterRegister::Demand => Register::Demand,
    }
}

/// One segment per meter line, of one point or of all; several when a meter was changed.
fn meters(readings: &[MeterReading], point_seq: Option<i64>) -> Source {
    let own = readings.iter().filter(|reading| point_seq.is_none_or(|seq| seq == reading.point_seq));
    Source::Meters(
        own.map(|line| MeterSegment {
            digits: line.digits,
            multiplier: line.multiplier,
            readings: line
                .registers
                .iter()
                .map(|(of, span)| Reading {
                    register: register(of),
                    previous: span.previous,
                    current: span.current,
                    rolled_over: line.flags.rolled_over(of),
                })
                .collect(),
        })
        .collect(),
    )
}

fn tier_state(account: &Account, months: u8, month: Month, used_kwh: Quantity) -> TierState {
    // After a transfer the new customer has the thresholds of the months left, a part month as one. (decisions: tier year)
    let months_in_year = match account.tier_start {
        Some(start)
            if account.options.has(Options::TRANSFERRED) && start.year() == tier_year(month, months) =>
        {
            13 - start.month_of_year().unsigned_abs()
        }
        _ => 12,
    };
    TierState {
        used_kwh,
        months,
        months_in_year,
        persons: account.persons,
        free_kwh: account.options.has(Options::FREE_ENERGY),
    }
}

fn supply(
    prices: &PriceBook,
    row: &AccountReadings,
    from: Date,
    to: Date,
) -> Result<SupplyAgreement, Refused> {
    let account = &row.account;
    let mut agreement = SupplyAgreement {
        supplied_from: (account.opened_on > from && account.opened_on < to).then_some(account.opened_on),
        supplied_to: account.closed_on.filter(|closed| *closed > from && *closed < to),
        ..SupplyAgreement::default()
    };
    install(&mut agreement, prices.rules(), &row.transformers, &row.events, from, to)?;
    if let Some(terms) = &row.terms {
        agreement.basic = match terms.basic {
            BasicMethod::None => tariff::BasicMethod::None,
            BasicMethod::Capacity => tariff::BasicMethod::Capacity,
            BasicMethod::ContractDemand => tariff::BasicMethod::ContractDemand(smallvec![DemandFeed {
                point: 0,
                contract_kw: terms.contract_demand_kw.unwrap_or_default(),
            }]),
            BasicMethod::ActualDemand => tariff::BasicMethod::ActualDemand,
        };
        agreement.power_factor = terms
            .power_factor
            .filter(|_| account.options.has(Options::POWER_FACTOR))
            .map(|standard| match standard {
                PowerFactorStandard::P90 => tariff::PowerFactorStandard::P90,
                PowerFactorStandard::P85 => tariff::PowerFactorStandard::P85,
                PowerFactorStandard::P80 => tariff::PowerFactorStandard::P80,
            });
        agreement.transformer_loss = match terms.transformer_loss {
            TransformerLossMethod::None => TransformerLoss::None,
            TransformerLossMethod::Fixed => TransformerLoss::Fixed {
                active_kwh: terms.transformer_loss_kwh.unwrap_or_default(),
                reactive_kvarh: terms.transformer_loss_kvarh.unwrap_or_default(),
            },
            TransformerLossMethod::Table => TransformerLoss::Table,
            TransformerLossMethod::Formula => match terms.loss_formula {
                Some(formula) => TransformerLoss::Formula(loss_formula(formula)),
                None => {
                    return Err(
                        "loss by formula needs its figures in the agreement / 公式计损缺少参数".into()
                    );
                }
            },
        };
        agreement.line_loss = match terms.line_loss {
            LineLossMethod::None => LineLoss::None,
            LineLossMethod::Rate => LineLoss::Rate(terms.line_loss_rate.unwrap_or_default()),
            LineLossMethod::Quantity => LineLoss::Quantity(terms.line_loss_kwh.unwrap_or_default()),
        };
    }
    Ok(agreement)
}

/// Transformers in their state when the period begins, and what changed within it, in order of date.
fn install(
    agreement: &mut SupplyAgreement,
    rules: &Rules,
    transformers: &[metering::account::Transformer],
    events: &[TransformerEvent],
    from: Date,
    to: Date,
) -> Result<(), Refused> {
    for (index, transformer) in transformers.iter().enumerate() {
        let own = events.iter().filter(|event| event.seq == transformer.seq);
        let place = u8::try_from(index).map_err(|_| "too many transformers / 变压器过多".to_owned())?;
        let state = if transformer.connected_on > from {
            TransformerState::Absent
        } else {
            TransformerState::Running
        };
        let mut past = TransformerPast::new(rules, from, to, state);
        let mut capacity_kva = transformer.capacity_kva;
        for event in own {
            if event.on >= to {
                break;
            }
            if event.on < from || (event.on == from && event.change != TransformerChange::Add) {
                past.happened(event.on, change(event, capacity_kva));
                capacity_kva = event.capacity_kva.unwrap_or(capacity_kva);
                continue;
            }
            agreement.events.push(tariff::TransformerEvent {
                date: event.on,
                transformer: place,
                change: change(event, capacity_kva),
            });
        }
        let (state, resumed) = past.begin(None);
        if resumed {
            let change = tariff::TransformerChange::Resume;
            agreement.events.push(tariff::TransformerEvent { date: from, transformer: place, change });
        }
        agreement.transformers.push(Transformer {
            capacity_kva,
            state,
            connected: Some(transformer.connected_on),
            loss_model: rules.loss_model(&transformer.model),
        });
    }
    agreement.events.sort_by_key(|event| event.date);
    Ok(())
}

fn loss_formula(formula: LossFormula) -> tariff::LossFormula {
    match formula {
        LossFormula::CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate } => {
            tariff::LossFormula::CopperRate { no_load_kw, no_load_kvar, copper_rate, reactive_rate }
        }
        LossFormula::LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape } => {
            tariff::LossFormula::LoadSquare { no_load_kw, load_loss_kw, no_load_current, impedance, shape }
        }
    }
}

fn change(event: &TransformerEvent, capacity_kva: Quantity) -> tariff::TransformerChange {
    match event.change {
        TransformerChange::Add => tariff::TransformerChange::Add,
        TransformerChange::Remove => tariff::TransformerChange::Remove,
        TransformerChange::Suspend => tariff::TransformerChange::Suspend,
        TransformerChange::Resume => tariff::TransformerChange::Resume,
        TransformerChange::Reduce => tariff::TransformerChange::Reduce,
        TransformerChange::Swap => {
            tariff::TransformerChange::Swap { capacity_kva: event.capacity_kva.unwrap_or(capacity_kva) }
        }
        TransformerChange::ColdStandby => tariff::TransformerChange::ColdStandby,
        TransformerChange::HotStandby => tariff::TransformerChange::HotStandby,
    }
}

/// The kinds of sequence used above are small on purpose; a household stays on the stack.
const _: () = assert!(size_of::<SmallVec<[MeterSegment; 1]>>() < 512);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    /// What `happened` under the rules of 1996, which limit the days of suspension in a year.
    fn installed(from: &str, to: &str, happened: &[(&str, TransformerChange)]) -> SupplyAgreement {
        let one = metering::account::Transformer {
            account_id: 1,
            seq: 1,
            model: "S9-200".into(),
            capacity_kva: Quantity::from_units(200 * Quantity::SCALE),
            connected_on: day("2010-01-01"),
        };
        let event = |(event_no, (on, change)): (i64, &(&str, TransformerChange))| TransformerEvent {
            account_id: 1,
            seq: 1,
            on: day(on),
            event_no,
            change: *change,
            capacity_kva: None,
        };
        let events: Vec<_> = (1..).zip(happened).map(event).collect();
        let mut agreement = SupplyAgreement::default();
        install(&mut agreement, &Rules::shipped().expect("rules"), &[one], &events, day(from), day(to))
            .expect("transformers");
        agreement
    }

    /// BILL-19: days of suspension count for the whole calendar year, also while the transformer runs in between.
    #[test]
    fn days_suspended_earlier_in_the_year_are_carried() {
        use TransformerChange::{Resume, Suspend};
        let carried = |from: &str, to: &str, happened: &[(&str, TransformerChange)]| {
            let agreement = installed(from, to, happened);
            let state = agreement.transformers[0].state;
            (state, agreement.events.iter().map(|event| event.date).collect::<Vec<_>>())
        };
        let suspended = |since: &str, days_this_year: u16| TransformerState::Suspended {
            since: day(since),
            days_this_year,
        };
        let spring = [("2014-01-11", Suspend), ("2014-04-11", Resume)];
        assert_eq!(
            carried("2014-06-01", "2014-07-01", &spring),
            (suspended("2014-06-01", 90), vec![day("2014-06-01")])
        );
        let twice = [spring[0], spring[1], ("2014-06-21", Suspend)];
        assert_eq!(
            carried("2014-06-01", "2014-07-01", &twice),
            (suspended("2014-06-01", 90), vec![day("2014-06-01"), day("2014-06-21")])
        );
        assert_eq!(carried("2014-07-01", "2014-08-01", &twice), (suspended("2014-06-21", 100), vec![]));
        // Neither one too short to count, nor last year's, nor any under rules without a limit.
        let short = [("2014-03-01", Suspend), ("2014-03-15", Resume)];
        assert_eq!(carried("2014-06-01", "2014-07-01", &short), (TransformerState::Running, vec![]));
        let last_year = [("2013-03-01", Suspend), ("2013-07-15", Resume)];
        assert_eq!(carried("2014-06-01", "2014-07-01", &last_year), (TransformerState::Running, vec![]));
        let over_new_year = [("2013-12-01", Suspend), ("2014-02-01", Resume)];
        assert_eq!(
            carried("2014-06-01", "2014-07-01", &over_new_year),
            (suspended("2014-06-01", 31), vec![day("2014-06-01")])
        );
        let today = [("2023-01-11", Suspend), ("2023-04-11", Resume)];
        assert_eq!(carried("2023-06-01", "2023-07-01", &today), (TransformerState::Running, vec![]));
    }
}
