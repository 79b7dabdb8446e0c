//! The named figures of an answer, and what a file expects of them.

use kernel::{Exact, FigureError, Money, Price, Quantity, Rate};
use serde_json::{Map, Value as Json};

use super::error::Quoted;
use super::fields::nearest;
use super::node::{Entry, Node, Source, Value};

/// A figure of the answer under its names.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name, by which `[expect]` asks for it.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// The exact value.
    pub value: Exact,
    /// As printed.
    pub text: String,
    /// A quotient without an end of its own: compared at as many decimals as were written.
    pub quotient: bool,
}

/// Figures in the order they were found.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures(pub Vec<Figure>);

impl Figures {
    pub fn exact(&mut self, names: &[&str], value: Exact, text: String, quotient: bool) {
        let mut names = names.iter().map(|name| (*name).to_owned());
        let Some(name) = names.next() else { return };
        self.0.push(Figure { name, aliases: names.collect(), value, text, quotient });
    }
    pub fn money(&mut self, names: &[&str], value: Money) {
        self.exact(names, value.exact(), value.to_string(), false);
    }
    pub fn quantity(&mut self, names: &[&str], value: Quantity) {
        self.exact(names, value.exact(), value.to_string(), false);
    }
    pub fn price(&mut self, names: &[&str], value: Price) {
        self.exact(names, value.exact(), value.to_string(), false);
    }
    pub fn rate(&mut self, names: &[&str], value: Rate) {
        self.exact(names, value.exact(), value.to_string(), false);
    }
    /// A quotient, shown with `places` decimals.
    pub fn quotient(&mut self, names: &[&str], value: Exact, places: u32) -> Result<(), FigureError> {
        let text = value.to_quantity(places)?.to_string();
        self.exact(names, value, text, true);
        Ok(())
    }
    /// Adds to a figure that may be there already.
    pub fn add_money(&mut self, name: &str, value: Money) -> Result<(), FigureError> {
        self.add(name, value.exact(), |sum| sum.to_money().map(|money| money.to_string()))
    }
    pub fn add_quantity(&mut self, name: &str, value: Quantity) -> Result<(), FigureError> {
        self.add(name, value.exact(), |sum| sum.to_quantity(6).map(|quantity| quantity.to_string()))
    }
    fn add(
        &mut self,
        name: &str,
        value: Exact,
        text: impl Fn(Exact) -> Result<String, FigureError>,
    ) -> Result<(), FigureError> {
        if let Some(figure) = self.0.iter_mut().find(|figure| figure.name == name) {
            figure.value = figure.value.plus(value)?;
            figure.text = text(figure.value)?;
            return Ok(());
        }
        // A sum of sections can also be asked for beside the figures of each: `late_fee.total`.
        self.exact(&[name, &format!("{name}.total"), &format!("{name}_total")], value, text(value)?, false);
        Ok(())
    }
    pub fn find(&self, name: &str) -> Option<&Figure> {
        let named =
            |figure: &&Figure| figure.name == name || figure.aliases.iter().any(|alias| alias == name);
        self.0.iter().find(named)
    }
    /// As a JSON object, nested where names have dots.
    pub fn json(&self) -> Json {
        let flat: Map<String, Json> =
            self.0.iter().map(|figure| (figure.name.clone(), Json::String(figure.text.clone()))).collect();
        Json::Object(flat)
    }
}

/// What a file expected of one figure, and what came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The figure.
    pub name: String,
    /// What was written.
    pub expected: String,
    /// What came out.
    pub actual: String,
    /// They agree.
    pub met: bool,
    /// Line of the file.
    pub line: usize,
}

/// Checks `[expect]`; nested tables name figures with dots.
pub(super) fn check(source: Source<'_>, node: &Node, figures: &Figures) -> Quoted<Vec<Expectation>> {
    let mut expectations = Vec::new();
    walk(source, node, "", figures, &mut expectations)?;
    Ok(expectations)
}

fn walk(
    source: Source<'_>,
    node: &Node,
    path: &str,
    figures: &Figures,
    found: &mut Vec<Expectation>,
) -> Quoted<()> {
    let Value::Table(entries) = &node.value else {
        return Err(source.refuse(&node.span, "expect 应是一个表", "`expect` is a table of figures"));
    };
    for entry in entries {
        let name = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
        match &entry.node.value {
            Value::Table(_) => walk(source, &entry.node, &name, figures, found)?,
            Value::List(list) => {
                for (place, each) in list.iter().enumerate() {
                    one(source, entry, each, &format!("{name}.{}", place + 1), figures, found)?;
                }
            }
            Value::Nothing => {}
            _ => one(source, entry, &entry.node, &name, figures, found)?,
        }
    }
    Ok(())
}

fn one(
    source: Source<'_>,
    entry: &Entry,
    node: &Node,
    name: &str,
    figures: &Figures,
    found: &mut Vec<Expectation>,
) -> Quoted<()> {
    let lower = name.trim().to_lowercase();
    let Some(figure) = figures.find(name).or_else(|| figures.find(&lower)) else {
        let known = figures.0.iter().flat_map(|figure| {
            std::iter::once(figure.name.as_str()).chain(figure.aliases.iter().map(String::as_str))
        });
        let (zh, en) = match nearest(name, known) {
            Some(near) => (format!("，是否指“{near}”？"), format!("; did you mean `{near}`?")),
            None => {
                let names: Vec<&str> = figures.0.iter().map(|figure| figure.name.as_str()).take(60).collect();
                (format!("；现有：{}", names.join("、")), format!("; there are: {}", names.join(", ")))
            }
        };
        let name: String = name.chars().take(60).collect();
        return Err(source.refuse(
            &entry.key_span,
            format!("结果中没有“{name}”{zh}"),
            format!("the answer has no figure `{name}`{en}"),
        ));
    };
    let written = match &node.value {
        Value::Number(text) | Value::Text(text) => text.trim().to_owned(),
        _ => return Err(source.refuse(&node.span, "这里应是数字", "a number is expected here")),
    };
    let plain = written.trim_end_matches(['%', '‰']);
    let places =
        plain.split_once('.').map_or(0, |(_, decimals)| u32::try_from(decimals.len()).unwrap_or(u32::MAX));
    let number = plain.parse().map(Quantity::exact).or_else(|_| plain.parse().map(Price::exact));
    let number = number.map_err(|error| super::fields::figure_error(source, &node.span, &error))?;
    let rounded = figure.value.to_price(places).map(Price::exact);
    let rounded = rounded.or_else(|_| figure.value.to_quantity(places).map(Quantity::exact));
    let met = figure.value == number || figure.quotient && rounded == Ok(number);
    let line = source.refuse(&entry.key_span, "", "").line;
    found.push(Expectation {
        name: name.to_owned(),
        expected: written,
        actual: figure.text.clone(),
        met,
        line,
    });
    Ok(())
}
