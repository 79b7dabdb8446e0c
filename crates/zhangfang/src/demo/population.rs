//! The demo's customers: made from a seed, the same in every run, of every kind a supply company has.
//!
//! Nothing is kept per customer: kind, agreement, consumption and registers of any month follow from the seed and the
//! customer's place, so ten million of them cost no memory.

use fastrand::Rng;
use kernel::{Date, Month, Quantity};
use metering::account::VoltageLevel;
use metering::reading::{Register, Registers, Span};

use super::nature::Nature;
use super::shape::{Consumer, HOURS, Shape};

/// Customers of one reading book.
pub const BOOK_ACCOUNTS: u64 = 200;
/// Stations of the demo.
pub const STATIONS: u64 = 3;
/// Months of history before the month that is run.
pub const HISTORY_MONTHS: i32 = 12;

/// What a customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A household with tiers.
    Household,
    /// A household with tiers and time of use.
    HouseholdTimeOfUse,
    /// A household of five or more.
    LargeHousehold,
    /// A household entitled to free kWh.
    ReliefHousehold,
    /// Shared residential meter without tiers (合表).
    ResidentialFlat,
    /// A shop.
    Shop,
    /// Commerce at time-of-use prices.
    Commerce,
    /// A farm.
    Farm,
    /// Industry by capacity.
    IndustryCapacity,
    /// Industry by contract demand.
    IndustryContractDemand,
    /// Industry by actual demand.
    IndustryActualDemand,
    /// Industry metered on the low side of its own transformer, with dormitory and office behind it.
    IndustryWithLosses,
    /// A branch of a group that one main account pays for.
    GroupMember,
}

/// What happens to a customer in the month that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// Nothing.
    Usual,
    /// The register passes its last digit.
    Rollover,
    /// The meter is changed.
    MeterChange,
    /// Compensation feeds reactive energy back.
    ReverseReactive,
    /// A transformer is suspended in mid-month.
    Suspension,
    /// A transformer is added in mid-month.
    Addition,
    /// A transformer is swapped for another in mid-month.
    Swap,
    /// Consumption jumps.
    Jump,
    /// Nothing is used.
    Zero,
    /// Nobody could read it.
    Unread,
    /// Supplied since November only.
    New,
}

/// A region's prices: the prefix of price classes.
#[derive(Debug, Clone)]
pub struct Prices {
    /// `湖北` or `江苏`.
    pub region: String,
    /// For each hour of the day, the register that counts it, for customers at industrial time of use.
    pub industrial_hours: [Register; HOURS],
    /// The same for households at time of use.
    pub residential_hours: [Register; HOURS],
}

/// The registers of a price schedule by hour on the 15th of `month`.
pub fn hours_of(table: &tariff::table::PriceTable, schedule: &str, month: Month) -> [Register; HOURS] {
    let day = month.first_day().plus_days(14).unwrap_or(month.first_day());
    std::array::from_fn(|hour| {
        let period =
            table.schedule(schedule).map(|schedule| schedule.period(day, hour * 2, Default::default()));
        match period {
            Some(tariff::Period::Sharp) => Register::Sharp,
            Some(tariff::Period::Peak) => Register::Peak,
            Some(tariff::Period::Valley) => Register::Valley,
            Some(tariff::Period::DeepValley) => Register::DeepValley,
            _ => Register::Flat,
        }
    })
}

/// All customers of the demo.
pub struct Population {
    seed: u64,
    accounts: u64,
    /// The month that is run.
    pub month: Month,
    pub(super) regions: [Prices; STATIONS as usize],
    units: [i64; STATIONS as usize],
    shapes: [(Shape, Shape); 3],
    nature: Option<Nature>,
}

/// One customer.
pub struct Customer {
    /// Its place, from 0.
    pub index: u64,
    /// What it is.
    pub kind: Kind,
    /// What happens in the month that is run.
    pub special: Special,
    /// kWh a year.
    pub(super) year_kwh: u64,
    pub(super) station: usize,
    pub(super) multiplier: i64,
    pub(super) voltage: VoltageLevel,
    initial: u64,
}

impl Population {
    /// `accounts` customers from `seed`; `month` is the month that is run, `regions` and `units` belong to the stations.
    pub fn new(seed: u64, accounts: u64, month: Month, regions: [Prices; 3], units: [i64; 3]) -> Population {
        let both = |consumer| (Shape::of(consumer, month.year() - 1), Shape::of(consumer, month.year()));
        let shapes = [both(Consumer::Household), both(Consumer::Trade), both(Consumer::Farm)];
        Population { seed, accounts, month, regions, units, shapes, nature: None }
    }
    /// With the habits and chances of real customers, for measurements of what is unusual.
    pub fn with_nature(self) -> Population {
        Population { nature: Some(Nature), ..self }
    }
    /// How many.
    pub fn len(&self) -> u64 {
        self.accounts
    }
    pub(super) fn rng(&self, index: u64, salt: u64) -> Rng {
        Rng::with_seed(
            self.seed ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03),
        )
    }
    /// Key of the account at `index`.
    pub fn account_id(index: u64) -> i64 {
        i64::try_from(index).unwrap_or(i64::MAX - 1) + 1
    }
    /// Number of the book with this key.
    pub fn book_number(book_id: i64) -> String {
        format!("B{book_id:06}")
    }
    /// Number of books.
    pub fn books(&self) -> u64 {
        self.accounts.div_ceil(BOOK_ACCOUNTS)
    }
    fn station_of_book(&self, book: u64) -> usize {
        (book * STATIONS / self.books().max(1)).min(STATIONS - 1) as usize
    }
    /// Key, station and number of accounts of the book at `book` (from 0).
    pub fn book(&self, book: u64) -> (i64, i64, i64) {
        let first = book * BOOK_ACCOUNTS;
        let count = BOOK_ACCOUNTS.min(self.accounts - first);
        (Population::account_id(book), self.units[self.station_of_book(book)], count as i64)
    }
    /// The first book of each station holds the dedicated-transformer customers; it is read at the end of the month.
    pub fn is_dedicated_book(&self, book: u64) -> bool {
        book == 0 || self.station_of_book(book) != self.station_of_book(book - 1)
    }
    /// Day of the month on which a book is read; dedicated ones at the end of the last day.
    pub fn reading_day(&self, book: u64) -> u8 {
        if self.is_dedicated_book(book) { 31 } else { (book % 9 + 1) as u8 }
    }
    /// The reading day of a book in `month`.
    pub fn read_on(&self, book: u64, month: Month) -> Date {
        Date::new(month.year(), month.month_of_year(), self.reading_day(book).cast_signed())
            .unwrap_or(month.last_day())
    }

    /// The customer at `index`.
    pub fn customer(&self, index: u64) -> Customer {
        let book = index / BOOK_ACCOUNTS;
        let station = self.station_of_book(book);
        let mut rng = self.rng(index, 1);
        let place = index % BOOK_ACCOUNTS;
        let industrial = self.is_dedicated_book(book) && station < 2;
        let kind = if industrial {
            match place {
                0..=59 => Kind::IndustryCapacity,
                60..=99 => Kind::IndustryContractDemand,
                100..=119 => Kind::IndustryActualDemand,
                120..=159 => Kind::IndustryWithLosses,
                _ => Kind::Commerce,
            }
        } else if station == 0 && book == 1 && place < 21 {
            Kind::GroupMember
        } else {
            match (rng.u32(..1000), station) {
                (0..820, _) => Kind::Household,
                (820..885, _) => Kind::HouseholdTimeOfUse,
                (885..905, _) => Kind::LargeHousehold,
                (905..912, _) => Kind::ReliefHousehold,
                (912..940, _) => Kind::ResidentialFlat,
                (940..985, 0 | 1) => Kind::Shop,
                (985..990, 0 | 1) => Kind::Commerce,
                _ => Kind::Farm,
            }
        };
        let special = match kind {
            Kind::IndustryCapacity => match place {
                0 => Special::Suspension,
                1 => Special::Addition,
                2 => Special::Swap,
                3 => Special::ReverseReactive,
                4 => Special::MeterChange,
                _ => Special::Usual,
            },
            Kind::IndustryContractDemand | Kind::IndustryActualDemand | Kind::IndustryWithLosses => {
                if place.is_multiple_of(10) { Special::ReverseReactive } else { Special::Usual }
            }
            _ => match rng.u32(..1000) {
                0..20 => Special::Jump,
                20..26 => Special::Zero,
                26..29 => Special::Unread,
                29..33 => Special::New,
                33..35 => Special::Rollover,
                35..37 => Special::MeterChange,
                _ => Special::Usual,
            },
        };
        let voltage = match (kind, place) {
            (Kind::IndustryCapacity, 50..=54) => VoltageLevel::From35To110kv,
            (Kind::IndustryContractDemand, 60..=61) => VoltageLevel::From110To220kv,
            (Kind::IndustryActualDemand, 100) => VoltageLevel::From220kv,
            _ if industrial => VoltageLevel::From1To10kv,
            _ => VoltageLevel::Below1kv,
        };
        // Two draws make middling consumption likelier than extremes.
        let mut around = |low: u64, high: u64| (rng.u64(low..high) + rng.u64(low..high)) / 2;
        let year_kwh = match (kind, voltage) {
            (Kind::Household | Kind::HouseholdTimeOfUse | Kind::ReliefHousehold, _) => around(900, 4_200),
            (Kind::LargeHousehold, _) => around(3_600, 8_000),
            (Kind::ResidentialFlat, _) => around(2_000, 30_000),
            (Kind::Shop | Kind::GroupMember, _) => around(3_000, 40_000),
            (Kind::Farm, _) => around(1_500, 30_000),
            (Kind::Commerce, _) => around(60_000, 900_000),
            // Behind a transformer of 500 kVA.
            (Kind::IndustryWithLosses, _) => around(700_000, 1_600_000),
            (_, VoltageLevel::From220kv) => around(200_000_000, 400_000_000),
            (_, VoltageLevel::From110To220kv) => around(40_000_000, 90_000_000),
            (_, VoltageLevel::From35To110kv) => around(8_000_000, 30_000_000),
            (_, _) => around(400_000, 6_000_000),
        };
        let multiplier = match year_kwh {
            ..50_000 => 1,
            50_000..1_000_000 => 60,
            1_000_000..8_000_000 => 800,
            8_000_000..40_000_000 => 14_000,
            _ => 132_000,
        };
        let initial = if special == Special::Rollover { 9_999_000 } else { rng.u64(10_000..2_000_000) };
        Customer { index, kind, special, year_kwh, station, multiplier, voltage, initial }
    }

    /// kWh of `month` by hour of the day, in thousandths, with the month's own chance.
    fn hours(&self, customer: &Customer, month: Month) -> [u64; HOURS] {
        let shape = match customer.kind {
            Kind::Household
            | Kind::HouseholdTimeOfUse
            | Kind::LargeHousehold
            | Kind::ReliefHousehold
            | Kind::ResidentialFlat => &self.shapes[0],
            Kind::Farm => &self.shapes[2],
            _ => &self.shapes[1],
        };
        let shape = if month.year() < self.month.year() { &shape.0 } else { &shape.1 };
        let chance = self.rng(customer.index, month.number().unsigned_abs()).u64(88..112);
        let chance = match (customer.special, month == self.month) {
            (Special::Jump, true) if customer.index.is_multiple_of(2) => chance * 2,
            (Special::Jump, true) => chance / 2,
            (Special::Zero | Special::Unread, true) => 0,
            (Special::New, _) if month < self.first_month(customer) => 0,
            _ => chance,
        };
        let lived = self.nature.as_ref().map_or(1000, |nature| nature.per_mille(self, customer, month));
        shape.month(month, customer.year_kwh).map(|energy| energy * chance * lived / 100_000)
    }

    /// The first month with consumption.
    pub(super) fn first_month(&self, customer: &Customer) -> Month {
        let start = self.month.plus(-HISTORY_MONTHS).unwrap_or(self.month);
        if customer.special == Special::New { self.month.plus(-2).unwrap_or(start) } else { start }
    }

    /// Is the customer read in `month`?
    pub fn is_supplied(&self, customer: &Customer, month: Month) -> bool {
        month >= self.first_month(customer)
    }

    /// Energy by register in `month`, in thousandths of a kWh or kvarh.
    fn energy(&self, customer: &Customer, month: Month) -> [u64; 9] {
        let hours = self.hours(customer, month);
        let mut energy = [0_u64; 9];
        energy[Register::Total as usize] = hours.iter().sum();
        let prices = &self.regions[customer.station];
        let of_hour = match customer.kind {
            Kind::HouseholdTimeOfUse => Some(&prices.residential_hours),
            Kind::Shop | Kind::Farm | Kind::GroupMember => None,
            Kind::Household | Kind::LargeHousehold | Kind::ReliefHousehold | Kind::ResidentialFlat => None,
            _ => Some(&prices.industrial_hours),
        };
        if let Some(of_hour) = of_hour {
            for (hour, register) in hours.iter().zip(of_hour) {
                energy[*register as usize] += hour;
            }
            if self.nature.is_some() {
                // The day has not the same shape every month: some of the peak moves to the valley, or back.
                let mut rng = self.rng(customer.index, month.number().unsigned_abs() + 5_000_000);
                let (from, to) = match rng.bool() {
                    true => (Register::Peak, Register::Valley),
                    false => (Register::Valley, Register::Peak),
                };
                let moved = energy[from as usize] * rng.u64(0..180) / 1000;
                energy[from as usize] -= moved;
                energy[to as usize] += moved;
            }
        }
        if customer.is_industry() {
            let total = energy[Register::Total as usize];
            let mut share = self.rng(customer.index, 7).u64(20..75);
            if self.nature.is_some() {
                share = share
                    * self.rng(customer.index, month.number().unsigned_abs() + 6_000_000).u64(80..125)
                    / 100;
            }
            energy[Register::ReactiveForward as usize] = total * share / 100;
            if customer.special == Special::ReverseReactive {
                energy[Register::ReactiveReverse as usize] = total * 9 / 100;
            }
        }
        energy
    }

    /// kWh of `month`, whole.
    pub fn energy_kwh(&self, customer: &Customer, month: Month) -> Quantity {
        let milli_kwh: u64 = self.hours(customer, month).iter().sum();
        Quantity::whole(i64::try_from(milli_kwh / 1000).unwrap_or(0)).unwrap_or_default()
    }

    /// The registers that a customer's meter has.
    pub(super) fn registers(&self, customer: &Customer) -> Vec<Register> {
        let mut found = vec![Register::Total];
        let of_hour = match customer.kind {
            Kind::HouseholdTimeOfUse => &self.regions[customer.station].residential_hours,
            _ if customer.is_industry() || customer.kind == Kind::Commerce => {
                &self.regions[customer.station].industrial_hours
            }
            _ => return found,
        };
        for register in [Register::Sharp, Register::Peak, Register::Valley] {
            if of_hour.contains(&register) {
                found.push(register);
            }
        }
        if customer.is_industry() {
            found.push(Register::ReactiveForward);
            if customer.special == Special::ReverseReactive {
                found.push(Register::ReactiveReverse);
            }
            if matches!(customer.kind, Kind::IndustryContractDemand | Kind::IndustryActualDemand) {
                found.push(Register::Demand);
            }
        }
        found
    }

    /// What the registers show at the end of `month`, having begun anew with a new meter in the month that is run.
    fn shown(&self, customer: &Customer, month: Month) -> Vec<(Register, u64)> {
        let mut sum = [0_u64; 9];
        let mut at = self.first_month(customer);
        while at <= month {
            for (total, energy) in sum.iter_mut().zip(self.energy(customer, at)) {
                *total += energy;
            }
            at = at.next();
        }
        let registers = self.registers(customer);
        registers
            .iter()
            .map(|register| (*register, customer.dial(*register, sum[*register as usize])))
            .collect()
    }

    /// The meter lines of `month`: before and after, one line or two when the meter was changed.
    pub fn lines(&self, customer: &Customer, month: Month) -> Vec<MeterLine> {
        let before = if month == self.first_month(customer) {
            self.registers(customer).iter().map(|register| (*register, customer.dial(*register, 0))).collect()
        } else {
            self.shown(customer, month.previous())
        };
        let after = self.shown(customer, month);
        let line = |meter_seq, before: &[(Register, u64)], after: &[(Register, u64)]| {
            let mut registers = Registers::default();
            let mut rolled_over = Vec::new();
            for ((register, previous), (_, current)) in before.iter().zip(after) {
                let (previous, current) = match register {
                    Register::Demand => (0, self.demand(customer, month)),
                    _ => (*previous, *current),
                };
                if current < previous {
                    rolled_over.push(*register);
                }
                let span = Span { previous: hundredths(previous), current: hundredths(current) };
                registers.set(*register, Some(span));
            }
            MeterLine { meter_seq, registers, rolled_over }
        };
        if customer.special == Special::MeterChange && month == self.month {
            // The old meter goes half-way, the new one counts the other half from zero.
            let middle: Vec<_> = before
                .iter()
                .zip(&after)
                .map(|((register, from), (_, to))| (*register, from + (to.max(from) - from) / 2))
                .collect();
            let zero: Vec<_> = middle.iter().map(|(register, _)| (*register, 0)).collect();
            let rest: Vec<_> = middle
                .iter()
                .zip(&after)
                .map(|((register, from), (_, to))| (*register, to.max(from) - from))
                .collect();
            return vec![line(1, &before, &middle), line(2, &zero, &rest)];
        }
        vec![line(1, &before, &after)]
    }

    /// Highest demand of the month as the register shows it, in hundredths.
    fn demand(&self, customer: &Customer, month: Month) -> u64 {
        let total = self.energy(customer, month)[Register::Total as usize] / 1000;
        let load_factor = self.rng(customer.index, 11).u64(45..80);
        let average_kw = total / (month.days().unsigned_abs() * 24);
        average_kw * 100 / load_factor * 100 / customer.multiplier.unsigned_abs()
    }
}

/// A meter's line of a month.
pub struct MeterLine {
    /// Which meter of the account.
    pub meter_seq: i64,
    /// Before and after.
    pub registers: Registers,
    /// Registers that passed their last digit.
    pub rolled_over: Vec<Register>,
}

impl Customer {
    /// Industry with a two-part price?
    pub fn is_industry(&self) -> bool {
        matches!(
            self.kind,
            Kind::IndustryCapacity
                | Kind::IndustryContractDemand
                | Kind::IndustryActualDemand
                | Kind::IndustryWithLosses
        )
    }
    pub(super) fn digits(&self) -> u8 {
        if self.special == Special::Rollover { 5 } else { 6 }
    }
    /// About what a kWh costs, in fen, for histories that are not calculated.
    pub fn rough_fen_per_kwh(&self) -> i64 {
        match self.kind {
            Kind::Household | Kind::LargeHousehold | Kind::ReliefHousehold | Kind::HouseholdTimeOfUse => 56,
            Kind::ResidentialFlat | Kind::Farm => 56,
            Kind::Shop | Kind::GroupMember | Kind::Commerce => 76,
            _ => 72,
        }
    }
    /// The multiplier of its meters.
    pub fn multiplier(&self) -> i64 {
        self.multiplier
    }
    /// Whole digits of its registers.
    pub fn meter_digits(&self) -> u8 {
        self.digits()
    }
    /// What a register shows after `milli_kwh`, in hundredths of its unit.
    fn dial(&self, register: Register, milli_kwh: u64) -> u64 {
        let start = if register == Register::Total { self.initial } else { self.initial / 3 };
        let full = 10_u64.pow(u32::from(self.digits())) * 100;
        (start + milli_kwh / 10 / self.multiplier.unsigned_abs()) % full
    }
}

fn hundredths(value: u64) -> Quantity {
    Quantity::from_units(i64::try_from(value).unwrap_or(0) * (Quantity::SCALE / 100))
}
