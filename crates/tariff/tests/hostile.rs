//! Whatever the input, the engine answers with a bill that adds up or with a refusal; it never breaks.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use std::sync::LazyLock;

use kernel::{Bilingual, Date, Lang, Month, Quantity, Rate};
use proptest::prelude::*;
use smallvec::SmallVec;
use tariff::*;

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        80 => (0_i64..90_000).prop_map(|kwh| Quantity::from_units(kwh * 1_000_000)),
        1 => any::<i64>().prop_map(Quantity::from_units),
        9 => Just(Quantity::ZERO),
    ]
}

fn rates() -> impl Strategy<Value = Rate> {
    prop_oneof![
        30 => Just(Rate::ONE),
        20 => (0_i64..20_000_000_000).prop_map(Rate::from_units),
        1 => any::<i64>().prop_map(Rate::from_units),
    ]
}

fn registers() -> impl Strategy<Value = Register> {
    use Register::*;
    prop::sample::select(vec![
        Total,
        Total,
        Sharp,
        Peak,
        Flat,
        Valley,
        DeepValley,
        ReactiveForward,
        ReactiveReverse,
        Demand,
    ])
}

/// Now and then a register that went backwards without a word.
fn reading() -> impl Strategy<Value = Reading> {
    (registers(), quantity(), quantity(), 0_u8..50).prop_map(|(register, one, other, kind)| {
        let (previous, current) = if kind == 0 { (one, other) } else { (one.min(other), one.max(other)) };
        Reading { register, previous, current, rolled_over: kind == 1 }
    })
}

/// Registers of one meter: nearly always a total, seldom one twice.
fn readings() -> impl Strategy<Value = Vec<Reading>> {
    (reading(), prop::collection::vec(reading(), 0..4), 0_u8..40).prop_map(|(first, mut rest, kind)| {
        if kind > 0 {
            rest.sort_by_key(|reading| reading.register as u8);
            rest.dedup_by_key(|reading| reading.register);
            rest.retain(|reading| reading.register != Register::Total);
        }
        rest.push(Reading { register: if kind == 1 { first.register } else { Register::Total }, ..first });
        rest
    })
}

/// Undivided, divided into the periods of the table, or anything.
fn given() -> impl Strategy<Value = PeriodEnergy> {
    (prop::array::uniform6(quantity()), 0_u8..8).prop_map(|(mut energy, shape)| {
        match shape {
            0..=3 => energy[1..].fill(Quantity::ZERO),
            4..=6 => (energy[0], energy[5]) = (Quantity::ZERO, Quantity::ZERO),
            _ => {}
        }
        PeriodEnergy(energy)
    })
}

fn source() -> impl Strategy<Value = Source> {
    let segment = (prop_oneof![50 => 5_u8..9, 1 => any::<u8>()], rates(), readings()).prop_map(
        |(digits, multiplier, readings)| MeterSegment { digits, multiplier, readings: readings.into() },
    );
    prop_oneof![
        4 => prop::collection::vec(segment, 1..3).prop_map(|segments| Source::Meters(segments.into())),
        1 => (0_u8..2, quantity()).prop_map(|(parent, kwh)| Source::FixedQuantity { parent, kwh }),
        1 => (0_u8..2, rates()).prop_map(|(parent, ratio)| Source::FixedRatio { parent, ratio }),
        3 => (given(), quantity(), prop::option::of(quantity()))
            .prop_map(|(active, reactive, demand_kw)| Source::Given { active, reactive, demand_kw }),
    ]
}

fn points() -> impl Strategy<Value = Points> {
    let one = (
        prop_oneof![60 => 0_u32..8, 1 => any::<u32>()],
        source(),
        prop::option::weighted(0.1, 0_u8..2),
        any::<[bool; 4]>(),
    );
    let one = one.prop_map(|(plan, source, deducted_from, flags)| Point {
        plan: PlanId(plan),
        source,
        deducted_from,
        bears_transformer_loss: flags[0],
        bears_line_loss: flags[1],
        in_power_factor: flags[2],
        in_power_factor_base: flags[3],
    });
    prop::collection::vec(one, 1..4).prop_map(SmallVec::from_vec)
}

fn date() -> impl Strategy<Value = Date> {
    (2026_i16..2027, 1_i8..3, 1_i8..29).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn change() -> impl Strategy<Value = TransformerChange> {
    use TransformerChange::*;
    prop_oneof![
        prop::sample::select(vec![Suspend, Resume, Reduce, Add, Remove, ColdStandby, HotStandby]),
        quantity().prop_map(|capacity_kva| Swap { capacity_kva }),
    ]
}

fn loss() -> impl Strategy<Value = TransformerLoss> {
    let square = (quantity(), quantity(), rates(), rates(), rates()).prop_map(
        |(no_load_kw, load_loss_kw, no_load_current, impedance, shape)| {
            TransformerLoss::Formula(LossFormula::LoadSquare {
                no_load_kw,
                load_loss_kw,
                no_load_current,
                impedance,
                shape,
            })
        },
    );
    prop_oneof![
        Just(TransformerLoss::None),
        Just(TransformerLoss::Table),
        (quantity(), quantity())
            .prop_map(|(active_kwh, reactive_kvarh)| TransformerLoss::Fixed { active_kwh, reactive_kvarh }),
        square,
    ]
}

fn basic() -> impl Strategy<Value = BasicMethod> {
    let feed = (0_u8..4, quantity()).prop_map(|(point, contract_kw)| DemandFeed { point, contract_kw });
    prop_oneof![
        Just(BasicMethod::None),
        Just(BasicMethod::Capacity),
        Just(BasicMethod::ActualDemand),
        prop::collection::vec(feed, 0..3).prop_map(|feeds| BasicMethod::ContractDemand(feeds.into())),
    ]
}

fn supply() -> impl Strategy<Value = SupplyAgreement> {
    let state = prop_oneof![
        3 => Just(TransformerState::Running),
        1 => (date(), any::<u16>())
            .prop_map(|(since, days_this_year)| TransformerState::Suspended { since, days_this_year }),
        1 => prop::sample::select(vec![
            TransformerState::Reduced, TransformerState::Absent, TransformerState::ColdStandby,
        ]),
    ];
    let transformer = (quantity(), state, prop::option::of(date()), prop::option::of(0_u16..3)).prop_map(
        |(capacity_kva, state, connected, model)| Transformer {
            capacity_kva,
            state,
            connected,
            loss_model: model.map(LossModelId),
        },
    );
    let event = (date(), 0_u8..3, change()).prop_map(|(date, transformer, change)| TransformerEvent {
        date,
        transformer,
        change,
    });
    let line_loss = prop_oneof![
        Just(LineLoss::None),
        rates().prop_map(LineLoss::Rate),
        quantity().prop_map(LineLoss::Quantity),
    ];
    let times = (prop::option::weighted(0.2, date()), prop::option::weighted(0.2, date()));
    let lists = (prop::collection::vec(transformer, 0..3), prop::collection::vec(event, 0..3));
    (basic(), times, lists, any::<bool>(), loss(), line_loss).prop_map(
        |(
            basic,
            (supplied_from, supplied_to),
            (transformers, mut events),
            adjusted,
            transformer_loss,
            line_loss,
        )| {
            events.sort_by_key(|event| event.date);
            SupplyAgreement {
                basic,
                supplied_from,
                supplied_to,
                transformers: transformers.into(),
                events: events.into(),
                power_factor: adjusted.then_some(PowerFactorStandard::P85),
                transformer_loss,
                line_loss,
            }
        },
    )
}

fn tiers() -> impl Strategy<Value = TierState> {
    (quantity(), 1_u8..14, 1_u8..14, any::<u8>(), any::<bool>()).prop_map(
        |(used_kwh, months, months_in_year, persons, free_kwh)| TierState {
            used_kwh,
            months,
            months_in_year,
            persons,
            free_kwh,
        },
    )
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let mut desk = Desk::shipped("hubei-2026-01");
    for (class, level) in [
        ("residential", "below_1kv"),
        ("residential_tou", "below_1kv"),
        ("residential_flat", "below_1kv"),
        ("single_part", "below_1kv"),
        ("single_part_flat", "below_1kv"),
        ("two_part", "1_10kv"),
        ("two_part", "110_220kv"),
        ("agricultural", "below_1kv"),
    ] {
        desk.plan(class, level);
    }
    desk
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn every_input_is_billed_or_refused(
        points in points(), from in date(), length in -2_i64..70, tiers in prop::option::weighted(0.95, tiers()),
        supply in prop::option::weighted(0.6, supply()),
    ) {
        let desk = &*DESK;
        let to = from.plus_days(length).unwrap();
        let month: Month = to.month();
        let input = AccountPeriod { from, to, month, points, tiers, supply: supply.map(Box::new) };
        let mut bill = Bill::new();
        match calculate(&desk.plans, &desk.rules, &input, &mut bill) {
            Ok(()) => {
                proves_itself(&bill);
                for point in &bill.points {
                    prop_assert!(point.billed.0.iter().all(|part| !part.is_negative()));
                }
            }
            Err(refused) => prop_assert!(!refused.text(Lang::Zh).is_empty()),
        }
    }
}
