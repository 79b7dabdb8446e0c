//! A table as sheets: what stands in them, but for the prices.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Lang, Rate};
use toml::Spanned;

use super::Sheet;
use super::values::month_words;
use super::words::{self, Word};
use super::write_prices;
use crate::model::Period;
use crate::table::schema::{
    Component, ComponentKind, DayTrigger, ExcessReading, Factor, Hours, OneOrByPeriod, Table, TierPeriod,
};

/// A sheet while it is written: its headings, and rows by heading.
pub(super) struct Writer {
    lang: Lang,
    name: Word,
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Writer {
    pub fn new(name: Word, lang: Lang) -> Writer {
        Writer { lang, name, headings: Vec::new(), rows: Vec::new() }
    }
    /// A heading, with its unit in brackets when it has one.
    pub fn heading(&mut self, word: &Word, unit: (&str, &str)) {
        let unit = if self.lang == Lang::Zh { unit.0 } else { unit.1 };
        let text = word.in_lang(self.lang);
        self.column(match (unit, self.lang) {
            ("", _) => text.to_owned(),
            (unit, Lang::Zh) => format!("{text}（{unit}）"),
            (unit, Lang::En) => format!("{text} ({unit})"),
        });
    }
    /// Headings without units.
    pub fn headings(&mut self, words: &[Word]) {
        for word in words {
            self.heading(word, ("", ""));
        }
    }
    /// A column with this heading.
    pub fn column(&mut self, heading: String) {
        self.headings.push(heading);
    }
    /// A row from its cells in the order of the headings.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
    pub fn word(&self, list: &[Word], key: &str) -> String {
        list.iter().find(|word| word.key == key).map_or(key, |word| word.in_lang(self.lang)).to_owned()
    }
    pub fn period(&self, period: Period) -> &'static str {
        words::period(period).in_lang(self.lang)
    }
    pub fn yes_no(&self, yes: bool) -> String {
        self.word(&words::YES_NO, if yes { "true" } else { "false" })
    }
    /// The sheet, when it has rows.
    pub fn finish(self) -> Option<Sheet> {
        if self.rows.is_empty() {
            return None;
        }
        let mut rows = vec![vec![words::hint(&self.name, self.lang).to_owned()], self.headings];
        rows.extend(self.rows);
        Some(Sheet { name: self.name.in_lang(self.lang).to_owned(), rows })
    }
    fn pair(&mut self, item: &Word, value: String) {
        let item = item.in_lang(self.lang).to_owned();
        self.row(vec![item, value]);
    }
}

/// What may be left out.
pub(super) fn or_blank<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// The cells of one price: the common one, then one for each of `periods`.
pub(super) fn price_cells<T: ToString>(
    price: Option<&OneOrByPeriod<T>>,
    periods: &BTreeSet<Period>,
) -> Vec<String> {
    let one = match price {
        Some(OneOrByPeriod::One(one)) => one.to_string(),
        _ => String::new(),
    };
    let by_period = periods.iter().map(|period| match price {
        Some(OneOrByPeriod::ByPeriod(of)) => of.get(period).map_or(String::new(), T::to_string),
        _ => String::new(),
    });
    std::iter::once(one).chain(by_period).collect()
}

/// The periods that occur in prices.
pub(super) fn periods_of<'p, T: 'p>(
    prices: impl IntoIterator<Item = &'p OneOrByPeriod<T>>,
) -> BTreeSet<Period> {
    let periods = |price: &'p OneOrByPeriod<T>| match price {
        OneOrByPeriod::One(_) => Vec::new(),
        OneOrByPeriod::ByPeriod(of) => of.keys().copied().collect(),
    };
    prices.into_iter().flat_map(periods).collect()
}

/// All sheets that have something to say.
pub(super) fn sheets(table: &Table, lang: Lang) -> Vec<Sheet> {
    [
        info(table, lang),
        components(&table.component, lang),
        hours(table, lang),
        factors(table, lang),
        tiers(table, lang),
        basic(table, lang),
        write_prices::prices(table, lang),
        write_prices::published(table, lang),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn info(table: &Table, lang: Lang) -> Option<Sheet> {
    let mut writer = Writer::new(words::INFO, lang);
    writer.headings(&[words::ITEM, words::VALUE]);
    writer.pair(&words::ID, table.id.as_ref().clone());
    writer.pair(&words::VERSION, table.version.to_string());
    writer.pair(&words::REGION, table.region.clone());
    writer.pair(&words::NAME, table.name.zh.clone());
    writer.pair(&words::NAME_EN, table.name.en.clone());
    writer.pair(&words::SOURCE, table.source.clone());
    writer.pair(&words::FROM, table.from.0.to_string());
    writer.pair(&words::TO, or_blank(table.to.as_ref().map(|to| to.as_ref().0)));
    writer.pair(&words::VAT, table.vat.as_ref().to_string());
    writer.pair(&words::LEAVER, or_blank(table.market_leaver_multiple));
    writer.finish()
}

fn components(components: &[Component], lang: Lang) -> Option<Sheet> {
    use words::{CODE, CONTAINED, FLOATS, IN_BASE, KIND, MARKET, NAME, NAME_EN, TAXED};
    let mut writer = Writer::new(words::COMPONENTS, lang);
    writer.headings(&[CODE, NAME, NAME_EN, KIND, FLOATS, IN_BASE, TAXED, CONTAINED, MARKET]);
    writer.heading(&words::PRICE, ("元/千瓦时", "yuan/kWh"));
    let priced = components.iter().filter_map(|one| one.price.as_ref().map(Spanned::as_ref));
    let periods = periods_of(priced);
    for period in &periods {
        writer.heading(words::period(*period), ("", ""));
    }
    for one in components {
        let kind = if one.kind == ComponentKind::Energy { "energy" } else { "fund" };
        let mut row = vec![
            one.code.as_ref().clone(),
            one.name.zh.clone(),
            one.name.en.clone(),
            writer.word(&words::KINDS, kind),
            writer.yes_no(one.floats),
            writer.yes_no(one.in_power_factor_base),
            one.vat.map_or(String::new(), |vat| writer.yes_no(vat)),
            writer.yes_no(one.contained),
            writer.yes_no(one.market),
        ];
        row.extend(price_cells(one.price.as_ref().map(Spanned::as_ref), &periods));
        writer.row(row);
    }
    writer.finish()
}

/// The rows of one season or special day.
fn hour_rows(writer: &mut Writer, lead: &[String], hours: &Hours) {
    let mut written = false;
    for (period, spans) in hours {
        for span in spans {
            let (begin, end) = span.as_ref().split_once('-').unwrap_or((span.as_ref(), ""));
            let cells = [writer.period(*period), begin.trim(), end.trim()].map(str::to_owned);
            writer.row(lead.iter().cloned().chain(cells).collect());
            written = true;
        }
    }
    if !written {
        writer.row(lead.to_vec());
    }
}

fn hours(table: &Table, lang: Lang) -> Option<Sheet> {
    use words::{BEGIN, DAY, END, MONTHS, PERIOD, TIME_OF_USE};
    let mut writer = Writer::new(words::HOURS, lang);
    writer.headings(&[TIME_OF_USE, DAY]);
    writer.heading(&words::CELSIUS, ("℃", "°C"));
    writer.headings(&[MONTHS, PERIOD, BEGIN, END]);
    let all_year = || if lang == Lang::Zh { "全年" } else { "all" }.to_owned();
    for tou in &table.time_of_use {
        for season in &tou.season {
            let months = season_months(&season.as_ref().months);
            let months =
                if months.iter().copied().eq(1..=12) { all_year() } else { month_words(&months, lang) };
            let day = writer.word(&words::DAYS, "ordinary");
            let lead = [tou.code.as_ref().clone(), day, String::new(), months];
            hour_rows(&mut writer, &lead, &season.as_ref().hours);
        }
        for day in &tou.day {
            let rule = day.as_ref();
            let months = season_months(&rule.months);
            let months = if months.is_empty() { all_year() } else { month_words(&months, lang) };
            let when = if rule.when == DayTrigger::Hot { "hot" } else { "holiday" };
            let when = writer.word(&words::DAYS, when);
            let lead = [tou.code.as_ref().clone(), when, or_blank(rule.from_celsius), months];
            hour_rows(&mut writer, &lead, &rule.hours);
        }
    }
    writer.finish()
}

fn season_months(months: &[Spanned<u8>]) -> Vec<u8> {
    months.iter().map(|month| *month.as_ref()).collect()
}

fn factors(table: &Table, lang: Lang) -> Option<Sheet> {
    let mut writer = Writer::new(words::FACTORS, lang);
    writer.headings(&[words::TIME_OF_USE, words::MONTHS, words::ROUND]);
    let commons = table.time_of_use.iter().map(|tou| &tou.factor);
    let seasons = table.time_of_use.iter().flat_map(|tou| &tou.season);
    let all = commons.chain(seasons.map(|season| &season.as_ref().factor));
    let periods: BTreeSet<Period> = all.flat_map(|factors| factors.keys().copied()).collect();
    for period in &periods {
        writer.heading(words::period(*period), ("", ""));
    }
    for tou in &table.time_of_use {
        let code = || tou.code.as_ref().clone();
        if !tou.factor.is_empty() || tou.round_places.is_some() {
            let lead = vec![code(), String::new(), or_blank(tou.round_places)];
            let row = factor_row(&writer, lead, &tou.factor, &periods);
            writer.row(row);
        }
        for season in tou.season.iter().map(Spanned::as_ref).filter(|season| !season.factor.is_empty()) {
            // The whole year has a name of its own, which here would mean all seasons.
            let lead = vec![code(), month_words(&season_months(&season.months), lang), String::new()];
            let row = factor_row(&writer, lead, &season.factor, &periods);
            writer.row(row);
        }
    }
    writer.finish()
}

fn factor_row(
    writer: &Writer,
    mut row: Vec<String>,
    factors: &BTreeMap<Period, Spanned<Factor>>,
    periods: &BTreeSet<Period>,
) -> Vec<String> {
    row.extend(periods.iter().map(|period| match factors.get(period).map(Spanned::as_ref) {
        None => String::new(),
        Some(Factor::OfFlat(rate)) => rate.to_string(),
        Some(Factor::Of { of, times }) => format!("{}×{times}", writer.period(*of)),
    }));
    row
}

fn tiers(table: &Table, lang: Lang) -> Option<Sheet> {
    use words::{ADD_ON_2, ADD_ON_3, CYCLE, MONTHS, TIERS_CODE};
    let mut writer = Writer::new(words::TIERS, lang);
    writer.headings(&[TIERS_CODE, CYCLE, MONTHS]);
    let kwh = ("千瓦时", "kWh");
    writer.heading(&words::UNTIL_1, kwh);
    writer.heading(&words::UNTIL_2, kwh);
    let periods =
        [0, 1].map(|tier| periods_of(table.tiers.iter().filter_map(|tiers| tiers.add_on.as_ref().get(tier))));
    for (word, periods) in [ADD_ON_2, ADD_ON_3].iter().zip(&periods) {
        writer.heading(word, ("元/千瓦时", "yuan/kWh"));
        for period in periods {
            writer.column(format!("{} {}", word.in_lang(lang), writer.period(*period)));
        }
    }
    writer.heading(&words::PERSONS, ("", ""));
    writer.heading(&words::ALLOWANCE_KWH, kwh);
    writer.heading(&words::FREE_KWH, kwh);
    writer.heading(&words::FREE_PRICE, ("元/千瓦时", "yuan/kWh"));
    for tiers in &table.tiers {
        let code = tiers.code.as_ref().clone();
        let cycle = if tiers.period == TierPeriod::Year { "year" } else { "month" };
        let limits = tiers.thresholds.as_ref().map(|limits| limits.as_ref().map(|limit| limit.to_string()));
        let mut row = vec![code.clone(), writer.word(&words::CYCLES, cycle), String::new()];
        row.extend(limits.unwrap_or_default());
        for (add_on, periods) in tiers.add_on.as_ref().iter().zip(&periods) {
            row.extend(price_cells(Some(add_on), periods));
        }
        let unless_zero = |zero: bool, text: String| if zero { String::new() } else { text };
        row.push(unless_zero(tiers.persons_from == 0, tiers.persons_from.to_string()));
        for kwh in [tiers.allowance_kwh, tiers.free_kwh] {
            row.push(unless_zero(kwh.is_zero(), kwh.to_string()));
        }
        row.push(or_blank(tiers.free_price));
        writer.row(row);
        for season in tiers.season.iter().map(Spanned::as_ref) {
            let months = month_words(&season_months(&season.months), lang);
            let mut row = vec![code.clone(), String::new(), months];
            row.extend(season.thresholds.as_ref().map(|limit| limit.to_string()));
            writer.row(row);
        }
    }
    writer.finish()
}

fn basic(table: &Table, lang: Lang) -> Option<Sheet> {
    let rules = table.basic.as_ref()?;
    let mut writer = Writer::new(words::BASIC, lang);
    writer.headings(&[words::ITEM, words::VALUE]);
    let rate = |cell: &Spanned<Rate>| cell.as_ref().to_string();
    writer.pair(&words::FLOOR, rate(&rules.floor));
    writer.pair(&words::ALLOWANCE, rate(&rules.allowance));
    let reading = if rules.excess_reading == ExcessReading::A { "A" } else { "B" };
    writer.pair(&words::EXCESS_READING, reading.to_owned());
    writer.pair(&words::EXCESS_FACTOR, rate(&rules.excess_factor));
    let in_base = writer.yes_no(rules.in_power_factor_base);
    writer.pair(&words::IN_BASE, in_base);
    if let Some(discount) = &rules.load_discount {
        writer.pair(&words::DISCOUNT_KWH, discount.from_kwh_per_kva.to_string());
        writer.pair(&words::DISCOUNT_FACTOR, rate(&discount.factor));
        writer.pair(&words::DISCOUNT_FROM, discount.from.0.to_string());
        writer.pair(&words::DISCOUNT_TO, or_blank(discount.to.map(|to| to.0)));
    }
    writer.finish()
}
