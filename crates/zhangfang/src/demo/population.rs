//! The demo's customers: made from a seed, the same in every run, of every kind a supply company has.
//!
//! Nothing is kept per customer: kind, agreement, consumption and registers of any month follow from the seed and the
//! customer's place, so ten million of them cost no memory.

use fastrand::Rng;
use kernel::{Date, Month, Quantity, Rate};
use metering::account::{
    Account, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod, LineLossMethod, Meter,
    Options, Point, PointRelation, PowerFactorStandard, TaxStatus, Terms, Transformer, TransformerChange,
    TransformerEvent, TransformerLossMethod, VoltageLevel,
};
use metering::reading::{Register, Registers, Span};

use super::names;
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
    regions: [Prices; STATIONS as usize],
    units: [i64; STATIONS as usize],
    shapes: [(Shape, Shape); 3],
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
    year_kwh: u64,
    station: usize,
    multiplier: i64,
    voltage: VoltageLevel,
    initial: u64,
}

impl Population {
    /// `accounts` customers from `seed`; `month` is the month that is run, `regions` and `units` belong to the stations.
    pub fn new(seed: u64, accounts: u64, month: Month, regions: [Prices; 3], units: [i64; 3]) -> Population {
        let both = |consumer| (Shape::of(consumer, month.year() - 1), Shape::of(consumer, month.year()));
        let shapes = [both(Consumer::Household), both(Consumer::Trade), both(Consumer::Farm)];
        Population { seed, accounts, month, regions, units, shapes }
    }
    /// How many.
    pub fn len(&self) -> u64 {
        self.accounts
    }
    fn rng(&self, index: u64, salt: u64) -> Rng {
        Rng::with_seed(
            self.seed ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03),
        )
    }
    /// Key of the account at `index`.
    pub fn account_id(index: u64) -> i64 {
        i64::try_from(index).unwrap_or(i64::MAX - 1) + 1
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
                if place % 10 == 0 { Special::ReverseReactive } else { Special::Usual }
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
        let initial = if special == Special::Rollover { 99_990_00 } else { rng.u64(10_000..2_000_000) };
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
            (Special::Jump, true) if customer.index % 2 == 0 => chance * 2,
            (Special::Jump, true) => chance / 2,
            (Special::Zero | Special::Unread, true) => 0,
            (Special::New, _) if month < self.first_month(customer) => 0,
            _ => chance,
        };
        shape.month(month, customer.year_kwh).map(|energy| energy * chance / 100)
    }

    /// The first month with consumption.
    fn first_month(&self, customer: &Customer) -> Month {
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
        }
        if customer.is_industry() {
            let total = energy[Register::Total as usize];
            let share = self.rng(customer.index, 7).u64(20..75);
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
    fn registers(&self, customer: &Customer) -> Vec<Register> {
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

    /// kVA of the customer's transformers.
    fn capacity_kva(&self, customer: &Customer) -> i64 {
        let average_kw = customer.year_kwh / 8_760;
        let wanted = average_kw * 100 / 38;
        let sizes =
            [100, 160, 200, 315, 400, 500, 630, 800, 1_000, 1_250, 1_600, 2_000, 2_500, 3_150, 5_000, 10_000];
        let found = sizes.into_iter().find(|size| *size >= wanted as i64);
        found.unwrap_or_else(|| (wanted as i64 + 9_999) / 10_000 * 10_000)
    }

    /// The account with everything that belongs to it.
    pub fn dossier(&self, customer: &Customer) -> Dossier {
        let mut rng = self.rng(customer.index, 3);
        let account_id = Population::account_id(customer.index);
        let book = customer.index / BOOK_ACCOUNTS;
        let (book_id, unit_id, _) = self.book(book);
        let region = &self.regions[customer.station].region;
        let (category, class) = match customer.kind {
            Kind::Household | Kind::LargeHousehold | Kind::ReliefHousehold => {
                (Category::Residential, "residential")
            }
            Kind::HouseholdTimeOfUse => (Category::Residential, "residential_tou"),
            Kind::ResidentialFlat => (Category::ResidentialFlat, "residential_flat"),
            Kind::Shop | Kind::GroupMember => (Category::SinglePart, "single_part_flat"),
            Kind::Commerce => (Category::SinglePart, "single_part"),
            Kind::Farm => (Category::Agricultural, "agricultural"),
            _ => (Category::TwoPart, "two_part"),
        };
        let industry = customer.is_industry();
        let start = self.first_month(customer);
        let options = Options::default()
            .with(
                Options::TIME_OF_USE,
                matches!(customer.kind, Kind::HouseholdTimeOfUse | Kind::Commerce) || industry,
            )
            .with(Options::DEDICATED_TRANSFORMER, self.is_dedicated_book(book) && customer.station < 2)
            .with(Options::FREE_ENERGY, customer.kind == Kind::ReliefHousehold)
            .with(Options::POWER_FACTOR, industry)
            .with(Options::LOW_SIDE_METERING, customer.kind == Kind::IndustryWithLosses)
            .with(Options::IMPORTANT, customer.voltage >= VoltageLevel::From110To220kv)
            .with(Options::HAS_TERMS, industry)
            .with(Options::HAS_TRANSFORMERS, industry)
            .with(Options::HAS_POINTS, customer.kind == Kind::IndustryWithLosses);
        let opened_on = start.first_day();
        let main = Population::account_id(BOOK_ACCOUNTS);
        let account = Account {
            account_id,
            unit_id,
            book_id,
            category,
            voltage: customer.voltage,
            price_class: format!("{region}:{class}"),
            options,
            persons: if customer.kind == Kind::LargeHousehold { rng.u8(5..8) } else { rng.u8(1..5) },
            tier_start: None,
            due_day: 0,
            status: AccountStatus::Active,
            opened_on,
            closed_on: None,
            main_account_id: (customer.kind == Kind::GroupMember).then_some(main),
        };
        let (name, address, phone) = names::of(customer.kind, customer.station, &mut rng);
        let details = AccountDetails {
            account,
            number: format!("42{:02}{:08}", customer.station + 1, customer.index + 1),
            name,
            address,
            phone,
            route_sequence: (customer.index % BOOK_ACCOUNTS) as i64 + 1,
            collection: if industry { CollectionMethod::Entrusted } else { CollectionMethod::Counter },
            tax: if industry { TaxStatus::General } else { TaxStatus::Consumer },
            version: 1,
        };
        let mut dossier = Dossier {
            details,
            terms: None,
            transformers: Vec::new(),
            events: Vec::new(),
            points: Vec::new(),
            meters: Vec::new(),
            taken_off: Vec::new(),
        };
        self.add_meters(customer, &mut dossier);
        if industry {
            self.add_supply(customer, &mut dossier);
        }
        dossier
    }

    fn add_meters(&self, customer: &Customer, dossier: &mut Dossier) {
        let account = &dossier.details.account;
        let registers = self.registers(customer).iter().fold(0, |bits, register| bits | register.bit());
        // In the month that is run, before its reading: the first of the month for books read early.
        let late = self.is_dedicated_book(customer.index / BOOK_ACCOUNTS);
        let changed_on = self.month.first_day().plus_days(if late { 15 } else { 0 }).ok();
        let changed_on = changed_on.filter(|_| customer.special == Special::MeterChange);
        let meter = |meter_seq: i64, installed_on, removed_on| Meter {
            account_id: account.account_id,
            meter_seq,
            number: format!("33{:09}{meter_seq}", customer.index + 1),
            point_seq: 1,
            digits: customer.digits(),
            decimals: 2,
            multiplier: Rate::whole(customer.multiplier).unwrap_or(Rate::ONE),
            registers,
            installed_on,
            removed_on,
        };
        dossier.meters.push(meter(1, account.opened_on, changed_on));
        if let Some(day) = changed_on {
            dossier.meters.push(meter(2, day, None));
            let lines = self.lines(customer, self.month);
            if let Some(old) = lines.first() {
                dossier.taken_off =
                    old.registers.iter().map(|(register, span)| (register, span.current)).collect();
            }
        }
    }

    fn add_supply(&self, customer: &Customer, dossier: &mut Dossier) {
        let account_id = dossier.details.account.account_id;
        let connected_on = Date::new(2019, 5, 20).unwrap_or(dossier.details.account.opened_on);
        let kva = self.capacity_kva(customer);
        let quantity = |value: i64| Quantity::whole(value).unwrap_or_default();
        let day = self.month.first_day().plus_days(14).unwrap_or(self.month.first_day());
        let transformer = |seq: i64, kva: i64, connected_on| Transformer {
            account_id,
            seq,
            model: if customer.kind == Kind::IndustryWithLosses {
                "SL7-500".into()
            } else {
                format!("S13-{kva}")
            },
            capacity_kva: quantity(kva),
            connected_on,
        };
        let event = |seq, change, capacity_kva| TransformerEvent {
            account_id,
            seq,
            on: day,
            event_no: 1,
            change,
            capacity_kva,
        };
        dossier.transformers.push(transformer(1, kva, connected_on));
        match customer.special {
            Special::Suspension => {
                dossier.transformers.push(transformer(2, kva, connected_on));
                dossier.events.push(event(2, TransformerChange::Suspend, None));
            }
            Special::Addition => {
                dossier.transformers.push(transformer(2, kva, day));
                dossier.events.push(event(2, TransformerChange::Add, None));
            }
            Special::Swap => dossier.events.push(event(1, TransformerChange::Swap, Some(quantity(kva * 2)))),
            _ => {}
        }
        let contract = (kva * 55 / 100).max(40);
        dossier.terms = Some(Terms {
            account_id,
            basic: match customer.kind {
                Kind::IndustryContractDemand => BasicMethod::ContractDemand,
                Kind::IndustryActualDemand => BasicMethod::ActualDemand,
                _ => BasicMethod::Capacity,
            },
            contract_demand_kw: (customer.kind == Kind::IndustryContractDemand).then(|| quantity(contract)),
            power_factor: Some(if kva > 160 { PowerFactorStandard::P90 } else { PowerFactorStandard::P85 }),
            transformer_loss: match customer.kind {
                Kind::IndustryWithLosses => TransformerLossMethod::Table,
                _ => TransformerLossMethod::None,
            },
            transformer_loss_kwh: None,
            transformer_loss_kvarh: None,
            line_loss: LineLossMethod::None,
            line_loss_rate: None,
            line_loss_kwh: None,
            loss_formula: None,
        });
        if customer.kind == Kind::IndustryWithLosses {
            let region = &self.regions[customer.station].region;
            let main = Point {
                account_id,
                point_seq: 1,
                price_class: None,
                time_of_use: true,
                relation: PointRelation::Metered,
                parent_seq: None,
                fixed_kwh: None,
                fixed_ratio: None,
                bears_transformer_loss: true,
                bears_line_loss: false,
                in_power_factor: true,
            };
            // The dormitory takes an agreed share at the residential price.
            let dormitory = Point {
                point_seq: 2,
                price_class: Some(format!("{region}:residential_flat")),
                time_of_use: false,
                relation: PointRelation::FixedRatio,
                parent_seq: Some(1),
                fixed_ratio: Some(Rate::from_units(Rate::SCALE * 4 / 100)),
                bears_transformer_loss: false,
                in_power_factor: false,
                ..main.clone()
            };
            dossier.points = vec![main, dormitory];
        }
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

/// Everything kept of one account.
pub struct Dossier {
    /// The account.
    pub details: AccountDetails,
    /// Terms of a larger customer.
    pub terms: Option<Terms>,
    /// Transformers.
    pub transformers: Vec<Transformer>,
    /// What happened to them.
    pub events: Vec<TransformerEvent>,
    /// Points with terms of their own.
    pub points: Vec<Point>,
    /// Meters.
    pub meters: Vec<Meter>,
    /// What the first meter showed when it was taken off.
    pub taken_off: Vec<(Register, Quantity)>,
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
    fn digits(&self) -> u8 {
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
