//! The typed changes that a ticket carries (变更内容). In JSON each has its `kind`, and names are the keys of the office.

use kernel::{Bilingual, Date, Lang, Quantity, Rate};
use serde::{Deserialize, Serialize};

use super::keyed;
use crate::account::{
    AccountField, BasicMethod, Category, CollectionMethod, LineLossMethod, LossFormula, PointRelation,
    PowerFactorStandard, TaxStatus, TransformerLossMethod, VoltageLevel,
};
use crate::reading::Register;

/// One line of a ticket: what changes, and the first day in the new state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The first day of the new state.
    pub from: Date,
    /// What changes.
    pub change: Change,
}

/// A change of parameters that affect settlement. Source: PARM-01.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A new customer (新装).
    Open {
        /// Everything about it.
        account: Box<NewAccount>,
    },
    /// The customer ends supply (销户): every meter is taken off with its last reading.
    Close {
        /// The last reading of every meter in use.
        shown: Vec<MeterShown>,
    },
    /// Another customer takes over (过户); tiers begin anew.
    Transfer {
        /// The new customer's name.
        name: String,
        /// The new customer's telephone.
        phone: String,
        /// The new customer's tax status.
        #[serde(with = "keyed")]
        tax: TaxStatus,
        /// How the new customer pays.
        #[serde(with = "keyed")]
        collection: CollectionMethod,
    },
    /// Another price class (改类).
    PriceClass {
        /// The class in the price tables.
        price_class: String,
    },
    /// Another kind of customer (改类), with its price class.
    Category {
        /// The kind.
        #[serde(with = "keyed")]
        category: Category,
        /// Its price class.
        price_class: String,
    },
    /// Another voltage of supply (改压).
    Voltage {
        /// The voltage.
        #[serde(with = "keyed")]
        voltage: VoltageLevel,
    },
    /// Persons of a household (一户多人口).
    Persons {
        /// How many.
        persons: u8,
    },
    /// Entitled to free kWh (低保、特困), or no longer.
    Relief {
        /// Entitled?
        entitled: bool,
    },
    /// Time-of-use prices chosen or given up (峰谷分时).
    TimeOfUse {
        /// Chosen?
        chosen: bool,
    },
    /// How the basic charge is found (基本电费计收方式).
    Basic {
        /// The method.
        #[serde(with = "keyed")]
        method: BasicMethod,
        /// kW, for contract demand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contract_demand_kw: Option<Quantity>,
    },
    /// Another contract demand (合同最大需量).
    ContractDemand {
        /// kW.
        contract_demand_kw: Quantity,
    },
    /// The standard of power factor, or none (力调标准).
    PowerFactor {
        /// The standard.
        #[serde(with = "keyed::option", default)]
        standard: Option<PowerFactorStandard>,
    },
    /// How transformer loss is found (变损).
    TransformerLoss {
        /// The method.
        #[serde(with = "keyed")]
        method: TransformerLossMethod,
        /// kWh a month, when agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kwh: Option<Quantity>,
        /// kvarh a month, when agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kvarh: Option<Quantity>,
        /// The formula with its figures, when found by formula.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        formula: Option<LossFormula>,
    },
    /// How line loss is found (线损).
    LineLoss {
        /// The method.
        #[serde(with = "keyed")]
        method: LineLossMethod,
        /// Share of the metered energy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<Rate>,
        /// kWh a month.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kwh: Option<Quantity>,
    },
    /// Another particular of the customer: name, address, telephone, way of paying and the like (档案信息变更).
    Detail {
        /// Which.
        #[serde(with = "keyed")]
        field: AccountField,
        /// Its new value; a code by its key or name, yes or no.
        value: String,
    },
    /// A transformer (容量变更).
    Capacity {
        /// What happens to it.
        act: CapacityAct,
    },
    /// A meter is taken off and another put on in its place (换表).
    MeterSwap {
        /// The meter taken off, with its last reading.
        off: MeterShown,
        /// The meter put on.
        on: NewMeter,
    },
    /// A meter is put on (装表).
    MeterOn {
        /// The meter.
        on: NewMeter,
    },
    /// A meter is taken off (拆表).
    MeterOff {
        /// The meter, with its last reading.
        off: MeterShown,
    },
    /// Another multiplier for the same meter (倍率变更): its readings are cut on that day.
    Multiplier {
        /// What the meter showed on that day.
        shown: MeterShown,
        /// The multiplier from that day.
        multiplier: Rate,
    },
    /// The metering points (计量点), all of them.
    Points {
        /// The points in order.
        points: Vec<NewPoint>,
    },
}

/// What happens to a transformer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum CapacityAct {
    /// Another one is connected (增容).
    Add {
        /// Its model.
        model: String,
        /// Its capacity.
        capacity_kva: Quantity,
    },
    /// Taken away for good.
    Remove {
        /// Its place.
        seq: i64,
    },
    /// Sealed (暂停).
    Suspend {
        /// Its place.
        seq: i64,
        /// The first day back in service, when agreed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// Back in service after suspension, reduction or standby (恢复).
    Resume {
        /// Its place.
        seq: i64,
    },
    /// Reduced (减容): taken out, or replaced by a smaller one.
    Reduce {
        /// Its place.
        seq: i64,
        /// kVA of the smaller one; taken out without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_kva: Option<Quantity>,
        /// The first day back, when not permanent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// Replaced for a time (暂换).
    Swap {
        /// Its place.
        seq: i64,
        /// kVA meanwhile.
        capacity_kva: Quantity,
        /// The day its own transformer is back.
        until: Date,
    },
    /// Its own transformer is back (暂换恢复, 减容恢复).
    SwapBack {
        /// Its place.
        seq: i64,
    },
    /// Sealed cold standby (冷备用).
    ColdStandby {
        /// Its place.
        seq: i64,
    },
    /// Hot standby (热备用).
    HotStandby {
        /// Its place.
        seq: i64,
    },
    /// Takes back the last event of a transformer, entered by mistake (更正); the history keeps it.
    Revoke {
        /// Its place.
        seq: i64,
    },
}

/// A register and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterShown {
    /// The register.
    #[serde(with = "keyed")]
    pub register: Register,
    /// What it shows.
    pub value: Quantity,
}

/// A meter in use and all its registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterShown {
    /// Its place.
    pub meter_seq: i64,
    /// Its registers.
    pub registers: Vec<RegisterShown>,
}

/// A meter to be put on, with what it shows then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMeter {
    /// Its number.
    pub number: String,
    /// The point it measures.
    pub point_seq: i64,
    /// Whole digits.
    pub digits: u8,
    /// Decimal digits.
    pub decimals: u8,
    /// PT ratio times CT ratio.
    pub multiplier: Rate,
    /// Its registers and what they show.
    pub registers: Vec<RegisterShown>,
}

/// A transformer to be connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTransformer {
    /// Its model.
    pub model: String,
    /// Its capacity.
    pub capacity_kva: Quantity,
}

/// A metering point to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPoint {
    /// Its price class; the account's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_class: Option<String>,
    /// Time-of-use prices.
    #[serde(default)]
    pub time_of_use: bool,
    /// How its energy is found.
    #[serde(with = "keyed")]
    pub relation: PointRelation,
    /// The point it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_seq: Option<i64>,
    /// kWh a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_kwh: Option<Quantity>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_ratio: Option<Rate>,
    /// Bears transformer loss.
    #[serde(default)]
    pub bears_transformer_loss: bool,
    /// Bears line loss.
    #[serde(default)]
    pub bears_line_loss: bool,
    /// Counts for the power factor.
    #[serde(default)]
    pub in_power_factor: bool,
}

/// A new customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Its number (户号).
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its telephone.
    #[serde(default)]
    pub phone: String,
    /// The book it is read in.
    pub book_id: i64,
    /// Its place in the route.
    pub route_sequence: i64,
    /// The kind of customer.
    #[serde(with = "keyed")]
    pub category: Category,
    /// The voltage of supply.
    #[serde(with = "keyed")]
    pub voltage: VoltageLevel,
    /// Its price class.
    pub price_class: String,
    /// Persons of the household.
    #[serde(default)]
    pub persons: u8,
    /// Day of the month by which bills are due; 0 for the organisation's rule.
    #[serde(default)]
    pub due_day: u8,
    /// Supplied by its own transformer (专变)?
    #[serde(default)]
    pub dedicated: bool,
    /// Time-of-use prices?
    #[serde(default)]
    pub time_of_use: bool,
    /// Metered on the low side of its own transformer (高供低计)?
    #[serde(default)]
    pub low_side_metering: bool,
    /// Temporary supply?
    #[serde(default)]
    pub temporary: bool,
    /// How it pays.
    #[serde(with = "keyed")]
    pub collection: CollectionMethod,
    /// Tax status.
    #[serde(with = "keyed")]
    pub tax: TaxStatus,
    /// How the basic charge is found.
    #[serde(with = "keyed")]
    pub basic: BasicMethod,
    /// kW, for contract demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_demand_kw: Option<Quantity>,
    /// The standard of power factor.
    #[serde(with = "keyed::option", default)]
    pub power_factor: Option<PowerFactorStandard>,
    /// Transformer loss by table or formula?
    #[serde(with = "keyed")]
    pub transformer_loss: TransformerLossMethod,
    /// The formula with its figures, when found by formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_formula: Option<LossFormula>,
    /// Its transformers.
    #[serde(default)]
    pub transformers: Vec<NewTransformer>,
    /// Its points; one with the account's own price when there are none.
    #[serde(default)]
    pub points: Vec<NewPoint>,
    /// Its meters.
    pub meters: Vec<NewMeter>,
}

impl Change {
    /// The name of the change as people read it.
    pub fn name(&self) -> kernel::Text {
        let (zh, en) = match self {
            Change::Open { .. } => ("新装", "new account"),
            Change::Close { .. } => ("销户", "closing"),
            Change::Transfer { .. } => ("过户", "transfer"),
            Change::PriceClass { .. } => ("电价类别变更", "price class"),
            Change::Category { .. } => ("改类", "category"),
            Change::Voltage { .. } => ("改压", "voltage"),
            Change::Persons { .. } => ("人口变更", "persons"),
            Change::Relief { .. } => ("低保减免变更", "relief"),
            Change::TimeOfUse { .. } => ("分时电价变更", "time of use"),
            Change::Basic { .. } => ("基本电费计收方式变更", "basic charge method"),
            Change::ContractDemand { .. } => ("合同最大需量变更", "contract demand"),
            Change::PowerFactor { .. } => ("功率因数标准变更", "power factor standard"),
            Change::TransformerLoss { .. } => ("变损变更", "transformer loss"),
            Change::LineLoss { .. } => ("线损变更", "line loss"),
            Change::Detail { field, .. } => {
                return kernel::Text::new(field.text(Lang::Zh), field.text(Lang::En));
            }
            Change::Capacity { act } => match act {
                CapacityAct::Add { .. } => ("增容", "transformer added"),
                CapacityAct::Remove { .. } => ("拆除变压器", "transformer removed"),
                CapacityAct::Suspend { .. } => ("暂停", "suspension"),
                CapacityAct::Resume { .. } => ("恢复", "resumption"),
                CapacityAct::Reduce { .. } => ("减容", "reduction"),
                CapacityAct::Swap { .. } => ("暂换", "temporary swap"),
                CapacityAct::SwapBack { .. } => ("暂换恢复", "swap ended"),
                CapacityAct::ColdStandby { .. } => ("冷备用", "cold standby"),
                CapacityAct::HotStandby { .. } => ("热备用", "hot standby"),
                CapacityAct::Revoke { .. } => ("更正容量变更", "capacity event revoked"),
            },
            Change::MeterSwap { .. } => ("换表", "meter change"),
            Change::MeterOn { .. } => ("装表", "meter put on"),
            Change::MeterOff { .. } => ("拆表", "meter taken off"),
            Change::Multiplier { .. } => ("倍率变更", "multiplier"),
            Change::Points { .. } => ("计量点变更", "metering points"),
        };
        kernel::Text::new(zh, en)
    }
    /// Something done on site on that very day, which therefore cannot lie ahead when it is archived.
    pub fn is_physical(&self) -> bool {
        matches!(
            self,
            Change::Open { .. }
                | Change::Close { .. }
                | Change::MeterSwap { .. }
                | Change::MeterOn { .. }
                | Change::MeterOff { .. }
                | Change::Multiplier { .. }
        )
    }
}
