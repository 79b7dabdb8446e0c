//! Small words that tables, inputs and bills share.

use kernel::{FigureError, Quantity};
use serde::{Deserialize, Serialize};

/// A compiled plan (price table version, class, voltage and options) in [`crate::Plans`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanId(pub u32);

/// A period of the day by price (时段); `Total` means energy that is not divided by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Period {
    /// Not divided by time (总).
    Total = 0,
    /// Sharp peak (尖峰).
    Sharp = 1,
    /// Peak (峰).
    Peak = 2,
    /// Flat (平).
    Flat = 3,
    /// Valley (谷).
    Valley = 4,
    /// Deep valley (深谷).
    DeepValley = 5,
}

impl Period {
    /// How many there are, `Total` included.
    pub const COUNT: usize = 6;
    /// All, in the order of their numbers.
    pub const ALL: [Period; 6] =
        [Period::Total, Period::Sharp, Period::Peak, Period::Flat, Period::Valley, Period::DeepValley];
    /// The periods of a day divided by time, without `Total`.
    pub const DIVIDED: [Period; 5] =
        [Period::Sharp, Period::Peak, Period::Flat, Period::Valley, Period::DeepValley];

    /// Its place in arrays of [`Period::COUNT`].
    pub const fn index(self) -> usize {
        self as usize
    }
    /// Its key in price tables.
    pub const fn key(self) -> &'static str {
        match self {
            Period::Total => "total",
            Period::Sharp => "sharp",
            Period::Peak => "peak",
            Period::Flat => "flat",
            Period::Valley => "valley",
            Period::DeepValley => "deep_valley",
        }
    }
}

/// Energy of one point by period of the day. The `Total` slot holds what is not divided by time, so the sum of
/// all slots is the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PeriodEnergy(pub [Quantity; Period::COUNT]);

impl PeriodEnergy {
    /// Undivided energy.
    pub fn undivided(total: Quantity) -> PeriodEnergy {
        let mut energy = PeriodEnergy::default();
        energy.0[0] = total;
        energy
    }
    /// The energy of one slot.
    pub const fn of(&self, period: Period) -> Quantity {
        self.0[period.index()]
    }
    /// The sum of all slots; fails when it does not fit.
    pub fn sum(&self) -> Result<Quantity, FigureError> {
        Quantity::sum(self.0)
    }
}

/// What kind of customer a class is, by the rules that apply to it (用电类别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A household with tiers (居民阶梯).
    Residential,
    /// Residential prices without tiers (合表, schools, welfare).
    ResidentialFlat,
    /// Commerce and industry, energy charge only (工商业单一制).
    SinglePart,
    /// Commerce and industry, basic and energy charge (工商业两部制).
    TwoPart,
    /// Agricultural production (农业生产).
    Agricultural,
}

impl Category {
    /// Its key in price tables.
    pub const fn key(self) -> &'static str {
        match self {
            Category::Residential => "residential",
            Category::ResidentialFlat => "residential_flat",
            Category::SinglePart => "single_part",
            Category::TwoPart => "two_part",
            Category::Agricultural => "agricultural",
        }
    }
}

/// The voltage at which a customer is supplied, as price tables band it (电压等级).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum VoltageLevel {
    /// Below 1 kV.
    Below1kv = 0,
    /// 1 to 10 kV (20 kV where the table says so).
    From1To10kv = 1,
    /// 20 to 35 kV, exclusive of 35, where a table bands it apart.
    From20To35kv = 2,
    /// 35 kV, up to but not including 110 kV.
    From35To110kv = 3,
    /// 110 kV, up to but not including 220 kV.
    From110To220kv = 4,
    /// 220 kV and above.
    From220kv = 5,
}

impl VoltageLevel {
    /// All, from low to high.
    pub const ALL: [VoltageLevel; 6] = [
        VoltageLevel::Below1kv,
        VoltageLevel::From1To10kv,
        VoltageLevel::From20To35kv,
        VoltageLevel::From35To110kv,
        VoltageLevel::From110To220kv,
        VoltageLevel::From220kv,
    ];
    /// Its key in price tables.
    pub const fn key(self) -> &'static str {
        match self {
            VoltageLevel::Below1kv => "below_1kv",
            VoltageLevel::From1To10kv => "1_10kv",
            VoltageLevel::From20To35kv => "20_35kv",
            VoltageLevel::From35To110kv => "35_110kv",
            VoltageLevel::From110To220kv => "110_220kv",
            VoltageLevel::From220kv => "from_220kv",
        }
    }
    /// The level named `key` in a price table.
    pub fn from_key(key: &str) -> Option<VoltageLevel> {
        VoltageLevel::ALL.into_iter().find(|level| level.key() == key)
    }
}

/// The power factor a customer must reach (功率因数标准), (83)水电财字第215号.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PowerFactorStandard {
    /// 0.90: industrial customers above 160 kVA and others with on-load voltage regulation.
    #[serde(rename = "0.90")]
    P90,
    /// 0.85: other industrial and non-industrial customers from 100 kVA.
    #[serde(rename = "0.85")]
    P85,
    /// 0.80: agricultural and bulk-resale customers.
    #[serde(rename = "0.80")]
    P80,
}

impl PowerFactorStandard {
    /// The standard in hundredths: 90, 85 or 80.
    pub const fn hundredths(self) -> u8 {
        match self {
            PowerFactorStandard::P90 => 90,
            PowerFactorStandard::P85 => 85,
            PowerFactorStandard::P80 => 80,
        }
    }
}
