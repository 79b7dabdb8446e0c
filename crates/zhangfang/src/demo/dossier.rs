//! Everything the house keeps of one of the demo's customers: agreement, meters, points, transformers.

use kernel::{Date, Quantity, Rate};
use metering::account::{
    Account, AccountDetails, AccountStatus, BasicMethod, Category, CollectionMethod, LineLossMethod, Meter,
    Options, Point, PointRelation, PowerFactorStandard, TaxStatus, Terms, Transformer, TransformerChange,
    TransformerEvent, TransformerLossMethod, VoltageLevel,
};
use metering::reading::Register;

use super::names;
use super::population::{BOOK_ACCOUNTS, Customer, Kind, Population, Special};

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

impl Population {
    /// kVA of the customer's transformers.
    fn capacity_kva(&self, customer: &Customer) -> i64 {
        if customer.kind == Kind::IndustryWithLosses {
            return 500;
        }
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
