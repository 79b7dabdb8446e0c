//! Prints bills per second of one core on a mix of 90 % households (a third with time of use), 9 % small
//! commerce and 1 % two-part customers. Run with `--release`.

use std::hint::black_box;
use std::time::Instant;

use kernel::{Date, Month, Quantity, Rate};
use smallvec::smallvec;
use tariff::engine::PlanRequest;
use tariff::table::shipped_table;
use tariff::*;

const ACCOUNTS: usize = 50_000;
const ROUNDS: usize = 10;

fn reading(register: Register, previous: i64, used: i64) -> Reading {
    Reading {
        register,
        previous: Quantity::from_units(previous * Quantity::SCALE),
        current: Quantity::from_units((previous + used) * Quantity::SCALE),
        rolled_over: false,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = shipped_table("hubei-2026-01").ok_or("no such table")??;
    let rules = Rules::shipped()?;
    let mut plans = Plans::new();
    let mut plan = |class: &str, level| plans.compile(&table, &PlanRequest::new(class, level));
    let tiers = plan("residential", VoltageLevel::Below1kv)?;
    let tiers_tou = plan("residential_tou", VoltageLevel::Below1kv)?;
    let commerce = plan("single_part", VoltageLevel::Below1kv)?;
    let two_part = plan("two_part", VoltageLevel::From1To10kv)?;
    let (from, to, month) = (Date::new(2026, 1, 1)?, Date::new(2026, 2, 1)?, Month::new(2026, 1)?);

    let account = |number: usize| -> AccountPeriod {
        let seed = number as i64 * 7919 % 1000;
        let start = 10_000 + seed;
        let (plan, readings, multiplier): (_, smallvec::SmallVec<[Reading; 3]>, _) = match number % 100 {
            0 => (
                two_part,
                smallvec![
                    reading(Register::Total, start, 900 + seed),
                    reading(Register::Sharp, start, 80),
                    reading(Register::Peak, start, 250),
                    reading(Register::Valley, start, 200),
                    reading(Register::ReactiveForward, start, 200),
                ],
                100,
            ),
            1..=9 => (
                commerce,
                smallvec![
                    reading(Register::Total, start, 400 + seed),
                    reading(Register::Sharp, start, 30),
                    reading(Register::Peak, start, 120),
                    reading(Register::Valley, start, 90),
                ],
                1,
            ),
            10..=39 => (
                tiers_tou,
                smallvec![reading(Register::Total, start, 200 + seed), reading(Register::Valley, start, 90)],
                1,
            ),
            _ => (tiers, smallvec![reading(Register::Total, start, 100 + seed)], 1),
        };
        let multiplier = Rate::from_units(multiplier * Rate::SCALE);
        let point = Point {
            plan,
            source: Source::Meters(smallvec![MeterSegment { digits: 6, multiplier, readings }]),
            deducted_from: None,
            bears_transformer_loss: false,
            bears_line_loss: false,
            in_power_factor: true,
            in_power_factor_base: true,
        };
        let used_kwh = Quantity::from_units(seed * 3 * Quantity::SCALE);
        let supply = (plan == two_part).then(|| {
            let capacity_kva = Quantity::from_units(315 * Quantity::SCALE);
            Box::new(SupplyAgreement {
                basic: BasicMethod::Capacity,
                transformers: smallvec![Transformer {
                    capacity_kva,
                    state: TransformerState::Running,
                    connected: None,
                    loss_model: None,
                }],
                power_factor: Some(PowerFactorStandard::P90),
                ..SupplyAgreement::default()
            })
        });
        AccountPeriod {
            from,
            to,
            month,
            points: smallvec![point],
            tiers: Some(TierState { used_kwh, ..TierState::default() }),
            supply,
        }
    };
    let accounts: Vec<AccountPeriod> = (0..ACCOUNTS).map(account).collect();
    println!("one input is {} bytes, one line {} bytes", size_of::<AccountPeriod>(), size_of::<Line>());
    measure("mix", &plans, &rules, &accounts)?;
    for (name, plan) in [
        ("household", tiers),
        ("household, time of use", tiers_tou),
        ("small commerce", commerce),
        ("two-part", two_part),
    ] {
        let same: Vec<_> =
            accounts.iter().filter(|account| account.points[0].plan == plan).cloned().collect();
        measure(name, &plans, &rules, &same)?;
    }
    Ok(())
}

fn measure(
    name: &str,
    plans: &Plans,
    rules: &Rules,
    accounts: &[AccountPeriod],
) -> Result<(), RefusedToBill> {
    let mut bill = Bill::new();
    let (mut fen, mut lines) = (0_i64, 0_usize);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        for account in accounts {
            calculate(plans, rules, black_box(account), &mut bill)?;
            fen += bill.total.fen();
            lines += bill.lines.len();
        }
    }
    let count = accounts.len() * ROUNDS;
    let each = start.elapsed().as_nanos() / count.max(1) as u128;
    let rate = 1_000_000_000 / each.max(1);
    println!("{name}: {rate} bills/s, {each} ns each, {} lines, checksum {fen}", lines / count.max(1));
    Ok(())
}
