//! The dated data of the score: bands, weights, limits. A file whose bands do not ascend is refused.

use std::collections::BTreeMap;

use kernel::{Date, Quantity};
use serde::Deserialize;

use super::reason::Reason;
use crate::office::{OfficeError, Result};

/// What a score leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Nobody looks (放行).
    Release,
    /// A share is looked at (抽查).
    Sample,
    /// The reviewer looks (复核).
    Review,
    /// Waits until two people release it (暂扣).
    Hold,
}

impl Band {
    /// All, lowest first.
    pub const ALL: [Band; 4] = [Band::Release, Band::Sample, Band::Review, Band::Hold];
    /// The stored number.
    pub const fn number(self) -> i64 {
        self as i64
    }
    /// The band with a stored number.
    pub fn from_number(number: i64) -> Option<Band> {
        Band::ALL.into_iter().find(|band| band.number() == number)
    }
    /// Its code.
    pub const fn code(self) -> &'static str {
        ["release", "sample", "review", "hold"][self as usize]
    }
    /// The band with a code.
    pub fn from_code(code: &str) -> Option<Band> {
        Band::ALL.into_iter().find(|band| band.code() == code)
    }
}

impl kernel::Bilingual for Band {
    fn text(&self, lang: kernel::Lang) -> String {
        let zh = ["放行", "抽查", "复核", "暂扣"][*self as usize];
        if lang == kernel::Lang::Zh { zh.into() } else { self.code().into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    effective_from: String,
    bands: Bands,
    expectation: Expectation,
    deviation: Deviation,
    weights: BTreeMap<String, i64>,
    relief: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bands {
    sample: i64,
    review: i64,
    hold: i64,
    sample_share: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    spread_share: i64,
    spread_kwh: i64,
    same_share: i64,
    peers: i64,
    reactive_factor: i64,
    register_share: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    points: Vec<(i64, i64)>,
}

/// Bands, weights and limits of the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// Version of the file.
    pub version: u32,
    /// The first day it holds.
    pub effective_from: Date,
    /// First scores of sample, review and hold; ascending.
    pub bands: [u8; 3],
    /// Thousandths of the band sample that are looked at.
    pub sample_share: i64,
    /// Least spread, in thousandths of what is expected.
    pub spread_share: i64,
    /// Least spread.
    pub spread_kwh: Quantity,
    /// Two figures are the same within so many thousandths of the larger.
    pub same_share: i64,
    /// Fewer peers say nothing.
    pub peers: usize,
    /// From which factor the ratio of reactive to active energy counts, in thousandths.
    pub reactive_factor: i64,
    /// From which share of the larger the total is said not to fit its registers, in thousandths.
    pub register_share: i64,
    /// Points by spreads (tenths); both ascending.
    pub deviation: Vec<(i64, i64)>,
    /// Points, or per cent of relief, by reason.
    weights: [i32; Reason::COUNT],
}

impl Thresholds {
    /// The file embedded in this program.
    pub fn built_in() -> Result<Thresholds> {
        Thresholds::parse(include_str!("../../data/suspicion.toml"))
    }

    /// Reads a file; refuses bands that do not ascend, unknown or missing weights, and figures out of range.
    pub fn parse(text: &str) -> Result<Thresholds> {
        let wrong = |zh: String, en: String| OfficeError::refused("BILL-08", zh, en);
        let file: File = toml::from_str(text).map_err(|error| {
            let why = error.message();
            wrong(format!("评分参数文件无法读取：{why}"), format!("the thresholds cannot be read: {why}"))
        })?;
        let range = |what: &str, value: i64, low: i64, high: i64| {
            if (low..=high).contains(&value) {
                return Ok(value);
            }
            Err(wrong(
                format!("评分参数 {what} 为 {value}，应在 {low} 到 {high} 之间"),
                format!("{what} is {value}; it must lie between {low} and {high}"),
            ))
        };
        let Bands { sample, review, hold, sample_share } = file.bands;
        if !(0 < sample && sample < review && review < hold && hold <= 100) {
            return Err(wrong(
                format!("各档分数须递增：抽查 {sample}，复核 {review}，暂扣 {hold}，且在 1 到 100 之间"),
                format!(
                    "the bands must ascend: sample {sample}, review {review}, hold {hold}, within 1 to 100"
                ),
            ));
        }
        let points = file.deviation.points;
        let ascending = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        if !ascending || points.is_empty() || points.len() > 50 {
            return Err(wrong(
                "偏差得分须逐行递增".into(),
                "the points of the deviation must ascend line by line".into(),
            ));
        }
        for (tenths, points) in &points {
            range("deviation", *tenths, 1, 1_000_000)?;
            range("deviation", *points, 0, 100)?;
        }
        let mut weights = [0; Reason::COUNT];
        let mut given = 0;
        for (table, relief) in [(&file.weights, false), (&file.relief, true)] {
            for (code, value) in table {
                let known = Reason::ALL.iter().find(|reason| {
                    let deviation = matches!(reason, Reason::Above | Reason::Below);
                    reason.code() == code && reason.is_relief() == relief && !deviation
                });
                let Some(reason) = known else {
                    return Err(wrong(format!("没有评分理由 {code}"), format!("there is no reason {code}")));
                };
                weights[*reason as usize] = range(code, *value, 0, 100)? as i32;
                given += 1;
            }
        }
        if given != Reason::COUNT - 2 {
            return Err(wrong("评分理由不全".into(), "the weight of a reason is missing".into()));
        }
        let of = file.expectation;
        Ok(Thresholds {
            version: file.version,
            effective_from: file.effective_from.parse()?,
            bands: [sample as u8, review as u8, hold as u8],
            sample_share: range("sample_share", sample_share, 0, 1000)?,
            spread_share: range("spread_share", of.spread_share, 1, 1000)?,
            spread_kwh: Quantity::whole(range("spread_kwh", of.spread_kwh, 1, 1_000_000)?)?,
            same_share: range("same_share", of.same_share, 1, 500)?,
            peers: range("peers", of.peers, 1, 1_000_000)? as usize,
            reactive_factor: range("reactive_factor", of.reactive_factor, 1001, 1_000_000)?,
            register_share: range("register_share", of.register_share, 1, 1000)?,
            deviation: points,
            weights,
        })
    }

    /// Points of a reason, or per cent of a relief.
    pub fn weight(&self, reason: Reason) -> i32 {
        self.weights[reason as usize]
    }

    /// The band of a score.
    pub fn band(&self, score: u8) -> Band {
        let [sample, review, hold] = self.bands;
        match score {
            _ if score >= hold => Band::Hold,
            _ if score >= review => Band::Review,
            _ if score >= sample => Band::Sample,
            _ => Band::Release,
        }
    }

    /// Points of a deviation of so many tenths of a spread: straight lines between the given points.
    pub fn deviation_points(&self, tenths: i64) -> i32 {
        let mut before = (0, 0);
        for &(at, points) in &self.deviation {
            if tenths < at {
                if before.0 == 0 {
                    return 0;
                }
                let (part, whole) = (i128::from(tenths - before.0), i128::from(at - before.0));
                return (i128::from(before.1) + i128::from(points - before.1) * part / whole) as i32;
            }
            before = (at, points);
        }
        before.1 as i32
    }

    /// Is the account one of the sample of `month`? By a fixed mixing of both, so that everybody finds the same.
    pub fn is_sampled(&self, account_id: i64, month: kernel::Month) -> bool {
        let mut mixed = account_id.cast_unsigned() ^ month.number().cast_unsigned().rotate_left(40);
        for factor in [0xBF58_476D_1CE4_E5B9_u64, 0x94D0_49BB_1331_11EB] {
            mixed = (mixed ^ mixed >> 31).wrapping_mul(factor);
        }
        i64::try_from((mixed ^ mixed >> 31) % 1000).unwrap_or(0) < self.sample_share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = include_str!("../../data/suspicion.toml");

    /// BILL-08: bands that do not ascend are refused, and so is whatever is unknown, missing or out of range.
    #[test]
    fn a_wrong_file_is_refused() {
        assert!(Thresholds::parse(BUILT_IN).is_ok());
        for (from, to) in [
            ("sample = 25", "sample = 42"),
            ("sample = 25", "sample = 0"),
            ("review = 42", "review = 78"),
            ("review = 42", "review = 90"),
            ("hold = 78", "hold = 101"),
            ("[40, 26]", "[20, 26]"),
            ("[40, 26]", "[40, 99]"),
            ("backwards = 95", "backwards = 950"),
            ("backwards = 95", ""),
            ("backwards = 95", "forwards = 95"),
            ("seen_before = 35", "backwards = 35"),
            ("peers = 8", "peers = 0"),
            ("version = 1", "version = 1\nunknown = 2"),
            ("2026-01-01", "2026-13-01"),
        ] {
            assert!(BUILT_IN.contains(from), "{from}");
            let found = Thresholds::parse(&BUILT_IN.replacen(from, to, 1));
            assert!(found.is_err(), "{from} -> {to}: {found:?}");
        }
    }

    #[test]
    fn every_score_has_one_band_and_higher_is_never_lower() {
        let thresholds = Thresholds::built_in().unwrap();
        let bands: Vec<Band> = (0..=100).map(|score| thresholds.band(score)).collect();
        assert!(bands.is_sorted());
        assert_eq!((bands[0], bands[100]), (Band::Release, Band::Hold));
        let points: Vec<i32> = (0..1000).map(|tenths| thresholds.deviation_points(tenths)).collect();
        assert!(points.is_sorted() && points[0] == 0);
        assert_eq!(thresholds.deviation_points(i64::MAX), points[999]);
    }

    /// The sample follows from account and month alone, and is about the share that was asked for.
    #[test]
    fn the_sample_is_fixed_and_has_its_size() {
        let thresholds = Thresholds::built_in().unwrap();
        let month = |number| kernel::Month::from_number(number).unwrap();
        let of = |number| -> Vec<bool> {
            (1..=20_000).map(|account| thresholds.is_sampled(account, month(number))).collect()
        };
        assert_eq!(of(202601), of(202601));
        assert_ne!(of(202601), of(202602));
        let size = of(202601).iter().filter(|sampled| **sampled).count();
        assert!((1_800..2_200).contains(&size), "{size}");
    }
}
